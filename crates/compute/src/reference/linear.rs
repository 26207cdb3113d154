//! Linear layers: `out = x · weightᵀ + bias`.

use crate::Linear;

pub(super) fn linear(
    shape: Linear,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    out: &mut [f32],
) {
    for n in 0..shape.rows {
        for o in 0..shape.outputs {
            let mut sum = bias.map_or(0.0, |bias| f64::from(bias[o]));
            for i in 0..shape.inputs {
                sum += f64::from(x[n * shape.inputs + i]) * f64::from(weight[o * shape.inputs + i]);
            }
            out[n * shape.outputs + o] = sum as f32;
        }
    }
}

pub(super) fn backward_input(
    shape: Linear,
    weight: &[f32],
    d_out: &[f32],
    accumulate: bool,
    d_x: &mut [f32],
) {
    for n in 0..shape.rows {
        for i in 0..shape.inputs {
            let d_x = &mut d_x[n * shape.inputs + i];
            let mut sum = if accumulate { f64::from(*d_x) } else { 0.0 };
            for o in 0..shape.outputs {
                sum += f64::from(d_out[n * shape.outputs + o])
                    * f64::from(weight[o * shape.inputs + i]);
            }
            *d_x = sum as f32;
        }
    }
}

pub(super) fn backward_weight(
    shape: Linear,
    x: &[f32],
    d_out: &[f32],
    d_weight: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    for o in 0..shape.outputs {
        for i in 0..shape.inputs {
            let mut sum = f64::from(d_weight[o * shape.inputs + i]);
            for n in 0..shape.rows {
                sum += f64::from(d_out[n * shape.outputs + o]) * f64::from(x[n * shape.inputs + i]);
            }
            d_weight[o * shape.inputs + i] = sum as f32;
        }
    }
    if let Some(d_bias) = d_bias {
        for o in 0..shape.outputs {
            let mut sum = f64::from(d_bias[o]);
            for n in 0..shape.rows {
                sum += f64::from(d_out[n * shape.outputs + o]);
            }
            d_bias[o] = sum as f32;
        }
    }
}
