//! The gradient of attention for heads of few channels; see [`forward_narrow`](super::forward_narrow).
//!
//! Keys one after another, and for each all queries that see it, a vector at a time. The sums of the
//! gradients of key and value stay in registers, lane by lane, until the last query; those of the
//! queries are in the first-level cache. Nothing is computed that the mask hides, but for the two
//! vectors at the ends.

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::Range;

use super::head::{BackwardGroup, HeadRows, QueryHead};
use super::mask::mask;
use super::narrow::{load_channels, pack_rows, store_channels};
use crate::cpu::math::Exponent;
use crate::cpu::simd::{Kernel, MAX_LANES, Simd};

/// Queries whose operands fit the first-level cache.
const BLOCK: usize = 512;

/// Numbers that [`Backward`] needs to work with.
pub(super) const fn scratch_len<const D: usize>(len: usize) -> usize {
    let block = if len < BLOCK { len } else { BLOCK };
    4 * len * D + block.next_multiple_of(MAX_LANES) * (3 * D + 2)
}

/// The query heads of one sequence that read one head of keys and values.
pub(super) struct Backward<'a, const D: usize> {
    pub(super) group: BackwardGroup<'a>,
    /// As long as [`scratch_len`] says.
    pub(super) scratch: &'a mut [f32],
}

impl<const D: usize> Kernel for Backward<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let group = self.group;
        let shape = group.shape;
        // A row is a key and its value.
        let (rows, rest) = self.scratch.split_at_mut(2 * D * shape.len);
        let (d_rows, rest) = rest.split_at_mut(2 * D * shape.len);
        pack_rows::<D>(group.keys, rows, 2 * D);
        pack_rows::<D>(group.values, &mut rows[D..], 2 * D);
        d_rows.fill(0.0);
        for head in group.query_heads {
            let queries = Queries::<D> {
                head,
                scale: shape.scale,
            };
            for first in (0..shape.len).step_by(BLOCK) {
                let end = shape.len.min(first + BLOCK);
                let vectors = &mut rest[..(end - first).div_ceil(S::LANES) * Vectors::<S, D>::LEN];
                queries.pack(s, first..end, vectors);
                for key in shape.first_key(first)..end {
                    let row = &rows[key * 2 * D..][..2 * D];
                    let mut pair = Pair::<S, D>::new(s, row);
                    // The lanes of the block that see the key.
                    let seen = key.max(first) - first
                        ..shape
                            .window
                            .map_or(end, |window| end.min(key.saturating_add(window)))
                            - first;
                    pair.pass(s, seen, vectors);
                    pair.add_gradients(s, &mut d_rows[key * 2 * D..][..2 * D]);
                }
                queries.unpack(s, first..end, vectors);
            }
        }
        for (row, d_row) in d_rows.chunks_exact(2 * D).enumerate() {
            let (d_key, d_value) = d_row.split_at(D);
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            let (to_key, to_value) =
                unsafe { (group.d_keys.row(row, D), group.d_values.row(row, D)) };
            for (to, d) in to_key.iter_mut().zip(d_key) {
                // Of the factors of the packed queries the scale is wanted, and log₂ e not.
                *to = d * LN_2;
            }
            to_value.copy_from_slice(d_value);
        }
    }
}

/// A vector of queries in the working memory: queries times scale and log₂ e, gradients of the output,
/// gradients of the queries without the scale (`D` vectors each), then the negatives of the logarithms of the sums, in
/// bits, and of their gradients.
struct Vectors<S, const D: usize>(S);

impl<S: Simd, const D: usize> Vectors<S, D> {
    const LEN: usize = (3 * D + 2) * S::LANES;

    /// The part with number `i`.
    #[inline(always)]
    fn load(s: S, vector: &[f32], i: usize) -> S::Vector {
        s.load_front(&vector[i * S::LANES..][..S::LANES])
    }
}

/// The queries of one head.
struct Queries<'a, const D: usize> {
    head: &'a QueryHead<'a>,
    scale: f32,
}

impl<const D: usize> Queries<'_, D> {
    #[inline(always)]
    fn pack<S: Simd>(&self, s: S, rows: Range<usize>, vectors: &mut [f32]) {
        let head = self.head;
        let factor = s.splat(self.scale * LOG2_E);
        for (v, vector) in vectors.chunks_exact_mut(Vectors::<S, D>::LEN).enumerate() {
            let first = rows.start + v * S::LANES;
            let rows = first..rows.end.min(first + S::LANES);
            let load = |source: HeadRows<'_>| load_channels::<S, D>(s, rows.clone(), source);
            let (queries, out, d_out) = (load(head.queries), load(head.out), load(head.d_out));
            // No weight where there is no query.
            let mut log_sums = [f32::NEG_INFINITY; MAX_LANES];
            for (log_sum, row) in log_sums.iter_mut().zip(rows.clone()) {
                *log_sum = -LOG2_E * head.log_sums.row(row, 1)[0];
            }
            let mut d_log_sums = s.splat(0.0);
            for d in 0..D {
                d_log_sums = s.mul_add(out[d], d_out[d], d_log_sums);
            }
            let mut store = |i: usize, v| s.store_front(&mut vector[i * S::LANES..][..S::LANES], v);
            for d in 0..D {
                store(d, s.mul(queries[d], factor));
                store(D + d, d_out[d]);
                store(2 * D + d, s.splat(0.0));
            }
            store(3 * D, s.load_front(&log_sums[..S::LANES]));
            store(3 * D + 1, s.sub(s.splat(0.0), d_log_sums));
        }
    }

    /// Writes the gradients of the queries where they belong.
    #[inline(always)]
    fn unpack<S: Simd>(&self, s: S, rows: Range<usize>, vectors: &[f32]) {
        let scale = s.splat(self.scale);
        let vectors = vectors.chunks_exact(Vectors::<S, D>::LEN);
        for (v, vector) in vectors.enumerate() {
            let first = rows.start + v * S::LANES;
            let rows = first..rows.end.min(first + S::LANES);
            let channels: [S::Vector; D] = std::array::from_fn(|d| {
                let d_query = s.load_front(&vector[(2 * D + d) * S::LANES..][..S::LANES]);
                s.mul(d_query, scale)
            });
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            unsafe { store_channels(s, rows, self.head.d_queries, channels) };
        }
    }
}

/// A key with its value, and the sums of their gradients.
struct Pair<S: Simd, const D: usize> {
    key: [S::Vector; D],
    value: [S::Vector; D],
    d_key: [S::Vector; D],
    d_value: [S::Vector; D],
}

impl<S: Simd, const D: usize> Pair<S, D> {
    #[inline(always)]
    fn new(s: S, row: &[f32]) -> Self {
        let mut pair = Self {
            key: [s.splat(0.0); D],
            value: [s.splat(0.0); D],
            d_key: [s.splat(0.0); D],
            d_value: [s.splat(0.0); D],
        };
        for d in 0..D {
            pair.key[d] = s.splat(row[d]);
            pair.value[d] = s.splat(row[D + d]);
        }
        pair
    }

    /// Lets the queries in the lanes `seen` of a block see the key.
    #[inline(always)]
    fn pass(&mut self, s: S, seen: Range<usize>, vectors: &mut [f32]) {
        let (first, last) = (seen.start / S::LANES, (seen.end - 1) / S::LANES);
        let vectors = &mut vectors[first * Vectors::<S, D>::LEN..(last + 1) * Vectors::<S, D>::LEN];
        let mut vectors = vectors.chunks_exact_mut(Vectors::<S, D>::LEN);
        let Some(mut before) = vectors.next() else {
            return;
        };
        let hidden = mask(
            s,
            seen.start - first * S::LANES,
            seen.end - first * S::LANES,
        );
        let mut exponent = self.exponent(s, before, Some(hidden));
        let end = vectors.next_back();
        // One vector ahead with the scores: see `Exponent`.
        for vector in vectors {
            let next = self.exponent(s, vector, None);
            self.add(s, exponent, before);
            (before, exponent) = (vector, next);
        }
        if let Some(vector) = end {
            let hidden = mask(s, 0, seen.end - last * S::LANES);
            let next = self.exponent(s, vector, Some(hidden));
            self.add(s, exponent, before);
            (before, exponent) = (vector, next);
        }
        self.add(s, exponent, before);
    }

    /// The logarithm of the weight of the key for a vector of queries.
    #[inline(always)]
    fn exponent(&self, s: S, vector: &[f32], mask: Option<S::Vector>) -> Exponent<S> {
        let vector = &vector[..Vectors::<S, D>::LEN];
        let mut score = Vectors::<S, D>::load(s, vector, 3 * D);
        for d in 0..D {
            score = s.mul_add(Vectors::<S, D>::load(s, vector, d), self.key[d], score);
        }
        if let Some(mask) = mask {
            score = s.add(score, mask);
        }
        Exponent::new(s, score)
    }

    /// Adds what a vector of queries has a share in to the gradients.
    #[inline(always)]
    fn add(&mut self, s: S, exponent: Exponent<S>, vector: &mut [f32]) {
        let vector = &mut vector[..Vectors::<S, D>::LEN];
        let weight = exponent.exp2(s);
        let mut d_weight = Vectors::<S, D>::load(s, vector, 3 * D + 1);
        for d in 0..D {
            let d_out = Vectors::<S, D>::load(s, vector, D + d);
            d_weight = s.mul_add(d_out, self.value[d], d_weight);
            self.d_value[d] = s.mul_add(weight, d_out, self.d_value[d]);
        }
        let d_score = s.mul(weight, d_weight);
        for d in 0..D {
            let query = Vectors::<S, D>::load(s, vector, d);
            self.d_key[d] = s.mul_add(d_score, query, self.d_key[d]);
            let d_query = Vectors::<S, D>::load(s, vector, 2 * D + d);
            let d_query = s.mul_add(d_score, self.key[d], d_query);
            s.store_front(&mut vector[(2 * D + d) * S::LANES..][..S::LANES], d_query);
        }
    }

    /// Adds the sums over the lanes to the gradients of the key and then of the value.
    #[inline(always)]
    fn add_gradients(&self, s: S, row: &mut [f32]) {
        let (d_key, d_value) = row.split_at_mut(D);
        for (row, sums) in [(d_key, &self.d_key), (d_value, &self.d_value)] {
            for (row, v) in row.chunks_exact_mut(4).zip(sums.chunks_exact(4)) {
                for (d, sum) in row.iter_mut().zip(s.sum_four([v[0], v[1], v[2], v[3]])) {
                    *d += sum;
                }
            }
        }
    }
}
