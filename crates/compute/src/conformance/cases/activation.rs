//! Activation functions, plain and gated.

use super::elementwise;
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{Activate, ActivateBackward, Activation, Gate, GateBackward, Rows};
use crate::{Backend, Buffer};

/// Arguments far from 0, where exponentials overflow and differences cancel, and near it.
const EXTREMES: [f32; 17] = [
    f32::MIN,
    -1e30,
    -1e10,
    -89.0,
    -50.0,
    -10.0,
    -1e-3,
    -1e-40,
    0.0,
    1e-40,
    1e-3,
    10.0,
    50.0,
    89.0,
    1e10,
    1e30,
    f32::MAX,
];

/// A function and what it is applied to.
#[derive(Debug)]
pub(in crate::conformance) struct ActivationCase {
    shape: Rows,
    activation: Activation,
    /// What all arguments are, instead of normal numbers.
    x: Option<f32>,
}

impl Case for ActivationCase {}

pub(in crate::conformance) fn cases() -> Vec<ActivationCase> {
    let functions = [
        Activation::GeluTanh,
        Activation::Gelu,
        Activation::Relu,
        Activation::Silu,
    ];
    // Each extreme value is a case of its own: closeness is measured by the size of the results.
    let extreme = Rows {
        rows: 1,
        channels: 19,
    };
    let operands: Vec<(Rows, Option<f32>)> = elementwise::shapes()
        .into_iter()
        .map(|shape| (shape, None))
        .chain(EXTREMES.map(|x| (extreme, Some(x))))
        .collect();
    functions
        .into_iter()
        .flat_map(|activation| {
            operands.iter().map(move |&(shape, x)| ActivationCase {
                shape,
                activation,
                x,
            })
        })
        .collect()
}

/// What the function is applied to.
fn arguments<B: Backend>(t: &mut Trial<'_, B>, case: &ActivationCase) -> Buffer<B> {
    let elements = case.shape.elements();
    match case.x {
        Some(x) => t.buffer(&vec![x; elements]),
        None => t.normal(elements, 3.0),
    }
}

pub(in crate::conformance) fn activate<B: Backend>(t: &mut Trial<'_, B>, case: &ActivationCase) {
    let elements = case.shape.elements();
    let x = arguments(t, case);
    let mut out = t.result(elements);
    t.backend.activate(Activate {
        shape: case.shape,
        activation: case.activation,
        x: &x,
        out: &mut out,
    });
    t.keep("out", &out, elements);
}

pub(in crate::conformance) fn activate_backward<B: Backend>(
    t: &mut Trial<'_, B>,
    case: &ActivationCase,
) {
    let elements = case.shape.elements();
    let x = arguments(t, case);
    let mut d = t.normal(elements, 1.0);
    t.backend.activate_backward(ActivateBackward {
        shape: case.shape,
        activation: case.activation,
        x: &x,
        d: &mut d,
    });
    t.keep("d", &d, elements);
}

pub(in crate::conformance) fn gate<B: Backend>(t: &mut Trial<'_, B>, case: &ActivationCase) {
    let elements = case.shape.elements();
    let gate = arguments(t, case);
    // Products of extreme values are finite.
    let x = t.normal(elements, 0.1);
    let mut out = t.result(elements);
    t.backend.gate(Gate {
        shape: case.shape,
        activation: case.activation,
        gate: &gate,
        x: &x,
        out: &mut out,
    });
    t.keep("out", &out, elements);
}

pub(in crate::conformance) fn gate_backward<B: Backend>(
    t: &mut Trial<'_, B>,
    case: &ActivationCase,
) {
    let elements = case.shape.elements();
    let gate = arguments(t, case);
    let x = t.normal(elements, 1.0);
    let mut d = t.normal(elements, 0.1);
    let mut d_gate = t.result(elements);
    t.backend.gate_backward(GateBackward {
        shape: case.shape,
        activation: case.activation,
        gate: &gate,
        x: &x,
        d: &mut d,
        d_gate: &mut d_gate,
    });
    t.keep("d", &d, elements);
    t.keep("d_gate", &d_gate, elements);
}
