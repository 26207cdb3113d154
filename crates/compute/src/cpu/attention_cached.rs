//! One step of attention for many sequences, each with its past in a cache.

use super::engine::{Engine, Shared};
use super::isa::Kernel;
use super::math::exp;
use super::simd::Simd;
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
        for h in 0..self.heads {
            let head = h * dimension..(h + 1) * dimension;
            let query = &self.query[head.clone()];
            for (score, key) in self.scores.iter_mut().zip(self.keys.chunks_exact(channels)) {
                let mut sum = 0.0;
                for (&q, &k) in query.iter().zip(&key[head.clone()]) {
                    sum += q * k;
                }
                *score = sum;
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
