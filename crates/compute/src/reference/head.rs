//! The output layer: losses, gradients, logits and samples.

use crate::operation::{HeadLogits, HeadLosses, HeadLossesBackward, HeadSample, HeadShape};
use crate::{HostMemory, sampling};

/// The logits of one row.
fn row_logits(shape: HeadShape, hidden: &[f32], weight: &[f32], row: usize) -> Vec<f64> {
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

pub(super) fn losses(o: HeadLosses<'_, HostMemory>) {
    for n in 0..o.shape.rows {
        let logits = row_logits(o.shape, o.hidden, o.weight, n);
        o.losses[n] = (log_sum_exp(&logits) - logits[o.targets[n] as usize]) as f32;
    }
}

/// The gradient of a row's loss with respect to its logits is softmax − onehot(target).
pub(super) fn losses_backward(o: HeadLossesBackward<'_, HostMemory>) {
    let channels = o.shape.channels;
    let len = o.shape.vocabulary * channels;
    let mut weight_sums: Vec<f64> = o.d_weight[..len].iter().map(|&d| f64::from(d)).collect();
    for n in 0..o.shape.rows {
        let logits = row_logits(o.shape, o.hidden, o.weight, n);
        let log_sum = log_sum_exp(&logits);
        let target = o.targets[n] as usize;
        o.losses[n] = (log_sum - logits[target]) as f32;
        let mut hidden_sums = vec![0.0f64; channels];
        for v in 0..o.shape.vocabulary {
            let onehot = if v == target { 1.0 } else { 0.0 };
            let d_logit = f64::from(o.scale) * ((logits[v] - log_sum).exp() - onehot);
            for c in 0..channels {
                hidden_sums[c] += d_logit * f64::from(o.weight[v * channels + c]);
                weight_sums[v * channels + c] += d_logit * f64::from(o.hidden[n * channels + c]);
            }
        }
        for (d, sum) in o.d_hidden[n * channels..].iter_mut().zip(hidden_sums) {
            *d = sum as f32;
        }
    }
    for (d, sum) in o.d_weight.iter_mut().zip(weight_sums) {
        *d = sum as f32;
    }
}

pub(super) fn logits(o: HeadLogits<'_, HostMemory>) {
    let vocabulary = o.shape.vocabulary;
    for n in 0..o.shape.rows {
        let logits = row_logits(o.shape, o.hidden, o.weight, n);
        for (v, logit) in logits.into_iter().enumerate() {
            o.logits[n * vocabulary + v] = logit as f32;
        }
    }
}

pub(super) fn sample(o: HeadSample<'_, HostMemory>) {
    let tokens = o.tokens.overwrite(o.shape.rows, o.shape.vocabulary);
    for (n, token) in tokens.iter_mut().enumerate() {
        let logits: Vec<f32> = row_logits(o.shape, o.hidden, o.weight, n)
            .into_iter()
            .map(|logit| logit as f32)
            .collect();
        *token = sampling::draw(&logits, o.filter, o.uniforms[n]);
    }
}
