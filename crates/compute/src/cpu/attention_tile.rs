//! What the forward and the backward pass of attention share: tiles of scores.
//!
//! A tile is (keys, queries), so that the lanes of a vector are queries: the softmax of a query needs
//! no work across lanes. The partition of a sequence into tiles is counted from its start, so that
//! neither the rest of a batch nor later rows change the result of a row.

use std::f32::consts::LOG2_E;
use std::ops::Range;

use super::engine::Shared;
use super::format::Single;
use super::microkernel::{Left, MAX_PANEL, PANEL_VECTORS, Product, multiply};
use super::pack::pack_transposed;
use super::simd::Simd;

/// Keys of a tile.
pub(super) const KEYS: usize = 64;

/// Numbers of a tile.
pub(super) const TILE: usize = KEYS * MAX_PANEL;

/// One head of one sequence in matrices with rows of `stride` numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadShape {
    /// Rows of the sequence.
    pub(super) len: usize,
    /// Numbers in a row of the head.
    pub(super) dimension: usize,
    /// Numbers in a row of the matrix.
    pub(super) stride: usize,
    /// As in [`Attention::window`](crate::Attention::window).
    pub(super) window: Option<usize>,
}

impl HeadShape {
    /// The first key that the query at `position` sees.
    #[inline(always)]
    pub(super) fn first_key(&self, position: usize) -> usize {
        self.window
            .map_or(0, |window| (position + 1).saturating_sub(window))
    }

    /// The tiles of keys of which some query of `queries` sees some key.
    #[inline(always)]
    pub(super) fn key_tiles(&self, queries: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let end = queries.end;
        let first = self.first_key(queries.start) / KEYS * KEYS;
        (first..end)
            .step_by(KEYS)
            .map(move |start| start..end.min(start + KEYS))
    }

    /// Packs queries as a panel (dimension, rows), times log₂ e: the exponentials of scores are
    /// powers of two.
    #[inline(always)]
    pub(super) fn pack_queries<S: Simd>(
        &self,
        s: S,
        rows: &Range<usize>,
        queries: &[f32],
        panel: &mut [f32],
    ) {
        self.pack(s, rows, queries, panel);
        let panel = &mut panel[..self.dimension * PANEL_VECTORS * S::LANES];
        for x in panel.chunks_exact_mut(S::LANES) {
            s.store_front(x, s.mul(s.load_front(x), s.splat(LOG2_E)));
        }
    }

    /// Packs rows of a matrix as a panel (dimension, rows).
    #[inline(always)]
    pub(super) fn pack<S: Simd>(&self, s: S, rows: &Range<usize>, x: &[f32], panel: &mut [f32]) {
        let width = PANEL_VECTORS * S::LANES;
        let source = &x[rows.start * self.stride..];
        if rows.len() < width || !self.dimension.is_multiple_of(4) {
            return pack_transposed::<Single, S>(
                s,
                self.dimension,
                rows.len(),
                source,
                self.stride,
                panel,
            );
        }
        let source = &source[..(width - 1) * self.stride + self.dimension];
        for (d, panel) in (0..self.dimension)
            .step_by(4)
            .zip(panel.chunks_exact_mut(4 * width))
        {
            for v in 0..PANEL_VECTORS {
                let source = &source[v * S::LANES * self.stride + d..];
                // SAFETY: the slice ends with channel `dimension` of the last row of the panel.
                let columns = unsafe { s.load_columns(source.as_ptr(), self.stride) };
                for (panel, column) in panel.chunks_exact_mut(width).zip(columns) {
                    s.store_front(&mut panel[v * S::LANES..][..S::LANES], column);
                }
            }
        }
    }

    /// Writes a panel (dimension, rows) over rows of a matrix of which channel 0 of row 0 is at
    /// `offset`.
    ///
    /// # Safety
    /// Nothing else may access these rows of the head meanwhile.
    #[inline(always)]
    pub(super) unsafe fn unpack<S: Simd>(
        &self,
        s: S,
        rows: &Range<usize>,
        panel: &[f32],
        x: Shared<'_>,
        offset: usize,
    ) {
        let width = PANEL_VECTORS * S::LANES;
        let start = offset + rows.start * self.stride;
        if rows.len() < width || !self.dimension.is_multiple_of(4) {
            for (lane, row) in rows.clone().enumerate() {
                let start = offset + row * self.stride;
                // SAFETY: the caller's.
                let row = unsafe { x.part(start..start + self.dimension) };
                for (x, panel) in row.iter_mut().zip(panel.chunks_exact(width)) {
                    *x = panel[lane];
                }
            }
            return;
        }
        for (d, panel) in (0..self.dimension)
            .step_by(4)
            .zip(panel.chunks_exact(4 * width))
        {
            for v in 0..PANEL_VECTORS {
                let column =
                    |k: usize| s.load_front(&panel[k * width + v * S::LANES..][..S::LANES]);
                let columns = [column(0), column(1), column(2), column(3)];
                // SAFETY: four channels of LANES rows of the head, which are the caller's.
                unsafe {
                    let target = x.at(start + v * S::LANES * self.stride + d);
                    s.store_columns(target, self.stride, columns);
                }
            }
        }
    }

    /// `tile = x[keys] · panel`: the inner products of rows of a matrix with a packed panel.
    #[inline(always)]
    pub(super) fn products<S: Simd>(
        &self,
        s: S,
        keys: &Range<usize>,
        x: &[f32],
        panel: &[f32],
        tile: &mut [f32],
    ) {
        let width = PANEL_VECTORS * S::LANES;
        assert!(x.len() >= (keys.end - 1) * self.stride + self.dimension);
        assert!(panel.len() >= self.dimension * width && tile.len() >= keys.len() * width);
        let left = Left {
            start: x[keys.start * self.stride..].as_ptr(),
            row: self.stride,
            step: 1,
        };
        let product = Product {
            start: tile.as_mut_ptr(),
            row: width,
            columns: width,
        };
        // SAFETY: the assertions say that the operands have these sizes.
        unsafe {
            multiply(
                s,
                keys.len(),
                self.dimension,
                left,
                panel.as_ptr(),
                product,
                false,
            );
        }
    }

    /// `sums += x[keys]ᵀ · tile`, (dimension, queries).
    #[inline(always)]
    pub(super) fn add_weighted<S: Simd>(
        &self,
        s: S,
        keys: &Range<usize>,
        x: &[f32],
        tile: &[f32],
        sums: &mut [f32],
    ) {
        let width = PANEL_VECTORS * S::LANES;
        assert!(x.len() >= (keys.end - 1) * self.stride + self.dimension);
        assert!(tile.len() >= keys.len() * width && sums.len() >= self.dimension * width);
        let left = Left {
            start: x[keys.start * self.stride..].as_ptr(),
            row: 1,
            step: self.stride,
        };
        let product = Product {
            start: sums.as_mut_ptr(),
            row: width,
            columns: width,
        };
        // SAFETY: the assertions say that the operands have these sizes.
        unsafe {
            multiply(
                s,
                self.dimension,
                keys.len(),
                left,
                tile.as_ptr(),
                product,
                true,
            );
        }
    }

    /// Sets the scores of the keys that a query does not see to −∞.
    #[inline(always)]
    pub(super) fn mask<S: Simd>(
        &self,
        _: S,
        queries: &Range<usize>,
        keys: &Range<usize>,
        tile: &mut [f32],
    ) {
        let width = PANEL_VECTORS * S::LANES;
        // The last query sees the fewest early keys, the first query the fewest late ones.
        let all_visible =
            keys.end <= queries.start + 1 && keys.start >= self.first_key(queries.end - 1);
        if all_visible {
            return;
        }
        for (key, row) in keys.clone().zip(tile.chunks_exact_mut(width)) {
            let lane = |query: usize| query.saturating_sub(queries.start).min(width);
            // Queries before the key, and those whose window begins after it.
            row[..lane(key)].fill(f32::NEG_INFINITY);
            if let Some(window) = self.window {
                row[lane(key.saturating_add(window))..].fill(f32::NEG_INFINITY);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_tiles_cover_what_the_queries_see() {
        for window in [None, Some(1), Some(5), Some(64), Some(100), Some(1000)] {
            let shape = HeadShape {
                len: 300,
                dimension: 4,
                stride: 4,
                window,
            };
            for first in (0..300).step_by(32) {
                let queries = first..(first + 32).min(300);
                let tiles: Vec<_> = shape.key_tiles(&queries).collect();
                assert!(tiles.iter().all(|tile| tile.start % KEYS == 0));
                assert!(tiles.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(tiles[0].start <= shape.first_key(queries.start));
                assert!(tiles[0].end > shape.first_key(queries.start));
                assert_eq!(tiles[tiles.len() - 1].end, queries.end);
            }
        }
    }
}
