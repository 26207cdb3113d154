//! Buffers in the memory of the host.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::aligned::Aligned;
use super::derived::Derived;
use crate::OutOfMemory;

/// A buffer in the memory of the host, which dereferences to its numbers.
#[derive(Default)]
pub struct HostBuffer {
    numbers: Aligned,
    derived: Derived,
}

impl HostBuffer {
    /// `len` zeros.
    ///
    /// # Errors
    /// No room for them.
    pub fn zeros(len: usize) -> Result<Self, OutOfMemory> {
        Ok(Self {
            numbers: Aligned::zeros(len)?,
            derived: Derived::default(),
        })
    }

    /// The first `len` numbers as a matrix of weights.
    pub(crate) fn weight(&self, len: usize) -> Weight<'_> {
        Weight {
            values: &self.numbers[..len],
            derived: &self.derived,
        }
    }
}

impl Deref for HostBuffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers
    }
}

impl DerefMut for HostBuffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.derived.clear();
        &mut self.numbers
    }
}

impl fmt::Debug for HostBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostBuffer({:?})", self.numbers)
    }
}

/// A matrix of weights, with what was derived from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight<'a> {
    values: &'a [f32],
    derived: &'a Derived,
}

impl<'a> Weight<'a> {
    /// The numbers.
    pub(crate) fn values(self) -> &'a [f32] {
        self.values
    }

    /// The rearranged copies.
    pub(crate) fn derived(self) -> &'a Derived {
        self.derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Layout, Order};

    #[test]
    fn what_is_derived_is_kept_until_the_numbers_change() {
        let layout = |rows| Layout {
            order: Order::Rows,
            sizes: [rows, 1],
            numbers: 1,
            width: 1,
        };
        let mut buffer = HostBuffer::zeros(3).unwrap();
        let made = |buffer: &HostBuffer, rows: usize, value: f32| {
            let weight = buffer.weight(3);
            let copy = weight
                .derived()
                .get(layout(rows), 3, |copy| copy.fill(value));
            copy.map(<[f32]>::to_vec)
        };
        assert_eq!(made(&buffer, 3, 1.0), Some(vec![1.0; 3]));
        assert_eq!(made(&buffer, 3, 2.0), Some(vec![1.0; 3]));
        assert_eq!(made(&buffer, 2, 2.0), None, "another layout");
        buffer[0] = 5.0;
        assert_eq!(made(&buffer, 2, 3.0), Some(vec![3.0; 3]));
    }

    #[test]
    fn long_buffers_are_printed_in_short() {
        assert_eq!(
            format!("{:?}", HostBuffer::zeros(9).unwrap()),
            "HostBuffer(9 numbers: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] …)"
        );
    }
}
