//! The operands of the products of the head: weights and hidden states in words.

use std::marker::PhantomData;
use std::ops::Range;

use crate::HostBuffer;
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::Format;
use crate::cpu::matmul::{Operand, PackLeft, pack_transposed};
use crate::cpu::scratch::{ScratchBuffer, Words};
use crate::cpu::simd::{Kernel, Simd};
use crate::host::{Layout, Order};

/// The weights of the head in words, a row for each token of the vocabulary.
#[derive(Debug)]
pub(super) struct HeadWords<'a> {
    words: Words<'a>,
    /// Words in a row.
    row: usize,
}

impl<'a> HeadWords<'a> {
    /// All rows of `channels` numbers that the weights have: they are the same words for operations
    /// of which one leaves the last rows out.
    pub(super) fn new<F: Format>(
        engine: &'a Engine,
        channels: usize,
        weight: &'a HostBuffer,
    ) -> Self {
        let rows = weight.len().checked_div(channels).unwrap_or(0);
        let row = F::words(channels);
        let weight = weight.weight(rows * channels);
        if F::NUMBERS == 1 {
            let words = Words::Kept(weight.values());
            return Self { words, row };
        }
        let layout = Layout {
            order: Order::Rows,
            sizes: [rows, channels],
            numbers: F::NUMBERS,
            width: 1,
        };
        let len = rows * row;
        let pack = |words: &mut [f32]| pack_weight::<F>(engine, channels, weight.values(), words);
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
fn pack_weight<F: Format>(engine: &Engine, channels: usize, weight: &[f32], words: &mut [f32]) {
    const LINES: usize = 256;
    let len = F::words(channels);
    let rows = weight.len().checked_div(channels).unwrap_or(0);
    let left = Operand {
        values: weight,
        stride: channels,
        transposed: false,
    };
    let words = Shared::new(words);
    let tasks = rows.div_ceil(LINES);
    engine.for_each_if_worth(weight.len(), tasks, |task| {
        let lines = task * LINES..rows.min((task + 1) * LINES);
        engine.run_with::<F, _>(PackLeft {
            depth: channels,
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
    channels: usize,
    /// Words of a token.
    depth: usize,
}

impl<'a> HiddenPanels<'a> {
    /// Room for `rows` tokens.
    pub(super) fn new<F: Format>(engine: &'a Engine, channels: usize, rows: usize) -> Self {
        let depth = F::words(channels);
        Self {
            channels,
            words: engine.scratch(rows.next_multiple_of(engine.panel()) * depth),
            depth,
        }
    }

    /// Packs the hidden states of `rows`.
    pub(super) fn pack<F: Format>(&mut self, engine: &Engine, rows: Range<usize>, hidden: &[f32]) {
        let channels = self.channels;
        let width = engine.panel();
        let panel_len = self.depth * width;
        let panels = Shared::new(&mut self.words);
        let work = 8 * rows.len() * channels;
        engine.for_each_if_worth(work, rows.len().div_ceil(width), |i| {
            let first = rows.start + i * width;
            let tokens = width.min(rows.end - first);
            engine.run_with::<F, _>(PackHidden {
                channels,
                tokens,
                hidden: &hidden[first * channels..][..tokens * channels],
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
