//! Tiles of logits.
//!
//! A tile is (vocabulary, tokens), so that the lanes of a vector are tokens: sums and maxima over the
//! vocabulary need no work across lanes, and the products with a tile read it as it is.

use std::marker::PhantomData;

use crate::cpu::format::Format;
use crate::cpu::matmul::multiply_ahead;
use crate::cpu::product::{Left, PANEL_VECTORS, Panel, Product};
use crate::cpu::simd::{Kernel, Simd};

/// The logits of some tokens of the vocabulary, whose `weight` has `depth` words each, and the
/// tokens of one panel of hidden states, as (vocabulary, tokens). With `next`, the weights of the
/// tokens that follow are asked for.
#[inline(always)]
pub(super) fn logits_tile<F: Format, S: Simd>(
    s: S,
    depth: usize,
    weight: &[f32],
    panel: &[f32],
    tile: &mut [f32],
    next: bool,
) {
    let width = PANEL_VECTORS * S::LANES;
    let rows = weight.len() / depth.max(1);
    assert!(panel.len() >= depth * width && tile.len() >= rows * width);
    let left = Left {
        start: weight.as_ptr(),
        row: depth,
        step: 1,
    };
    let panel = Panel {
        start: panel.as_ptr(),
        row: width,
    };
    let product = Product {
        start: tile.as_mut_ptr(),
        row: width,
        columns: width,
    };
    let ahead = if next { weight.len() } else { 0 };
    // SAFETY: the assertions say that the operands have these sizes.
    unsafe { multiply_ahead::<F, S>(s, [rows, depth], left, panel, product, ahead) };
}

/// [`logits_tile`] as a kernel.
pub(super) struct LogitsTile<'a, F> {
    pub(super) depth: usize,
    pub(super) weight: &'a [f32],
    pub(super) panel: &'a [f32],
    pub(super) tile: &'a mut [f32],
    pub(super) format: PhantomData<F>,
}

impl<F: Format> Kernel for LogitsTile<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        logits_tile::<F, S>(s, self.depth, self.weight, self.panel, self.tile, false);
    }
}
