//! What both passes of the losses read, and where the exponentials are that the first one keeps.

use std::marker::PhantomData;

use super::operands::{HeadWords, HiddenPanels};
use super::partition::{GROUPS, Groups};
use crate::cpu::format::Format;
use crate::operation::HeadShape;

/// Rows of a block of exponentials.
pub(super) const COLUMNS: usize = 128;

/// Most tokens of the vocabulary of a block of exponentials. The more, the less often the sums of
/// products over them are read and written.
pub(super) const TOKENS: usize = 384;

/// Tokens of the vocabulary of a tile of logits.
pub(super) const TILE: usize = 192;

/// Fewest tokens of a group: the gradient of the hidden states has a share of each group.
pub(super) const GROUP: usize = 256;

pub(super) fn groups(shape: HeadShape) -> Groups {
    // Whole blocks; of a small vocabulary equal parts.
    let unit = if shape.vocabulary < GROUPS * TOKENS {
        16
    } else {
        TOKENS
    };
    Groups::new(shape.vocabulary, unit, GROUP)
}

/// Numbers in the statistics of up to `rows` rows.
pub(super) fn statistics_len(shape: HeadShape, rows: usize) -> usize {
    groups(shape).count() * 3 * rows.next_multiple_of(COLUMNS)
}

/// What both passes read, for at most [`ROWS`] rows.
pub(super) struct Operands<'a, F> {
    pub(super) shape: HeadShape,
    pub(super) weight: &'a HeadWords<'a>,
    pub(super) panels: &'a HiddenPanels<'a>,
    pub(super) targets: &'a [u32],
    pub(super) format: PhantomData<F>,
}

impl<F> Clone for Operands<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Operands<'_, F> {}

impl<F: Format> Operands<'_, F> {
    pub(super) fn groups(&self) -> Groups {
        groups(self.shape)
    }

    /// Rows with those that fill up the last block.
    pub(super) fn padded(&self) -> usize {
        self.targets.len().next_multiple_of(COLUMNS)
    }

    /// Words of the exponentials of some tokens of the vocabulary.
    pub(super) fn kept_words(&self, tokens: usize) -> usize {
        tokens * self.padded() / F::NUMBERS
    }

    /// Where the exponential of a token, counted from the start of its group, and row `n` is among
    /// those of the group, which has `len` tokens; its word, if a word is several.
    ///
    /// They are in blocks, (tokens of the block, [`COLUMNS`] rows): for every [`TOKENS`] tokens, for
    /// every [`COLUMNS`] rows.
    #[inline(always)]
    pub(super) fn kept_at(&self, len: usize, token: usize, n: usize) -> usize {
        let block = token / TOKENS * TOKENS;
        let tokens = TOKENS.min(len - block);
        self.kept_words(block)
            + (n / COLUMNS * tokens + token - block) * (COLUMNS / F::NUMBERS)
            + n % COLUMNS / F::NUMBERS
    }
}
