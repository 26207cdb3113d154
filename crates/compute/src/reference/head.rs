//! The output layer: losses, gradients, logits and samples.

use crate::{Head, SamplingFilter, sampling};

/// The logits of one row.
fn row_logits(shape: Head, hidden: &[f32], weight: &[f32], row: usize) -> Vec<f64> {
    let hidden = &hidden[row * shape.channels..][..shape.channels];
    (0..shape.vocabulary)
        .map(|v| {
            hidden
                .iter()
                .zip(&weight[v * shape.channels..][..shape.channels])
                .map(|(&h, &w)| f64::from(h) * f64::from(w))
                .sum()
        })
        .collect()
}

/// ln Σ exp.
fn log_sum_exp(logits: &[f64]) -> f64 {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + logits.iter().map(|l| (l - max).exp()).sum::<f64>().ln()
}

pub(super) fn losses(
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    targets: &[u32],
    losses: &mut [f32],
) {
    for n in 0..shape.rows {
        let logits = row_logits(shape, hidden, weight, n);
        losses[n] = (log_sum_exp(&logits) - logits[targets[n] as usize]) as f32;
    }
}

/// The gradient of a row's loss with respect to its logits is softmax − onehot(target).
#[allow(clippy::too_many_arguments)]
pub(super) fn losses_backward(
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    targets: &[u32],
    scale: f32,
    losses: &mut [f32],
    d_hidden: &mut [f32],
    d_weight: &mut [f32],
) {
    let channels = shape.channels;
    let mut weight_sums: Vec<f64> = d_weight.iter().map(|&d| f64::from(d)).collect();
    for n in 0..shape.rows {
        let logits = row_logits(shape, hidden, weight, n);
        let log_sum = log_sum_exp(&logits);
        let target = targets[n] as usize;
        losses[n] = (log_sum - logits[target]) as f32;
        let mut hidden_sums = vec![0.0f64; channels];
        for v in 0..shape.vocabulary {
            let onehot = if v == target { 1.0 } else { 0.0 };
            let d_logit = f64::from(scale) * ((logits[v] - log_sum).exp() - onehot);
            for c in 0..channels {
                hidden_sums[c] += d_logit * f64::from(weight[v * channels + c]);
                weight_sums[v * channels + c] += d_logit * f64::from(hidden[n * channels + c]);
            }
        }
        for c in 0..channels {
            d_hidden[n * channels + c] = hidden_sums[c] as f32;
        }
    }
    for (d, sum) in d_weight.iter_mut().zip(weight_sums) {
        *d = sum as f32;
    }
}

pub(super) fn logits(shape: Head, hidden: &[f32], weight: &[f32], logits: &mut [f32]) {
    for (n, row) in logits.chunks_exact_mut(shape.vocabulary.max(1)).enumerate() {
        for (out, logit) in row.iter_mut().zip(row_logits(shape, hidden, weight, n)) {
            *out = logit as f32;
        }
    }
}

pub(super) fn sample(
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    filter: SamplingFilter,
    uniforms: &[f64],
    tokens: &mut [u32],
) {
    for n in 0..shape.rows {
        let logits: Vec<f32> = row_logits(shape, hidden, weight, n)
            .into_iter()
            .map(|logit| logit as f32)
            .collect();
        tokens[n] = sampling::draw(&logits, filter, uniforms[n]);
    }
}
