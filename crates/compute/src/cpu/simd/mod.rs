//! One source for several instruction sets.
//!
//! A [`Kernel`] is written once, generic over [`Simd`], and [`Simd::call`] compiles it for each
//! instruction set.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod pairs;
mod portable;
mod vector;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::{AMX, Avx512, BF16, PLAIN};
pub(super) use portable::Portable;
pub(super) use vector::{Kernel, MAX_LANES, Simd};
