//! One step of attention for many sequences, each with its past in a cache.

use super::engine::{Engine, Shared};
use super::math::exp;
use super::simd::{Kernel, MAX_LANES, Simd};
use crate::Cached;

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
    let slot = shape.capacity * channels;
    for (r, entry) in shape.entries.iter().enumerate() {
        let new = r * channels..(r + 1) * channels;
        let place = entry.slot * slot + entry.position * channels;
        cached_keys[place..][..channels].copy_from_slice(&keys[new.clone()]);
        cached_values[place..][..channels].copy_from_slice(&values[new]);
    }
    let (cached_keys, cached_values): (&[f32], &[f32]) = (cached_keys, cached_values);
    let out = Shared::new(out);
    let positions: usize = shape.entries.iter().map(|entry| entry.position + 1).sum();
    engine.for_each_if_worth(positions * channels * 2, shape.entries.len(), |r| {
        let entry = shape.entries[r];
        let first = shape
            .window
            .map_or(0, |window| (entry.position + 1).saturating_sub(window));
        let seen = entry.slot * slot + first * channels
            ..entry.slot * slot + (entry.position + 1) * channels;
        let mut scratch = engine.scratch((entry.position + 1 - first).max(2 * channels));
        let row = r * channels..(r + 1) * channels;
        engine.run(Row {
            heads: shape.heads,
            query: &queries[row.clone()],
            keys: &cached_keys[seen.clone()],
            values: &cached_values[seen],
            scratch: &mut scratch,
            // SAFETY: every task has a row of its own.
            out: unsafe { out.part(row) },
        });
    });
}

/// All heads of one query.
struct Row<'a> {
    heads: usize,
    query: &'a [f32],
    /// (positions, channels), as `values`.
    keys: &'a [f32],
    values: &'a [f32],
    /// Room for a score a position, and for two numbers a channel.
    scratch: &'a mut [f32],
    out: &'a mut [f32],
}

impl Kernel for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let channels = self.query.len();
        let dimension = channels / self.heads;
        let by_lanes = channels.is_multiple_of(S::LANES);
        match dimension {
            1 if by_lanes => self.by_vectors::<S, 1, 1>(s, 1),
            2 if by_lanes => self.by_vectors::<S, 2, 1>(s, 1),
            4 if by_lanes => self.by_vectors::<S, 4, 1>(s, 1),
            8 if by_lanes && S::LANES > 8 => self.by_vectors::<S, 8, 1>(s, 1),
            _ if dimension == S::LANES => self.by_vectors::<S, MAX_LANES, 1>(s, 1),
            _ if dimension.is_multiple_of(S::LANES) && dimension <= MAX_PARTS * S::LANES => {
                self.by_vectors::<S, MAX_LANES, MAX_PARTS>(s, dimension / S::LANES);
            }
            _ => self.by_heads(s),
        }
    }
}

/// The most vectors of a head that are computed at a time.
const MAX_PARTS: usize = 16;

/// Positions between two looks at the maximum.
const BLOCK: usize = 8;

impl Row<'_> {
    /// Several small heads in one vector, or one head in `parts` vectors: a vector holds the score of
    /// a head in all of the head's lanes.
    ///
    /// `GROUP` is the number of lanes of a head, at least `LANES` if it has them all; `PARTS` is 1
    /// or at least `parts`.
    #[inline(always)]
    fn by_vectors<S: Simd, const GROUP: usize, const PARTS: usize>(self, s: S, parts: usize) {
        let parts = parts.min(PARTS);
        let channels = self.query.len();
        let positions = self.keys.len() / channels;
        let (maxima, totals) = self.scratch.split_at_mut(channels);
        // Not −∞, whose difference from a score of −∞ is not a number.
        maxima.fill(f32::MIN);
        totals.fill(0.0);
        self.out.fill(0.0);
        let mut position = 0;
        while position < positions {
            let block = if positions - position >= BLOCK {
                BLOCK
            } else {
                1
            };
            // All heads before the next positions, so that the cache is read from front to back.
            for first in (0..channels).step_by(parts * S::LANES) {
                let offset = position * channels + first;
                let (keys, values) = (&self.keys[offset..], &self.values[offset..]);
                let query = &self.query[first..][..parts * S::LANES];
                let sums = &mut self.out[first..][..parts * S::LANES];
                let mut state = Online {
                    sums: [s.splat(0.0); PARTS],
                    max: s.load_front(&maxima[first..]),
                    total: s.load_front(&totals[first..]),
                };
                for (sum, out) in state.sums.iter_mut().zip(sums.chunks_exact(S::LANES)) {
                    *sum = s.load_front(out);
                }
                if block == BLOCK {
                    state.step::<GROUP, BLOCK>(s, query, keys, values, channels);
                } else {
                    state.step::<GROUP, 1>(s, query, keys, values, channels);
                }
                for (sum, out) in state.sums.iter().zip(sums.chunks_exact_mut(S::LANES)) {
                    s.store_front(out, *sum);
                }
                s.store_front(&mut maxima[first..], state.max);
                s.store_front(&mut totals[first..], state.total);
            }
            position += block;
        }
        for first in (0..channels).step_by(parts * S::LANES) {
            let total = s.load_front(&totals[first..]);
            let out = &mut self.out[first..][..parts * S::LANES];
            for out in out.chunks_exact_mut(S::LANES) {
                s.store_front(out, s.div(s.load_front(out), total));
            }
        }
    }

    /// Heads of any dimension, one after another.
    #[inline(always)]
    fn by_heads<S: Simd>(self, s: S) {
        let channels = self.query.len();
        let dimension = channels / self.heads;
        let scores = &mut self.scratch[..self.keys.len() / channels];
        for h in 0..self.heads {
            let head = h * dimension..(h + 1) * dimension;
            let query = &self.query[head.clone()];
            for (score, key) in scores.iter_mut().zip(self.keys.chunks_exact(channels)) {
                *score = query
                    .iter()
                    .zip(&key[head.clone()])
                    .map(|(q, k)| q * k)
                    .sum();
            }
            let total = exponentials(s, scores);
            let out = &mut self.out[head.clone()];
            out.fill(0.0);
            let rows = self.values.chunks_exact(channels);
            for (&weight, value) in scores.iter().zip(rows) {
                for (out, &value) in out.iter_mut().zip(&value[head.clone()]) {
                    *out += weight * value;
                }
            }
            for out in out {
                *out /= total;
            }
        }
    }
}

/// An online softmax of the heads in some vectors.
struct Online<S: Simd, const PARTS: usize> {
    /// Of weighted values.
    sums: [S::Vector; PARTS],
    max: S::Vector,
    total: S::Vector,
}

impl<S: Simd, const PARTS: usize> Online<S, PARTS> {
    /// Takes in `POSITIONS` keys and values, in rows of `channels` numbers of which the first are
    /// those of the query.
    #[inline(always)]
    fn step<const GROUP: usize, const POSITIONS: usize>(
        &mut self,
        s: S,
        query: &[f32],
        keys: &[f32],
        values: &[f32],
        channels: usize,
    ) {
        let mut scores = [s.splat(0.0); POSITIONS];
        for (position, score) in scores.iter_mut().enumerate() {
            let keys = &keys[position * channels..][..query.len()];
            for (query, key) in query
                .chunks_exact(S::LANES)
                .zip(keys.chunks_exact(S::LANES))
            {
                *score = s.mul_add(s.load_front(query), s.load_front(key), *score);
            }
            *score = s.sum_groups::<GROUP>(*score);
        }
        let mut max = self.max;
        for score in scores {
            max = s.max(max, score);
        }
        let shrink = exp(s, s.sub(self.max, max));
        self.max = max;
        self.total = s.mul(self.total, shrink);
        for sum in &mut self.sums {
            *sum = s.mul(*sum, shrink);
        }
        for (position, score) in scores.into_iter().enumerate() {
            let weight = exp(s, s.sub(score, max));
            self.total = s.add(self.total, weight);
            let values = &values[position * channels..][..query.len()];
            for (sum, value) in self.sums.iter_mut().zip(values.chunks_exact(S::LANES)) {
                *sum = s.mul_add(weight, s.load_front(value), *sum);
            }
        }
    }
}

/// Replaces scores by `exp(score − maximum)` and returns their sum.
#[inline(always)]
fn exponentials<S: Simd>(s: S, scores: &mut [f32]) -> f32 {
    let max = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sums = s.splat(0.0);
    let mut chunks = scores.chunks_exact_mut(S::LANES);
    for chunk in &mut chunks {
        let weight = exp(s, s.sub(s.load_front(chunk), s.splat(max)));
        sums = s.add(sums, weight);
        s.store_front(chunk, weight);
    }
    let mut total = s.sum(sums);
    let rest = chunks.into_remainder();
    let weight = exp(s, s.sub(s.load_front(rest), s.splat(max)));
    s.store_front(rest, weight);
    for weight in rest {
        total += *weight;
    }
    total
}
