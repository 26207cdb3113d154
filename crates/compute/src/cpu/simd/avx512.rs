//! Sixteen lanes: AVX-512, alone, with its bf16 instructions, or with the matrix unit AMX.

use std::arch::x86_64::*;

use super::pairs;
use super::vector::{Kernel, Simd, dot_by_parts};
use crate::cpu::amx;
use crate::cpu::product::SmallProduct;

/// The level of a processor with AVX-512 F.
pub(in crate::cpu) const PLAIN: u8 = 0;
/// The level of a processor with AVX-512 F, BW and BF16.
pub(in crate::cpu) const BF16: u8 = 1;
/// The level of a processor that has AMX-BF16 besides.
pub(in crate::cpu) const AMX: u8 = 2;

/// A processor with AVX-512 of a level.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx512<const LEVEL: u8>(());

impl<const LEVEL: u8> Avx512<LEVEL> {
    /// # Safety
    /// The processor must have what the level says.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn new_unchecked() -> Self {
        Self(())
    }
}

/// Wraps calls of intrinsics.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: a token of this type exists only where the processor has what its level says,
        // and what is called needs no more.
        unsafe { $call }
    };
}

/// The mask of the first `len` of sixteen lanes.
#[inline(always)]
fn front_mask(len: usize) -> __mmask16 {
    ((1u32 << len.min(16)) - 1) as __mmask16
}

/// Transposes the 4 × 4 matrices that the blocks of four lanes form.
///
/// # Safety
/// The processor must have AVX-512 F.
#[inline(always)]
unsafe fn transpose_blocks([a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
    // SAFETY: what the caller grants.
    unsafe {
        let (ab_low, ab_high) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
        [
            _mm512_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low),
            _mm512_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low),
            _mm512_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            _mm512_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }
}

/// The 16-bit lanes `first`, `second`, `first + 1`, `second + 1`, …
#[inline(always)]
fn by_turns(first: u16, second: u16) -> __m512i {
    let lanes: [u16; 32] = std::array::from_fn(|i| {
        let start = if i % 2 == 0 { first } else { second };
        start + i as u16 / 2
    });
    // SAFETY: both are 512 bits.
    unsafe { std::mem::transmute::<[u16; 32], __m512i>(lanes) }
}

impl<const LEVEL: u8> Simd for Avx512<LEVEL> {
    const LANES: usize = 16;

    type Vector = __m512;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn plain<const LEVEL: u8, K: Kernel>(s: Avx512<LEVEL>, kernel: K) -> K::Output {
            kernel.run(s)
        }
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx512bw,avx512bf16,avx2,fma")]
        fn bf16<const LEVEL: u8, K: Kernel>(s: Avx512<LEVEL>, kernel: K) -> K::Output {
            kernel.run(s)
        }
        if LEVEL >= BF16 {
            intrinsic!(bf16(self, kernel))
        } else {
            intrinsic!(plain(self, kernel))
        }
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
    fn prefetch(self, address: *const f32) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T0>(address.cast()));
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, v: __m512) {
        // SAFETY: the token shows AVX-512; the caller grants sixteen writable numbers.
        unsafe { _mm512_storeu_ps(target, v) }
    }

    #[inline(always)]
    unsafe fn load_columns(self, source: *const f32, stride: usize) -> [__m512; 4] {
        // SAFETY: the token shows AVX-512; the caller grants four numbers of each of sixteen rows.
        unsafe {
            let row = |i: usize| _mm_loadu_ps(source.add(i * stride));
            // Every fourth row, so that the transposition stays inside blocks of four lanes.
            let rows = |i: usize| {
                let v = _mm512_castps128_ps512(row(i));
                let v = _mm512_insertf32x4::<1>(v, row(i + 4));
                let v = _mm512_insertf32x4::<2>(v, row(i + 8));
                _mm512_insertf32x4::<3>(v, row(i + 12))
            };
            transpose_blocks([rows(0), rows(1), rows(2), rows(3)])
        }
    }

    #[inline(always)]
    unsafe fn store_columns(self, target: *mut f32, stride: usize, columns: [__m512; 4]) {
        // SAFETY: the token shows AVX-512; the caller grants four numbers of each of sixteen rows.
        unsafe {
            for (i, rows) in transpose_blocks(columns).into_iter().enumerate() {
                let row = |block: usize| target.add((i + 4 * block) * stride);
                _mm_storeu_ps(row(0), _mm512_castps512_ps128(rows));
                _mm_storeu_ps(row(1), _mm512_extractf32x4_ps::<1>(rows));
                _mm_storeu_ps(row(2), _mm512_extractf32x4_ps::<2>(rows));
                _mm_storeu_ps(row(3), _mm512_extractf32x4_ps::<3>(rows));
            }
        }
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
        if source.len() >= Self::LANES {
            // SAFETY: the slice has enough numbers.
            return unsafe { self.load(source.as_ptr()) };
        }
        // SAFETY: the token shows AVX-512; lanes beyond the slice are masked and not read.
        unsafe { _mm512_maskz_loadu_ps(front_mask(source.len()), source.as_ptr()) }
    }

    #[inline(always)]
    fn store_front(self, target: &mut [f32], v: __m512) {
        if target.len() >= Self::LANES {
            // Not masked: a masked store takes several times as long.
            // SAFETY: the slice has room for a vector.
            return unsafe { self.store(target.as_mut_ptr(), v) };
        }
        // SAFETY: the token shows AVX-512; lanes beyond the slice are masked and not written.
        unsafe { _mm512_mask_storeu_ps(target.as_mut_ptr(), front_mask(target.len()), v) }
    }

    #[inline(always)]
    fn join_pairs(self, first: __m512, second: __m512) -> __m512 {
        if LEVEL < BF16 {
            return self.load_array(&pairs::join(&self.to_array(first), &self.to_array(second)));
        }
        let all = intrinsic!(_mm512_castps_si512(self.narrow(first, second)));
        intrinsic!(_mm512_castsi512_ps(_mm512_permutexvar_epi16(
            by_turns(0, 16),
            all
        )))
    }

    #[inline(always)]
    fn narrow(self, first: __m512, second: __m512) -> __m512 {
        if LEVEL < BF16 {
            let [first, second] = [first, second].map(|v| self.to_array(v));
            return self.load_array(&pairs::narrow(&first, &second, Self::LANES));
        }
        let narrow = intrinsic!(_mm512_cvtne2ps_pbh(second, first));
        // SAFETY: both are 512 bits.
        unsafe { std::mem::transmute::<__m512bh, __m512>(narrow) }
    }

    #[inline(always)]
    fn interleave(self, above: __m512, below: __m512) -> [__m512; 2] {
        if LEVEL < BF16 {
            let [above, below] = [above, below].map(|v| self.to_array(v));
            let parts = pairs::interleave(&above, &below, Self::LANES);
            return parts.map(|part| self.load_array(&part));
        }
        let [above, below] = [above, below].map(|row| intrinsic!(_mm512_castps_si512(row)));
        [by_turns(0, 32), by_turns(16, 48)].map(|order| {
            intrinsic!(_mm512_castsi512_ps(_mm512_permutex2var_epi16(
                above, order, below
            )))
        })
    }

    #[inline(always)]
    fn split_pairs(self, pairs: __m512) -> [__m512; 2] {
        intrinsic!({
            let pairs = _mm512_castps_si512(pairs);
            let high = _mm512_set1_epi32(0xffff_0000_u32 as i32);
            [
                _mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs)),
                _mm512_castsi512_ps(_mm512_and_si512(pairs, high)),
            ]
        })
    }

    #[inline(always)]
    fn dot_pairs(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        if LEVEL < BF16 {
            return dot_by_parts(self, a, b, c);
        }
        // SAFETY: all are 512 bits.
        let [a, b] = [a, b].map(|v| unsafe { std::mem::transmute::<__m512, __m512bh>(v) });
        intrinsic!(_mm512_dpbf16_ps(c, a, b))
    }

    #[inline(always)]
    unsafe fn multiply_with_tiles(self, product: &SmallProduct) -> bool {
        if LEVEL == AMX {
            // SAFETY: a token of this level exists only where the processor has AMX-BF16; the
            // operands are as the caller promises.
            unsafe { amx::multiply(product) };
        }
        LEVEL == AMX
    }

    #[inline(always)]
    fn sum_four(self, [a, b, c, d]: [__m512; 4]) -> [f32; 4] {
        intrinsic!({
            // Of each block of four lanes, halfway: a₀+a₂, b₀+b₂, a₁+a₃, b₁+b₃.
            let pair = |a, b| _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let (ab, cd) = (pair(a, b), pair(c, d));
            let blocks = _mm512_add_ps(
                _mm512_shuffle_ps::<0b01_00_01_00>(ab, cd),
                _mm512_shuffle_ps::<0b11_10_11_10>(ab, cd),
            );
            let upper = _mm512_shuffle_f32x4::<0b11_10_11_10>(blocks, blocks);
            let halves = _mm256_add_ps(
                _mm512_castps512_ps256(blocks),
                _mm512_castps512_ps256(upper),
            );
            let sums = _mm_add_ps(
                _mm256_castps256_ps128(halves),
                _mm256_extractf128_ps::<1>(halves),
            );
            let mut array = [0.0; 4];
            _mm_storeu_ps(array.as_mut_ptr(), sums);
            array
        })
    }
}
