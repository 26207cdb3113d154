//! What the operands of a matrix product are made of.

use super::bf16;
use super::isa::CheckedIsa;
use super::product::{PANEL_VECTORS, SmallProduct};
use super::simd::{Kernel, Simd};

/// A number format of operands. Packed operands are made of words of 32 bits, each with `NUMBERS`
/// consecutive numbers along the inner dimension; sums are always `f32`.
pub(super) trait Format: Copy + Send + Sync + Sized + 'static {
    /// Numbers in a word.
    const NUMBERS: usize;

    /// Runs a kernel that computes with operands of this format.
    fn run<K: Kernel>(isa: CheckedIsa, kernel: K) -> K::Output;

    /// The words of numbers that follow each other along the inner dimension, lane by lane: the
    /// first alone, or both.
    fn join<S: Simd>(s: S, first: S::Vector, second: S::Vector) -> S::Vector;

    /// `sum` plus the inner products of the words of `a` and `b`, lane by lane.
    fn multiply_add<S: Simd>(s: S, a: S::Vector, b: S::Vector, sum: S::Vector) -> S::Vector;

    /// Writes a panel's row of numbers in words, in order.
    fn store_row<S: Simd>(s: S, numbers: [S::Vector; 2], words: &mut [f32]);

    /// Multiplies number `index` of a word.
    fn scale(word: f32, index: usize, factor: f32) -> f32;

    /// The panels of a right operand of `depth` rows, `columns` numbers each in words as
    /// [`store_row`](Self::store_row) writes them; made in `room` where they must be.
    fn panels<'a, S: Simd>(
        s: S,
        rows: &'a [f32],
        depth: usize,
        columns: usize,
        room: &'a mut [f32],
    ) -> Panels<'a>;

    /// As [`Simd::multiply_with_tiles`].
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn multiply_with_tiles<S: Simd>(_: S, _: &SmallProduct) -> bool {
        false
    }

    /// Words that hold `numbers` numbers.
    #[inline(always)]
    fn words(numbers: usize) -> usize {
        numbers.div_ceil(Self::NUMBERS)
    }
}

/// Panels side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels<'a> {
    words: &'a [f32],
    /// Words from one row of a panel to the next.
    row: usize,
    /// Words from one column to the next.
    column: usize,
}

impl Panels<'_> {
    /// Start and row of the panel that begins at a column.
    #[inline(always)]
    pub(super) fn at(&self, column: usize) -> (*const f32, usize) {
        (self.words[column * self.column..].as_ptr(), self.row)
    }
}

/// An `f32` a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Single;

/// Two bf16 a word; a missing second one is 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs;

impl Format for Single {
    const NUMBERS: usize = 1;

    #[inline]
    fn run<K: Kernel>(isa: CheckedIsa, kernel: K) -> K::Output {
        isa.run(kernel)
    }

    #[inline(always)]
    fn join<S: Simd>(_: S, first: S::Vector, _: S::Vector) -> S::Vector {
        first
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(s: S, a: S::Vector, b: S::Vector, sum: S::Vector) -> S::Vector {
        s.mul_add(a, b, sum)
    }

    #[inline(always)]
    fn store_row<S: Simd>(s: S, numbers: [S::Vector; 2], words: &mut [f32]) {
        let (left, right) = words.split_at_mut(S::LANES);
        s.store_front(left, numbers[0]);
        s.store_front(right, numbers[1]);
    }

    fn scale(word: f32, _: usize, factor: f32) -> f32 {
        word * factor
    }

    #[inline(always)]
    fn panels<'a, S: Simd>(
        _: S,
        rows: &'a [f32],
        _: usize,
        columns: usize,
        _: &'a mut [f32],
    ) -> Panels<'a> {
        Panels {
            words: rows,
            row: columns,
            column: 1,
        }
    }
}

impl Format for Pairs {
    const NUMBERS: usize = 2;

    #[inline]
    fn run<K: Kernel>(isa: CheckedIsa, kernel: K) -> K::Output {
        isa.run_pairs(kernel)
    }

    #[inline(always)]
    fn join<S: Simd>(s: S, first: S::Vector, second: S::Vector) -> S::Vector {
        s.join_pairs(first, second)
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(s: S, a: S::Vector, b: S::Vector, sum: S::Vector) -> S::Vector {
        s.dot_pairs(a, b, sum)
    }

    #[inline(always)]
    fn store_row<S: Simd>(s: S, numbers: [S::Vector; 2], words: &mut [f32]) {
        s.store_front(&mut words[..S::LANES], s.narrow(numbers[0], numbers[1]));
    }

    fn scale(word: f32, index: usize, factor: f32) -> f32 {
        let mut numbers = [bf16::low(word), bf16::high(word)];
        numbers[index] *= factor;
        bf16::pair(numbers[0], numbers[1])
    }

    #[inline(always)]
    fn panels<'a, S: Simd>(
        s: S,
        rows: &'a [f32],
        depth: usize,
        columns: usize,
        room: &'a mut [f32],
    ) -> Panels<'a> {
        let width = PANEL_VECTORS * S::LANES;
        let row = columns / Self::NUMBERS;
        let words = Self::words(depth);
        for (i, panel) in room.chunks_exact_mut(words * width).enumerate() {
            if i * S::LANES >= row {
                break;
            }
            for (word, target) in panel.chunks_exact_mut(width).enumerate() {
                let load = |k: usize| match k < depth {
                    true => s.load_front(&rows[k * row + i * S::LANES..][..S::LANES]),
                    false => s.splat(0.0),
                };
                let pairs = s.interleave(load(2 * word), load(2 * word + 1));
                let (left, right) = target.split_at_mut(S::LANES);
                s.store_front(left, pairs[0]);
                s.store_front(right, pairs[1]);
            }
        }
        Panels {
            words: room,
            row: width,
            column: words,
        }
    }

    #[inline(always)]
    unsafe fn multiply_with_tiles<S: Simd>(s: S, product: &SmallProduct) -> bool {
        // SAFETY: what the caller promises.
        unsafe { s.multiply_with_tiles(product) }
    }
}
