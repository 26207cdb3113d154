//! What the forward and the backward pass of attention share: tiles and strips of scores.
//!
//! A tile is (keys, queries), so that the lanes of a vector are queries: the softmax of a query needs
//! no work across lanes. It is computed strip by strip: the scores of a few keys stay in registers
//! until they are what is wanted of them. Scores and the gradients of the weights are products of single
//! numbers whatever the precision: GPT-Neo does not scale its scores, so that an error in them is a large
//! one in an exponent, and the gradients of the weights cancel out for a query that sees little. All
//! other products are in the format of the precision.
//!
//! The partition of a sequence into tiles is counted from its start, so that neither the rest of a
//! batch nor later rows change the result of a row.

use std::f32::consts::LOG2_E;
use std::marker::PhantomData;
use std::ops::Range;

use super::head::{HeadRows, HeadShape, HeadTarget};
use super::mask::mask;
use crate::cpu::format::{Format, Single};
use crate::cpu::matmul::{
    LeftLayout, MAX_PANEL, Operand, PackLeft, add_products, multiply_words, pack_transposed,
};
use crate::cpu::product::{Left, PANEL_VECTORS, Panel, Product};
use crate::cpu::simd::{Kernel, Simd};

/// Most keys of a tile.
pub(super) const KEYS: usize = 64;

/// Numbers of a tile.
pub(super) const TILE: usize = KEYS * MAX_PANEL;

/// Keys of a strip where vectors are the longest: with [`PANEL_VECTORS`] of queries it leaves
/// registers for operands.
pub(super) const STRIP: usize = 8;

/// Keys of a strip where vectors are shorter, and registers fewer.
pub(super) const SHORT_STRIP: usize = 4;

/// Scores of the keys of a strip, a panel's queries each.
pub(super) type Strip<S, const M: usize> = [[<S as Simd>::Vector; PANEL_VECTORS]; M];

impl HeadShape {
    /// Rows of packed keys and values: those of the sequence, and as many as fill the last strip.
    pub(super) fn padded_len(&self) -> usize {
        self.len.next_multiple_of(STRIP)
    }

    /// The tiles of keys that some query of the panel from `first` on sees.
    #[inline(always)]
    pub(super) fn key_tiles<S: Simd>(&self, first: usize) -> impl Iterator<Item = Range<usize>> {
        let end = (first + PANEL_VECTORS * S::LANES).min(self.padded_len());
        (self.first_key(first) / STRIP * STRIP..end)
            .step_by(KEYS)
            .map(move |start| start..end.min(start + KEYS))
    }

    /// Packs a matrix as a left operand (positions, channels), with zeros to the end.
    #[inline(always)]
    pub(super) fn pack_rows<S: Simd>(&self, s: S, x: HeadRows<'_>, rows: &mut [f32]) {
        self.pack_left::<Single, S>(s, [self.len, self.dimension], false, x, rows);
    }

    /// Packs a matrix as a left operand (channels, words of positions), with zeros to the end.
    #[inline(always)]
    pub(super) fn pack_columns<F: Format, S: Simd>(
        &self,
        s: S,
        x: HeadRows<'_>,
        words: &mut [f32],
    ) {
        self.pack_left::<F, S>(s, [self.dimension, self.len], true, x, words);
    }

    #[inline(always)]
    fn pack_left<F: Format, S: Simd>(
        &self,
        s: S,
        sizes: [usize; 2],
        transposed: bool,
        x: HeadRows<'_>,
        words: &mut [f32],
    ) {
        let layout = LeftLayout::new::<F>(sizes, transposed);
        let (words, padding) = words.split_at_mut(layout.lines * layout.len);
        PackLeft {
            depth: sizes[1],
            left: Operand {
                values: x.values,
                stride: x.stride,
                transposed,
            },
            lines: 0..layout.lines,
            len: layout.len,
            words,
            format: PhantomData::<F>,
        }
        .run(s);
        padding.fill(0.0);
    }

    /// Packs queries as a panel (dimension, rows), times the scale of the scores and log₂ e: the
    /// exponentials of scores are powers of two.
    #[inline(always)]
    pub(super) fn pack_queries<S: Simd>(
        &self,
        s: S,
        rows: &Range<usize>,
        queries: HeadRows<'_>,
        panel: &mut [f32],
    ) {
        self.pack_panel(s, rows, queries, panel);
        let panel = &mut panel[..self.dimension * PANEL_VECTORS * S::LANES];
        multiply_by(s, self.scale * LOG2_E, panel);
    }

    /// Packs rows of a matrix as a panel (dimension, rows).
    #[inline(always)]
    pub(super) fn pack_panel<S: Simd>(
        &self,
        s: S,
        rows: &Range<usize>,
        x: HeadRows<'_>,
        panel: &mut [f32],
    ) {
        let width = PANEL_VECTORS * S::LANES;
        let HeadRows { values, stride } = x;
        let source = &values[rows.start * stride..];
        if rows.len() < width || !self.dimension.is_multiple_of(4) {
            let channels = self.dimension;
            return pack_transposed::<Single, S>(s, channels, rows.len(), source, stride, panel);
        }
        let source = &source[..(width - 1) * stride + self.dimension];
        for (d, panel) in (0..self.dimension)
            .step_by(4)
            .zip(panel.chunks_exact_mut(4 * width))
        {
            for v in 0..PANEL_VECTORS {
                let source = &source[v * S::LANES * stride + d..];
                // SAFETY: the slice ends with channel `dimension` of the last row of the panel.
                let columns = unsafe { s.load_columns(source.as_ptr(), stride) };
                for (panel, column) in panel.chunks_exact_mut(width).zip(columns) {
                    s.store_front(&mut panel[v * S::LANES..][..S::LANES], column);
                }
            }
        }
    }

    /// Writes a panel (dimension, rows) over rows of the head.
    ///
    /// # Safety
    /// Nothing else may access these rows of the head meanwhile.
    #[inline(always)]
    pub(super) unsafe fn unpack<S: Simd>(
        &self,
        s: S,
        rows: &Range<usize>,
        panel: &[f32],
        x: HeadTarget<'_>,
    ) {
        let width = PANEL_VECTORS * S::LANES;
        if rows.len() < width || !self.dimension.is_multiple_of(4) {
            for (lane, row) in rows.clone().enumerate() {
                // SAFETY: the caller's.
                let row = unsafe { x.row(row, self.dimension) };
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
                    let target = x.at(rows.start + v * S::LANES, d);
                    s.store_columns(target, x.stride, columns);
                }
            }
        }
    }

    /// Sets the scores that a panel's queries, from `first` on, have for the keys of a strip to −∞
    /// where a query does not see the key.
    #[inline(always)]
    pub(super) fn hide<S: Simd, const M: usize>(
        &self,
        s: S,
        first: usize,
        keys: usize,
        scores: &mut Strip<S, M>,
    ) {
        // The last query sees the fewest early keys, the first query the fewest late ones. Whether or
        // not the sequence has the last one makes no difference.
        let last = first + PANEL_VECTORS * S::LANES - 1;
        if keys >= self.first_key(last) && keys + M <= first + 1 {
            return;
        }
        // In memory first: the scores stay in registers.
        let mut masks = [[0.0; MAX_PANEL]; M];
        for (key, row) in (keys..).zip(&mut masks) {
            let begin = key.saturating_sub(first);
            let end = self
                .window
                .map_or(usize::MAX, |window| key.saturating_add(window))
                .saturating_sub(first);
            for (v, row) in row
                .chunks_exact_mut(S::LANES)
                .enumerate()
                .take(PANEL_VECTORS)
            {
                let lane = v * S::LANES;
                let hidden = mask(s, begin.saturating_sub(lane), end.saturating_sub(lane));
                s.store_front(row, hidden);
            }
        }
        for i in 0..M {
            for v in 0..PANEL_VECTORS {
                let hidden = s.load_front(&masks[i][v * S::LANES..][..S::LANES]);
                scores[i][v] = s.add(scores[i][v], hidden);
            }
        }
    }
}

/// Multiplies whole vectors of numbers by a factor.
#[inline(always)]
pub(super) fn multiply_by<S: Simd>(s: S, factor: f32, x: &mut [f32]) {
    let factor = s.splat(factor);
    for x in x.chunks_exact_mut(S::LANES) {
        s.store_front(x, s.mul(s.load_front(x), factor));
    }
}

/// The inner products of rows of `depth` numbers with the columns of a panel, added to `start`.
#[inline(always)]
pub(super) fn strip<S: Simd, const M: usize>(
    s: S,
    depth: usize,
    rows: &[f32],
    panel: &[f32],
    start: [S::Vector; PANEL_VECTORS],
) -> Strip<S, M> {
    let width = PANEL_VECTORS * S::LANES;
    assert!(rows.len() >= M * depth && panel.len() >= depth * width);
    let left = Left {
        start: rows.as_ptr(),
        row: depth,
        step: 1,
    };
    let panel = Panel {
        start: panel.as_ptr(),
        row: width,
    };
    // SAFETY: the assertion says that the operands have these sizes.
    unsafe { add_products::<Single, S, M, PANEL_VECTORS>(s, depth, left, panel, [start; M]) }
}

/// `sums += columnsᵀ · tile`, (channels, queries), of a tile of `words` rows and as many words of
/// `channels` columns.
#[inline(always)]
pub(super) fn add_weighted<F: Format, S: Simd>(
    s: S,
    [channels, words]: [usize; 2],
    columns: &[f32],
    tile: &[f32],
    sums: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    assert!(columns.len() >= words * channels);
    assert!(tile.len() >= words * width && sums.len() >= channels * width);
    let left = Left {
        start: columns.as_ptr(),
        row: 1,
        step: channels,
    };
    let panel = Panel {
        start: tile.as_ptr(),
        row: width,
    };
    let product = Product {
        start: sums.as_mut_ptr(),
        row: width,
        columns: width,
    };
    // SAFETY: the assertions say that the operands have these sizes.
    unsafe { multiply_words::<F, S>(s, [channels, words], left, panel, product, true) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{CheckedIsa, Isa};

    /// Tiles with the instruction set of the token, whatever it is.
    struct CoverTest(HeadShape);

    impl Kernel for CoverTest {
        type Output = ();

        fn run<S: Simd>(self, _: S) {
            let shape = self.0;
            let width = PANEL_VECTORS * S::LANES;
            for first in (0..shape.len).step_by(width) {
                let last = (first + width).min(shape.len) - 1;
                let tiles: Vec<_> = shape.key_tiles::<S>(first).collect();
                assert!(tiles.iter().all(|tile| tile.len() <= KEYS));
                assert!(tiles.iter().all(|tile| tile.len().is_multiple_of(STRIP)));
                assert!(tiles.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(tiles[0].start <= shape.first_key(first));
                assert!(tiles[0].start + STRIP > shape.first_key(first));
                let end = tiles[tiles.len() - 1].end;
                assert!(last < end && end <= shape.padded_len());
            }
        }
    }

    #[test]
    fn key_tiles_cover_what_the_queries_see() {
        for window in [None, Some(1), Some(5), Some(64), Some(100), Some(1000)] {
            for len in [1, 31, 32, 300] {
                let shape = HeadShape {
                    len,
                    dimension: 4,
                    scale: 1.0,
                    window,
                };
                for isa in Isa::available() {
                    CheckedIsa::new(isa).unwrap().run(CoverTest(shape));
                }
            }
        }
    }

    /// The strips of a sequence from scores of 0.
    struct HideTest(HeadShape);

    impl Kernel for HideTest {
        type Output = ();

        fn run<S: Simd>(self, s: S) {
            let shape = self.0;
            for first in (0..shape.len).step_by(PANEL_VECTORS * S::LANES) {
                for keys in (0..shape.len).step_by(STRIP) {
                    let mut scores: Strip<S, STRIP> = [[s.splat(0.0); PANEL_VECTORS]; STRIP];
                    shape.hide(s, first, keys, &mut scores);
                    for (key, scores) in (keys..).zip(scores) {
                        for (v, scores) in scores.into_iter().enumerate() {
                            let scores = s.to_array(scores);
                            for (lane, &score) in scores[..S::LANES].iter().enumerate() {
                                let query = first + v * S::LANES + lane;
                                let seen = key <= query && key >= shape.first_key(query);
                                assert_eq!(score == 0.0, seen, "query {query}, key {key}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_query_sees_its_window_alone() {
        for window in [None, Some(1), Some(3), Some(40), Some(64), Some(usize::MAX)] {
            let shape = HeadShape {
                len: 130,
                dimension: 4,
                scale: 1.0,
                window,
            };
            for isa in Isa::available() {
                CheckedIsa::new(isa).unwrap().run(HideTest(shape));
            }
        }
    }
}
