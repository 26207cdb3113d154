//! Layer normalisation: `out = (x − mean) / √(variance + ε) · weight + bias` for each row.

use crate::Rows;

/// Added to the variance before the root.
const EPSILON: f64 = 1e-5;

pub(super) fn layer_norm(
    shape: Rows,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    out: &mut [f32],
    statistics: &mut [f32],
) {
    let channels = shape.channels;
    for n in 0..shape.rows {
        let row = &x[n * channels..][..channels];
        let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / channels as f64;
        let variance = row
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / channels as f64;
        let reciprocal_deviation = 1.0 / (variance + EPSILON).sqrt();
        for c in 0..channels {
            let normal = (f64::from(row[c]) - mean) * reciprocal_deviation;
            out[n * channels + c] = (normal * f64::from(weight[c]) + f64::from(bias[c])) as f32;
        }
        statistics[2 * n] = mean as f32;
        statistics[2 * n + 1] = reciprocal_deviation as f32;
    }
}

#[allow(clippy::too_many_arguments)]
pub(super) fn layer_norm_backward(
    shape: Rows,
    x: &[f32],
    weight: &[f32],
    statistics: &[f32],
    d_out: &[f32],
    d_x: &mut [f32],
    d_weight: &mut [f32],
    d_bias: &mut [f32],
) {
    let channels = shape.channels;
    let mut weight_sums = vec![0.0f64; channels];
    let mut bias_sums = vec![0.0f64; channels];
    for n in 0..shape.rows {
        let mean = f64::from(statistics[2 * n]);
        let reciprocal_deviation = f64::from(statistics[2 * n + 1]);
        let normal = |c: usize| (f64::from(x[n * channels + c]) - mean) * reciprocal_deviation;
        let d_normal = |c: usize| f64::from(d_out[n * channels + c]) * f64::from(weight[c]);
        let mut sum = 0.0;
        let mut dot = 0.0;
        for c in 0..channels {
            sum += d_normal(c);
            dot += d_normal(c) * normal(c);
            weight_sums[c] += f64::from(d_out[n * channels + c]) * normal(c);
            bias_sums[c] += f64::from(d_out[n * channels + c]);
        }
        // The mean and the deviation depend on every element of the row: their two shares of the
        // gradient are the parts of it along 1 and along the normalised row.
        for c in 0..channels {
            let d =
                (d_normal(c) - (sum + normal(c) * dot) / channels as f64) * reciprocal_deviation;
            d_x[n * channels + c] += d as f32;
        }
    }
    for c in 0..channels {
        d_weight[c] += weight_sums[c] as f32;
        d_bias[c] += bias_sums[c] as f32;
    }
}
