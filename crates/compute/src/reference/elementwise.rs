//! Operations element by element: GELU, the residual sum, and AdamW.

use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

use crate::AdamW;

/// √(2/π).
const SCALE: f64 = FRAC_2_SQRT_PI / SQRT_2;
/// The factor of the cubic term of `gelu_new`.
const CUBIC: f64 = 0.044_715;

pub(super) fn gelu(x: &[f32], out: &mut [f32]) {
    for (out, &x) in out.iter_mut().zip(x) {
        let x = f64::from(x);
        let tanh = (SCALE * (x + CUBIC * x.powi(3))).tanh();
        *out = (0.5 * x * (1.0 + tanh)) as f32;
    }
}

pub(super) fn gelu_backward(x: &[f32], d: &mut [f32]) {
    for (d, &x) in d.iter_mut().zip(x) {
        let x = f64::from(x);
        let tanh = (SCALE * (x + CUBIC * x.powi(3))).tanh();
        let slope = SCALE * (1.0 + 3.0 * CUBIC * x.powi(2));
        let derivative = 0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * slope;
        *d = (f64::from(*d) * derivative) as f32;
    }
}

pub(super) fn add(x: &[f32], out: &mut [f32]) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out += x;
    }
}

pub(super) fn sum_of_squares(x: &[f32]) -> f64 {
    x.iter().map(|&v| f64::from(v) * f64::from(v)).sum()
}

pub(super) fn adamw(
    settings: AdamW,
    parameter: &mut [f32],
    gradient: &[f32],
    first_moment: &mut [f32],
    second_moment: &mut [f32],
) {
    let learning_rate = f64::from(settings.learning_rate);
    let beta1 = f64::from(settings.beta1);
    let beta2 = f64::from(settings.beta2);
    let decay = 1.0 - learning_rate * f64::from(settings.weight_decay);
    let correction1 = 1.0 - beta1.powf(settings.step as f64);
    let correction2 = 1.0 - beta2.powf(settings.step as f64);
    for i in 0..parameter.len() {
        let g = f64::from(gradient[i]) * f64::from(settings.gradient_scale);
        let m = beta1 * f64::from(first_moment[i]) + (1.0 - beta1) * g;
        let v = beta2 * f64::from(second_moment[i]) + (1.0 - beta2) * g * g;
        let step = (m / correction1) / ((v / correction2).sqrt() + f64::from(settings.epsilon));
        parameter[i] = (f64::from(parameter[i]) * decay - learning_rate * step) as f32;
        first_moment[i] = m as f32;
        second_moment[i] = v as f32;
    }
}
