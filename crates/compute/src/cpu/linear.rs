//! Linear layers as matrix products.

use super::elementwise::Add;
use super::engine::{Engine, Shared};
use super::matmul::{Operand, Start, matmul};
use crate::Linear;

/// Rows of a partial sum of the gradient of a bias.
const CHUNK: usize = 256;

pub(super) fn linear(
    engine: &Engine,
    shape: Linear,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    out: &mut [f32],
) {
    let left = Operand {
        values: x,
        stride: shape.inputs,
        transposed: false,
    };
    let right = Operand {
        values: weight,
        stride: shape.inputs,
        transposed: true,
    };
    let sizes = [shape.rows, shape.inputs, shape.outputs];
    let start = bias.map_or(Start::Zero, Start::Bias);
    matmul(engine, sizes, left, right, start, out);
}

pub(super) fn backward_input(
    engine: &Engine,
    shape: Linear,
    weight: &[f32],
    d_out: &[f32],
    accumulate: bool,
    d_x: &mut [f32],
) {
    let left = Operand {
        values: d_out,
        stride: shape.outputs,
        transposed: false,
    };
    let right = Operand {
        values: weight,
        stride: shape.inputs,
        transposed: false,
    };
    let sizes = [shape.rows, shape.outputs, shape.inputs];
    let start = if accumulate {
        Start::Current
    } else {
        Start::Zero
    };
    matmul(engine, sizes, left, right, start, d_x);
}

pub(super) fn backward_weight(
    engine: &Engine,
    shape: Linear,
    x: &[f32],
    d_out: &[f32],
    d_weight: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    let left = Operand {
        values: d_out,
        stride: shape.outputs,
        transposed: true,
    };
    let right = Operand {
        values: x,
        stride: shape.inputs,
        transposed: false,
    };
    let sizes = [shape.outputs, shape.rows, shape.inputs];
    matmul(engine, sizes, left, right, Start::Current, d_weight);
    if let Some(d_bias) = d_bias {
        add_rows(engine, shape.rows, shape.outputs, d_out, d_bias);
    }
}

/// `sums += ` the sum of the rows of `x`, over chunks of rows that are summed side by side.
fn add_rows(engine: &Engine, rows: usize, channels: usize, x: &[f32], sums: &mut [f32]) {
    let chunks = rows.div_ceil(CHUNK);
    let mut partial = engine.scratch(chunks * channels);
    let shared = Shared::new(&mut partial);
    engine.for_each_if_worth(rows * channels, chunks, |chunk| {
        // SAFETY: every chunk has a partial sum of its own.
        let sum = unsafe { shared.part(chunk * channels..(chunk + 1) * channels) };
        sum.fill(0.0);
        for n in chunk * CHUNK..rows.min((chunk + 1) * CHUNK) {
            engine.run(Add {
                x: &x[n * channels..][..channels],
                out: sum,
            });
        }
    });
    for sum in partial.chunks_exact(channels.max(1)) {
        engine.run(Add { x: sum, out: sums });
    }
}
