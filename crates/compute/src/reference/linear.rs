//! Linear layers: `out = x · weightᵀ + bias`.

use crate::HostMemory;
use crate::operation::{Linear, LinearBackwardInput, LinearBackwardWeight, LinearShape};

pub(super) fn linear(o: Linear<'_, HostMemory>) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = o.shape;
    for n in 0..rows {
        for out in 0..outputs {
            let mut sum = o.bias.map_or(0.0, |bias| f64::from(bias[out]));
            for i in 0..inputs {
                sum += f64::from(o.x[n * inputs + i]) * f64::from(o.weight[out * inputs + i]);
            }
            o.out[n * outputs + out] = sum as f32;
        }
    }
}

pub(super) fn backward_input(o: LinearBackwardInput<'_, HostMemory>) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = o.shape;
    for n in 0..rows {
        for i in 0..inputs {
            let d_x = &mut o.d_x[n * inputs + i];
            let mut sum = if o.accumulate { f64::from(*d_x) } else { 0.0 };
            for out in 0..outputs {
                sum +=
                    f64::from(o.d_out[n * outputs + out]) * f64::from(o.weight[out * inputs + i]);
            }
            *d_x = sum as f32;
        }
    }
}

pub(super) fn backward_weight(o: LinearBackwardWeight<'_, HostMemory>) {
    let LinearShape {
        rows,
        inputs,
        outputs,
        ..
    } = o.shape;
    for out in 0..outputs {
        for i in 0..inputs {
            let d_weight = &mut o.d_weight[out * inputs + i];
            let mut sum = f64::from(*d_weight);
            for n in 0..rows {
                sum += f64::from(o.d_out[n * outputs + out]) * f64::from(o.x[n * inputs + i]);
            }
            *d_weight = sum as f32;
        }
    }
    if let Some(d_bias) = o.d_bias {
        for out in 0..outputs {
            let mut sum = f64::from(d_bias[out]);
            for n in 0..rows {
                sum += f64::from(o.d_out[n * outputs + out]);
            }
            d_bias[out] = sum as f32;
        }
    }
}
