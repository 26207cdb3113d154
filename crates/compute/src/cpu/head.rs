//! What the operations of the output layer share: tiles of logits.
//!
//! A tile is (vocabulary, tokens), so that the lanes of a vector are tokens: sums and maxima over the
//! vocabulary need no work across lanes, and the products with a tile read it as it is.

use std::marker::PhantomData;
use std::ops::Range;

use super::engine::{Engine, Shared};
use super::format::{Format, Pairs, Single};
use super::matmul::{Operand, PackLeft};
use super::microkernel::{Left, PANEL_VECTORS, Panel, Product, multiply_ahead};
use super::pack::pack_transposed;
use super::scratch::{ScratchBuffer, Words};
use super::simd::{Kernel, Simd};
use crate::host::{Layout, Order, Weight};
use crate::{Head, Precision};

/// Tokens of the vocabulary in a tile of logits that are not kept.
pub(super) const TILE: usize = 96;

/// Rows that are worked on at a time.
pub(super) const ROWS: usize = 1024;

/// Most parts of the vocabulary that are worked on side by side.
pub(super) const GROUPS: usize = 24;

/// The fixed partition of a vocabulary into groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    vocabulary: usize,
    size: usize,
}

impl Groups {
    /// Groups of a multiple of `unit` tokens, `least` or more.
    pub(super) fn new(vocabulary: usize, unit: usize, least: usize) -> Self {
        let size = vocabulary.div_ceil(GROUPS).max(least);
        Self {
            vocabulary,
            size: size.next_multiple_of(unit),
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

/// The weights of the head in words, a row for each token of the vocabulary.
#[derive(Debug)]
pub(super) struct HeadWords<'a> {
    words: Words<'a>,
    /// Words in a row.
    row: usize,
}

impl<'a> HeadWords<'a> {
    pub(super) fn new<F: Format>(engine: &'a Engine, shape: Head, weight: Weight<'a>) -> Self {
        let row = F::words(shape.channels);
        if F::NUMBERS == 1 {
            let words = Words::Kept(weight.values());
            return Self { words, row };
        }
        let layout = Layout {
            order: Order::Rows,
            sizes: [shape.vocabulary, shape.channels],
            numbers: F::NUMBERS,
            width: 1,
        };
        let len = shape.vocabulary * row;
        let pack = |words: &mut [f32]| pack_weight::<F>(engine, shape, weight.values(), words);
        let words = match weight.derived().get(layout, len, pack) {
            Some(words) => Words::Kept(words),
            None => {
                let mut copy = engine.scratch(len);
                pack(&mut copy);
                Words::Copy(copy)
            }
        };
        Self { words, row }
    }

    /// The words of some tokens of the vocabulary.
    #[inline(always)]
    pub(super) fn of(&self, tokens: &Range<usize>) -> &[f32] {
        &self.words[tokens.start * self.row..tokens.end * self.row]
    }

    /// Words in a row.
    #[inline(always)]
    pub(super) fn row(&self) -> usize {
        self.row
    }
}

/// Rounds the weights to words.
fn pack_weight<F: Format>(engine: &Engine, shape: Head, weight: &[f32], words: &mut [f32]) {
    const LINES: usize = 256;
    let len = F::words(shape.channels);
    let left = Operand {
        values: weight,
        stride: shape.channels,
        transposed: false,
    };
    let words = Shared::new(words);
    let tasks = shape.vocabulary.div_ceil(LINES);
    engine.for_each_if_worth(weight.len(), tasks, |task| {
        let lines = task * LINES..shape.vocabulary.min((task + 1) * LINES);
        engine.run_with::<F, _>(PackLeft {
            depth: shape.channels,
            left,
            // SAFETY: every task has lines of its own.
            words: unsafe { words.part(lines.start * len..lines.end * len) },
            lines,
            len,
            format: PhantomData::<F>,
        });
    });
}

/// Hidden states packed into panels (words of channels, tokens), one after another.
#[derive(Debug)]
pub(super) struct HiddenPanels<'a> {
    words: ScratchBuffer<'a>,
    /// Words of a token.
    depth: usize,
}

impl<'a> HiddenPanels<'a> {
    /// Room for `rows` tokens.
    pub(super) fn new<F: Format>(engine: &'a Engine, shape: Head, rows: usize) -> Self {
        let depth = F::words(shape.channels);
        Self {
            words: engine.scratch(rows.next_multiple_of(engine.panel()) * depth),
            depth,
        }
    }

    /// Packs the hidden states of `rows`.
    pub(super) fn pack<F: Format>(
        &mut self,
        engine: &Engine,
        shape: Head,
        rows: Range<usize>,
        hidden: &[f32],
    ) {
        let width = engine.panel();
        let panel_len = self.depth * width;
        let panels = Shared::new(&mut self.words);
        let work = 8 * rows.len() * shape.channels;
        engine.for_each_if_worth(work, rows.len().div_ceil(width), |i| {
            let first = rows.start + i * width;
            let tokens = width.min(rows.end - first);
            engine.run_with::<F, _>(PackHidden {
                channels: shape.channels,
                tokens,
                hidden: &hidden[first * shape.channels..][..tokens * shape.channels],
                // SAFETY: every task has a panel of its own.
                panel: unsafe { panels.part(i * panel_len..(i + 1) * panel_len) },
                format: PhantomData::<F>,
            });
        });
    }

    /// The panel that begins with token `first`, a multiple of its width.
    #[inline(always)]
    pub(super) fn panel(&self, first: usize) -> &[f32] {
        &self.words[first * self.depth..]
    }
}

struct PackHidden<'a, F> {
    channels: usize,
    tokens: usize,
    hidden: &'a [f32],
    panel: &'a mut [f32],
    format: PhantomData<F>,
}

impl<F: Format> Kernel for PackHidden<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self {
            channels, tokens, ..
        } = self;
        pack_transposed::<F, S>(s, channels, tokens, self.hidden, channels, self.panel);
    }
}

/// The logits of some tokens of the vocabulary, whose `weight` has `depth` words each, and the
/// tokens of one panel of hidden states, as (vocabulary, tokens). With `next`, the weights of the
/// tokens that follow are asked for.
#[inline(always)]
pub(super) fn logits_tile<F: Format, S: Simd>(
    s: S,
    depth: usize,
    weight: &[f32],
    panel: &[f32],
    tile: &mut [f32],
    next: bool,
) {
    let width = PANEL_VECTORS * S::LANES;
    let rows = weight.len() / depth.max(1);
    assert!(panel.len() >= depth * width && tile.len() >= rows * width);
    let left = Left {
        start: weight.as_ptr(),
        row: depth,
        step: 1,
    };
    let panel = Panel {
        start: panel.as_ptr(),
        row: width,
    };
    let product = Product {
        start: tile.as_mut_ptr(),
        row: width,
        columns: width,
    };
    let ahead = if next { weight.len() } else { 0 };
    // SAFETY: the assertions say that the operands have these sizes.
    unsafe { multiply_ahead::<F, S>(s, [rows, depth], left, panel, product, ahead) };
}

/// All logits, (N, V).
pub(super) fn logits(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: Weight<'_>,
    logits: &mut [f32],
) {
    match engine.precision() {
        Precision::F32 => logits_in::<Single>(engine, shape, hidden, weight, logits),
        Precision::Bf16 => logits_in::<Pairs>(engine, shape, hidden, weight, logits),
    }
}

fn logits_in<F: Format>(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: Weight<'_>,
    logits: &mut [f32],
) {
    let width = engine.panel();
    let groups = Groups::new(shape.vocabulary, TILE, TILE);
    let weight = HeadWords::new::<F>(engine, shape, weight);
    let mut panels = HiddenPanels::new::<F>(engine, shape, ROWS.min(shape.rows));
    let out = Shared::new(logits);
    for rows in parts(0..shape.rows, ROWS) {
        panels.pack::<F>(engine, shape, rows.clone(), hidden);
        let work = rows.len() * shape.vocabulary * shape.channels;
        engine.for_each_if_worth(work, groups.count(), |group| {
            let mut tile = engine.scratch(TILE * width);
            for tokens in parts(groups.get(group), TILE) {
                for (i, columns) in parts(rows.clone(), width).enumerate() {
                    engine.run_with::<F, _>(LogitsTile {
                        depth: weight.row(),
                        weight: weight.of(&tokens),
                        panel: panels.panel(i * width),
                        tile: &mut tile,
                        format: PhantomData::<F>,
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

/// [`logits_tile`] as a kernel.
pub(super) struct LogitsTile<'a, F> {
    pub(super) depth: usize,
    pub(super) weight: &'a [f32],
    pub(super) panel: &'a [f32],
    pub(super) tile: &'a mut [f32],
    pub(super) format: PhantomData<F>,
}

impl<F: Format> Kernel for LogitsTile<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        logits_tile::<F, S>(s, self.depth, self.weight, self.panel, self.tile, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_the_vocabulary_once() {
        for vocabulary in [1, 2, 95, 96, 97, 1536, 1537, 2048, 50_257] {
            for (unit, least) in [(TILE, TILE), (16, 256), (3, 1)] {
                let groups = Groups::new(vocabulary, unit, least);
                assert!(groups.count() <= GROUPS);
                let mut next = 0;
                for group in 0..groups.count() {
                    let range = groups.get(group);
                    assert_eq!(range.start, next);
                    assert!(!range.is_empty() && range.start.is_multiple_of(unit));
                    assert_eq!(groups.of(range.start as u32), group);
                    assert_eq!(groups.of(range.end as u32 - 1), group);
                    next = range.end;
                }
                assert_eq!(next, vocabulary);
            }
        }
    }

    #[test]
    fn parts_cover_a_range_once() {
        assert_eq!(parts(3..10, 3).collect::<Vec<_>>(), [3..6, 6..9, 9..10]);
        assert_eq!(parts(3..3, 3).count(), 0);
    }
}
