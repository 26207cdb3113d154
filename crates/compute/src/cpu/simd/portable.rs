//! Four lanes in plain Rust, which every compiler back end knows how to vectorise.

use super::vector::{Kernel, Simd};

/// Any processor.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Portable;

const LANES: usize = 4;

/// Applies `f` lane by lane.
#[inline(always)]
fn map2(a: [f32; LANES], b: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

/// 2ⁿ for an integer n of a normal number.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) << 23) as u32)
}

impl Simd for Portable {
    const LANES: usize = LANES;

    type Vector = [f32; LANES];

    #[inline(never)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        [value; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> Self::Vector {
        // SAFETY: the caller grants four readable numbers; the read need not be aligned.
        unsafe { source.cast::<[f32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, v: Self::Vector) {
        // SAFETY: the caller grants four writable numbers; the write need not be aligned.
        unsafe { target.cast::<[f32; LANES]>().write_unaligned(v) }
    }

    #[inline(always)]
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        map2(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        map2(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        map2(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        map2(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // Not `f32::mul_add`: without hardware support that is a call of the C library.
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        map2(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        map2(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn sqrt(self, a: Self::Vector) -> Self::Vector {
        [a[0].sqrt(), a[1].sqrt(), a[2].sqrt(), a[3].sqrt()]
    }

    #[inline(always)]
    fn round(self, a: Self::Vector) -> Self::Vector {
        // Above 1.5 · 2²³ the distance of neighbouring numbers is 1, so the addition rounds.
        const SHIFT: f32 = 12_582_912.0;
        map2(a, [SHIFT; LANES], |a, shift| (a + shift) - shift)
    }

    #[inline(always)]
    fn scale(self, a: Self::Vector, n: Self::Vector) -> Self::Vector {
        // In two steps, because 2ⁿ itself may be out of range.
        map2(a, n, |a, n| {
            let n = n as i32;
            let half = n >> 1;
            a * power_of_two(half) * power_of_two(n - half)
        })
    }
}
