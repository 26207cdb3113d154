//! Rows of heads of few channels: what the forward and the backward pass for them share.

use std::ops::Range;

use super::head::{HeadRows, HeadTarget};
use crate::cpu::simd::{MAX_LANES, Simd};

/// Copies rows of a head of `D` channels to the fronts of rows of `step` numbers, as many as there
/// are.
#[inline(always)]
pub(super) fn pack_rows<const D: usize>(source: HeadRows<'_>, rows: &mut [f32], step: usize) {
    for (n, row) in rows.chunks_mut(step).enumerate() {
        row[..D].copy_from_slice(source.row(n, D));
    }
}

/// A vector of rows of a head of `D` channels, channel by channel; 0 where there is no row.
#[inline(always)]
pub(super) fn load_channels<S: Simd, const D: usize>(
    s: S,
    rows: Range<usize>,
    source: HeadRows<'_>,
) -> [S::Vector; D] {
    let HeadRows { values, stride } = source;
    let mut channels = [s.splat(0.0); D];
    let mut copy = [[0.0; D]; MAX_LANES];
    let (values, stride) = if rows.len() >= S::LANES {
        (
            &values[rows.start * stride..(rows.start + S::LANES - 1) * stride + D],
            stride,
        )
    } else {
        for (copy, row) in copy.iter_mut().zip(rows) {
            copy.copy_from_slice(source.row(row, D));
        }
        (copy.as_flattened(), D)
    };
    for d in (0..D).step_by(4) {
        // SAFETY: the slice has LANES rows of D numbers, a multiple of four.
        let four = unsafe { s.load_columns(values[d..].as_ptr(), stride) };
        channels[d..d + 4].copy_from_slice(&four);
    }
    channels
}

/// Writes rows of a head of `D` channels, as [`load_channels`] reads them.
///
/// # Safety
/// Nothing else may access these channels of these rows meanwhile.
#[inline(always)]
pub(super) unsafe fn store_channels<S: Simd, const D: usize>(
    s: S,
    rows: Range<usize>,
    target: HeadTarget<'_>,
    channels: [S::Vector; D],
) {
    let mut copy = [[0.0; D]; MAX_LANES];
    let whole = rows.len() >= S::LANES;
    for d in (0..D).step_by(4) {
        let four = [
            channels[d],
            channels[d + 1],
            channels[d + 2],
            channels[d + 3],
        ];
        let (start, stride) = if whole {
            debug_assert!(target.stride >= D);
            // SAFETY: LANES rows, all in the matrix, which are the caller's.
            (unsafe { target.at(rows.start, d) }, target.stride)
        } else {
            (copy.as_flattened_mut()[d..].as_mut_ptr(), D)
        };
        // SAFETY: four numbers of LANES rows, of the caller's or of the copy.
        unsafe { s.store_columns(start, stride, four) };
    }
    if !whole {
        for (row, copy) in rows.zip(&copy) {
            // SAFETY: the caller's.
            unsafe { target.row(row, D) }.copy_from_slice(copy);
        }
    }
}
