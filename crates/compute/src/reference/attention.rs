//! Causal attention of whole sequences, its gradient, and one cached step of it.

use std::ops::Range;

use crate::HostMemory;
use crate::operation::{Attention, AttentionBackward, AttentionCached, AttentionShape};

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

/// Where a head of a row lies in a matrix of `heads` heads of `dimension` channels.
fn head(row: usize, heads: usize, head: usize, dimension: usize) -> Range<usize> {
    let start = (row * heads + head) * dimension;
    start..start + dimension
}

/// The channels of query head `h` of row n, and of the keys or values that it reads of row j.
fn heads(
    shape: AttentionShape,
    h: usize,
) -> (
    impl Fn(usize) -> Range<usize>,
    impl Fn(usize) -> Range<usize>,
) {
    let dimension = shape.head_dimension;
    let group = shape.group();
    (
        move |n| head(n, shape.heads, h, dimension),
        move |j| head(j, shape.key_value_heads, h / group, dimension),
    )
}

/// One query of one head, with scores sⱼ = scale · query · keyⱼ: writes Σ softmax(s)ⱼ valueⱼ and returns
/// ln Σ exp(sⱼ).
fn attend<'a>(
    scale: f32,
    query: &[f32],
    keys: impl Iterator<Item = &'a [f32]>,
    values: impl Iterator<Item = &'a [f32]>,
    out: &mut [f32],
) -> f64 {
    let scores: Vec<f64> = keys.map(|key| f64::from(scale) * dot(query, key)).collect();
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

pub(super) fn attention(o: Attention<'_, HostMemory>) {
    let shape = o.shape;
    for rows in o.sequences.sequences().ranges() {
        for h in 0..shape.heads {
            let (query, key) = heads(shape, h);
            for n in rows.clone() {
                let seen = visible(n - rows.start, shape.window);
                let seen = rows.start + seen.start..rows.start + seen.end;
                let log_sum = attend(
                    shape.scale,
                    &o.queries[query(n)],
                    seen.clone().map(|j| &o.keys[key(j)]),
                    seen.map(|j| &o.values[key(j)]),
                    &mut o.out[query(n)],
                );
                o.log_sums[n * shape.heads + h] = log_sum as f32;
            }
        }
    }
}

/// With P the attention weights and s the scale: dV = Pᵀ dO, dP = dO Vᵀ,
/// dS = s P ∘ (dP − rowsum(dO ∘ O)), dQ = dS K, dK = dSᵀ Q.
pub(super) fn attention_backward(o: AttentionBackward<'_, HostMemory>) {
    let shape = o.shape;
    let scale = f64::from(shape.scale);
    let rows = o.sequences.sequences().rows();
    let mut query_sums = vec![0.0f64; rows * shape.channels()];
    let mut key_sums = vec![0.0f64; rows * shape.key_value_channels()];
    let mut value_sums = key_sums.clone();
    for rows in o.sequences.sequences().ranges() {
        for h in 0..shape.heads {
            let (query, key) = heads(shape, h);
            for n in rows.clone() {
                let log_sum = f64::from(o.log_sums[n * shape.heads + h]);
                let d_log_sum = dot(&o.d_out[query(n)], &o.out[query(n)]);
                for j in visible(n - rows.start, shape.window) {
                    let j = rows.start + j;
                    let score = scale * dot(&o.queries[query(n)], &o.keys[key(j)]);
                    let weight = (score - log_sum).exp();
                    let d_weight = dot(&o.d_out[query(n)], &o.values[key(j)]);
                    let d_score = scale * weight * (d_weight - d_log_sum);
                    for (cn, cj) in query(n).zip(key(j)) {
                        value_sums[cj] += weight * f64::from(o.d_out[cn]);
                        query_sums[cn] += d_score * f64::from(o.keys[cj]);
                        key_sums[cj] += d_score * f64::from(o.queries[cn]);
                    }
                }
            }
        }
    }
    for (d, sums) in [
        (o.d_queries, query_sums),
        (o.d_keys, key_sums),
        (o.d_values, value_sums),
    ] {
        for (d, sum) in d.iter_mut().zip(sums) {
            *d = sum as f32;
        }
    }
}

/// A cache is (slots, capacity, key-value channels).
pub(super) fn attention_cached(o: AttentionCached<'_, HostMemory>) {
    let shape = o.shape;
    let capacity = o.cache.capacity();
    let width = shape.key_value_channels();
    let [cached_keys, cached_values] = &mut o.cache.buffers;
    for (r, entry) in o.entries.entries().iter().enumerate() {
        let cached_row = |position: usize| entry.slot * capacity + position;
        let new = cached_row(entry.position) * width;
        cached_keys[new..][..width].copy_from_slice(&o.keys[r * width..][..width]);
        cached_values[new..][..width].copy_from_slice(&o.values[r * width..][..width]);
        let seen = visible(entry.position, shape.window);
        for h in 0..shape.heads {
            let (query, key) = heads(shape, h);
            attend(
                shape.scale,
                &o.queries[query(r)],
                seen.clone().map(|j| &cached_keys[key(cached_row(j))]),
                seen.clone().map(|j| &cached_values[key(cached_row(j))]),
                &mut o.out[query(r)],
            );
        }
    }
}
