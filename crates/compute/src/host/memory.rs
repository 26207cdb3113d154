//! What the memory of the host is made of.

use std::ops::Deref;

use super::HostBuffer;
use crate::{Array, Indices, Memory, OutOfMemory};

/// The memory of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostMemory;

impl Memory for HostMemory {
    type Buffer = HostBuffer;
    type Indices = HostIndices;
    type Totals = HostTotals;
}

impl Array for HostBuffer {
    fn len(&self) -> usize {
        <[f32]>::len(self)
    }
}

/// Indices in the memory of the host, which dereference to their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostIndices {
    values: Vec<u32>,
    bound: usize,
}

impl HostIndices {
    /// Indices with these values.
    ///
    /// # Errors
    /// No room for them.
    pub fn new(values: &[u32]) -> Result<Self, OutOfMemory> {
        let mut copy = reserved(values.len())?;
        copy.extend_from_slice(values);
        let bound = copy.iter().max().map_or(0, |&most| most as usize + 1);
        Ok(Self {
            values: copy,
            bound,
        })
    }

    /// The first `len` values, for an operation that makes indices below `bound`.
    ///
    /// # Panics
    /// There are fewer.
    pub fn overwrite(&mut self, len: usize, bound: usize) -> &mut [u32] {
        self.bound = self.bound.max(bound);
        &mut self.values[..len]
    }
}

impl Deref for HostIndices {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.values
    }
}

impl Array for HostIndices {
    fn len(&self) -> usize {
        self.values.len()
    }
}

impl Indices for HostIndices {
    fn bound(&self) -> usize {
        self.bound
    }
}

/// Sums in the memory of the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostTotals(Vec<f64>);

impl HostTotals {
    /// So many totals of 0.
    ///
    /// # Errors
    /// No room for them.
    pub fn new(len: usize) -> Result<Self, OutOfMemory> {
        let mut totals = reserved(len)?;
        totals.resize(len, 0.0);
        Ok(Self(totals))
    }

    /// The totals.
    pub fn get(&self) -> &[f64] {
        &self.0
    }

    /// The totals, to be changed.
    pub fn get_mut(&mut self) -> &mut [f64] {
        &mut self.0
    }
}

impl Array for HostTotals {
    fn len(&self) -> usize {
        self.0.len()
    }
}

/// An empty list with room for `len` elements.
fn reserved<T>(len: usize) -> Result<Vec<T>, OutOfMemory> {
    let mut list = Vec::new();
    list.try_reserve_exact(len).map_err(|_| OutOfMemory {
        bytes: (len as u64).saturating_mul(size_of::<T>() as u64),
    })?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_know_what_they_are_below() {
        assert_eq!(HostIndices::new(&[]).unwrap().bound(), 0);
        let mut indices = HostIndices::new(&[3, 7, 1]).unwrap();
        assert_eq!((indices.bound(), &*indices), (8, &[3, 7, 1][..]));
        indices.overwrite(2, 5).fill(4);
        assert_eq!((indices.bound(), &*indices), (8, &[4, 4, 1][..]));
        indices.overwrite(3, 90);
        assert_eq!(indices.bound(), 90);
    }

    #[test]
    fn what_there_is_no_room_for_is_said_with_its_size() {
        let len = usize::MAX / 16;
        let expected = OutOfMemory {
            bytes: 8 * len as u64,
        };
        assert_eq!(HostTotals::new(len).unwrap_err(), expected);
        let expected = OutOfMemory {
            bytes: 4 * len as u64,
        };
        assert_eq!(HostBuffer::zeros(len).unwrap_err(), expected);
        assert!(expected.to_string().contains(&(4 * len).to_string()));
    }
}
