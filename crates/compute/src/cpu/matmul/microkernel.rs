//! Products of small matrices: what every matrix product of this backend comes down to.
//!
//! Operands are made of words (see [`Format`]); the inner dimension is counted in words, too. Every
//! element of a product is one chain of multiply-adds in the order of the inner dimension,
//! started from 0 or from what the element was. However a larger product is cut into tiles, and
//! whatever else is computed with it, the bits of an element are therefore the same.

use std::marker::PhantomData;

use crate::cpu::format::Format;
use crate::cpu::product::{Left, PANEL_VECTORS, Panel, Product, SmallProduct};
use crate::cpu::simd::{Kernel, MAX_LANES, Simd};

/// The most columns of a panel.
pub(in crate::cpu) const MAX_PANEL: usize = PANEL_VECTORS * MAX_LANES;

/// Depth after which a product goes on with the next part, so that a panel stays in the first-level
/// cache while all rows pass by it.
pub(in crate::cpu) const DEPTH: usize = 256;

/// The most rows of a tile: with [`PANEL_VECTORS`] it fills the registers of the instruction set.
pub(in crate::cpu) const fn tile_rows(lanes: usize) -> usize {
    if lanes == MAX_LANES { 12 } else { 6 }
}

/// `product (+)= left · panel` for `rows` rows and an inner dimension of `depth` words.
///
/// # Safety
/// What [`SmallProduct`] asks for.
#[inline(always)]
pub(in crate::cpu) unsafe fn multiply_words<F: Format, S: Simd>(
    s: S,
    [rows, depth]: [usize; 2],
    left: Left,
    panel: Panel,
    product: Product,
    accumulate: bool,
) {
    let product = SmallProduct {
        rows,
        depth,
        left,
        panel,
        product,
        accumulate,
    };
    // SAFETY: what the caller promises.
    s.call(unsafe { Words::<F>::new(product, 0) });
}

/// [`multiply_words`] that asks for what lies `ahead` of the left operand: see [`Words::ahead`].
///
/// # Safety
/// As for [`multiply_words`].
#[inline(always)]
pub(in crate::cpu) unsafe fn multiply_ahead<F: Format, S: Simd>(
    s: S,
    [rows, depth]: [usize; 2],
    left: Left,
    panel: Panel,
    product: Product,
    ahead: usize,
) {
    let product = SmallProduct {
        rows,
        depth,
        left,
        panel,
        product,
        accumulate: false,
    };
    // SAFETY: what the caller promises.
    s.call(unsafe { Words::<F>::new(product, ahead) });
}

/// A product of words, which is compiled once for all its callers.
#[derive(Clone, Copy)]
struct Words<F> {
    whole: SmallProduct,
    /// How far after the left operand, whose inner dimension is contiguous, in words, begins what
    /// will be read next: it is asked for on the way. 0: nothing.
    ahead: usize,
    format: PhantomData<F>,
}

impl<F: Format> Words<F> {
    /// # Safety
    /// What [`SmallProduct`] asks for, when it is computed.
    #[inline(always)]
    unsafe fn new(whole: SmallProduct, ahead: usize) -> Self {
        Self {
            whole,
            ahead,
            format: PhantomData,
        }
    }
}

impl<F: Format> Kernel for Words<F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { whole, ahead, .. } = self;
        let SmallProduct { product, .. } = whole;
        let width = PANEL_VECTORS * S::LANES;
        if product.columns != width && product.columns != S::LANES {
            // SAFETY: what the caller of `new` promised.
            return unsafe { ragged(s, self) };
        }
        // SAFETY: as above.
        if unsafe { F::multiply_with_tiles(s, &whole) } {
            return;
        }
        let mut k = 0;
        loop {
            let part = DEPTH.min(whole.depth - k);
            // SAFETY: 0 ≤ k ≤ depth stays inside the operands, as the caller of `new` promised.
            unsafe {
                let part = SmallProduct {
                    depth: part,
                    left: whole.left.at(0, k),
                    panel: Panel {
                        start: whole.panel.start.add(k * whole.panel.row),
                        ..whole.panel
                    },
                    accumulate: whole.accumulate || k > 0,
                    ..whole
                };
                if product.columns == width {
                    strips::<F, S, PANEL_VECTORS>(s, part, ahead);
                } else {
                    strips::<F, S, 1>(s, part, ahead);
                }
            }
            k += part;
            if k >= whole.depth {
                return;
            }
        }
    }
}

/// A product whose columns are no whole number of vectors: by way of a tile on the stack.
///
/// # Safety
/// As for [`multiply_words`].
#[inline(always)]
unsafe fn ragged<F: Format, S: Simd>(s: S, words: Words<F>) {
    const ROWS: usize = 12;
    let whole = words.whole;
    let product = whole.product;
    let mut tile = [0.0f32; ROWS * MAX_PANEL];
    let on_stack = Product {
        start: tile.as_mut_ptr(),
        row: MAX_PANEL,
        columns: PANEL_VECTORS * S::LANES,
    };
    for i in (0..whole.rows).step_by(ROWS) {
        let rows = ROWS.min(whole.rows - i);
        // SAFETY: rows i … i + rows of the operands, which the caller grants, and of the tile, which
        // has room for them; the two do not overlap.
        unsafe {
            if whole.accumulate {
                for r in 0..rows {
                    let row = product.start.add((i + r) * product.row);
                    let copy = on_stack.start.add(r * MAX_PANEL);
                    copy.copy_from_nonoverlapping(row, product.columns);
                }
            }
            s.call(Words::<F> {
                whole: SmallProduct {
                    rows,
                    left: whole.left.at(i, 0),
                    product: on_stack,
                    ..whole
                },
                ..words
            });
            for r in 0..rows {
                let row = product.start.add((i + r) * product.row);
                let copy = on_stack.start.add(r * MAX_PANEL);
                row.copy_from_nonoverlapping(copy, product.columns);
            }
        }
    }
}

/// Cuts the rows into strips as high as the registers allow, then lower ones for the rest.
///
/// # Safety
/// As for [`multiply_words`], with at least `N` vectors of columns.
#[inline(always)]
unsafe fn strips<F: Format, S: Simd, const N: usize>(s: S, whole: SmallProduct, ahead: usize) {
    let SmallProduct {
        rows,
        depth,
        left,
        panel,
        product,
        accumulate,
    } = whole;
    let mut i = 0;
    macro_rules! strip {
        ($rows:literal) => {
            // SAFETY: rows i … i + $rows lie inside the operands.
            unsafe {
                if ahead > 0 {
                    prefetch(s, $rows, depth, left.at(i, 0), ahead);
                }
                let target = product.start.add(i * product.row);
                tile::<F, S, $rows, N>(
                    s,
                    depth,
                    left.at(i, 0),
                    panel,
                    target,
                    product.row,
                    accumulate,
                );
                i += $rows;
            }
        };
    }
    // A low strip waits for its own sums: 16 rows are better cut into halves than into 12 and 4.
    if S::LANES == MAX_LANES {
        // A single vector leaves registers for more rows, which it needs to have enough sums on the way.
        while N == 1 && rows - i >= 16 {
            strip!(16);
        }
        while rows - i >= 12 && rows - i != 16 {
            strip!(12);
        }
        while rows - i >= 8 {
            strip!(8);
        }
    } else {
        while rows - i >= 6 {
            strip!(6);
        }
    }
    while rows - i >= 4 {
        strip!(4);
    }
    while rows - i >= 2 {
        strip!(2);
    }
    if rows > i {
        strip!(1);
    }
    debug_assert_eq!(i, rows);
}

/// Asks for what lies `ahead` of some rows of the left operand.
#[inline(always)]
fn prefetch<S: Simd>(s: S, rows: usize, depth: usize, left: Left, ahead: usize) {
    const LINE: usize = 16;
    for i in 0..rows {
        for k in (0..depth).step_by(LINE) {
            // Wrapping, because what comes next may lie beyond the operand.
            s.prefetch(left.start.wrapping_add(i * left.row + k + ahead));
        }
    }
}

/// One tile of `M` rows and `N` vectors, held in registers.
///
/// # Safety
/// As for [`multiply_words`], for exactly this tile.
// Loops over array lengths unroll; iterators over registers may not.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
unsafe fn tile<F: Format, S: Simd, const M: usize, const N: usize>(
    s: S,
    depth: usize,
    left: Left,
    panel: Panel,
    product: *mut f32,
    product_row: usize,
    accumulate: bool,
) {
    let mut sums = [[s.splat(0.0); N]; M];
    // SAFETY: all offsets are inside the tile and its operands.
    unsafe {
        if accumulate {
            for i in 0..M {
                for j in 0..N {
                    sums[i][j] = s.load(product.add(i * product_row + j * S::LANES));
                }
            }
        }
        let sums = add_products::<F, S, M, N>(s, depth, left, panel, sums);
        for i in 0..M {
            for j in 0..N {
                s.store(product.add(i * product_row + j * S::LANES), sums[i][j]);
            }
        }
    }
}

/// `sums` plus the products of `M` rows of a left operand with the first `N` vectors of a panel, all in
/// registers.
///
/// # Safety
/// The operands must be readable over these sizes.
#[inline(always)]
pub(in crate::cpu) unsafe fn add_products<F: Format, S: Simd, const M: usize, const N: usize>(
    s: S,
    depth: usize,
    left: Left,
    panel: Panel,
    mut sums: [[S::Vector; N]; M],
) -> [[S::Vector; N]; M] {
    let mut row = panel.start;
    let mut column = left.start;
    for _ in 0..depth {
        let mut vectors = [s.splat(0.0); N];
        for (j, vector) in vectors.iter_mut().enumerate() {
            // SAFETY: what the caller grants.
            *vector = unsafe { s.load(row.add(j * S::LANES)) };
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            // SAFETY: as above.
            let factor = s.splat(unsafe { *column.add(i * left.row) });
            for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                *sum = F::multiply_add(s, factor, vector, *sum);
            }
        }
        // Wrapping, because the last step leaves the operands.
        row = row.wrapping_add(panel.row);
        column = column.wrapping_add(left.step);
    }
    sums
}
