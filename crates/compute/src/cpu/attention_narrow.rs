//! Attention of heads of few channels: what the forward and the backward pass share, and the former.
//!
//! With so few channels the exponentials cost as much as the products, and a matrix kernel would
//! leave most lanes empty. So lanes are queries throughout, a key is a handful of broadcast numbers,
//! and scores go no further than the first-level cache. Exponentials are powers of two, the factor
//! log₂ e being part of the packed queries.
//!
//! Blocks of queries and tiles of keys are counted from the start of the sequence, so that neither
//! later rows nor the rest of a batch change the result of a row.

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::Range;

use super::attention::ForwardHead;
use super::attention_tile::HeadShape;
use super::engine::Shared;
use super::math::exp2;
use super::simd::{Kernel, MAX_LANES, Simd};

/// Vectors of queries that pass by the keys together.
const VECTORS: usize = 2;

/// Keys between two looks at the maximum.
const KEYS: usize = 64;

/// Numbers that [`Forward`] needs to work with.
pub(super) const fn scratch_len<const D: usize>(len: usize) -> usize {
    2 * len * D + KEYS * VECTORS * MAX_LANES
}

/// Copies the rows of a head of `D` channels to rows of `step` numbers.
#[inline(always)]
pub(super) fn pack_rows<const D: usize>(
    shape: HeadShape,
    source: &[f32],
    rows: &mut [f32],
    step: usize,
) {
    for (n, row) in rows.chunks_mut(step).enumerate().take(shape.len) {
        row[..D].copy_from_slice(&source[n * shape.stride..][..D]);
    }
}

/// A vector of rows of a head of `D` channels, channel by channel; 0 where there is no row.
#[inline(always)]
pub(super) fn load_channels<S: Simd, const D: usize>(
    s: S,
    rows: Range<usize>,
    source: &[f32],
    stride: usize,
) -> [S::Vector; D] {
    let mut channels = [s.splat(0.0); D];
    let mut copy = [[0.0; D]; MAX_LANES];
    let (source, stride) = if rows.len() >= S::LANES {
        (
            &source[rows.start * stride..(rows.start + S::LANES - 1) * stride + D],
            stride,
        )
    } else {
        for (copy, row) in copy.iter_mut().zip(rows) {
            copy.copy_from_slice(&source[row * stride..][..D]);
        }
        (copy.as_flattened(), D)
    };
    for d in (0..D).step_by(4) {
        // SAFETY: the slice has LANES rows of D numbers, a multiple of four.
        let four = unsafe { s.load_columns(source[d..].as_ptr(), stride) };
        channels[d..d + 4].copy_from_slice(&four);
    }
    channels
}

/// Writes rows of a head of `D` channels, of which `first` is the first that there is, as
/// [`load_channels`] reads them.
///
/// # Safety
/// Nothing else may access these channels of these rows meanwhile.
#[inline(always)]
pub(super) unsafe fn store_channels<S: Simd, const D: usize>(
    s: S,
    rows: Range<usize>,
    target: Shared<'_>,
    offset: usize,
    stride: usize,
    channels: [S::Vector; D],
) {
    let mut copy = [[0.0; D]; MAX_LANES];
    let whole = rows.len() >= S::LANES;
    for d in (0..D).step_by(4) {
        let four = [
            channels[d],
            channels[d + 1],
            channels[d + 2],
            channels[d + 3],
        ];
        let (target, stride) = if whole {
            debug_assert!(stride >= D);
            let start = offset + rows.start * stride;
            // SAFETY: LANES rows, all in the slice, which are the caller's.
            (unsafe { target.at(start + d) }, stride)
        } else {
            (copy.as_flattened_mut()[d..].as_mut_ptr(), D)
        };
        // SAFETY: four numbers of LANES rows, of the caller's or of the copy.
        unsafe { s.store_columns(target, stride, four) };
    }
    if !whole {
        for (row, copy) in rows.zip(&copy) {
            let start = offset + row * stride;
            // SAFETY: the caller's.
            unsafe { target.part(start..start + D) }.copy_from_slice(copy);
        }
    }
}

/// Adds to the scores of a vector of queries 0 where a query sees the key, else −∞.
///
/// `first` and `end` are the first lane that sees it and the one after the last.
#[inline(always)]
pub(super) fn mask<S: Simd>(s: S, first: usize, end: usize) -> S::Vector {
    const HIDDEN: f32 = f32::NEG_INFINITY;
    /// Hidden, seen, hidden lanes: those from `k` on begin with LANES − k hidden ones.
    const EDGES: [f32; 3 * MAX_LANES] = {
        let mut edges = [HIDDEN; 3 * MAX_LANES];
        let mut i = MAX_LANES;
        while i < 2 * MAX_LANES {
            edges[i] = 0.0;
            i += 1;
        }
        edges
    };
    let before = &EDGES[MAX_LANES - first.min(S::LANES)..][..S::LANES];
    let after = &EDGES[2 * MAX_LANES - end.min(S::LANES)..][..S::LANES];
    s.add(s.load_front(before), s.load_front(after))
}

/// The forward pass of one head of one sequence.
pub(super) struct Forward<'a, const D: usize> {
    pub(super) head: ForwardHead<'a>,
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
        pack_rows::<D>(shape, head.keys, keys, D);
        pack_rows::<D>(shape, head.values, values, D);
        for first in (0..shape.len).step_by(width) {
            let end = shape.len.min(first + width);
            let mut state = Block::<S, D>::new(s, shape, first, end, head.queries);
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
                unsafe {
                    store_channels(
                        s,
                        rows.clone(),
                        head.out,
                        head.out_offset,
                        shape.stride,
                        channels,
                    );
                }
                for (row, log_sum) in rows.zip(log_sums) {
                    // SAFETY: as above.
                    unsafe {
                        head.log_sums
                            .set(head.log_sums_offset + row * head.heads, log_sum)
                    };
                }
            }
        }
    }
}

/// The online softmax of a block of queries.
struct Block<S: Simd, const D: usize> {
    /// Times log₂ e.
    queries: [[S::Vector; D]; VECTORS],
    /// Of the scores so far, in bits.
    maxima: [S::Vector; VECTORS],
    totals: [S::Vector; VECTORS],
    sums: [[S::Vector; D]; VECTORS],
}

impl<S: Simd, const D: usize> Block<S, D> {
    #[inline(always)]
    fn new(s: S, shape: HeadShape, first: usize, end: usize, queries: &[f32]) -> Self {
        let log2_e = s.splat(LOG2_E);
        let mut vectors = [[s.splat(0.0); D]; VECTORS];
        for (v, vectors) in vectors.iter_mut().enumerate() {
            let first = end.min(first + v * S::LANES);
            let rows = first..end.min(first + S::LANES);
            *vectors = load_channels(s, rows, queries, shape.stride).map(|q| s.mul(q, log2_e));
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
