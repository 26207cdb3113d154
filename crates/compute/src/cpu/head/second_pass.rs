//! The second pass of the losses over one group of the vocabulary.

use std::marker::PhantomData;
use std::ops::Range;

use super::loss_operands::{COLUMNS, TOKENS};
use super::partition::parts;
use crate::cpu::format::Format;
use crate::cpu::matmul::{LeftLayout, Operand, PackLeft, multiply_words, pack_scaled_rows};
use crate::cpu::product::{Left, PANEL_VECTORS, Panel, Product};
use crate::cpu::simd::{Kernel, Simd};

/// The second pass over one group.
pub(super) struct SecondPass<'a, F> {
    pub(super) channels: usize,
    pub(super) rows: usize,
    /// The tokens of the vocabulary.
    pub(super) tokens: Range<usize>,
    pub(super) hidden: &'a [f32],
    /// Of the group's tokens.
    pub(super) weight: &'a [f32],
    /// See [`Block::factors`](super::gradients).
    pub(super) factors: &'a [f32],
    /// See [`Operands::kept_at`]; 0 for the targets.
    pub(super) kept: &'a [f32],
    /// The gradient of the group's weights, added to.
    pub(super) d_weight: &'a mut [f32],
    /// The group's share of the gradient of the hidden states without the factors, as (channels,
    /// rows), overwritten.
    pub(super) partial: &'a mut [f32],
    /// Room for the hidden states with their factors, in panels (words of rows, channels).
    pub(super) hidden_panels: &'a mut [f32],
    /// Room for the weights of a block as a left operand (channels, words of tokens).
    pub(super) weight_words: &'a mut [f32],
    /// Room for a block of exponentials in panels (words of tokens, rows).
    pub(super) panels: &'a mut [f32],
    pub(super) format: PhantomData<F>,
}

impl<F: Format> Kernel for SecondPass<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let Self { channels, rows, .. } = self;
        let padded = rows.next_multiple_of(COLUMNS);
        let panel_len = F::words(rows) * width;
        for (columns, panel) in
            parts(0..channels, width).zip(self.hidden_panels.chunks_exact_mut(panel_len))
        {
            let source = &self.hidden[columns.start..];
            pack_scaled_rows::<F, S>(s, columns.len(), source, channels, self.factors, panel);
        }
        let mut kept = self.kept;
        for tokens in parts(0..self.tokens.len(), TOKENS) {
            let (blocks, rest) = kept.split_at(tokens.len() * padded / F::NUMBERS);
            kept = rest;
            let weight = self.transposed_weight(s, &tokens);
            let blocks = blocks.chunks_exact(tokens.len() * COLUMNS / F::NUMBERS);
            for (block, first) in blocks.zip((0..rows).step_by(COLUMNS)) {
                let len = COLUMNS.min(rows - first);
                self.add_to_weight_gradient(s, &tokens, block, first, len);
                let panels = F::panels(s, block, tokens.len(), COLUMNS, self.panels);
                for column in (0..len).step_by(width) {
                    let (start, row) = panels.at(column);
                    let product = Product {
                        start: self.partial[first + column..].as_mut_ptr(),
                        row: padded,
                        columns: width,
                    };
                    // SAFETY: the weights have `channels` rows and the tile's words; a panel has
                    // as many words; the share has `channels` rows, and its columns go on to the
                    // end of the block.
                    unsafe {
                        multiply_words::<F, S>(
                            s,
                            [channels, F::words(tokens.len())],
                            weight,
                            Panel { start, row },
                            product,
                            tokens.start > 0,
                        );
                    }
                }
            }
        }
    }
}

impl<F: Format> SecondPass<'_, F> {
    /// The weights of a block as a left operand (channels, words of tokens).
    #[inline(always)]
    fn transposed_weight<S: Simd>(&mut self, s: S, tokens: &Range<usize>) -> Left {
        let channels = self.channels;
        let weight = &self.weight[tokens.start * channels..tokens.end * channels];
        if F::NUMBERS == 1 {
            return Left {
                start: weight.as_ptr(),
                row: 1,
                step: channels,
            };
        }
        let layout = LeftLayout::new::<F>([channels, tokens.len()], true);
        PackLeft {
            depth: tokens.len(),
            left: Operand {
                values: weight,
                stride: channels,
                transposed: true,
            },
            lines: 0..layout.lines,
            len: layout.len,
            words: &mut self.weight_words[..layout.lines * layout.len],
            format: PhantomData::<F>,
        }
        .run(s);
        Left {
            start: self.weight_words.as_ptr(),
            row: layout.row,
            step: layout.step,
        }
    }

    /// Adds the products of a block of exponentials with the hidden states of its `len` rows from
    /// `first` on.
    #[inline(always)]
    fn add_to_weight_gradient<S: Simd>(
        &mut self,
        s: S,
        tokens: &Range<usize>,
        block: &[f32],
        first: usize,
        len: usize,
    ) {
        let width = PANEL_VECTORS * S::LANES;
        let channels = self.channels;
        let panel_len = F::words(self.rows) * width;
        let left = Left {
            start: block.as_ptr(),
            row: COLUMNS / F::NUMBERS,
            step: 1,
        };
        for (columns, panel) in
            parts(0..channels, width).zip(self.hidden_panels.chunks_exact(panel_len))
        {
            let panel = Panel {
                start: panel[first / F::NUMBERS * width..].as_ptr(),
                row: width,
            };
            let product = Product {
                start: self.d_weight[tokens.start * channels + columns.start..].as_mut_ptr(),
                row: channels,
                columns: columns.len(),
            };
            // SAFETY: the block has a row for each of its tokens, and the panel and the
            // gradient have the rows and columns.
            unsafe {
                multiply_words::<F, S>(
                    s,
                    [tokens.len(), F::words(len)],
                    left,
                    panel,
                    product,
                    true,
                );
            }
        }
    }
}
