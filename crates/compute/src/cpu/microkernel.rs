//! Products of small matrices: what every matrix product of this backend comes down to.
//!
//! Operands are made of words (see [`Format`]); the inner dimension is counted in words, too. Every
//! element of a product is one chain of multiply-adds in the order of the inner dimension,
//! started from 0 or from what the element was. However a larger product is cut into tiles, and
//! whatever else is computed with it, the bits of an element are therefore the same.

use std::marker::PhantomData;

use super::format::Format;
use super::simd::{Kernel, MAX_LANES, Simd};

/// The most vectors side by side in a tile, which is also the width of a panel in vectors.
pub(super) const PANEL_VECTORS: usize = 2;

/// The most columns of a panel.
pub(super) const MAX_PANEL: usize = PANEL_VECTORS * MAX_LANES;

/// Depth after which a product goes on with the next part, so that a panel stays in the first-level
/// cache while all rows pass by it.
pub(super) const DEPTH: usize = 256;

/// The most rows of a tile: with [`PANEL_VECTORS`] it fills the registers of the instruction set.
pub(super) const fn tile_rows(lanes: usize) -> usize {
    if lanes == MAX_LANES { 12 } else { 6 }
}

/// The left operand: element (i, k) is at `start + i · row + k · step`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    pub(super) start: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

impl Left {
    /// The operand from row `i` and inner index `k` on.
    ///
    /// # Safety
    /// That element must be in the same allocation.
    #[inline(always)]
    unsafe fn at(self, i: usize, k: usize) -> Self {
        Self {
            // SAFETY: what the caller grants.
            start: unsafe { self.start.add(i * self.row + k * self.step) },
            ..self
        }
    }
}

/// The right operand, as many columns of words as a panel has: row k is at `start + k · row`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) start: *const f32,
    pub(super) row: usize,
}

/// The product: element (i, j) is at `start + i · row + j`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) start: *mut f32,
    pub(super) row: usize,
    /// Number of columns, at most those of the panel.
    pub(super) columns: usize,
}

/// `product (+)= left · panel` for `rows` rows and an inner dimension of `depth` words.
///
/// # Safety
/// The operands must be readable and the product writable over these sizes, and no other thread may
/// access the product. The panel must have all its columns, also those that the product has not.
#[inline(always)]
pub(super) unsafe fn multiply_words<F: Format, S: Simd>(
    s: S,
    [rows, depth]: [usize; 2],
    left: Left,
    panel: Panel,
    product: Product,
    accumulate: bool,
) {
    s.call(Multiply::<F>::new(
        [rows, depth],
        left,
        panel,
        product,
        accumulate,
    ));
}

/// [`multiply_words`] that asks for what lies `ahead` of the left operand: see [`Multiply::ahead`].
///
/// # Safety
/// As for [`multiply_words`].
#[inline(always)]
pub(super) unsafe fn multiply_ahead<F: Format, S: Simd>(
    s: S,
    sizes: [usize; 2],
    left: Left,
    panel: Panel,
    product: Product,
    ahead: usize,
) {
    s.call(Multiply::<F> {
        ahead,
        ..Multiply::new(sizes, left, panel, product, false)
    });
}

/// The operands of [`multiply_words`], which is compiled once for all its callers. Made only there, under
/// the promises of its callers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Multiply<F> {
    pub(super) rows: usize,
    pub(super) depth: usize,
    pub(super) left: Left,
    pub(super) panel: Panel,
    pub(super) product: Product,
    pub(super) accumulate: bool,
    /// How far after the left operand, whose inner dimension is contiguous, in words, begins what
    /// will be read next: it is asked for on the way. 0: nothing.
    pub(super) ahead: usize,
    format: PhantomData<F>,
}

impl<F> Multiply<F> {
    #[inline(always)]
    pub(super) fn new(
        [rows, depth]: [usize; 2],
        left: Left,
        panel: Panel,
        product: Product,
        accumulate: bool,
    ) -> Self {
        Self {
            rows,
            depth,
            left,
            panel,
            product,
            accumulate,
            ahead: 0,
            format: PhantomData,
        }
    }
}

impl<F: Format> Kernel for Multiply<F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { product, .. } = self;
        let width = PANEL_VECTORS * S::LANES;
        if product.columns != width && product.columns != S::LANES {
            // SAFETY: the callers of `multiply_words` promise what it asks for.
            return unsafe { ragged(s, self) };
        }
        if F::multiply_with_tiles(s, &self) {
            return;
        }
        let mut k = 0;
        loop {
            let part = DEPTH.min(self.depth - k);
            let accumulate = self.accumulate || k > 0;
            // SAFETY: 0 ≤ k ≤ depth stays inside the operands, as the callers of `multiply_words` promise.
            unsafe {
                let left = self.left.at(0, k);
                let panel = Panel {
                    start: self.panel.start.add(k * self.panel.row),
                    ..self.panel
                };
                let part = Multiply {
                    depth: part,
                    left,
                    panel,
                    accumulate,
                    ..self
                };
                if product.columns == width {
                    strips::<F, S, PANEL_VECTORS>(s, part);
                } else {
                    strips::<F, S, 1>(s, part);
                }
            }
            k += part;
            if k >= self.depth {
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
unsafe fn ragged<F: Format, S: Simd>(s: S, whole: Multiply<F>) {
    const ROWS: usize = 12;
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
            s.call(Multiply {
                rows,
                left: whole.left.at(i, 0),
                product: on_stack,
                ..whole
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
unsafe fn strips<F: Format, S: Simd, const N: usize>(s: S, whole: Multiply<F>) {
    let Multiply {
        rows,
        depth,
        left,
        panel,
        product,
        accumulate,
        ahead,
        ..
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
pub(super) unsafe fn add_products<F: Format, S: Simd, const M: usize, const N: usize>(
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
