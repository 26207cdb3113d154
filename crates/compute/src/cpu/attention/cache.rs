//! How keys and values lie in a cache.
//!
//! The keys of a head lie together in the order in which they are read, in blocks of [`BLOCK`]
//! positions with the positions side by side, so that vectors are full whatever the dimension of a
//! head. Where the precision is bf16, so are the numbers in the cache.

use std::ops::Range;

use crate::Precision;
use crate::cpu::bf16::pair;
use crate::cpu::engine::Engine;
use crate::cpu::simd::{MAX_LANES, Simd};
use crate::operation::AttentionShape;

/// Positions side by side: a vector of the widest instruction set. The layout is the same for all.
pub(super) const BLOCK: usize = MAX_LANES;

/// Channels that are computed together; a head is padded to a multiple of them.
pub(super) const CHANNELS: usize = 4;

/// [`Device::cache_len`](crate::Device::cache_len).
pub(in crate::cpu) fn cache_len(
    engine: &Engine,
    shape: AttentionShape,
    slots: usize,
    capacity: usize,
) -> usize {
    Layout::new(engine.precision(), shape, capacity)
        .slot(slots)
        .start
}

/// The layout of a cache of keys or values: (slots, heads, blocks, rows, [`BLOCK`]), a row being one
/// channel in f32 or two in bf16.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Heads of keys and values.
    heads: usize,
    /// Channels of a head.
    pub(super) dimension: usize,
    /// Blocks of a head in a slot.
    blocks: usize,
    /// Numbers of a block of a head.
    pub(super) block_len: usize,
}

impl Layout {
    pub(super) fn new(precision: Precision, shape: AttentionShape, capacity: usize) -> Self {
        let dimension = shape.head_dimension;
        let per_number = size_of::<f32>() / precision.bytes();
        Self {
            heads: shape.key_value_heads,
            dimension,
            blocks: capacity.div_ceil(BLOCK),
            block_len: dimension.next_multiple_of(CHANNELS) / per_number * BLOCK,
        }
    }

    /// Numbers of a head in a slot.
    pub(super) fn head_len(self) -> usize {
        self.blocks * self.block_len
    }

    /// The numbers of `slot`.
    pub(super) fn slot(self, slot: usize) -> Range<usize> {
        let len = self.heads * self.head_len();
        slot * len..(slot + 1) * len
    }
}

/// How numbers lie in a cache.
pub(super) trait Storage {
    /// Rows of [`BLOCK`] numbers that hold [`CHANNELS`] channels.
    const ROWS: usize;

    /// A vector of positions of each channel, from `lane` on.
    fn load<S: Simd>(s: S, rows: &[f32], lane: usize) -> [S::Vector; CHANNELS];

    /// Stores the channels of one position.
    fn store(rows: &mut [f32], lane: usize, channels: [f32; CHANNELS]);
}

/// One f32 after another.
pub(super) struct Single;

impl Storage for Single {
    const ROWS: usize = CHANNELS;

    #[inline(always)]
    fn load<S: Simd>(s: S, rows: &[f32], lane: usize) -> [S::Vector; CHANNELS] {
        let rows = &rows[..Self::ROWS * BLOCK];
        [0, 1, 2, 3].map(|row| s.load_front(&rows[row * BLOCK + lane..][..S::LANES]))
    }

    #[inline(always)]
    fn store(rows: &mut [f32], lane: usize, channels: [f32; CHANNELS]) {
        for (row, channel) in rows.chunks_exact_mut(BLOCK).zip(channels) {
            row[lane] = channel;
        }
    }
}

/// Two neighbouring channels in bf16 in each word.
pub(super) struct Pairs;

impl Storage for Pairs {
    const ROWS: usize = CHANNELS / 2;

    #[inline(always)]
    fn load<S: Simd>(s: S, rows: &[f32], lane: usize) -> [S::Vector; CHANNELS] {
        let rows = &rows[..Self::ROWS * BLOCK];
        let [a, b] = s.split_pairs(s.load_front(&rows[lane..][..S::LANES]));
        let [c, d] = s.split_pairs(s.load_front(&rows[BLOCK + lane..][..S::LANES]));
        [a, b, c, d]
    }

    #[inline(always)]
    fn store(rows: &mut [f32], lane: usize, [a, b, c, d]: [f32; CHANNELS]) {
        rows[lane] = pair(a, b);
        rows[BLOCK + lane] = pair(c, d);
    }
}

/// Stores the channels of one position of a head.
#[inline(always)]
pub(super) fn insert<T: Storage>(
    channels: &[f32],
    position: usize,
    block_len: usize,
    head: &mut [f32],
) {
    let block = &mut head[position / BLOCK * block_len..][..block_len];
    if position.is_multiple_of(BLOCK) {
        // Later positions have no weight, but what an earlier sequence left might be infinite.
        block.fill(0.0);
    }
    let rows = block.chunks_exact_mut(T::ROWS * BLOCK);
    for (rows, channels) in rows.zip(channels.chunks(CHANNELS)) {
        let mut padded = [0.0; CHANNELS];
        padded[..channels.len()].copy_from_slice(channels);
        T::store(rows, position % BLOCK, padded);
    }
}
