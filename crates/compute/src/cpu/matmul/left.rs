//! The left operand of a product of whole matrices.

use std::marker::PhantomData;
use std::ops::Range;

use super::operand::Operand;
use super::pack::pack_row;
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::Format;
use crate::cpu::scratch::Words;
use crate::cpu::simd::{Kernel, Simd};

/// A left operand in words: as it is where these are single numbers, else in a copy.
pub(super) struct LeftWords<'a> {
    words: Words<'a>,
    row: usize,
    step: usize,
}

impl<'a> LeftWords<'a> {
    pub(super) fn new<F: Format>(
        engine: &'a Engine,
        [rows, depth]: [usize; 2],
        left: Operand<'a>,
    ) -> LeftWords<'a> {
        if F::NUMBERS == 1 {
            let (row, step) = match left.transposed {
                false => (left.stride, 1),
                true => (1, left.stride),
            };
            let words = Words::Kept(left.values);
            return Self { words, row, step };
        }
        let layout = LeftLayout::new::<F>([rows, depth], left.transposed);
        let mut copy = engine.scratch(layout.lines * layout.len);
        let shared = Shared::new(&mut copy);
        let block = (4096 / layout.len.max(1)).max(1);
        let work = 4 * layout.lines * layout.len;
        engine.for_each_if_worth(work, layout.lines.div_ceil(block), |task| {
            let lines = task * block..layout.lines.min((task + 1) * block);
            engine.run_with::<F, _>(PackLeft {
                depth,
                left,
                // SAFETY: every task has lines of its own.
                words: unsafe { shared.part(lines.start * layout.len..lines.end * layout.len) },
                lines,
                len: layout.len,
                format: PhantomData::<F>,
            });
        });
        Self {
            words: Words::Copy(copy),
            row: layout.row,
            step: layout.step,
        }
    }

    /// The operand from word `first` of the inner dimension on.
    pub(super) fn from(&self, first: usize) -> LeftPart<'_> {
        LeftPart {
            words: &self.words[(first * self.step).min(self.words.len())..],
            row: self.row,
            step: self.step,
        }
    }
}

/// How the words of a copied left operand lie: rows of words along the inner dimension; or, which
/// needs no exchange of rows and columns, words of a step along the rows.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct LeftLayout {
    pub(in crate::cpu) lines: usize,
    /// Words in a line.
    pub(in crate::cpu) len: usize,
    pub(in crate::cpu) row: usize,
    pub(in crate::cpu) step: usize,
}

impl LeftLayout {
    pub(in crate::cpu) fn new<F: Format>([rows, depth]: [usize; 2], transposed: bool) -> Self {
        let words = F::words(depth);
        match transposed {
            false => Self {
                lines: rows,
                len: words,
                row: words,
                step: 1,
            },
            true => Self {
                lines: words,
                len: rows,
                row: 1,
                step: rows,
            },
        }
    }
}

/// Words of a left operand, and where the next row and the next step are.
#[derive(Clone, Copy)]
pub(super) struct LeftPart<'a> {
    pub(super) words: &'a [f32],
    pub(super) row: usize,
    pub(super) step: usize,
}

/// Rounds some lines of a left operand to words.
pub(in crate::cpu) struct PackLeft<'a, F> {
    pub(in crate::cpu) depth: usize,
    pub(in crate::cpu) left: Operand<'a>,
    pub(in crate::cpu) lines: Range<usize>,
    /// Words in a line.
    pub(in crate::cpu) len: usize,
    pub(in crate::cpu) words: &'a mut [f32],
    pub(in crate::cpu) format: PhantomData<F>,
}

impl<F: Format> Kernel for PackLeft<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Operand { values, stride, .. } = self.left;
        for (line, words) in self.lines.zip(self.words.chunks_exact_mut(self.len.max(1))) {
            if !self.left.transposed {
                pack_row::<F, S>(s, &values[line * stride..][..self.depth], words);
                continue;
            }
            let k = line * F::NUMBERS;
            let first = &values[k * stride..][..self.len];
            let second = match k + 1 < self.depth {
                true => &values[(k + 1) * stride..][..self.len],
                false => &[][..],
            };
            for (i, words) in words.chunks_mut(S::LANES).enumerate() {
                let columns = i * S::LANES..i * S::LANES + words.len();
                let first = s.load_front(&first[columns.clone()]);
                let second = match second.is_empty() {
                    true => s.splat(0.0),
                    false => s.load_front(&second[columns]),
                };
                s.store_front(words, F::join(s, first, second));
            }
        }
    }
}
