//! Panels: the right operand of a product, rearranged so that its tiles are read from front to back.
//!
//! A panel is (depth, width) with width = [`PANEL_VECTORS`] vectors; columns beyond the operand's
//! are 0.

use super::microkernel::PANEL_VECTORS;
use super::simd::Simd;

/// Packs columns `0..columns` (at most a panel's) of an operand whose element (k, j) is at
/// `source[k · row + j]`.
#[inline(always)]
pub(super) fn pack_rows<S: Simd>(
    s: S,
    depth: usize,
    columns: usize,
    source: &[f32],
    row: usize,
    panel: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    for (k, target) in panel.chunks_exact_mut(width).take(depth).enumerate() {
        let source = &source[k * row..][..columns];
        let (first, second) = target.split_at_mut(S::LANES);
        let split = columns.min(S::LANES);
        s.store_front(first, s.load_front(&source[..split]));
        s.store_front(second, s.load_front(&source[split..]));
    }
}

/// Packs columns `0..columns` (at most a panel's) of an operand whose element (k, j) is at
/// `source[j · row + k]`: the transpose of a row-major matrix.
#[inline(always)]
pub(super) fn pack_transposed<S: Simd>(
    _: S,
    depth: usize,
    columns: usize,
    source: &[f32],
    row: usize,
    panel: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let panel = &mut panel[..depth * width];
    if columns < width {
        panel.fill(0.0);
    }
    // A few k at a time, so that the lines that are written stay in the cache for all j.
    const PART: usize = 16;
    let mut first = 0;
    while first < depth {
        let part = PART.min(depth - first);
        for j in 0..columns {
            let source = &source[j * row + first..][..part];
            for (k, &value) in source.iter().enumerate() {
                panel[(first + k) * width + j] = value;
            }
        }
        first += part;
    }
}
