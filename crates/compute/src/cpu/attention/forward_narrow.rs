//! Attention of heads of few channels.
//!
//! With so few channels the exponentials cost as much as the products, and a matrix kernel would
//! leave most lanes empty. So lanes are queries throughout, a key is a handful of broadcast numbers,
//! and scores go no further than the first-level cache. Exponentials are powers of two, the factor
//! log₂ e being part of the packed queries, as the scale of the scores.
//!
//! Blocks of queries and tiles of keys are counted from the start of the sequence, so that neither
//! later rows nor the rest of a batch change the result of a row.

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::Range;

use super::head::{ForwardHead, HeadRows};
use super::mask::mask;
use super::narrow::{load_channels, pack_rows, store_channels};
use crate::cpu::math::exp2;
use crate::cpu::simd::{Kernel, MAX_LANES, Simd};

/// Vectors of queries that pass by the keys together.
const VECTORS: usize = 2;

/// Keys between two looks at the maximum.
const KEYS: usize = 64;

/// Numbers that [`Forward`] needs to work with.
pub(super) const fn scratch_len<const D: usize>(len: usize) -> usize {
    2 * len * D + KEYS * VECTORS * MAX_LANES
}

/// The forward pass of one head of one sequence.
pub(super) struct Forward<'a, const D: usize> {
    pub(super) head: ForwardHead<'a>,
    /// As long as [`scratch_len`] says.
    pub(super) scratch: &'a mut [f32],
}

impl<const D: usize> Kernel for Forward<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let head = self.head;
        let shape = head.shape;
        let width = VECTORS * S::LANES;
        let (keys, rest) = self.scratch.split_at_mut(shape.len * D);
        let (values, rest) = rest.split_at_mut(shape.len * D);
        let tile = &mut rest[..KEYS * width];
        pack_rows::<D>(head.keys, keys, D);
        pack_rows::<D>(head.values, values, D);
        for first in (0..shape.len).step_by(width) {
            let end = shape.len.min(first + width);
            let mut state = Block::<S, D>::new(s, shape.scale, first..end, head.queries);
            // The last query of a whole block, whether or not the sequence is that long: where
            // tiles begin must not depend on it.
            let seen_by_all = shape.first_key(first + width - 1)..first + 1;
            let mut key = shape.first_key(first);
            while key < end {
                let cut = if key < seen_by_all.start {
                    seen_by_all.start
                } else if key < seen_by_all.end {
                    seen_by_all.end
                } else {
                    end
                };
                let tile_keys = key..end.min(cut).min(key + KEYS);
                let range = tile_keys.start * D..tile_keys.end * D;
                let (keys, values) = (&keys[range.clone()], &values[range]);
                let window = shape.window.unwrap_or(usize::MAX);
                if seen_by_all.contains(&key) {
                    state.scores(s, keys, tile, |_| None);
                } else {
                    state.scores(s, keys, tile, |i| {
                        let key = tile_keys.start + i;
                        Some((
                            key.saturating_sub(first),
                            (key.saturating_add(window) - first),
                        ))
                    });
                }
                state.add_values(s, values, tile);
                key = tile_keys.end;
            }
            for (v, (channels, log_sums)) in state.finish(s).into_iter().enumerate() {
                let rows = first + v * S::LANES..end.min(first + (v + 1) * S::LANES);
                // SAFETY: these channels of these rows belong to this task.
                unsafe { store_channels(s, rows.clone(), head.out, channels) };
                for (row, log_sum) in rows.zip(log_sums) {
                    // SAFETY: as above.
                    unsafe { head.log_sums.set(row, log_sum) };
                }
            }
        }
    }
}

/// The online softmax of a block of queries.
struct Block<S: Simd, const D: usize> {
    /// Times scale and log₂ e.
    queries: [[S::Vector; D]; VECTORS],
    /// Of the scores so far, in bits.
    maxima: [S::Vector; VECTORS],
    totals: [S::Vector; VECTORS],
    sums: [[S::Vector; D]; VECTORS],
}

impl<S: Simd, const D: usize> Block<S, D> {
    #[inline(always)]
    fn new(s: S, scale: f32, rows: Range<usize>, queries: HeadRows<'_>) -> Self {
        let factor = s.splat(scale * LOG2_E);
        let mut vectors = [[s.splat(0.0); D]; VECTORS];
        for (v, vectors) in vectors.iter_mut().enumerate() {
            let first = rows.end.min(rows.start + v * S::LANES);
            let rows = first..rows.end.min(first + S::LANES);
            *vectors = load_channels(s, rows, queries).map(|q| s.mul(q, factor));
        }
        Self {
            queries: vectors,
            // Not −∞, whose difference from a score of −∞ is not a number.
            maxima: [s.splat(f32::MIN); VECTORS],
            totals: [s.splat(0.0); VECTORS],
            sums: [[s.splat(0.0); D]; VECTORS],
        }
    }

    /// Computes the scores of some keys, (keys, queries), and takes their maxima into account.
    ///
    /// `visible` says which lanes see the key of a number: from the first one to before the other.
    #[inline(always)]
    fn scores(
        &mut self,
        s: S,
        keys: &[f32],
        tile: &mut [f32],
        visible: impl Fn(usize) -> Option<(usize, usize)>,
    ) {
        let mut maxima = self.maxima;
        let rows = tile.chunks_exact_mut(VECTORS * S::LANES);
        for (i, (key, row)) in keys.chunks_exact(D).zip(rows).enumerate() {
            for (v, queries) in self.queries.iter().enumerate() {
                let mut score = s.mul(queries[0], s.splat(key[0]));
                for d in 1..D {
                    score = s.mul_add(queries[d], s.splat(key[d]), score);
                }
                if let Some((first, end)) = visible(i) {
                    let lane = v * S::LANES;
                    score = s.add(
                        score,
                        mask(s, first.saturating_sub(lane), end.saturating_sub(lane)),
                    );
                }
                maxima[v] = s.max(maxima[v], score);
                s.store_front(&mut row[v * S::LANES..][..S::LANES], score);
            }
        }
        for (v, &max) in maxima.iter().enumerate() {
            let shrink = exp2(s, s.sub(self.maxima[v], max));
            self.totals[v] = s.mul(self.totals[v], shrink);
            for sum in &mut self.sums[v] {
                *sum = s.mul(*sum, shrink);
            }
        }
        self.maxima = maxima;
    }

    /// Adds the values, weighted by the exponentials of the scores.
    #[inline(always)]
    fn add_values(&mut self, s: S, values: &[f32], tile: &[f32]) {
        let rows = tile.chunks_exact(VECTORS * S::LANES);
        for (value, row) in values.chunks_exact(D).zip(rows) {
            for v in 0..VECTORS {
                let score = s.load_front(&row[v * S::LANES..][..S::LANES]);
                let weight = exp2(s, s.sub(score, self.maxima[v]));
                self.totals[v] = s.add(self.totals[v], weight);
                for (sum, &value) in self.sums[v].iter_mut().zip(value) {
                    *sum = s.mul_add(weight, s.splat(value), *sum);
                }
            }
        }
    }

    /// For each vector of queries, the channels of its output and the logarithms of the sums.
    #[inline(always)]
    fn finish(self, s: S) -> [([S::Vector; D], [f32; MAX_LANES]); VECTORS] {
        std::array::from_fn(|v| {
            let mut log_sums = s.to_array(self.totals[v]);
            for (log_sum, max) in log_sums.iter_mut().zip(s.to_array(self.maxima[v])) {
                *log_sum = max * LN_2 + log_sum.ln();
            }
            (self.sums[v].map(|sum| s.div(sum, self.totals[v])), log_sums)
        })
    }
}
