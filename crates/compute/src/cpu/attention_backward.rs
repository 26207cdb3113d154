//! The gradient of attention, with the weights recomputed tile by tile.

use std::f32::consts::LOG2_E;

use super::attention::for_each_head;
use super::attention_narrow_backward;
use super::attention_tile::{HeadShape, KEYS, TILE};
use super::engine::{Engine, Shared};
use super::format::Single;
use super::math::exp2;
use super::microkernel::{Left, MAX_PANEL, PANEL_VECTORS, Product, multiply};
use super::pack::pack_rows;
use super::simd::{Kernel, Simd};
use crate::Attention;

/// The matrices of the operation; see [`Backend::attention_backward`](crate::Backend).
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) queries: &'a [f32],
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
    pub(super) out: &'a [f32],
    pub(super) log_sums: &'a [f32],
    pub(super) d_out: &'a [f32],
}

pub(super) fn attention_backward(
    engine: &Engine,
    shape: Attention<'_>,
    inputs: Inputs<'_>,
    d_queries: &mut [f32],
    d_keys: &mut [f32],
    d_values: &mut [f32],
) {
    let gradients = [d_queries, d_keys, d_values].map(Shared::new);
    for_each_head(engine, shape, |row, head, head_shape| {
        let offset = row * shape.channels + head * head_shape.dimension;
        let inputs = Inputs {
            queries: &inputs.queries[offset..],
            keys: &inputs.keys[offset..],
            values: &inputs.values[offset..],
            out: &inputs.out[offset..],
            log_sums: &inputs.log_sums[row * shape.heads + head..],
            d_out: &inputs.d_out[offset..],
        };
        macro_rules! run {
            ($d:literal) => {{
                let mut scratch =
                    engine.scratch(attention_narrow_backward::scratch_len::<$d>(head_shape.len));
                engine.run(attention_narrow_backward::Backward::<'_, $d> {
                    shape: head_shape,
                    inputs,
                    gradients,
                    offset,
                    heads: shape.heads,
                    scratch: &mut scratch,
                })
            }};
        }
        match head_shape.dimension {
            4 => return run!(4),
            8 => return run!(8),
            _ => {}
        }
        let padded = head_shape.dimension.next_multiple_of(engine.panel());
        let panel = head_shape.dimension * MAX_PANEL;
        let mut scratch = engine
            .scratch(2 * TILE + 3 * panel + 2 * padded * MAX_PANEL + 2 * head_shape.len * padded);
        engine.run(Backward {
            shape: head_shape,
            inputs,
            gradients,
            offset,
            heads: shape.heads,
            scratch: &mut scratch,
        });
    });
}

/// One head of one sequence.
struct Backward<'a> {
    shape: HeadShape,
    inputs: Inputs<'a>,
    /// Of queries, keys and values.
    gradients: [Shared<'a>; 3],
    /// Where the head starts in the gradients.
    offset: usize,
    heads: usize,
    scratch: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let Self { shape, inputs, .. } = self;
        let dimension = shape.dimension;
        let padded = dimension.next_multiple_of(width);
        // (keys, queries): attention weights, and the gradient of the scores.
        let (weights, rest) = self.scratch.split_at_mut(TILE);
        let (d_scores, rest) = rest.split_at_mut(TILE);
        // (dimension, queries).
        let (query_panel, rest) = rest.split_at_mut(dimension * MAX_PANEL);
        let (d_out_panel, rest) = rest.split_at_mut(dimension * MAX_PANEL);
        let (d_query_panel, rest) = rest.split_at_mut(dimension * MAX_PANEL);
        // (queries, dimension) in panels.
        let (query_rows, rest) = rest.split_at_mut(padded * MAX_PANEL);
        let (d_out_rows, rest) = rest.split_at_mut(padded * MAX_PANEL);
        // (keys of the sequence, dimension).
        let (d_keys, rest) = rest.split_at_mut(shape.len * padded);
        let d_values = &mut rest[..shape.len * padded];
        d_keys.fill(0.0);
        d_values.fill(0.0);
        for first in (0..shape.len).step_by(width) {
            let queries = first..shape.len.min(first + width);
            shape.pack_queries(s, &queries, inputs.queries, query_panel);
            shape.pack(s, &queries, inputs.d_out, d_out_panel);
            for (source, panels) in [
                (inputs.queries, &mut *query_rows),
                (inputs.d_out, &mut *d_out_rows),
            ] {
                let panels = panels.chunks_exact_mut(queries.len() * width);
                for (column, panel) in (0..dimension).step_by(width).zip(panels) {
                    let columns = width.min(dimension - column);
                    let source = &source[first * shape.stride + column..];
                    pack_rows::<Single, S>(s, queries.len(), columns, source, shape.stride, panel);
                }
            }
            // ∞ where there is no query, so that the weights there are 0.
            let mut log_sums = [f32::INFINITY; MAX_PANEL];
            let mut d_log_sums = [0.0; MAX_PANEL];
            for (lane, query) in queries.clone().enumerate() {
                // In bits, as the scores.
                log_sums[lane] = LOG2_E * inputs.log_sums[query * self.heads];
                let row = query * shape.stride..query * shape.stride + dimension;
                let products = inputs.out[row.clone()].iter().zip(&inputs.d_out[row]);
                d_log_sums[lane] = products.map(|(&o, &d)| o * d).sum();
            }
            d_query_panel[..dimension * width].fill(0.0);
            for keys in shape.key_tiles(&queries) {
                shape.products(s, &keys, inputs.keys, query_panel, weights);
                shape.mask(s, &queries, &keys, weights);
                shape.products(s, &keys, inputs.values, d_out_panel, d_scores);
                let len = keys.len() * width;
                score_gradients(
                    s,
                    &mut weights[..len],
                    &mut d_scores[..len],
                    &log_sums,
                    &d_log_sums,
                );
                shape.add_weighted(s, &keys, inputs.keys, d_scores, d_query_panel);
                let rows = keys.start * padded..keys.end * padded;
                let sizes = [keys.len(), queries.len(), dimension];
                add_rows(s, sizes, weights, d_out_rows, &mut d_values[rows.clone()]);
                add_rows(s, sizes, d_scores, query_rows, &mut d_keys[rows]);
            }
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            unsafe {
                shape.unpack(s, &queries, d_query_panel, self.gradients[0], self.offset);
            }
        }
        for (gradient, sums) in [(self.gradients[1], d_keys), (self.gradients[2], d_values)] {
            for (row, sums) in sums.chunks_exact(padded).enumerate() {
                let start = self.offset + row * shape.stride;
                // SAFETY: as above.
                let gradient = unsafe { gradient.part(start..start + dimension) };
                gradient.copy_from_slice(&sums[..dimension]);
            }
        }
    }
}

/// Turns a tile of scores into weights P, and the gradient of the weights dP into that of the scores:
/// P ∘ (dP − rowsum(dO ∘ O)).
#[inline(always)]
fn score_gradients<S: Simd>(
    s: S,
    weights: &mut [f32],
    d_scores: &mut [f32],
    log_sums: &[f32; MAX_PANEL],
    d_log_sums: &[f32; MAX_PANEL],
) {
    let width = PANEL_VECTORS * S::LANES;
    for lanes in (0..width).step_by(S::LANES) {
        let log_sum = s.load_front(&log_sums[lanes..]);
        let d_log_sum = s.load_front(&d_log_sums[lanes..]);
        let rows = weights.chunks_exact_mut(width);
        for (weights, d_scores) in rows.zip(d_scores.chunks_exact_mut(width)) {
            let weights = &mut weights[lanes..][..S::LANES];
            let d_scores = &mut d_scores[lanes..][..S::LANES];
            let weight = exp2(s, s.sub(s.load_front(weights), log_sum));
            s.store_front(weights, weight);
            let d_score = s.mul(weight, s.sub(s.load_front(d_scores), d_log_sum));
            s.store_front(d_scores, d_score);
        }
    }
}

/// `sums += tile · rows`: (keys, queries) by (queries, dimension).
#[inline(always)]
fn add_rows<S: Simd>(
    s: S,
    [keys, queries, dimension]: [usize; 3],
    tile: &[f32],
    rows: &[f32],
    sums: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let padded = dimension.next_multiple_of(width);
    assert!(keys <= KEYS && tile.len() >= keys * width);
    assert!(rows.len() >= padded * queries && sums.len() >= keys * padded);
    let left = Left {
        start: tile.as_ptr(),
        row: width,
        step: 1,
    };
    for column in (0..dimension).step_by(width) {
        // The padding takes part where that saves a detour by way of the stack.
        let columns = (dimension - column).next_multiple_of(S::LANES).min(width);
        let product = Product {
            // SAFETY: a column of the first row.
            start: unsafe { sums.as_mut_ptr().add(column) },
            row: padded,
            columns,
        };
        let panel = rows[column * queries..].as_ptr();
        // SAFETY: the assertions say that the operands have these sizes.
        unsafe { multiply(s, keys, queries, left, panel, product, true) };
    }
}
