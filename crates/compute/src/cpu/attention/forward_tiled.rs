//! Attention of whole sequences with an online softmax: only a tile of scores exists at a time.

use std::f32::consts::LN_2;
use std::marker::PhantomData;

use super::head::{ForwardHead, HeadShape};
use super::tile::{SHORT_STRIP, STRIP, TILE, add_weighted, strip};
use crate::cpu::format::Format;
use crate::cpu::math::exp2;
use crate::cpu::matmul::MAX_PANEL;
use crate::cpu::product::PANEL_VECTORS;
use crate::cpu::simd::{Kernel, MAX_LANES, Simd};

/// Numbers that [`Forward`] needs to work with.
pub(super) fn scratch_len(shape: HeadShape) -> usize {
    TILE + 2 * shape.dimension * (MAX_PANEL + shape.padded_len())
}

/// One head of one sequence.
pub(super) struct Forward<'a, F> {
    pub(super) head: ForwardHead<'a>,
    /// As long as [`scratch_len`] says.
    pub(super) scratch: &'a mut [f32],
    pub(super) format: PhantomData<F>,
}

impl<F: Format> Kernel for Forward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let head = self.head;
        let shape = head.shape;
        let dimension = shape.dimension;
        let padded_len = shape.padded_len();
        let (tile, rest) = self.scratch.split_at_mut(TILE);
        let (panel, rest) = rest.split_at_mut(dimension * MAX_PANEL);
        let (sums, rest) = rest.split_at_mut(dimension * MAX_PANEL);
        // (keys, dimension), and (dimension, words of keys).
        let (keys, values) = rest.split_at_mut(padded_len * dimension);
        let values = &mut values[..F::words(padded_len) * dimension];
        let sums = &mut sums[..dimension * width];
        shape.pack_rows(s, head.keys, keys);
        shape.pack_columns::<F, S>(s, head.values, values);
        for first in (0..shape.len).step_by(width) {
            let queries = first..shape.len.min(first + width);
            shape.pack_queries(s, &queries, head.queries, panel);
            sums.fill(0.0);
            let mut softmax = Softmax::new(s);
            for tile_keys in shape.key_tiles::<S>(first) {
                let operands = Operands {
                    shape,
                    first,
                    first_key: tile_keys.start,
                    keys: &keys[tile_keys.start * dimension..],
                    queries: panel,
                };
                let before = softmax.maxima;
                let scores = &mut tile[..tile_keys.len() * width];
                if S::LANES == MAX_LANES {
                    softmax.scores::<STRIP>(s, &operands, scores);
                } else {
                    softmax.scores::<SHORT_STRIP>(s, &operands, scores);
                }
                softmax.shrink(s, before, sums);
                softmax.weights::<F>(s, scores);
                let words = F::words(tile_keys.start)..F::words(tile_keys.end);
                let values = &values[words.start * dimension..];
                add_weighted::<F, S>(s, [dimension, words.len()], values, tile, sums);
            }
            for sums in sums.chunks_exact_mut(width) {
                for (sums, &total) in sums.chunks_exact_mut(S::LANES).zip(&softmax.totals) {
                    s.store_front(sums, s.div(s.load_front(sums), total));
                }
            }
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            unsafe { shape.unpack(s, &queries, sums, head.out) };
            let (maxima, totals) = (softmax.maxima, softmax.totals);
            for v in 0..PANEL_VECTORS {
                let lanes = s.to_array(maxima[v]).into_iter().zip(s.to_array(totals[v]));
                let queries = queries.clone().skip(v * S::LANES);
                for (query, (max, total)) in queries.zip(lanes.take(S::LANES)) {
                    // SAFETY: as above.
                    unsafe { head.log_sums.set(query, max * LN_2 + total.ln()) };
                }
            }
        }
    }
}

/// What a tile of scores is computed from.
struct Operands<'a> {
    shape: HeadShape,
    /// The first query.
    first: usize,
    first_key: usize,
    /// From that key on.
    keys: &'a [f32],
    /// A panel (dimension, queries).
    queries: &'a [f32],
}

/// The online softmax of a panel of queries.
struct Softmax<S: Simd> {
    /// Of the scores so far, in bits.
    maxima: [S::Vector; PANEL_VECTORS],
    /// Σ 2^(score − maximum).
    totals: [S::Vector; PANEL_VECTORS],
}

impl<S: Simd> Softmax<S> {
    #[inline(always)]
    fn new(s: S) -> Self {
        Self {
            // Not −∞, whose difference from a score of −∞ is not a number.
            maxima: [s.splat(f32::MIN); PANEL_VECTORS],
            totals: [s.splat(0.0); PANEL_VECTORS],
        }
    }

    /// Computes a tile of scores and takes it into the maxima.
    #[inline(always)]
    fn scores<const M: usize>(&mut self, s: S, operands: &Operands<'_>, tile: &mut [f32]) {
        let width = PANEL_VECTORS * S::LANES;
        let shape = operands.shape;
        let strips = operands.keys.chunks(M * shape.dimension);
        for (i, (keys, tile)) in strips.zip(tile.chunks_exact_mut(M * width)).enumerate() {
            let zero = [s.splat(0.0); PANEL_VECTORS];
            let mut scores = strip::<S, M>(s, shape.dimension, keys, operands.queries, zero);
            shape.hide(s, operands.first, operands.first_key + i * M, &mut scores);
            for (row, scores) in tile.chunks_exact_mut(width).zip(scores) {
                for (v, (row, score)) in row.chunks_exact_mut(S::LANES).zip(scores).enumerate() {
                    self.maxima[v] = s.max(self.maxima[v], score);
                    s.store_front(row, score);
                }
            }
        }
    }

    /// Scales what was computed with the maxima of before.
    #[inline(always)]
    fn shrink(&mut self, s: S, before: [S::Vector; PANEL_VECTORS], sums: &mut [f32]) {
        let mut factors = before;
        for v in 0..PANEL_VECTORS {
            factors[v] = exp2(s, s.sub(before[v], self.maxima[v]));
            self.totals[v] = s.mul(self.totals[v], factors[v]);
        }
        for row in sums.chunks_exact_mut(PANEL_VECTORS * S::LANES) {
            for (sum, factor) in row.chunks_exact_mut(S::LANES).zip(factors) {
                s.store_front(sum, s.mul(s.load_front(sum), factor));
            }
        }
    }

    /// Turns a tile of scores into weights, (words of keys, queries), and adds them to the totals.
    #[inline(always)]
    fn weights<F: Format>(&mut self, s: S, tile: &mut [f32]) {
        let width = PANEL_VECTORS * S::LANES;
        for word in 0..tile.len() / (F::NUMBERS * width) {
            for v in 0..PANEL_VECTORS {
                let lanes = v * S::LANES..(v + 1) * S::LANES;
                let mut weights = [s.splat(0.0); 2];
                for n in 0..F::NUMBERS {
                    let row = &tile[(word * F::NUMBERS + n) * width..][lanes.clone()];
                    weights[n] = exp2(s, s.sub(s.load_front(row), self.maxima[v]));
                    self.totals[v] = s.add(self.totals[v], weights[n]);
                }
                let row = &mut tile[word * width..][lanes];
                s.store_front(row, F::join(s, weights[0], weights[1]));
            }
        }
    }
}
