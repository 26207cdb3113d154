//! Linear layers.

use crate::Backend;
use crate::conformance::accuracy::{Accuracy, Closeness, Tolerance};
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{Linear, LinearBackwardInput, LinearBackwardWeight, LinearShape};

/// Rows, inputs and outputs at the edges of tiles and of what is packed at a time.
const SHAPES: [[usize; 3]; 14] = [
    [2, 3, 5],
    [1, 1, 1],
    [1, 64, 33],
    [11, 13, 17],
    [12, 16, 32],
    [13, 17, 33],
    [97, 64, 64],
    [95, 63, 65],
    [96, 257, 31],
    [300, 7, 48],
    [31, 300, 256],
    [300, 300, 48],
    [513, 48, 130],
    [700, 130, 190],
];

/// A layer, whether it has a bias, and whether the gradient of its input is added to another.
#[derive(Debug)]
pub(in crate::conformance) struct LinearCase {
    shape: LinearShape,
    bias: bool,
    accumulate: bool,
}

impl Case for LinearCase {
    fn tolerance(&self, row: Closeness, accuracy: Accuracy) -> Option<Tolerance> {
        let accuracy = match self.shape.exact {
            true => Accuracy::F32,
            false => accuracy,
        };
        Some(row.at(accuracy))
    }
}

pub(in crate::conformance) fn cases() -> Vec<LinearCase> {
    SHAPES
        .into_iter()
        .flat_map(|[rows, inputs, outputs]| {
            [(false, true), (false, false), (true, true)].map(|(exact, added)| LinearCase {
                shape: LinearShape {
                    rows,
                    inputs,
                    outputs,
                    exact,
                },
                bias: added,
                accumulate: added,
            })
        })
        .collect()
}

pub(in crate::conformance) fn linear<B: Backend>(t: &mut Trial<'_, B>, case: &LinearCase) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = case.shape;
    let x = t.normal(rows * inputs, 1.0);
    let weight = t.normal(outputs * inputs, 1.0);
    let bias = case.bias.then(|| t.normal(outputs, 1.0));
    let mut out = t.result(rows * outputs);
    t.backend.linear(Linear {
        shape: case.shape,
        x: &x,
        weight: &weight,
        bias: bias.as_ref(),
        out: &mut out,
    });
    t.keep("out", &out, rows * outputs);
}

pub(in crate::conformance) fn backward_input<B: Backend>(t: &mut Trial<'_, B>, case: &LinearCase) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = case.shape;
    let weight = t.normal(outputs * inputs, 1.0);
    let d_out = t.normal(rows * outputs, 1.0);
    let mut d_x = t.normal(rows * inputs, 1.0);
    t.backend.linear_backward_input(LinearBackwardInput {
        shape: case.shape,
        weight: &weight,
        d_out: &d_out,
        accumulate: case.accumulate,
        d_x: &mut d_x,
    });
    t.keep("d_x", &d_x, rows * inputs);
}

pub(in crate::conformance) fn backward_weight<B: Backend>(t: &mut Trial<'_, B>, case: &LinearCase) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = case.shape;
    let x = t.normal(rows * inputs, 1.0);
    let d_out = t.normal(rows * outputs, 1.0);
    let mut d_weight = t.normal(outputs * inputs, 1.0);
    let mut d_bias = case.bias.then(|| t.normal(outputs, 1.0));
    t.backend.linear_backward_weight(LinearBackwardWeight {
        shape: case.shape,
        x: &x,
        d_out: &d_out,
        d_weight: &mut d_weight,
        d_bias: d_bias.as_mut(),
    });
    t.keep("d_weight", &d_weight, outputs * inputs);
    if let Some(d_bias) = &d_bias {
        t.keep("d_bias", d_bias, outputs);
    }
}
