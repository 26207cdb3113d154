//! Products of small matrices: what every matrix product of this backend comes down to.
//!
//! Every element of a product is one chain of multiply-adds in the order of the inner dimension,
//! started from 0 or from what the element was. However a larger product is cut into tiles, and
//! whatever else is computed with it, the bits of an element are therefore the same.

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

/// The product: element (i, j) is at `start + i · row + j`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) start: *mut f32,
    pub(super) row: usize,
    /// Number of columns, at most those of the panel.
    pub(super) columns: usize,
}

/// `product (+)= left · panel` for `rows` rows and an inner dimension of `depth`.
///
/// `panel` is (depth, `PANEL_VECTORS · LANES`), zero beyond the columns of the product.
///
/// # Safety
/// The operands must be readable and the product writable over these sizes, and no other thread may
/// access the product.
#[inline(always)]
pub(super) unsafe fn multiply<S: Simd>(
    s: S,
    rows: usize,
    depth: usize,
    left: Left,
    panel: *const f32,
    product: Product,
    accumulate: bool,
) {
    s.call(Multiply {
        rows,
        depth,
        left,
        panel,
        product,
        accumulate,
    });
}

/// The operands of [`multiply`], which is compiled once for all its callers. Made only there, under
/// the promises of its callers.
struct Multiply {
    rows: usize,
    depth: usize,
    left: Left,
    panel: *const f32,
    product: Product,
    accumulate: bool,
}

impl Kernel for Multiply {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { rows, product, .. } = self;
        let width = PANEL_VECTORS * S::LANES;
        let mut k = 0;
        loop {
            let part = DEPTH.min(self.depth - k);
            let accumulate = self.accumulate || k > 0;
            // SAFETY: 0 ≤ k ≤ depth stays inside the operands, as the callers of `multiply` promise.
            unsafe {
                let (left, panel) = (self.left.at(0, k), self.panel.add(k * width));
                if product.columns == width {
                    strips::<S, PANEL_VECTORS>(s, rows, part, left, panel, product, accumulate);
                } else if product.columns == S::LANES {
                    strips::<S, 1>(s, rows, part, left, panel, product, accumulate);
                } else {
                    ragged(s, rows, part, left, panel, product, accumulate);
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
/// As for [`multiply`].
#[inline(always)]
unsafe fn ragged<S: Simd>(
    s: S,
    rows: usize,
    depth: usize,
    left: Left,
    panel: *const f32,
    product: Product,
    accumulate: bool,
) {
    const ROWS: usize = 12;
    let mut tile = [0.0f32; ROWS * MAX_PANEL];
    let on_stack = Product {
        start: tile.as_mut_ptr(),
        row: MAX_PANEL,
        columns: PANEL_VECTORS * S::LANES,
    };
    let mut i = 0;
    while i < rows {
        let part = ROWS.min(rows - i);
        for r in 0..part {
            // SAFETY: row i + r < rows of the product and row r < ROWS of the tile, each with
            // room for the columns; the two do not overlap.
            unsafe {
                let row = product.start.add((i + r) * product.row);
                let copy = on_stack.start.add(r * MAX_PANEL);
                if accumulate {
                    copy.copy_from_nonoverlapping(row, product.columns);
                }
            }
        }
        // SAFETY: rows i … i + part of the left operand, and a tile with room for them.
        unsafe {
            multiply(s, part, depth, left.at(i, 0), panel, on_stack, accumulate);
        }
        for r in 0..part {
            // SAFETY: as above.
            unsafe {
                let row = product.start.add((i + r) * product.row);
                row.copy_from_nonoverlapping(on_stack.start.add(r * MAX_PANEL), product.columns);
            }
        }
        i += part;
    }
}

/// Cuts the rows into strips as high as the registers allow, then lower ones for the rest.
///
/// # Safety
/// As for [`multiply`], with at least `N` vectors of columns.
#[inline(always)]
unsafe fn strips<S: Simd, const N: usize>(
    s: S,
    rows: usize,
    depth: usize,
    left: Left,
    panel: *const f32,
    product: Product,
    accumulate: bool,
) {
    let mut i = 0;
    macro_rules! strip {
        ($rows:literal) => {
            while rows - i >= $rows {
                // SAFETY: rows i … i + $rows lie inside the operands.
                unsafe {
                    let target = product.start.add(i * product.row);
                    tile::<S, $rows, N>(
                        s,
                        depth,
                        left.at(i, 0),
                        panel,
                        target,
                        product.row,
                        accumulate,
                    );
                }
                i += $rows;
            }
        };
    }
    if S::LANES == MAX_LANES {
        strip!(12);
        strip!(8);
    } else {
        strip!(6);
    }
    strip!(4);
    strip!(2);
    strip!(1);
}

/// One tile of `M` rows and `N` vectors, held in registers.
///
/// # Safety
/// As for [`multiply`], for exactly this tile.
// Loops over array lengths unroll; iterators over registers may not.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
unsafe fn tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    depth: usize,
    left: Left,
    panel: *const f32,
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
        let mut panel = panel;
        let mut column = left.start;
        for _ in 0..depth {
            let mut vectors = [s.splat(0.0); N];
            for (j, vector) in vectors.iter_mut().enumerate() {
                *vector = s.load(panel.add(j * S::LANES));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = s.splat(*column.add(i * left.row));
                for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                    *sum = s.mul_add(factor, vector, *sum);
                }
            }
            // Wrapping, because the last step leaves the operands.
            panel = panel.wrapping_add(PANEL_VECTORS * S::LANES);
            column = column.wrapping_add(left.step);
        }
        for i in 0..M {
            for j in 0..N {
                s.store(product.add(i * product_row + j * S::LANES), sums[i][j]);
            }
        }
    }
}
