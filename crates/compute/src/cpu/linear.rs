//! Linear layers as matrix products.

use super::elementwise::Add;
use super::engine::{Engine, Shared};
use super::format::{Format, Pairs, Single};
use super::matmul::{Operand, Right, Start, matmul, pack_right, packed_len};
use crate::host::{Layout, Order, Weight};
use crate::operation::{Linear, LinearBackwardInput, LinearBackwardWeight, LinearShape};
use crate::{HostMemory, Precision};

/// Rows of a partial sum of the gradient of a bias.
const CHUNK: usize = 256;

pub(super) fn linear(engine: &Engine, o: Linear<'_, HostMemory>) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = o.shape;
    let x = row_major(&o.x[..rows * inputs], inputs);
    let start = o
        .bias
        .map_or(Start::Zero, |bias| Start::Bias(&bias[..outputs]));
    let right = (o.weight.weight(outputs * inputs), Order::AlongInputs);
    let out = &mut o.out[..rows * outputs];
    let sizes = [rows, inputs, outputs];
    match operands(engine, o.shape) {
        Precision::F32 => product::<Single>(engine, sizes, x, right, start, out),
        Precision::Bf16 => product::<Pairs>(engine, sizes, x, right, start, out),
    }
}

pub(super) fn backward_input(engine: &Engine, o: LinearBackwardInput<'_, HostMemory>) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = o.shape;
    let d_out = row_major(&o.d_out[..rows * outputs], outputs);
    let start = match o.accumulate {
        true => Start::Current,
        false => Start::Zero,
    };
    let right = (o.weight.weight(outputs * inputs), Order::AlongOutputs);
    let d_x = &mut o.d_x[..rows * inputs];
    let sizes = [rows, outputs, inputs];
    match operands(engine, o.shape) {
        Precision::F32 => product::<Single>(engine, sizes, d_out, right, start, d_x),
        Precision::Bf16 => product::<Pairs>(engine, sizes, d_out, right, start, d_x),
    }
}

pub(super) fn backward_weight(engine: &Engine, o: LinearBackwardWeight<'_, HostMemory>) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = o.shape;
    let d_out = &o.d_out[..rows * outputs];
    let left = Operand {
        transposed: true,
        ..row_major(d_out, outputs)
    };
    let right = Right::Plain(row_major(&o.x[..rows * inputs], inputs));
    let d_weight = &mut o.d_weight[..outputs * inputs];
    let sizes = [outputs, rows, inputs];
    match operands(engine, o.shape) {
        Precision::F32 => {
            matmul::<Single>(engine, sizes, left, right, Start::Current, d_weight);
        }
        Precision::Bf16 => {
            matmul::<Pairs>(engine, sizes, left, right, Start::Current, d_weight);
        }
    }
    if let Some(d_bias) = o.d_bias {
        add_rows(engine, rows, d_out, &mut d_bias[..outputs]);
    }
}

fn row_major(values: &[f32], columns: usize) -> Operand<'_> {
    Operand {
        values,
        stride: columns,
        transposed: false,
    }
}

/// The precision of the operands.
fn operands(engine: &Engine, shape: LinearShape) -> Precision {
    match shape.exact {
        true => Precision::F32,
        false => engine.precision(),
    }
}

/// A product whose right operand are weights, with words along their inputs or their outputs.
fn product<F: Format>(
    engine: &Engine,
    sizes: [usize; 3],
    left: Operand<'_>,
    (weight, order): (Weight<'_>, Order),
    start: Start<'_>,
    out: &mut [f32],
) {
    let [_, depth, columns] = sizes;
    let transposed = order == Order::AlongInputs;
    let operand = Operand {
        values: weight.values(),
        stride: if transposed { depth } else { columns },
        transposed,
    };
    let layout = Layout {
        order,
        sizes: [depth, columns],
        numbers: F::NUMBERS,
        width: engine.panel(),
    };
    let len = packed_len::<F>(engine, depth, columns);
    let packed = weight.derived().get(layout, len, |packed| {
        pack_right::<F>(engine, 0..depth, columns, operand, packed);
    });
    let right = packed.map_or(Right::Plain(operand), Right::Packed);
    matmul::<F>(engine, sizes, left, right, start, out);
}

/// `sums += ` the sum of the rows of `x`, over chunks of rows that are summed side by side.
fn add_rows(engine: &Engine, rows: usize, x: &[f32], sums: &mut [f32]) {
    let channels = sums.len();
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
