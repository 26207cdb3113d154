//! Panels: the right operand of a product, rearranged so that its tiles are read from front to back.
//!
//! A panel is (words of depth, width) with width = [`PANEL_VECTORS`] vectors; columns beyond the
//! operand's are 0.

use crate::cpu::format::Format;
use crate::cpu::product::PANEL_VECTORS;
use crate::cpu::simd::{MAX_LANES, Simd};

/// Packs columns `0..columns` (at most a panel's) of an operand whose element (k, j) is at
/// `source[k · row + j]`.
#[inline(always)]
pub(in crate::cpu) fn pack_rows<F: Format, S: Simd>(
    s: S,
    depth: usize,
    columns: usize,
    source: &[f32],
    row: usize,
    panel: &mut [f32],
) {
    pack_rows_with::<F, S>(s, [depth, columns], source, row, None, panel);
}

/// As [`pack_rows`], with every row multiplied by its factor.
#[inline(always)]
pub(in crate::cpu) fn pack_scaled_rows<F: Format, S: Simd>(
    s: S,
    columns: usize,
    source: &[f32],
    row: usize,
    factors: &[f32],
    panel: &mut [f32],
) {
    let sizes = [factors.len(), columns];
    pack_rows_with::<F, S>(s, sizes, source, row, Some(factors), panel);
}

#[inline(always)]
fn pack_rows_with<F: Format, S: Simd>(
    s: S,
    [depth, columns]: [usize; 2],
    source: &[f32],
    row: usize,
    factors: Option<&[f32]>,
    panel: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let panel = panel.chunks_exact_mut(width).take(F::words(depth));
    for (word, target) in panel.enumerate() {
        let k = word * F::NUMBERS;
        let first = row_of_panel(s, &source[k * row..][..columns], factors.map(|all| all[k]));
        let second = match F::NUMBERS > 1 && k + 1 < depth {
            true => {
                let source = &source[(k + 1) * row..][..columns];
                row_of_panel(s, source, factors.map(|all| all[k + 1]))
            }
            false => [s.splat(0.0); 2],
        };
        let (left, right) = target.split_at_mut(S::LANES);
        s.store_front(left, F::join(s, first[0], second[0]));
        s.store_front(right, F::join(s, first[1], second[1]));
    }
}

/// A row of at most a panel's numbers, multiplied by the factor if there is one.
#[inline(always)]
fn row_of_panel<S: Simd>(s: S, source: &[f32], factor: Option<f32>) -> [S::Vector; 2] {
    let (left, right) = source.split_at(source.len().min(S::LANES));
    let row = [s.load_front(left), s.load_front(right)];
    match factor {
        None => row,
        Some(factor) => {
            let factor = s.splat(factor);
            [s.mul(row[0], factor), s.mul(row[1], factor)]
        }
    }
}

/// Packs columns `0..columns` (at most a panel's) of an operand whose element (k, j) is at
/// `source[j · row + k]`: the transpose of a row-major matrix.
#[inline(always)]
pub(in crate::cpu) fn pack_transposed<F: Format, S: Simd>(
    s: S,
    depth: usize,
    columns: usize,
    source: &[f32],
    row: usize,
    panel: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let words = F::words(depth);
    let panel = &mut panel[..words * width];
    if columns < width {
        panel.fill(0.0);
    }
    // A few words at a time, so that the lines that are written stay in the cache for all j.
    for first in (0..words).step_by(MAX_LANES) {
        let part = MAX_LANES.min(words - first);
        let numbers = first * F::NUMBERS..depth.min((first + part) * F::NUMBERS);
        let mut row_of_words = [0.0; MAX_LANES];
        for j in 0..columns {
            let source = &source[j * row..][..depth][numbers.clone()];
            pack_row::<F, S>(s, source, &mut row_of_words[..part]);
            for (k, &word) in row_of_words[..part].iter().enumerate() {
                panel[(first + k) * width + j] = word;
            }
        }
    }
}

/// The words of one row of numbers.
#[inline(always)]
pub(in crate::cpu) fn pack_row<F: Format, S: Simd>(s: S, source: &[f32], words: &mut [f32]) {
    if F::NUMBERS == 1 {
        words.copy_from_slice(source);
        return;
    }
    let numbers = source.chunks(2 * S::LANES);
    for (words, numbers) in words.chunks_mut(S::LANES).zip(numbers) {
        let (first, second) = numbers.split_at(numbers.len().min(S::LANES));
        s.store_front(words, s.narrow(s.load_front(first), s.load_front(second)));
    }
}
