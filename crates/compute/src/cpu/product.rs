//! A product of small matrices in memory, as vector instructions and the matrix unit compute it.

/// The most vectors side by side in a tile, which is also the width of a panel in vectors.
pub(super) const PANEL_VECTORS: usize = 2;

/// `product (+)= left · panel`: the operands, and how large they are. Who computes it owes that they
/// are readable and the product is writable over these sizes, that no other thread accesses the
/// product meanwhile, and that the panel has all its columns, also those that the product has not.
#[derive(Clone, Copy, Debug)]
pub(super) struct SmallProduct {
    pub(super) rows: usize,
    /// The inner dimension, in words.
    pub(super) depth: usize,
    pub(super) left: Left,
    pub(super) panel: Panel,
    pub(super) product: Product,
    /// Whether the product is added to what is there.
    pub(super) accumulate: bool,
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
    pub(super) unsafe fn at(self, i: usize, k: usize) -> Self {
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
