//! What the rows of a pass are: uploaded once, read by all layers.

use autophage_compute::{
    Backend, CacheEntries, CacheEntry, Device, IndexArray, Memory, OutOfMemory, Packed, Sequences,
};

use super::cache::Cache;
use crate::architecture::Architecture;

/// The token of each row of a pass, and the row of its position in the embedding or the table of
/// rotations.
#[derive(Debug)]
pub(crate) struct Tokens<M: Memory> {
    pub(super) rows: usize,
    pub(super) tokens: M::Indices,
    pub(super) positions: M::Indices,
}

impl<M: Memory> Tokens<M> {
    /// Uploads `tokens` that stand at `positions`, counted from 0.
    pub(super) fn new(
        device: &impl Device<Memory = M>,
        architecture: &Architecture,
        tokens: &[u32],
        positions: impl IntoIterator<Item = u32>,
    ) -> Result<Self, OutOfMemory> {
        let first = architecture.first_position();
        let positions: Vec<u32> = positions.into_iter().map(|p| p + first).collect();
        Ok(Self {
            rows: tokens.len(),
            tokens: device.indices(tokens)?,
            positions: device.indices(&positions)?,
        })
    }
}

/// Sequences end to end.
#[derive(Debug)]
pub(crate) struct Batch<M: Memory> {
    pub(super) tokens: Tokens<M>,
    pub(super) sequences: Packed<M>,
}

impl<M: Memory> Batch<M> {
    /// Uploads sequences.
    pub(super) fn new(
        device: &impl Device<Memory = M>,
        architecture: &Architecture,
        sequences: &[&[u32]],
    ) -> Result<Self, OutOfMemory> {
        let lengths = Sequences::from_lengths(sequences.iter().map(|tokens| tokens.len()));
        let tokens = sequences.concat();
        Ok(Self {
            tokens: Tokens::new(device, architecture, &tokens, lengths.positions())?,
            sequences: Packed::new(device, lengths)?,
        })
    }

    /// Number of rows of all sequences together.
    pub(super) fn rows(&self) -> usize {
        self.tokens.rows
    }
}

/// A micro-batch of training: sequences end to end, and what should follow each token.
#[derive(Debug)]
pub(crate) struct TrainingBatch<M: Memory> {
    pub(super) inputs: Batch<M>,
    pub(super) targets: M::Indices,
}

impl<M: Memory> TrainingBatch<M> {
    /// Uploads inputs and equally many targets of each sequence.
    pub(crate) fn new(
        device: &impl Device<Memory = M>,
        architecture: &Architecture,
        inputs: &[&[u32]],
        targets: &[&[u32]],
    ) -> Result<Self, OutOfMemory> {
        Ok(Self {
            inputs: Batch::new(device, architecture, inputs)?,
            targets: device.indices(&targets.concat())?,
        })
    }
}

/// One token more of each of several sequences, whose past is in a cache.
#[derive(Debug)]
pub(crate) struct Step<M: Memory> {
    pub(super) tokens: Tokens<M>,
    pub(super) entries: CacheEntries<M>,
}

impl<M: Memory> Step<M> {
    /// Uploads tokens and where they belong. A sequence counts its positions from the first token
    /// in its slot, unless `positions` says otherwise.
    pub(super) fn new(
        device: &impl Device<Memory = M>,
        architecture: &Architecture,
        tokens: &[u32],
        entries: Vec<CacheEntry>,
        positions: Option<&[u32]>,
    ) -> Result<Self, OutOfMemory> {
        let positions = match positions {
            Some(positions) => positions.to_vec(),
            None => entries.iter().map(|entry| entry.position as u32).collect(),
        };
        Ok(Self {
            tokens: Tokens::new(device, architecture, tokens, positions)?,
            entries: CacheEntries::new(device, entries)?,
        })
    }
}

/// What the rows of a pass see besides themselves.
pub(super) enum Context<'a, B: Backend> {
    /// The earlier rows of their own sequence.
    Sequences(&'a Packed<B::Memory>),
    /// The earlier positions of their slot in a cache.
    Cache(&'a CacheEntries<B::Memory>, &'a mut Cache<B>),
}

/// Reads the first `len` indices.
pub(super) fn read_indices<D: Device>(device: &D, indices: &IndexArray<D>, len: usize) -> Vec<u32> {
    let mut values = vec![0; len];
    device.read_indices(indices, &mut values);
    values
}
