//! Eight lanes: AVX2 with fused multiplication and addition.

use std::arch::x86_64::*;

use super::vector::{Kernel, Simd};

/// A processor with AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The processor must have AVX2 and FMA.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn new_unchecked() -> Self {
        Self(())
    }
}

/// Wraps calls of intrinsics.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: a token of this type exists only where the processor has AVX2 and FMA.
        unsafe { $call }
    };
}

/// Transposes the 4 × 4 matrices that the blocks of four lanes form.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn transpose_blocks([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
    // SAFETY: what the caller grants.
    unsafe {
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low),
            _mm256_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low),
            _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;

    type Vector = __m256;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        #[inline(never)]
        #[target_feature(enable = "avx2,fma")]
        fn compiled<K: Kernel>(s: Avx2, kernel: K) -> K::Output {
            kernel.run(s)
        }
        intrinsic!(compiled(self, kernel))
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        intrinsic!(_mm256_set1_ps(value))
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> __m256 {
        // SAFETY: the token shows AVX2; the caller grants eight readable numbers.
        unsafe { _mm256_loadu_ps(source) }
    }

    #[inline(always)]
    fn prefetch(self, address: *const f32) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T0>(address.cast()));
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, v: __m256) {
        // SAFETY: the token shows AVX2; the caller grants eight writable numbers.
        unsafe { _mm256_storeu_ps(target, v) }
    }

    #[inline(always)]
    unsafe fn load_columns(self, source: *const f32, stride: usize) -> [__m256; 4] {
        // SAFETY: the token shows AVX2; the caller grants four numbers of each of eight rows.
        unsafe {
            let row = |i: usize| _mm_loadu_ps(source.add(i * stride));
            // Every fourth row, so that the transposition stays inside blocks of four lanes.
            let rows = |i: usize| _mm256_set_m128(row(i + 4), row(i));
            transpose_blocks([rows(0), rows(1), rows(2), rows(3)])
        }
    }

    #[inline(always)]
    unsafe fn store_columns(self, target: *mut f32, stride: usize, columns: [__m256; 4]) {
        // SAFETY: the token shows AVX2; the caller grants four numbers of each of eight rows.
        unsafe {
            for (i, rows) in transpose_blocks(columns).into_iter().enumerate() {
                _mm_storeu_ps(target.add(i * stride), _mm256_castps256_ps128(rows));
                _mm_storeu_ps(
                    target.add((i + 4) * stride),
                    _mm256_extractf128_ps::<1>(rows),
                );
            }
        }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_div_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        intrinsic!(_mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_max_ps(a, b))
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_min_ps(a, b))
    }

    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        intrinsic!(_mm256_sqrt_ps(a))
    }

    #[inline(always)]
    fn round(self, a: __m256) -> __m256 {
        intrinsic!(_mm256_round_ps::<
            { _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC },
        >(a))
    }

    #[inline(always)]
    fn scale(self, a: __m256, n: __m256) -> __m256 {
        // In two steps, because 2ⁿ itself may be out of range.
        intrinsic!({
            let bias = _mm256_set1_epi32(127);
            let n = _mm256_cvtps_epi32(n);
            let half = _mm256_srai_epi32::<1>(n);
            let rest = _mm256_sub_epi32(n, half);
            let power = |n| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(n, bias)));
            _mm256_mul_ps(_mm256_mul_ps(a, power(half)), power(rest))
        })
    }

    #[inline(always)]
    fn split_pairs(self, pairs: __m256) -> [__m256; 2] {
        intrinsic!({
            let pairs = _mm256_castps_si256(pairs);
            let high = _mm256_set1_epi32(0xffff_0000_u32 as i32);
            [
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(pairs)),
                _mm256_castsi256_ps(_mm256_and_si256(pairs, high)),
            ]
        })
    }

    #[inline(always)]
    fn sum_four(self, [a, b, c, d]: [__m256; 4]) -> [f32; 4] {
        intrinsic!({
            // Of each block of four lanes, halfway: a₀+a₂, b₀+b₂, a₁+a₃, b₁+b₃.
            let pair = |a, b| _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (ab, cd) = (pair(a, b), pair(c, d));
            let blocks = _mm256_add_ps(
                _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
                _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
            );
            let sums = _mm_add_ps(
                _mm256_castps256_ps128(blocks),
                _mm256_extractf128_ps::<1>(blocks),
            );
            let mut array = [0.0; 4];
            _mm_storeu_ps(array.as_mut_ptr(), sums);
            array
        })
    }
}
