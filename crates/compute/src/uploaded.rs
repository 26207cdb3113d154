//! What a device is told once and many operations read: where sequences lie, and what a cache holds.

use crate::operation::AttentionShape;
use crate::{Device, Memory, OutOfMemory, Sequences};

/// [`Sequences`] that a device knows as well: uploaded once, read by the attention of every layer.
#[derive(Debug)]
pub struct Packed<M: Memory> {
    sequences: Sequences,
    bounds: M::Indices,
}

impl<M: Memory> Packed<M> {
    /// Uploads the bounds of `sequences`.
    ///
    /// # Errors
    /// No room on the device.
    pub fn new(
        device: &impl Device<Memory = M>,
        sequences: Sequences,
    ) -> Result<Self, OutOfMemory> {
        let bounds: Vec<u32> = sequences.offsets().iter().map(|&row| row as u32).collect();
        Ok(Self {
            bounds: device.indices(&bounds)?,
            sequences,
        })
    }

    /// Where each sequence lies.
    pub fn sequences(&self) -> &Sequences {
        &self.sequences
    }

    /// On the device: the row at which each sequence starts, and at the end the number of all rows.
    pub fn bounds(&self) -> &M::Indices {
        &self.bounds
    }
}

/// A place in a cache: the sequence in `slot`, at `position`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// Which of the cached sequences.
    pub slot: usize,
    /// Which position of it, from 0 and below the capacity.
    pub position: usize,
}

/// The places of the rows of one step in a cache, on the host and on the device.
#[derive(Debug)]
pub struct CacheEntries<M: Memory> {
    entries: Vec<CacheEntry>,
    slots: M::Indices,
    positions: M::Indices,
}

impl<M: Memory> CacheEntries<M> {
    /// Uploads the places, one a row.
    ///
    /// # Errors
    /// No room on the device.
    ///
    /// # Panics
    /// Two rows have the same slot.
    pub fn new(
        device: &impl Device<Memory = M>,
        entries: Vec<CacheEntry>,
    ) -> Result<Self, OutOfMemory> {
        let mut slots: Vec<u32> = entries.iter().map(|entry| entry.slot as u32).collect();
        let positions: Vec<u32> = entries.iter().map(|entry| entry.position as u32).collect();
        let uploaded = (device.indices(&slots)?, device.indices(&positions)?);
        slots.sort_unstable();
        assert!(
            slots.windows(2).all(|pair| pair[0] != pair[1]),
            "two rows of one step belong to the same slot"
        );
        Ok(Self {
            entries,
            slots: uploaded.0,
            positions: uploaded.1,
        })
    }

    /// The places.
    pub fn entries(&self) -> &[CacheEntry] {
        &self.entries
    }

    /// On the device: the slot of each row.
    pub fn slots(&self) -> &M::Indices {
        &self.slots
    }

    /// On the device: the position of each row in its slot.
    pub fn positions(&self) -> &M::Indices {
        &self.positions
    }
}

/// The keys and values of the tokens that sequences have so far, as one layer's attention reads them:
/// `slots` sequences of up to `capacity` positions. How they lie in memory is the backend's choice.
#[derive(Debug)]
pub struct KeyValueCache<M: Memory> {
    slots: usize,
    capacity: usize,
    /// Keys, and then values.
    pub buffers: [M::Buffer; 2],
}

impl<M: Memory> KeyValueCache<M> {
    /// An empty cache for attention of this shape.
    ///
    /// # Errors
    /// No room on the device.
    pub fn new(
        device: &impl Device<Memory = M>,
        shape: AttentionShape,
        slots: usize,
        capacity: usize,
    ) -> Result<Self, OutOfMemory> {
        let len = device.cache_len(shape, slots, capacity);
        Ok(Self {
            slots,
            capacity,
            buffers: [device.zeros(len)?, device.zeros(len)?],
        })
    }

    /// Sequences that it has room for.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Positions that a slot has room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}
