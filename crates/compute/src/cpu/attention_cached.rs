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
        let mut scores = engine.scratch(entry.position + 1 - first);
        let row = r * channels..(r + 1) * channels;
        engine.run(Row {
            heads: shape.heads,
            query: &queries[row.clone()],
            keys: &cached_keys[seen.clone()],
            values: &cached_values[seen],
            scores: &mut scores,
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
    /// Room for a score a position.
    scores: &'a mut [f32],
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
        for first in (0..channels).step_by(parts * S::LANES) {
            let mut state = Online {
                query: [s.splat(0.0); PARTS],
                sums: [s.splat(0.0); PARTS],
                max: s.splat(f32::MIN),
                total: s.splat(0.0),
            };
            for (part, query) in state.query[..parts].iter_mut().enumerate() {
                *query = s.load_front(&self.query[first + part * S::LANES..]);
            }
            let mut position = 0;
            while position < positions {
                let offset = position * channels + first;
                let (keys, values) = (&self.keys[offset..], &self.values[offset..]);
                position += if positions - position >= BLOCK {
                    state.step::<GROUP, BLOCK>(s, parts, keys, values, channels)
                } else {
                    state.step::<GROUP, 1>(s, parts, keys, values, channels)
                };
            }
            for (part, sum) in state.sums[..parts].iter().enumerate() {
                let out = &mut self.out[first + part * S::LANES..][..S::LANES];
                s.store_front(out, s.div(*sum, state.total));
            }
        }
    }

    /// Heads of any dimension, one after another.
    #[inline(always)]
    fn by_heads<S: Simd>(self, s: S) {
        let channels = self.query.len();
        let dimension = channels / self.heads;
        for h in 0..self.heads {
            let head = h * dimension..(h + 1) * dimension;
            let query = &self.query[head.clone()];
            for (score, key) in self.scores.iter_mut().zip(self.keys.chunks_exact(channels)) {
                *score = query
                    .iter()
                    .zip(&key[head.clone()])
                    .map(|(q, k)| q * k)
                    .sum();
            }
            let total = exponentials(s, self.scores);
            let out = &mut self.out[head.clone()];
            out.fill(0.0);
            let rows = self.values.chunks_exact(channels);
            for (&weight, value) in self.scores.iter().zip(rows) {
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
    query: [S::Vector; PARTS],
    /// Of weighted values.
    sums: [S::Vector; PARTS],
    max: S::Vector,
    total: S::Vector,
}

impl<S: Simd, const PARTS: usize> Online<S, PARTS> {
    /// Takes in `POSITIONS` keys and values, in rows of `channels` numbers; returns `POSITIONS`.
    #[inline(always)]
    fn step<const GROUP: usize, const POSITIONS: usize>(
        &mut self,
        s: S,
        parts: usize,
        keys: &[f32],
        values: &[f32],
        channels: usize,
    ) -> usize {
        let mut scores = [s.splat(0.0); POSITIONS];
        for (position, score) in scores.iter_mut().enumerate() {
            let keys = &keys[position * channels..][..parts * S::LANES];
            for (query, key) in self.query.iter().zip(keys.chunks_exact(S::LANES)) {
                *score = s.mul_add(*query, s.load_front(key), *score);
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
        for sum in &mut self.sums[..parts] {
            *sum = s.mul(*sum, shrink);
        }
        for (position, score) in scores.into_iter().enumerate() {
            let weight = exp(s, s.sub(score, max));
            self.total = s.add(self.total, weight);
            let values = &values[position * channels..][..parts * S::LANES];
            for (sum, value) in self.sums.iter_mut().zip(values.chunks_exact(S::LANES)) {
                *sum = s.mul_add(weight, s.load_front(value), *sum);
            }
        }
        POSITIONS
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
