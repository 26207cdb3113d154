//! Causal attention of whole sequences, its gradient, and one cached step of it.

use std::ops::Range;

use crate::{Attention, Cached};

/// The keys, counted from the start of the sequence, that the query at `position` sees.
fn visible(position: usize, window: Option<usize>) -> Range<usize> {
    let first = window.map_or(0, |window| (position + 1).saturating_sub(window));
    first..position + 1
}

/// Σ aᵢ bᵢ.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

/// One query of one head: writes Σ softmax(query · keyⱼ) valueⱼ and returns ln Σ exp(query · keyⱼ).
fn attend<'a>(
    query: &[f32],
    keys: impl Iterator<Item = &'a [f32]>,
    values: impl Iterator<Item = &'a [f32]>,
    out: &mut [f32],
) -> f64 {
    let scores: Vec<f64> = keys.map(|key| dot(query, key)).collect();
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - max).exp()).sum();
    let log_sum = max + total.ln();
    let mut sums = vec![0.0f64; out.len()];
    for (score, value) in scores.iter().zip(values) {
        let weight = (score - log_sum).exp();
        for (sum, &value) in sums.iter_mut().zip(value) {
            *sum += weight * f64::from(value);
        }
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = sum as f32;
    }
    log_sum
}

pub(super) fn attention(
    shape: Attention<'_>,
    queries: &[f32],
    keys: &[f32],
    values: &[f32],
    out: &mut [f32],
    log_sums: &mut [f32],
) {
    let channels = shape.channels;
    let dimension = channels / shape.heads;
    for rows in shape.sequences.ranges() {
        for h in 0..shape.heads {
            let head = |n: usize| n * channels + h * dimension..n * channels + (h + 1) * dimension;
            for n in rows.clone() {
                let seen = visible(n - rows.start, shape.window);
                let seen = rows.start + seen.start..rows.start + seen.end;
                let log_sum = attend(
                    &queries[head(n)],
                    seen.clone().map(|j| &keys[head(j)]),
                    seen.map(|j| &values[head(j)]),
                    &mut out[head(n)],
                );
                log_sums[n * shape.heads + h] = log_sum as f32;
            }
        }
    }
}

/// With P the attention weights: dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP − rowsum(dO ∘ O)),
/// dQ = dS K, dK = dSᵀ Q.
#[allow(clippy::too_many_arguments)]
pub(super) fn attention_backward(
    shape: Attention<'_>,
    queries: &[f32],
    keys: &[f32],
    values: &[f32],
    out: &[f32],
    log_sums: &[f32],
    d_out: &[f32],
    d_queries: &mut [f32],
    d_keys: &mut [f32],
    d_values: &mut [f32],
) {
    let channels = shape.channels;
    let dimension = channels / shape.heads;
    let len = shape.sequences.rows() * channels;
    let mut query_sums = vec![0.0f64; len];
    let mut key_sums = vec![0.0f64; len];
    let mut value_sums = vec![0.0f64; len];
    for rows in shape.sequences.ranges() {
        for h in 0..shape.heads {
            let head = |n: usize| n * channels + h * dimension..n * channels + (h + 1) * dimension;
            for n in rows.clone() {
                let log_sum = f64::from(log_sums[n * shape.heads + h]);
                let d_log_sum = dot(&d_out[head(n)], &out[head(n)]);
                for j in visible(n - rows.start, shape.window) {
                    let j = rows.start + j;
                    let weight = (dot(&queries[head(n)], &keys[head(j)]) - log_sum).exp();
                    let d_weight = dot(&d_out[head(n)], &values[head(j)]);
                    let d_score = weight * (d_weight - d_log_sum);
                    for (cn, cj) in head(n).zip(head(j)) {
                        value_sums[cj] += weight * f64::from(d_out[cn]);
                        query_sums[cn] += d_score * f64::from(keys[cj]);
                        key_sums[cj] += d_score * f64::from(queries[cn]);
                    }
                }
            }
        }
    }
    for (d, sums) in [
        (d_queries, query_sums),
        (d_keys, key_sums),
        (d_values, value_sums),
    ] {
        for (d, sum) in d.iter_mut().zip(sums) {
            *d = sum as f32;
        }
    }
}

pub(super) fn attention_cached(
    shape: Cached<'_>,
    queries: &[f32],
    keys: &[f32],
    values: &[f32],
    cached_keys: &mut [f32],
    cached_values: &mut [f32],
    out: &mut [f32],
) {
    let channels = shape.channels;
    let dimension = channels / shape.heads;
    for (r, entry) in shape.entries.iter().enumerate() {
        let cached_row = |position: usize| (entry.slot * shape.capacity + position) * channels;
        let new = cached_row(entry.position);
        cached_keys[new..][..channels].copy_from_slice(&keys[r * channels..][..channels]);
        cached_values[new..][..channels].copy_from_slice(&values[r * channels..][..channels]);
        let seen = visible(entry.position, shape.window);
        for h in 0..shape.heads {
            let here = r * channels + h * dimension;
            let cached_head = |j: usize| {
                let start = cached_row(j) + h * dimension;
                start..start + dimension
            };
            attend(
                &queries[here..][..dimension],
                seen.clone().map(|j| &cached_keys[cached_head(j)]),
                seen.clone().map(|j| &cached_values[cached_head(j)]),
                &mut out[here..][..dimension],
            );
        }
    }
}
