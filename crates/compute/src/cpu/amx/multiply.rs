//! A product, block by block of tiles.

use super::tiles::{SIDE, Tiles, Unit, WORDS, copy};
use crate::cpu::product::{Left, Panel, Product, SmallProduct};

/// Computes a product whose columns are one or two tiles wide.
///
/// # Safety
/// AMX must be available; the operands must be as [`SmallProduct`] asks for.
#[inline(always)]
pub(in crate::cpu) unsafe fn multiply(product: &SmallProduct) {
    // SAFETY: what the caller promises.
    unsafe { multiply_on(&mut Unit::configured(), product) };
}

/// [`multiply`] on any tiles. Sums are tiles 0 to 3, by rows; the left operand is in 4 and 5, the
/// right one in 6 and 7.
///
/// # Safety
/// As for [`multiply`], but for AMX.
#[inline(always)]
pub(super) unsafe fn multiply_on<T: Tiles>(tiles: &mut T, product: &SmallProduct) {
    let wide = product.product.columns > SIDE;
    for i in (0..product.rows).step_by(2 * SIDE) {
        // SAFETY: the rows are in the product.
        unsafe {
            match (product.rows - i > SIDE, wide) {
                (true, true) => block::<T, 2, 2>(tiles, product, i),
                (true, false) => block::<T, 2, 1>(tiles, product, i),
                (false, true) => block::<T, 1, 2>(tiles, product, i),
                (false, false) => block::<T, 1, 1>(tiles, product, i),
            }
        }
    }
}

/// Up to `ROWS` by `COLUMNS` tiles of the product, from row `first` on.
///
/// # Safety
/// As for [`multiply_on`], with row `first`.
#[inline(always)]
unsafe fn block<T: Tiles, const ROWS: usize, const COLUMNS: usize>(
    tiles: &mut T,
    whole: &SmallProduct,
    first: usize,
) {
    let SmallProduct { left, panel, .. } = *whole;
    let rows = [0, 1].map(|i| (whole.rows - first).saturating_sub(i * SIDE).min(SIDE));
    // SAFETY: all addresses are inside the operands: a tile that would go beyond is read from, or
    // written to, a copy that is filled up with zeros.
    unsafe {
        let target = |i: usize, j: usize| {
            let product = whole.product;
            let row = (first + i * SIDE) * product.row;
            product.start.add(row + j * SIDE)
        };
        macro_rules! sums {
            ($what:ident) => {
                $what(tiles, whole, target(0, 0), rows[0], Number::<0>);
                if COLUMNS > 1 {
                    $what(tiles, whole, target(0, 1), rows[0], Number::<1>);
                }
                if ROWS > 1 {
                    $what(tiles, whole, target(1, 0), rows[1], Number::<2>);
                }
                if ROWS > 1 && COLUMNS > 1 {
                    $what(tiles, whole, target(1, 1), rows[1], Number::<3>);
                }
            };
        }
        sums!(begin);
        for k in (0..whole.depth).step_by(SIDE) {
            let depth = SIDE.min(whole.depth - k);
            let from = |i: usize| {
                left.start
                    .add((first + i * SIDE) * left.row + k * left.step)
            };
            load_left::<T, 4>(tiles, left, from(0), [rows[0], depth]);
            if ROWS > 1 {
                load_left::<T, 5>(tiles, left, from(1), [rows[1], depth]);
            }
            let row = panel.start.add(k * panel.row);
            load_right::<T, 6>(tiles, panel, row, depth);
            tiles.add_product::<0, 4, 6>();
            if ROWS > 1 {
                tiles.add_product::<2, 5, 6>();
            }
            if COLUMNS > 1 {
                load_right::<T, 7>(tiles, panel, row.add(SIDE), depth);
                tiles.add_product::<1, 4, 7>();
                if ROWS > 1 {
                    tiles.add_product::<3, 5, 7>();
                }
            }
        }
        sums!(finish);
    }
}

/// The number of a tile as a value.
struct Number<const TILE: usize>;

/// Reads a tile of sums, or sets it to 0.
///
/// # Safety
/// `rows` rows of the product must be readable from `start` on.
#[inline(always)]
unsafe fn begin<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    whole: &SmallProduct,
    start: *mut f32,
    rows: usize,
    _: Number<TILE>,
) {
    let Product { row, .. } = whole.product;
    // SAFETY: what the caller promises.
    unsafe {
        if !whole.accumulate {
            tiles.zero::<TILE>();
        } else if rows == SIDE {
            tiles.load::<TILE>(start, row);
        } else {
            let copy = copy([rows, SIDE], start, [row, 1]);
            tiles.load::<TILE>(copy.as_ptr(), SIDE);
        }
    }
}

/// Writes a tile of sums.
///
/// # Safety
/// `rows` rows of the product must be writable from `start` on.
#[inline(always)]
unsafe fn finish<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    whole: &SmallProduct,
    start: *mut f32,
    rows: usize,
    _: Number<TILE>,
) {
    let Product { row, .. } = whole.product;
    // SAFETY: what the caller promises.
    unsafe {
        if rows == SIDE {
            return tiles.store::<TILE>(start, row);
        }
        let mut copy = [0.0; WORDS];
        tiles.store::<TILE>(copy.as_mut_ptr(), SIDE);
        for (i, copy) in copy.chunks_exact(SIDE).take(rows).enumerate() {
            let target = start.add(i * row);
            target.copy_from_nonoverlapping(copy.as_ptr(), SIDE);
        }
    }
}

/// Reads a tile of the left operand.
///
/// # Safety
/// `size` rows and words of the operand must be readable from `start` on.
#[inline(always)]
unsafe fn load_left<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    left: Left,
    start: *const f32,
    size: [usize; 2],
) {
    // SAFETY: what the caller promises.
    unsafe {
        if left.step == 1 && size == [SIDE, SIDE] {
            tiles.load::<TILE>(start, left.row);
        } else {
            let copy = copy(size, start, [left.row, left.step]);
            tiles.load::<TILE>(copy.as_ptr(), SIDE);
        }
    }
}

/// Reads a tile of the right operand.
///
/// # Safety
/// `depth` rows of the panel must be readable from `start` on.
#[inline(always)]
unsafe fn load_right<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    panel: Panel,
    start: *const f32,
    depth: usize,
) {
    // SAFETY: what the caller promises.
    unsafe {
        if depth == SIDE {
            tiles.load::<TILE>(start, panel.row);
        } else {
            let copy = copy([depth, SIDE], start, [panel.row, 1]);
            tiles.load::<TILE>(copy.as_ptr(), SIDE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::amx::availability::is_available;
    use crate::cpu::amx::tiles::InMemory;
    use crate::cpu::bf16;

    fn numbers(len: usize, seed: u64) -> Vec<f32> {
        let stream = autophage_random::Stream::new(seed, autophage_random::Purpose::Simulation, 0);
        let number = |i| stream.normal(0, i) as f32;
        (0..len as u64)
            .map(|i| bf16::pair(number(2 * i), number(2 * i + 1)))
            .collect()
    }

    fn check(multiply: impl Fn(&SmallProduct)) {
        let sizes = [1, 5, 15, 16, 17, 31, 32, 33, 48, 70];
        for (case, rows) in sizes.into_iter().cycle().take(60).enumerate() {
            let depth = sizes[(case * 7 + 3) % sizes.len()];
            let columns = [SIDE, 2 * SIDE][case / 2 % 2];
            let by_rows = case % 3 > 0;
            let (words, panel) = (numbers(rows * depth, 1), numbers(depth * 40, 2));
            let (row, step) = if by_rows { (depth, 1) } else { (1, rows) };
            for accumulate in [false, true] {
                let before: Vec<f32> = (0..rows * 50).map(|i| i as f32 * 1e-2).collect();
                let mut product = before.clone();
                multiply(&SmallProduct {
                    rows,
                    depth,
                    left: Left {
                        start: words.as_ptr(),
                        row,
                        step,
                    },
                    panel: Panel {
                        start: panel.as_ptr(),
                        row: 40,
                    },
                    product: Product {
                        start: product.as_mut_ptr(),
                        row: 50,
                        columns,
                    },
                    accumulate,
                });
                for (at, (&actual, &before)) in product.iter().zip(&before).enumerate() {
                    let (i, j) = (at / 50, at % 50);
                    if j >= columns {
                        assert_eq!(actual, before, "beyond the product");
                        continue;
                    }
                    let mut exact = if accumulate { f64::from(before) } else { 0.0 };
                    for k in 0..depth {
                        let (a, b) = (words[i * row + k * step], panel[k * 40 + j]);
                        for part in [bf16::low, bf16::high] {
                            exact += f64::from(part(a)) * f64::from(part(b));
                        }
                    }
                    let error = (f64::from(actual) - exact).abs();
                    assert!(
                        error < 2e-5 * (depth as f64).sqrt().max(1.0),
                        "{rows}×{depth}×{columns} at ({i}, {j}): {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn products_on_tiles_in_memory_agree_with_their_definition() {
        check(|product| {
            // SAFETY: the operands are as large as the product says.
            unsafe { multiply_on(&mut InMemory::new(), product) };
        });
    }

    #[test]
    fn products_on_the_matrix_unit_agree_with_their_definition() {
        if !is_available() {
            eprintln!("skipped: this machine has no AMX");
            return;
        }
        check(|product| {
            // SAFETY: AMX is available, and the operands are as large as the product says.
            unsafe { multiply(product) };
        });
    }
}
