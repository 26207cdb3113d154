//! One step of attention for many sequences, each with its past in a cache.
//!
//! A step reads the whole past and computes little with it: what it costs is the memory. So the heads of
//! queries that share a head of keys and values pass by it together, a few at a time.

use std::f32::consts::LOG2_E;
use std::marker::PhantomData;
use std::ops::Range;

use super::cache::{BLOCK, CHANNELS, Layout, Pairs, Single, Storage, insert};
use super::mask::mask;
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::math::exp2;
use crate::cpu::simd::{Kernel, Simd};
use crate::operation::AttentionCached;
use crate::{HostMemory, Precision};

/// Most heads of queries that pass by a head of keys together: their sums, [`CHANNELS`] each, stay in
/// registers.
const TOGETHER: usize = 4;

pub(in crate::cpu) fn attention_cached(engine: &Engine, o: AttentionCached<'_, HostMemory>) {
    let shape = o.shape;
    let precision = engine.precision();
    let layout = Layout::new(precision, shape, o.cache.capacity());
    let [wide, narrow] = [shape.channels(), shape.key_value_channels()];
    let [queries, keys, values]: [&[f32]; 3] = [o.queries, o.keys, o.values];
    let out = Shared::new(o.out);
    let cached = o.cache.buffers.each_mut().map(|cached| Shared::new(cached));
    let entries = o.entries.entries();
    let positions: usize = entries.iter().map(|entry| entry.position + 1).sum();
    engine.for_each_if_worth(positions * wide * 2, entries.len(), |r| {
        let entry = entries[r];
        let first = shape
            .window
            .map_or(0, |window| (entry.position + 1).saturating_sub(window));
        let seen = first..entry.position + 1;
        let together = shape.group().min(TOGETHER);
        let mut scratch = engine.scratch(scratch_len(layout, &seen, together));
        let row = Row {
            layout,
            group: shape.group(),
            factor: shape.scale * LOG2_E,
            seen,
            queries: &queries[r * wide..(r + 1) * wide],
            new: [keys, values].map(|x| &x[r * narrow..(r + 1) * narrow]),
            // SAFETY: every task has a slot …
            cached: cached.map(|cached| unsafe { cached.part(layout.slot(entry.slot)) }),
            // SAFETY: … and a row of its own.
            out: unsafe { out.part(r * wide..(r + 1) * wide) },
            scratch: &mut scratch,
        };
        match precision {
            Precision::F32 => engine.run(Stored(row, PhantomData::<Single>)),
            Precision::Bf16 => engine.run(Stored(row, PhantomData::<Pairs>)),
        }
    });
}

/// Numbers that a [`Row`] needs to work with, of which `together` heads are computed at a time.
fn scratch_len(layout: Layout, seen: &Range<usize>, together: usize) -> usize {
    let query = layout.dimension.next_multiple_of(CHANNELS);
    // A number for each position of the blocks with seen ones.
    let weights = seen.len().next_multiple_of(BLOCK) + BLOCK;
    together * (query + weights)
}

/// All heads of one query.
struct Row<'a> {
    layout: Layout,
    /// Heads of queries that read the same keys and values.
    group: usize,
    /// The scale of the scores, times log₂ e.
    factor: f32,
    /// The positions that the query sees, of which the last is its own.
    seen: Range<usize>,
    queries: &'a [f32],
    /// Its own key and value.
    new: [&'a [f32]; 2],
    /// Keys and values of the query's slot.
    cached: [&'a mut [f32]; 2],
    out: &'a mut [f32],
    /// See [`scratch_len`].
    scratch: &'a mut [f32],
}

/// A row whose keys and values are stored as `T` has it.
struct Stored<'a, T>(Row<'a>, PhantomData<T>);

impl<T: Storage> Kernel for Stored<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut row = self.0;
        let Layout {
            dimension,
            block_len,
            ..
        } = row.layout;
        let head_len = row.layout.head_len();
        let position = row.seen.end - 1;
        let blocks = row.seen.start / BLOCK..row.seen.end.div_ceil(BLOCK);
        let blocks = blocks.start * block_len..blocks.end * block_len;
        let group_len = row.group * dimension;
        if group_len == 0 {
            return;
        }
        let groups = row.queries.chunks_exact(group_len);
        for (head, (queries, out)) in groups.zip(row.out.chunks_exact_mut(group_len)).enumerate() {
            let [keys, values] = &mut row.cached;
            let [keys, values] = [keys, values].map(|all| &mut all[head * head_len..][..head_len]);
            let channels = head * dimension..(head + 1) * dimension;
            insert::<T>(&row.new[0][channels.clone()], position, block_len, keys);
            insert::<T>(&row.new[1][channels], position, block_len, values);
            let mut heads = Heads {
                dimension,
                factor: row.factor,
                lanes: row.seen.start % BLOCK..row.seen.start % BLOCK + row.seen.len(),
                keys: &keys[blocks.clone()],
                values: &values[blocks.clone()],
                next: head_len,
                scratch: row.scratch,
            };
            let queries = queries.chunks(TOGETHER * dimension);
            for (queries, out) in queries.zip(out.chunks_mut(TOGETHER * dimension)) {
                match queries.len() / dimension {
                    1 => heads.attend::<S, T, 1>(s, queries, out),
                    2 => heads.attend::<S, T, 2>(s, queries, out),
                    3 => heads.attend::<S, T, 3>(s, queries, out),
                    _ => heads.attend::<S, T, TOGETHER>(s, queries, out),
                }
            }
        }
    }
}

/// What heads of queries that share a head of keys and values read.
struct Heads<'a> {
    dimension: usize,
    factor: f32,
    /// The positions that are seen, counted from the first of the blocks.
    lanes: Range<usize>,
    /// The blocks with positions that are seen.
    keys: &'a [f32],
    values: &'a [f32],
    /// How far after these the blocks of the next head are.
    next: usize,
    scratch: &'a mut [f32],
}

impl Heads<'_> {
    /// Computes `G` heads.
    #[inline(always)]
    fn attend<S: Simd, T: Storage, const G: usize>(
        &mut self,
        s: S,
        queries: &[f32],
        out: &mut [f32],
    ) {
        let dimension = self.dimension;
        let padded = dimension.next_multiple_of(CHANNELS);
        let (packed, weights) = self.scratch.split_at_mut(G * padded);
        let positions = self.lanes.end.next_multiple_of(BLOCK);
        let weights = &mut weights[..G * positions];
        packed.fill(0.0);
        for (packed, query) in packed
            .chunks_exact_mut(padded)
            .zip(queries.chunks_exact(dimension))
        {
            for (packed, q) in packed.iter_mut().zip(query) {
                *packed = q * self.factor;
            }
        }
        let packed: [&[f32]; G] = std::array::from_fn(|g| &packed[g * padded..][..padded]);
        scores::<S, T, G>(s, packed, self.keys, self.next, weights);
        let mut totals = [0.0; G];
        for (total, weights) in totals.iter_mut().zip(weights.chunks_exact_mut(positions)) {
            *total = softmax(s, self.lanes.clone(), weights);
        }
        let weights: [&[f32]; G] = std::array::from_fn(|g| &weights[g * positions..][..positions]);
        weighted_sums::<S, T, G>(
            s,
            weights,
            self.values,
            self.next,
            dimension,
            |g, c, sum| {
                out[g * dimension + c] = sum / totals[g];
            },
        );
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

/// The scores of all positions of some blocks, in bits, for each of `G` heads of queries: (G,
/// positions). The keys of the next head are `next` numbers after these.
#[inline(always)]
fn scores<S: Simd, T: Storage, const G: usize>(
    s: S,
    queries: [&[f32]; G],
    keys: &[f32],
    next: usize,
    scores: &mut [f32],
) {
    // The loops over few channels are short: known lengths unroll them.
    match queries[0].len() / CHANNELS {
        1 => {
            let queries = queries.map(|query| &query[..CHANNELS]);
            scores_of::<S, T, G>(s, queries, keys, next, scores);
        }
        2 => {
            let queries = queries.map(|query| &query[..2 * CHANNELS]);
            scores_of::<S, T, G>(s, queries, keys, next, scores);
        }
        4 => {
            let queries = queries.map(|query| &query[..4 * CHANNELS]);
            scores_of::<S, T, G>(s, queries, keys, next, scores);
        }
        _ => scores_of::<S, T, G>(s, queries, keys, next, scores),
    }
}

/// [`scores`], inlined for each length of the queries.
#[inline(always)]
fn scores_of<S: Simd, T: Storage, const G: usize>(
    s: S,
    queries: [&[f32]; G],
    keys: &[f32],
    next: usize,
    scores: &mut [f32],
) {
    let fours = queries[0].len() / CHANNELS;
    let block_len = fours * T::ROWS * BLOCK;
    let positions = scores.len() / G;
    for (b, block) in keys.chunks_exact(block_len).enumerate() {
        prefetch(s, block, next);
        for lane in (0..BLOCK).step_by(S::LANES) {
            let mut sums = [s.splat(0.0); G];
            for (four, rows) in block.chunks_exact(T::ROWS * BLOCK).enumerate() {
                let key = T::load(s, rows, lane);
                for (sum, query) in sums.iter_mut().zip(queries) {
                    let query = &query[four * CHANNELS..][..CHANNELS];
                    for (&query, key) in query.iter().zip(key) {
                        *sum = s.mul_add(s.splat(query), key, *sum);
                    }
                }
            }
            for (g, sum) in sums.into_iter().enumerate() {
                s.store_front(
                    &mut scores[g * positions + b * BLOCK + lane..][..S::LANES],
                    sum,
                );
            }
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

/// The sums of the values of some blocks with the weights of each of `G` heads, which
/// `receive(head, channel, sum)` gets. The values of the next head are `next` numbers after these.
#[inline(always)]
fn weighted_sums<S: Simd, T: Storage, const G: usize>(
    s: S,
    weights: [&[f32]; G],
    values: &[f32],
    next: usize,
    dimension: usize,
    mut receive: impl FnMut(usize, usize, f32),
) {
    let block_len = dimension.div_ceil(CHANNELS) * T::ROWS * BLOCK;
    for first in (0..dimension).step_by(CHANNELS) {
        let mut sums = [[s.splat(0.0); CHANNELS]; G];
        for (b, block) in values.chunks_exact(block_len).enumerate() {
            let rows = &block[first / CHANNELS * T::ROWS * BLOCK..][..T::ROWS * BLOCK];
            prefetch(s, rows, next);
            for lane in (0..BLOCK).step_by(S::LANES) {
                let values = T::load(s, rows, lane);
                for (sums, weights) in sums.iter_mut().zip(weights) {
                    let weight = s.load_front(&weights[b * BLOCK + lane..][..S::LANES]);
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = s.mul_add(weight, value, *sum);
                    }
                }
            }
        }
        for (g, sums) in sums.into_iter().enumerate() {
            let sums = s.sum_four(sums).into_iter().take(dimension - first);
            for (c, sum) in sums.enumerate() {
                receive(g, first + c, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cpu::isa::Isa;
    use crate::operation::{AttentionCached, AttentionShape};
    use crate::{
        Backend, CacheEntries, CacheEntry, CpuBackend, CpuSettings, Device, HostBuffer,
        KeyValueCache, Precision,
    };

    const DIMENSION: usize = 12;
    const STEPS: usize = 35;

    /// Some numbers of a row of `heads` heads at a step.
    fn row(heads: usize, seed: usize) -> Vec<f32> {
        (0..heads * DIMENSION)
            .map(|i| (((i + 1) * (seed + 3) * 7919) % 1013) as f32 / 500.0 - 1.0)
            .collect()
    }

    /// Each head of a row, `times` times in a row.
    fn repeated(row: &[f32], times: usize) -> Vec<f32> {
        row.chunks(DIMENSION)
            .flat_map(|head| head.repeat(times))
            .collect()
    }

    fn buffer(values: &[f32]) -> HostBuffer {
        let mut buffer = HostBuffer::zeros(values.len()).unwrap();
        buffer.copy_from_slice(values);
        buffer
    }

    /// The results of all steps, with every key-value head stored `copies` times.
    fn results(
        backend: &CpuBackend,
        heads: usize,
        key_value_heads: usize,
        copies: usize,
    ) -> Vec<f32> {
        let shape = AttentionShape {
            heads,
            key_value_heads: key_value_heads * copies,
            head_dimension: DIMENSION,
            scale: 0.3,
            window: Some(20),
        };
        let mut cache = KeyValueCache::new(backend, shape, 1, STEPS).unwrap();
        let mut all = Vec::new();
        for position in 0..STEPS {
            let entry = CacheEntry { slot: 0, position };
            let [keys, values] = [1, 2].map(|which| {
                let row = row(key_value_heads, 3 * position + which);
                buffer(&repeated(&row, copies))
            });
            let mut out = backend.zeros(heads * DIMENSION).unwrap();
            backend.attention_cached(AttentionCached {
                shape,
                entries: &CacheEntries::new(backend, vec![entry]).unwrap(),
                queries: &buffer(&row(heads, 3 * position)),
                keys: &keys,
                values: &values,
                cache: &mut cache,
                out: &mut out,
            });
            all.extend_from_slice(&out);
        }
        all
    }

    #[test]
    fn heads_in_groups_of_any_size_have_the_bits_of_heads_of_their_own() {
        for isa in Isa::available() {
            for precision in [Precision::F32, Precision::Bf16] {
                let settings = CpuSettings {
                    threads: Some(1),
                    isa,
                    precision: Some(precision),
                };
                let backend = CpuBackend::with_settings(settings).unwrap();
                for group in 1..=9 {
                    let together = results(&backend, 2 * group, 2, 1);
                    let alone = results(&backend, 2 * group, 2, group);
                    assert!(together == alone, "{isa}, {precision}, groups of {group}");
                }
            }
        }
    }
}
