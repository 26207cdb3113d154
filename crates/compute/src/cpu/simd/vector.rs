//! What an instruction set is, and what is compiled for it.

use super::pairs;
use crate::cpu::product::SmallProduct;

/// The most lanes that an instruction set has.
pub(in crate::cpu) const MAX_LANES: usize = 16;

/// A computation that is written once for all instruction sets. `run` must be `#[inline(always)]`,
/// as all that it calls with a token, so that it is compiled inside the function that enables the
/// instruction set.
pub(in crate::cpu) trait Kernel {
    /// What it returns.
    type Output;

    /// Computes with the instruction set of the token `s`.
    fn run<S: Simd>(self, s: S) -> Self::Output;
}

/// An instruction set: a token whose existence shows that the processor has it.
///
/// All methods are inlined into the function that was compiled for the instruction set; what they
/// compute is the same function of their operands on every instruction set, up to rounding.
pub(in crate::cpu) trait Simd: Copy + Send + Sync {
    /// Numbers in a vector.
    const LANES: usize;

    /// Several 32-bit floating-point numbers.
    type Vector: Copy;

    /// Runs `kernel`, compiled for this instruction set as a function of its own.
    fn call<K: Kernel>(self, kernel: K) -> K::Output;

    /// `value` in every lane.
    fn splat(self, value: f32) -> Self::Vector;

    /// Reads a vector.
    ///
    /// # Safety
    /// `LANES` numbers from `source` on must be readable.
    unsafe fn load(self, source: *const f32) -> Self::Vector;

    /// Asks for the cache line of an address, which need not be readable.
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    /// Writes a vector.
    ///
    /// # Safety
    /// `LANES` numbers from `target` on must be writable.
    unsafe fn store(self, target: *mut f32, v: Self::Vector);

    /// Reads the first four numbers of `LANES` rows that begin `stride` numbers apart: vector k holds
    /// number k of every row.
    ///
    /// # Safety
    /// Those numbers must be readable.
    #[inline(always)]
    unsafe fn load_columns(self, source: *const f32, stride: usize) -> [Self::Vector; 4] {
        let mut columns = [[0.0; MAX_LANES]; 4];
        for lane in 0..Self::LANES {
            for (k, column) in columns.iter_mut().enumerate() {
                // SAFETY: what the caller grants.
                column[lane] = unsafe { *source.add(lane * stride + k) };
            }
        }
        columns.map(|column| self.load_front(&column[..Self::LANES]))
    }

    /// Writes what [`load_columns`](Self::load_columns) reads.
    ///
    /// # Safety
    /// Those numbers must be writable.
    #[inline(always)]
    unsafe fn store_columns(self, target: *mut f32, stride: usize, columns: [Self::Vector; 4]) {
        let columns = columns.map(|column| self.to_array(column));
        for lane in 0..Self::LANES {
            for (k, column) in columns.iter().enumerate() {
                // SAFETY: what the caller grants.
                unsafe { *target.add(lane * stride + k) = column[lane] };
            }
        }
    }

    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a − b`.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a · b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a / b`.
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a · b + c`, rounded once where the instruction set can.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// The larger number; `b` where one is not a number.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// The smaller number; `b` where one is not a number.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// √a.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;

    /// The nearest integer, ties to even. For |a| < 2²².
    fn round(self, a: Self::Vector) -> Self::Vector;

    /// `a · 2ⁿ` for integral n with |n| ≤ 200, rounded to a subnormal, 0 or ∞ where it must be.
    fn scale(self, a: Self::Vector, n: Self::Vector) -> Self::Vector;

    /// In every lane two numbers rounded to bf16 (to nearest, ties to even): `first` in the low half
    /// of the lane's 32 bits, `second` in the high half.
    #[inline(always)]
    fn join_pairs(self, first: Self::Vector, second: Self::Vector) -> Self::Vector {
        self.load_array(&pairs::join(&self.to_array(first), &self.to_array(second)))
    }

    /// The numbers of two vectors in order, rounded to bf16, two in a lane.
    #[inline(always)]
    fn narrow(self, first: Self::Vector, second: Self::Vector) -> Self::Vector {
        let [first, second] = [first, second].map(|v| self.to_array(v));
        self.load_array(&pairs::narrow(&first, &second, Self::LANES))
    }

    /// Of two rows as [`narrow`](Self::narrow) makes them, the pairs of numbers one above the other:
    /// those of the first half of the columns, then those of the second.
    #[inline(always)]
    fn interleave(self, above: Self::Vector, below: Self::Vector) -> [Self::Vector; 2] {
        let [above, below] = [above, below].map(|v| self.to_array(v));
        pairs::interleave(&above, &below, Self::LANES).map(|part| self.load_array(&part))
    }

    /// The numbers in the low halves of the lanes, and those in the high halves.
    #[inline(always)]
    fn split_pairs(self, pairs: Self::Vector) -> [Self::Vector; 2] {
        pairs::split(&self.to_array(pairs)).map(|part| self.load_array(&part))
    }

    /// `c` plus the products of the pairs of bf16 numbers in the lanes of `a` and `b`: first that of
    /// the high halves, then that of the low halves, each a multiply-add.
    #[inline(always)]
    fn dot_pairs(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        dot_by_parts(self, a, b, c)
    }

    /// Computes a product of pairs with the matrix unit, where the instruction set has one; `false`
    /// where it has none.
    ///
    /// # Safety
    /// As [`SmallProduct`] says; the product has one or two vectors of columns.
    #[inline(always)]
    unsafe fn multiply_with_tiles(self, _: &SmallProduct) -> bool {
        false
    }

    /// The sum of the lanes of each of four vectors, in a fixed order.
    #[inline(always)]
    fn sum_four(self, v: [Self::Vector; 4]) -> [f32; 4] {
        v.map(|v| self.sum(v))
    }

    /// The lanes as an array; those from `LANES` on are 0.
    #[inline(always)]
    fn to_array(self, v: Self::Vector) -> [f32; MAX_LANES] {
        let mut array = [0.0; MAX_LANES];
        // SAFETY: the array has room for the lanes of every instruction set.
        unsafe { self.store(array.as_mut_ptr(), v) };
        array
    }

    /// The first lanes of an array.
    #[inline(always)]
    fn load_array(self, array: &[f32; MAX_LANES]) -> Self::Vector {
        // SAFETY: the array has room for the lanes of every instruction set.
        unsafe { self.load(array.as_ptr()) }
    }

    /// The first numbers of `source`, and 0 in the lanes after them.
    #[inline(always)]
    fn load_front(self, source: &[f32]) -> Self::Vector {
        if source.len() >= Self::LANES {
            // SAFETY: the slice has enough numbers.
            return unsafe { self.load(source.as_ptr()) };
        }
        let mut array = [0.0; MAX_LANES];
        array[..source.len()].copy_from_slice(source);
        self.load_array(&array)
    }

    /// Writes the first lanes over `target`, at most `LANES`.
    #[inline(always)]
    fn store_front(self, target: &mut [f32], v: Self::Vector) {
        if target.len() >= Self::LANES {
            // SAFETY: the slice has room for a vector.
            return unsafe { self.store(target.as_mut_ptr(), v) };
        }
        let len = target.len();
        target[..len].copy_from_slice(&self.to_array(v)[..len]);
    }

    /// The largest lane; none may be NaN.
    #[inline(always)]
    fn largest(self, v: Self::Vector) -> f32 {
        let mut array = self.to_array(v);
        let mut len = Self::LANES;
        while len > 1 {
            len /= 2;
            for i in 0..len {
                // Not `f32::max`, which would look for NaN.
                if array[i + len] > array[i] {
                    array[i] = array[i + len];
                }
            }
        }
        array[0]
    }

    /// The sum of the lanes, in a fixed order.
    #[inline(always)]
    fn sum(self, v: Self::Vector) -> f32 {
        let mut array = self.to_array(v);
        let mut len = Self::LANES;
        while len > 1 {
            len /= 2;
            for i in 0..len {
                array[i] += array[i + len];
            }
        }
        array[0]
    }
}

/// [`Simd::dot_pairs`] with multiply-adds of single numbers.
#[inline(always)]
pub(super) fn dot_by_parts<S: Simd>(s: S, a: S::Vector, b: S::Vector, c: S::Vector) -> S::Vector {
    let ([a_low, a_high], [b_low, b_high]) = (s.split_pairs(a), s.split_pairs(b));
    s.mul_add(a_low, b_low, s.mul_add(a_high, b_high, c))
}
