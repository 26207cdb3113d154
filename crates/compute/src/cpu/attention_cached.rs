//! One step of attention for many sequences, each with its past in a cache.
//!
//! A step reads the whole past and computes little with it: what it costs is the memory. The keys of
//! a head lie together in the order in which they are read, in blocks of [`BLOCK`] positions with the
//! positions side by side, so that vectors are full whatever the dimension of a head. Where the
//! precision is bf16, so are the numbers in the cache.

use std::f32::consts::LOG2_E;
use std::marker::PhantomData;
use std::ops::Range;

use super::attention_narrow::mask;
use super::engine::{Engine, Shared};
use super::last_level_cache;
use super::math::exp2;
use super::simd::pairs::pair;
use super::simd::{Kernel, MAX_LANES, Simd};
use crate::{Cached, Precision};

/// Positions side by side: a vector of the widest instruction set. The layout is the same for all.
const BLOCK: usize = MAX_LANES;

/// Channels that are computed together; a head is padded to a multiple of them.
const CHANNELS: usize = 4;

/// The layout of a cache of keys or values: (slots, heads, blocks, rows, [`BLOCK`]), a row being one
/// channel in f32 or two in bf16.
#[derive(Clone, Copy, Debug)]
struct Layout {
    heads: usize,
    /// Channels of a head.
    dimension: usize,
    /// Blocks of a head in a slot.
    blocks: usize,
    /// Numbers of a block of a head.
    block_len: usize,
}

impl Layout {
    fn new(precision: Precision, capacity: usize, heads: usize, channels: usize) -> Self {
        let dimension = channels / heads;
        let per_number = size_of::<f32>() / precision.bytes();
        Self {
            heads,
            dimension,
            blocks: capacity.div_ceil(BLOCK),
            block_len: dimension.next_multiple_of(CHANNELS) / per_number * BLOCK,
        }
    }

    /// Numbers of a head in a slot.
    fn head_len(self) -> usize {
        self.blocks * self.block_len
    }

    /// The numbers of `slot`.
    fn slot(self, slot: usize) -> Range<usize> {
        let len = self.heads * self.head_len();
        slot * len..(slot + 1) * len
    }
}

/// [`Backend::cache_len`](crate::Backend::cache_len).
pub(super) fn cache_len(
    engine: &Engine,
    slots: usize,
    capacity: usize,
    heads: usize,
    channels: usize,
) -> usize {
    let layout = Layout::new(engine.precision(), capacity, heads, channels);
    layout.slot(slots).start
}

/// [`Backend::sequences_at_once`](crate::Backend::sequences_at_once): as many as the last-level cache
/// holds along with the weights, since a step reads all of both; as many as wanted where too few fit
/// to make good use of the weights.
pub(super) fn sequences_at_once(
    engine: &Engine,
    most: usize,
    weights: usize,
    cached: usize,
) -> usize {
    let Some(cache) = last_level_cache::bytes() else {
        return most;
    };
    let weights = engine.precision().bytes() * weights;
    match fitting(cache, weights, 4 * cached, engine.panel()) {
        0 => most,
        fit => most.min(fit),
    }
}

/// Sequences for which a cache has room besides the weights, all in bytes, to the nearest multiple
/// of `panel`.
fn fitting(cache: usize, weights: usize, sequence: usize, panel: usize) -> usize {
    // Sequences grow: in most steps they have less than three quarters of their tokens.
    let sequence = (sequence * 3 / 4).max(1);
    (cache.saturating_sub(weights) / sequence + panel / 2) / panel * panel
}

#[allow(clippy::too_many_arguments)]
pub(super) fn attention_cached(
    engine: &Engine,
    shape: Cached<'_>,
    queries: &[f32],
    keys: &[f32],
    values: &[f32],
    cached_keys: &mut [f32],
    cached_values: &mut [f32],
    out: &mut [f32],
) {
    let channels = shape.channels;
    let precision = engine.precision();
    let layout = Layout::new(precision, shape.capacity, shape.heads, channels);
    let [out, cached_keys, cached_values] = [out, cached_keys, cached_values].map(Shared::new);
    let positions: usize = shape.entries.iter().map(|entry| entry.position + 1).sum();
    engine.for_each_if_worth(positions * channels * 2, shape.entries.len(), |r| {
        let entry = shape.entries[r];
        let row = r * channels..(r + 1) * channels;
        // SAFETY: every task has a row and a slot of its own.
        let [out, cached_keys, cached_values] = unsafe {
            [
                out.part(row.clone()),
                cached_keys.part(layout.slot(entry.slot)),
                cached_values.part(layout.slot(entry.slot)),
            ]
        };
        let seen = shape
            .window
            .map_or(0, |window| (entry.position + 1).saturating_sub(window))
            ..entry.position + 1;
        let mut scratch = engine.scratch(
            layout.dimension.next_multiple_of(CHANNELS)
                + seen.len().next_multiple_of(BLOCK)
                + BLOCK,
        );
        let row = Row {
            layout,
            seen,
            query: &queries[row.clone()],
            key: &keys[row.clone()],
            value: &values[row],
            cached_keys,
            cached_values,
            out,
            scratch: &mut scratch,
            storage: PhantomData,
        };
        match precision {
            Precision::F32 => engine.run::<Row<'_, Single>>(row.stored()),
            Precision::Bf16 => engine.run::<Row<'_, Pairs>>(row.stored()),
        }
    });
}

/// How numbers lie in a cache.
trait Storage {
    /// Rows of [`BLOCK`] numbers that hold [`CHANNELS`] channels.
    const ROWS: usize;

    /// A vector of positions of each channel, from `lane` on.
    fn load<S: Simd>(s: S, rows: &[f32], lane: usize) -> [S::Vector; CHANNELS];

    /// Stores the channels of one position.
    fn store(rows: &mut [f32], lane: usize, channels: [f32; CHANNELS]);
}

/// One f32 after another.
struct Single;

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
struct Pairs;

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

/// All heads of one query.
struct Row<'a, T> {
    layout: Layout,
    /// The positions that the query sees, of which the last is its own.
    seen: Range<usize>,
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    /// Those of the query's slot, as `cached_values`.
    cached_keys: &'a mut [f32],
    cached_values: &'a mut [f32],
    out: &'a mut [f32],
    /// Room for a query, and for a number for each position of the blocks with seen ones.
    scratch: &'a mut [f32],
    storage: PhantomData<T>,
}

impl<'a> Row<'a, ()> {
    /// The row with its numbers stored as `T` has it.
    fn stored<T>(self) -> Row<'a, T> {
        Row {
            layout: self.layout,
            seen: self.seen,
            query: self.query,
            key: self.key,
            value: self.value,
            cached_keys: self.cached_keys,
            cached_values: self.cached_values,
            out: self.out,
            scratch: self.scratch,
            storage: PhantomData,
        }
    }
}

impl<T: Storage> Kernel for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Layout {
            dimension,
            block_len,
            ..
        } = self.layout;
        let head_len = self.layout.head_len();
        let blocks = self.seen.start / BLOCK..self.seen.end.div_ceil(BLOCK);
        let blocks = blocks.start * block_len..blocks.end * block_len;
        let (query, weights) = self
            .scratch
            .split_at_mut(dimension.next_multiple_of(CHANNELS));
        let lanes = self.seen.start % BLOCK..self.seen.start % BLOCK + self.seen.len();
        let weights = &mut weights[..lanes.end.next_multiple_of(BLOCK)];
        query.fill(0.0);
        for (head, out) in self.out.chunks_exact_mut(dimension).enumerate() {
            let channels = head * dimension..(head + 1) * dimension;
            for (padded, q) in query.iter_mut().zip(&self.query[channels.clone()]) {
                *padded = q * LOG2_E;
            }
            let keys = &mut self.cached_keys[head * head_len..][..head_len];
            let values = &mut self.cached_values[head * head_len..][..head_len];
            let position = self.seen.end - 1;
            insert::<T>(&self.key[channels.clone()], position, block_len, keys);
            insert::<T>(&self.value[channels], position, block_len, values);
            let (keys, values) = (&keys[blocks.clone()], &values[blocks.clone()]);
            scores::<S, T>(s, query, keys, head_len, weights);
            let total = softmax(s, lanes.clone(), weights);
            weighted_sum::<S, T>(s, weights, total, values, [block_len, head_len], out);
        }
    }
}

/// Stores the channels of one position of a head.
#[inline(always)]
fn insert<T: Storage>(channels: &[f32], position: usize, block_len: usize, head: &mut [f32]) {
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

/// Asks for the rows `distance` after these: those of the next head, whose blocks are too few for the
/// processor to notice in time that they are read in order.
#[inline(always)]
fn prefetch<S: Simd>(s: S, rows: &[f32], distance: usize) {
    for row in rows.chunks_exact(BLOCK) {
        s.prefetch(row.as_ptr().wrapping_add(distance));
    }
}

/// The scores of all positions of some blocks, in bits. The keys of the next head are `next` numbers
/// after these.
#[inline(always)]
fn scores<S: Simd, T: Storage>(s: S, query: &[f32], keys: &[f32], next: usize, scores: &mut [f32]) {
    // The loops over few channels are short: known lengths unroll them.
    match query.len() / CHANNELS {
        1 => scores_of::<S, T>(s, &query[..CHANNELS], keys, next, scores),
        2 => scores_of::<S, T>(s, &query[..2 * CHANNELS], keys, next, scores),
        4 => scores_of::<S, T>(s, &query[..4 * CHANNELS], keys, next, scores),
        _ => scores_of::<S, T>(s, query, keys, next, scores),
    }
}

/// [`scores`], inlined for each length of the query.
#[inline(always)]
fn scores_of<S: Simd, T: Storage>(
    s: S,
    query: &[f32],
    keys: &[f32],
    next: usize,
    scores: &mut [f32],
) {
    let block_len = query.len() / CHANNELS * T::ROWS * BLOCK;
    for (block, scores) in keys
        .chunks_exact(block_len)
        .zip(scores.chunks_exact_mut(BLOCK))
    {
        prefetch(s, block, next);
        for lane in (0..BLOCK).step_by(S::LANES) {
            let mut score = s.splat(0.0);
            let rows = block.chunks_exact(T::ROWS * BLOCK);
            for (query, rows) in query.chunks_exact(CHANNELS).zip(rows) {
                for (&query, key) in query.iter().zip(T::load(s, rows, lane)) {
                    score = s.mul_add(s.splat(query), key, score);
                }
            }
            s.store_front(&mut scores[lane..][..S::LANES], score);
        }
    }
}

/// Turns the scores in the seen `lanes` into exponentials of their distances from the largest, all
/// others into 0, and returns their sum.
#[inline(always)]
fn softmax<S: Simd>(s: S, lanes: Range<usize>, scores: &mut [f32]) -> f32 {
    for first in [0, scores.len() - BLOCK] {
        for lane in (first..first + BLOCK).step_by(S::LANES) {
            let hidden = mask(
                s,
                lanes.start.saturating_sub(lane),
                lanes.end.saturating_sub(lane),
            );
            let scores = &mut scores[lane..][..S::LANES];
            s.store_front(scores, s.add(s.load_front(scores), hidden));
        }
    }
    // Not −∞, whose difference from a score of −∞ is not a number.
    let mut maxima = s.splat(f32::MIN);
    for scores in scores.chunks_exact(S::LANES) {
        maxima = s.max(maxima, s.load_front(scores));
    }
    let max = s.largest(maxima);
    let mut totals = s.splat(0.0);
    for scores in scores.chunks_exact_mut(S::LANES) {
        let weight = exp2(s, s.sub(s.load_front(scores), s.splat(max)));
        totals = s.add(totals, weight);
        s.store_front(scores, weight);
    }
    s.sum(totals)
}

/// The mean of the values of some blocks with these weights. The values of the next head are `next`
/// numbers after these.
#[inline(always)]
fn weighted_sum<S: Simd, T: Storage>(
    s: S,
    weights: &[f32],
    total: f32,
    values: &[f32],
    [block_len, next]: [usize; 2],
    out: &mut [f32],
) {
    for (four, out) in out.chunks_mut(CHANNELS).enumerate() {
        let mut sums = [s.splat(0.0); CHANNELS];
        for (block, weights) in values
            .chunks_exact(block_len)
            .zip(weights.chunks_exact(BLOCK))
        {
            let rows = &block[four * T::ROWS * BLOCK..][..T::ROWS * BLOCK];
            prefetch(s, rows, next);
            for lane in (0..BLOCK).step_by(S::LANES) {
                let weight = s.load_front(&weights[lane..][..S::LANES]);
                for (sum, value) in sums.iter_mut().zip(T::load(s, rows, lane)) {
                    *sum = s.mul_add(weight, value, *sum);
                }
            }
        }
        for (out, sum) in out.iter_mut().zip(s.sum_four(sums)) {
            *out = sum / total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_fit_with_the_weights() {
        // 32 MiB: the demo's model, the paper's of 1M and 33M parameters, in bf16.
        let cache = 32 << 20;
        assert_eq!(fitting(cache, 2 << 20, 512 << 10, 32), 96);
        assert_eq!(fitting(cache, 7 << 20, 1216 << 10, 32), 32);
        assert_eq!(fitting(cache, 140 << 20, 3600 << 10, 32), 0);
        assert_eq!(fitting(cache, 0, 32 << 20, 32), 0);
    }
}
