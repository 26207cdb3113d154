//! The operations that take the time, at the shapes of the models.

mod common;

use std::hint::black_box;
use std::time::Duration;

use autophage_compute::{
    Attention, Backend, CacheEntry, Cached, CpuBackend, Head, Linear, SamplingFilter, Sequences,
};
use common::{MODELS, WINDOW, normal, tokens};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn head(c: &mut Criterion) {
    let b = CpuBackend::new(None);
    let mut group = c.benchmark_group("head, loss and gradients");
    for model in MODELS {
        let shape = Head {
            rows: model.rows(),
            channels: model.hidden,
            vocabulary: model.vocabulary,
        };
        let hidden = normal(&b, shape.rows * shape.channels, 1.0);
        let weight = normal(&b, shape.vocabulary * shape.channels, 0.02);
        let targets = tokens(shape.rows, shape.vocabulary);
        let mut losses = vec![0.0; shape.rows];
        let mut d_hidden = b.zeros(shape.rows * shape.channels);
        let mut d_weight = b.zeros(shape.vocabulary * shape.channels);
        group.throughput(Throughput::Elements(shape.rows as u64));
        group.bench_function(model.name, |bencher| {
            bencher.iter(|| {
                b.head_losses_backward(
                    shape,
                    &hidden,
                    &weight,
                    &targets,
                    1e-3,
                    &mut losses,
                    &mut d_hidden,
                    &mut d_weight,
                );
            });
        });
    }
    group.finish();
}

fn sample(c: &mut Criterion) {
    const ROWS: usize = 256;
    let b = CpuBackend::new(None);
    let mut group = c.benchmark_group("head, sampling");
    for model in MODELS {
        let shape = Head {
            rows: ROWS,
            channels: model.hidden,
            vocabulary: model.vocabulary,
        };
        let hidden = normal(&b, shape.rows * shape.channels, 1.0);
        let weight = normal(&b, shape.vocabulary * shape.channels, 0.02);
        let uniforms: Vec<f64> = (0..ROWS).map(|i| i as f64 / ROWS as f64).collect();
        let mut drawn = vec![0; ROWS];
        group.throughput(Throughput::Elements(ROWS as u64));
        for (name, top_k) in [("", None), (" top-k 50", Some(50))] {
            let filter = SamplingFilter {
                top_k,
                ..SamplingFilter::default()
            };
            group.bench_function(format!("{}{name}", model.name), |bencher| {
                bencher.iter(|| {
                    b.head_sample(shape, &hidden, &weight, filter, &uniforms, &mut drawn);
                    black_box(&drawn);
                });
            });
        }
    }
    group.finish();
}

/// One layer with a local window and one without, forward and backward.
fn attention(c: &mut Criterion) {
    let b = CpuBackend::new(None);
    let mut group = c.benchmark_group("attention, a global and a local layer");
    for model in MODELS {
        let sequences = Sequences::from_lengths(vec![model.context; model.sequences]);
        let len = model.rows() * model.hidden;
        let queries = normal(&b, len, 0.5);
        let keys = normal(&b, len, 0.5);
        let values = normal(&b, len, 1.0);
        let d_out = normal(&b, len, 1.0);
        let mut log_sums = b.zeros(model.rows() * model.heads);
        let [mut out, mut d_queries, mut d_keys, mut d_values] = [0; 4].map(|_| b.zeros(len));
        group.throughput(Throughput::Elements(model.rows() as u64));
        for backward in [false, true] {
            let name = if backward { "backward" } else { "forward" };
            group.bench_function(format!("{} {name}", model.name), |bencher| {
                bencher.iter(|| {
                    for window in [None, Some(WINDOW)] {
                        let shape = Attention {
                            sequences: &sequences,
                            heads: model.heads,
                            channels: model.hidden,
                            window,
                        };
                        if backward {
                            b.attention_backward(
                                shape,
                                &queries,
                                &keys,
                                &values,
                                &out,
                                &log_sums,
                                &d_out,
                                &mut d_queries,
                                &mut d_keys,
                                &mut d_values,
                            );
                        } else {
                            b.attention(shape, &queries, &keys, &values, &mut out, &mut log_sums);
                        }
                    }
                });
            });
        }
    }
    group.finish();
}

/// A step of 256 sequences at position 300.
fn cached_attention(c: &mut Criterion) {
    const ROWS: usize = 256;
    const POSITION: usize = 300;
    let b = CpuBackend::new(None);
    let mut group = c.benchmark_group("attention, cached");
    for model in &MODELS[..2] {
        let position = POSITION.min(model.context - 1);
        let entries: Vec<CacheEntry> = (0..ROWS)
            .map(|slot| CacheEntry { slot, position })
            .collect();
        let shape = Cached {
            entries: &entries,
            capacity: position + 1,
            heads: model.heads,
            channels: model.hidden,
            window: None,
        };
        let len = ROWS * model.hidden;
        let cache = b.cache_len(ROWS, position + 1, model.heads, model.hidden);
        let [queries, keys, values] = [0; 3].map(|_| normal(&b, len, 0.5));
        let [mut cached_keys, mut cached_values] = [0; 2].map(|_| b.zeros(cache));
        let mut out = b.zeros(len);
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function(model.name, |bencher| {
            bencher.iter(|| {
                b.attention_cached(
                    shape,
                    &queries,
                    &keys,
                    &values,
                    &mut cached_keys,
                    &mut cached_values,
                    &mut out,
                );
            });
        });
    }
    group.finish();
}

/// The first layer of the MLP, forward and backward.
fn linear(c: &mut Criterion) {
    let b = CpuBackend::new(None);
    let mut group = c.benchmark_group("linear, forward and gradients");
    for model in MODELS {
        let shape = Linear {
            rows: model.rows(),
            inputs: model.hidden,
            outputs: 4 * model.hidden,
            exact: false,
        };
        let x = normal(&b, shape.rows * shape.inputs, 1.0);
        let weight = normal(&b, shape.outputs * shape.inputs, 0.02);
        let bias = normal(&b, shape.outputs, 0.02);
        let d_out = normal(&b, shape.rows * shape.outputs, 1.0);
        let mut out = b.zeros(shape.rows * shape.outputs);
        let mut d_x = b.zeros(shape.rows * shape.inputs);
        let mut d_weight = b.zeros(shape.outputs * shape.inputs);
        let mut d_bias = b.zeros(shape.outputs);
        // Multiply-adds, of which one is two floating-point operations.
        let products = 3 * shape.rows * shape.inputs * shape.outputs;
        group.throughput(Throughput::Elements(products as u64));
        group.bench_function(model.name, |bencher| {
            bencher.iter(|| {
                b.linear(shape, &x, &weight, Some(&bias), &mut out);
                b.linear_backward_input(shape, &weight, &d_out, false, &mut d_x);
                b.linear_backward_weight(shape, &x, &d_out, &mut d_weight, Some(&mut d_bias));
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = head, sample, attention, cached_attention, linear
}
criterion_main!(benches);
