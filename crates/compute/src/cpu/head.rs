//! What the operations of the output layer share: tiles of logits.
//!
//! A tile is (vocabulary, tokens), so that the lanes of a vector are tokens: sums and maxima over the
//! vocabulary need no work across lanes, and the products with a tile read it as it is.

use std::ops::Range;

use super::engine::{Engine, Shared};
use super::microkernel::{Left, PANEL_VECTORS, Product, multiply};
use super::pack::pack_transposed;
use super::simd::{Kernel, Simd};
use crate::Head;

/// Tokens of the vocabulary in a tile.
pub(super) const TILE: usize = 96;

/// Rows that are worked on at a time.
pub(super) const ROWS: usize = 1024;

/// Parts of the vocabulary that are worked on side by side.
const GROUPS: usize = 16;

/// The fixed partition of a vocabulary into groups of whole tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    vocabulary: usize,
    size: usize,
}

impl Groups {
    pub(super) fn new(vocabulary: usize) -> Self {
        Self {
            vocabulary,
            size: vocabulary.div_ceil(GROUPS).next_multiple_of(TILE).max(TILE),
        }
    }

    pub(super) fn count(self) -> usize {
        self.vocabulary.div_ceil(self.size)
    }

    /// The tokens of a group.
    pub(super) fn get(self, group: usize) -> Range<usize> {
        group * self.size..self.vocabulary.min((group + 1) * self.size)
    }

    /// The group of a token.
    pub(super) fn of(self, token: u32) -> usize {
        token as usize / self.size
    }
}

/// The parts of `range` of at most `size` elements.
pub(super) fn parts(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    range
        .clone()
        .step_by(size)
        .map(move |start| start..range.end.min(start + size))
}

/// Packs the rows of hidden states `rows` into panels (channels, tokens), one after another.
pub(super) fn pack_hidden(
    engine: &Engine,
    shape: Head,
    rows: Range<usize>,
    hidden: &[f32],
    panels: &mut [f32],
) {
    let width = engine.panel();
    let panel_len = shape.channels * width;
    let panels = Shared::new(panels);
    let work = 8 * rows.len() * shape.channels;
    engine.for_each_if_worth(work, rows.len().div_ceil(width), |i| {
        let first = rows.start + i * width;
        let tokens = width.min(rows.end - first);
        // SAFETY: every task has a panel of its own.
        let panel = unsafe { panels.part(i * panel_len..(i + 1) * panel_len) };
        engine.run(PackHidden {
            channels: shape.channels,
            tokens,
            hidden: &hidden[first * shape.channels..][..tokens * shape.channels],
            panel,
        });
    });
}

struct PackHidden<'a> {
    channels: usize,
    tokens: usize,
    hidden: &'a [f32],
    panel: &'a mut [f32],
}

impl Kernel for PackHidden<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        pack_transposed(
            s,
            self.channels,
            self.tokens,
            self.hidden,
            self.channels,
            self.panel,
        );
    }
}

/// The logits of some tokens of the vocabulary (rows of `weight`) and the tokens of one panel of
/// hidden states, as (vocabulary, tokens) with rows of `stride` numbers.
#[inline(always)]
pub(super) fn logits_tile<S: Simd>(
    s: S,
    channels: usize,
    weight: &[f32],
    panel: &[f32],
    tile: &mut [f32],
    stride: usize,
) {
    let width = PANEL_VECTORS * S::LANES;
    let rows = weight.len() / channels.max(1);
    assert!(panel.len() >= channels * width && rows > 0);
    assert!(stride >= width && tile.len() >= (rows - 1) * stride + width);
    let left = Left {
        start: weight.as_ptr(),
        row: channels,
        step: 1,
    };
    let product = Product {
        start: tile.as_mut_ptr(),
        row: stride,
        columns: width,
    };
    // SAFETY: the assertions say that the operands have these sizes.
    unsafe { multiply(s, rows, channels, left, panel.as_ptr(), product, false) };
}

/// All logits, (N, V).
pub(super) fn logits(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    logits: &mut [f32],
) {
    let width = engine.panel();
    let groups = Groups::new(shape.vocabulary);
    let mut panels = engine.scratch(ROWS.min(shape.rows.next_multiple_of(width)) * shape.channels);
    let out = Shared::new(logits);
    for rows in parts(0..shape.rows, ROWS) {
        pack_hidden(engine, shape, rows.clone(), hidden, &mut panels);
        let panels: &[f32] = &panels;
        let work = rows.len() * shape.vocabulary * shape.channels;
        engine.for_each_if_worth(work, groups.count(), |group| {
            let mut tile = engine.scratch(TILE * width);
            for tokens in parts(groups.get(group), TILE) {
                for (i, columns) in parts(rows.clone(), width).enumerate() {
                    engine.run(LogitsTile {
                        channels: shape.channels,
                        weight: &weight[tokens.start * shape.channels..tokens.end * shape.channels],
                        panel: &panels[i * shape.channels * width..],
                        tile: &mut tile,
                    });
                    for (lane, n) in columns.enumerate() {
                        let start = n * shape.vocabulary;
                        // SAFETY: these tokens of every row belong to this task.
                        let out = unsafe { out.part(start + tokens.start..start + tokens.end) };
                        for (out, row) in out.iter_mut().zip(tile.chunks_exact(width)) {
                            *out = row[lane];
                        }
                    }
                }
            }
        });
    }
}

/// [`logits_tile`] with rows of one panel.
pub(super) struct LogitsTile<'a> {
    pub(super) channels: usize,
    pub(super) weight: &'a [f32],
    pub(super) panel: &'a [f32],
    pub(super) tile: &'a mut [f32],
}

impl Kernel for LogitsTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        logits_tile(s, self.channels, self.weight, self.panel, self.tile, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_the_vocabulary_once() {
        for vocabulary in [1, 2, 95, 96, 97, 1536, 1537, 2048, 50_257] {
            let groups = Groups::new(vocabulary);
            assert!(groups.count() <= GROUPS);
            let mut next = 0;
            for group in 0..groups.count() {
                let range = groups.get(group);
                assert_eq!(range.start, next);
                assert!(!range.is_empty());
                assert_eq!(groups.of(range.start as u32), group);
                assert_eq!(groups.of(range.end as u32 - 1), group);
                next = range.end;
            }
            assert_eq!(next, vocabulary);
        }
    }

    #[test]
    fn parts_cover_a_range_once() {
        assert_eq!(parts(3..10, 3).collect::<Vec<_>>(), [3..6, 6..9, 9..10]);
        assert_eq!(parts(3..3, 3).count(), 0);
    }
}
