//! Activation functions and their derivatives.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use crate::HostMemory;
use crate::operation::{Activate, ActivateBackward, Activation, Gate, GateBackward};

/// √(2/π).
const SCALE: f64 = FRAC_2_SQRT_PI / SQRT_2;
/// The factor of the cubic term of `gelu_new`.
const CUBIC: f64 = 0.044_715;

/// f(x) and f′(x).
fn value_and_derivative(activation: Activation, x: f64) -> (f64, f64) {
    match activation {
        Activation::Gelu => {
            let distribution = 0.5 * libm::erfc(-x * FRAC_1_SQRT_2);
            let density = 0.5 * SCALE * (-0.5 * x * x).exp();
            (x * distribution, distribution + x * density)
        }
        Activation::GeluTanh => {
            let tanh = (SCALE * (x + CUBIC * x.powi(3))).tanh();
            let slope = SCALE * (1.0 + 3.0 * CUBIC * x.powi(2));
            let value = 0.5 * x * (1.0 + tanh);
            let derivative = 0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * slope;
            (value, derivative)
        }
        Activation::Relu => (x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }),
        Activation::Silu => {
            let gate = 1.0 / (1.0 + (-x).exp());
            (x * gate, gate * (1.0 + x * (1.0 - gate)))
        }
    }
}

pub(super) fn activate(o: Activate<'_, HostMemory>) {
    for i in 0..o.shape.elements() {
        o.out[i] = value_and_derivative(o.activation, f64::from(o.x[i])).0 as f32;
    }
}

pub(super) fn activate_backward(o: ActivateBackward<'_, HostMemory>) {
    for i in 0..o.shape.elements() {
        let derivative = value_and_derivative(o.activation, f64::from(o.x[i])).1;
        o.d[i] = (f64::from(o.d[i]) * derivative) as f32;
    }
}

pub(super) fn gate(o: Gate<'_, HostMemory>) {
    for i in 0..o.shape.elements() {
        let value = value_and_derivative(o.activation, f64::from(o.gate[i])).0;
        o.out[i] = (value * f64::from(o.x[i])) as f32;
    }
}

pub(super) fn gate_backward(o: GateBackward<'_, HostMemory>) {
    for i in 0..o.shape.elements() {
        let (value, derivative) = value_and_derivative(o.activation, f64::from(o.gate[i]));
        let d = f64::from(o.d[i]);
        o.d_gate[i] = (d * f64::from(o.x[i]) * derivative) as f32;
        o.d[i] = (d * value) as f32;
    }
}
