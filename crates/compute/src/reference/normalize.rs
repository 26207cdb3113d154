//! Normalisation: `out = (x − shift) · factor · weight + bias` for each row.

use crate::HostMemory;
use crate::operation::{Norm, NormKind, Normalize, NormalizeBackward};

/// What is subtracted from a row, and what it is then multiplied by.
fn statistics(norm: Norm, row: &[f32]) -> (f64, f64) {
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / row.len() as f64;
    let values = || row.iter().map(|&x| f64::from(x));
    let shift = match norm.kind {
        NormKind::Layer => mean(&mut values()),
        NormKind::RootMeanSquare => 0.0,
    };
    let square = mean(&mut values().map(|x| (x - shift).powi(2)));
    (shift, 1.0 / (square + f64::from(norm.epsilon)).sqrt())
}

pub(super) fn normalize(o: Normalize<'_, HostMemory>) {
    let channels = o.shape.channels;
    for n in 0..o.shape.rows {
        let row = &o.x[n * channels..][..channels];
        let (shift, factor) = statistics(o.norm, row);
        for c in 0..channels {
            let normal = (f64::from(row[c]) - shift) * factor;
            let bias = o.bias.map_or(0.0, |bias| f64::from(bias[c]));
            o.out[n * channels + c] = (normal * f64::from(o.weight[c]) + bias) as f32;
        }
        o.statistics[2 * n] = shift as f32;
        o.statistics[2 * n + 1] = factor as f32;
    }
}

pub(super) fn normalize_backward(o: NormalizeBackward<'_, HostMemory>) {
    let channels = o.shape.channels;
    let mut weight_sums = vec![0.0f64; channels];
    let mut bias_sums = vec![0.0f64; channels];
    for n in 0..o.shape.rows {
        let shift = f64::from(o.statistics[2 * n]);
        let factor = f64::from(o.statistics[2 * n + 1]);
        let d_out = |c: usize| f64::from(o.d_out[n * channels + c]);
        let normal = |c: usize| (f64::from(o.x[n * channels + c]) - shift) * factor;
        let d_normal = |c: usize| d_out(c) * f64::from(o.weight[c]);
        let mut sum = 0.0;
        let mut dot = 0.0;
        for c in 0..channels {
            sum += d_normal(c);
            dot += d_normal(c) * normal(c);
            weight_sums[c] += d_out(c) * normal(c);
            bias_sums[c] += d_out(c);
        }
        // Mean and root depend on every element of the row: their shares of the gradient are the parts
        // of it along 1, where the mean is subtracted, and along the normalised row.
        let sum = match o.norm.kind {
            NormKind::Layer => sum,
            NormKind::RootMeanSquare => 0.0,
        };
        for c in 0..channels {
            let d = (d_normal(c) - (sum + normal(c) * dot) / channels as f64) * factor;
            o.d_x[n * channels + c] += d as f32;
        }
    }
    add(o.d_weight, &weight_sums);
    if let Some(d_bias) = o.d_bias {
        add(d_bias, &bias_sums);
    }
}

/// `d += sums`.
fn add(d: &mut [f32], sums: &[f64]) {
    for (d, &sum) in d.iter_mut().zip(sums) {
        *d += sum as f32;
    }
}
