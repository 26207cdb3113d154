//! Sixteen lanes: AVX-512.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// A processor with AVX-512 F.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The processor must have AVX-512 F.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn new_unchecked() -> Self {
        Self(())
    }
}

/// Wraps calls of intrinsics.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: a token of this type exists only where the processor has AVX-512 F.
        unsafe { $call }
    };
}

/// The mask of the first `len` of sixteen lanes.
#[inline(always)]
fn front_mask(len: usize) -> __mmask16 {
    ((1u32 << len.min(16)) - 1) as __mmask16
}

impl Simd for Avx512 {
    const LANES: usize = 16;

    type Vector = __m512;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn compiled<K: Kernel>(s: Avx512, kernel: K) -> K::Output {
            kernel.run(s)
        }
        intrinsic!(compiled(self, kernel))
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        intrinsic!(_mm512_set1_ps(value))
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> __m512 {
        // SAFETY: the token shows AVX-512; the caller grants sixteen readable numbers.
        unsafe { _mm512_loadu_ps(source) }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, v: __m512) {
        // SAFETY: the token shows AVX-512; the caller grants sixteen writable numbers.
        unsafe { _mm512_storeu_ps(target, v) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        intrinsic!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        intrinsic!(_mm512_sqrt_ps(a))
    }

    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        intrinsic!(_mm512_roundscale_ps::<
            { _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC },
        >(a))
    }

    #[inline(always)]
    fn scale(self, a: __m512, n: __m512) -> __m512 {
        intrinsic!(_mm512_scalef_ps(a, n))
    }

    #[inline(always)]
    fn load_front(self, source: &[f32]) -> __m512 {
        // SAFETY: the token shows AVX-512; lanes beyond the slice are masked and not read.
        unsafe { _mm512_maskz_loadu_ps(front_mask(source.len()), source.as_ptr()) }
    }

    #[inline(always)]
    fn store_front(self, target: &mut [f32], v: __m512) {
        // SAFETY: the token shows AVX-512; lanes beyond the slice are masked and not written.
        unsafe { _mm512_mask_storeu_ps(target.as_mut_ptr(), front_mask(target.len()), v) }
    }

    #[inline(always)]
    fn sum_groups<const GROUP: usize>(self, a: __m512) -> __m512 {
        const PAIRS: i32 = 0b10_11_00_01;
        const HALVES: i32 = 0b01_00_11_10;
        let mut sums = a;
        if GROUP >= 2 {
            sums = intrinsic!(_mm512_add_ps(sums, _mm512_permute_ps::<PAIRS>(sums)));
        }
        if GROUP >= 4 {
            sums = intrinsic!(_mm512_add_ps(sums, _mm512_permute_ps::<HALVES>(sums)));
        }
        if GROUP >= 8 {
            sums = intrinsic!(_mm512_add_ps(
                sums,
                _mm512_shuffle_f32x4::<PAIRS>(sums, sums)
            ));
        }
        if GROUP >= 16 {
            sums = intrinsic!(_mm512_add_ps(
                sums,
                _mm512_shuffle_f32x4::<HALVES>(sums, sums)
            ));
        }
        sums
    }
}
