//! The operations that take the time, at the shapes of the models.

mod common;

use std::hint::black_box;
use std::time::Duration;

use autophage_compute::operation::{
    Attention, AttentionBackward, AttentionCached, HeadLossesBackward, HeadSample, HeadShape,
    Linear, LinearBackwardInput, LinearBackwardWeight, LinearShape, SamplingFilter,
};
use autophage_compute::{
    Backend, CacheEntries, CacheEntry, CpuBackend, HostIndices, KeyValueCache, Packed, Sequences,
};
use common::{MODELS, WINDOW, normal, tokens, zeros};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn head(c: &mut Criterion) {
    let b = CpuBackend::new(None);
    let mut group = c.benchmark_group("head, loss and gradients");
    for model in MODELS {
        let shape = HeadShape {
            rows: model.rows(),
            channels: model.hidden,
            vocabulary: model.vocabulary,
        };
        let hidden = normal(&b, shape.rows * shape.channels, 1.0);
        let weight = normal(&b, shape.vocabulary * shape.channels, 0.02);
        let targets = tokens(shape.rows, shape.vocabulary);
        let mut losses = zeros(&b, shape.rows);
        let mut d_hidden = zeros(&b, shape.rows * shape.channels);
        let mut d_weight = zeros(&b, shape.vocabulary * shape.channels);
        group.throughput(Throughput::Elements(shape.rows as u64));
        group.bench_function(model.name, |bencher| {
            bencher.iter(|| {
                b.head_losses_backward(HeadLossesBackward {
                    shape,
                    hidden: &hidden,
                    weight: &weight,
                    targets: &targets,
                    scale: 1e-3,
                    losses: &mut losses,
                    d_hidden: &mut d_hidden,
                    d_weight: &mut d_weight,
                });
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
        let shape = HeadShape {
            rows: ROWS,
            channels: model.hidden,
            vocabulary: model.vocabulary,
        };
        let hidden = normal(&b, shape.rows * shape.channels, 1.0);
        let weight = normal(&b, shape.vocabulary * shape.channels, 0.02);
        let uniforms: Vec<f64> = (0..ROWS).map(|i| i as f64 / ROWS as f64).collect();
        let mut drawn = HostIndices::new(&[0; ROWS]).unwrap();
        group.throughput(Throughput::Elements(ROWS as u64));
        for (name, top_k) in [("", None), (" top-k 50", Some(50))] {
            let filter = SamplingFilter {
                top_k,
                ..SamplingFilter::default()
            };
            group.bench_function(format!("{}{name}", model.name), |bencher| {
                bencher.iter(|| {
                    b.head_sample(HeadSample {
                        shape,
                        hidden: &hidden,
                        weight: &weight,
                        filter,
                        uniforms: &uniforms,
                        tokens: &mut drawn,
                    });
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
        let sequences = Packed::new(&b, sequences).unwrap();
        let len = model.rows() * model.hidden;
        let queries = normal(&b, len, 0.5);
        let keys = normal(&b, len, 0.5);
        let values = normal(&b, len, 1.0);
        let d_out = normal(&b, len, 1.0);
        let mut log_sums = zeros(&b, model.rows() * model.heads);
        let [mut out, mut d_queries, mut d_keys, mut d_values] = [(); 4].map(|()| zeros(&b, len));
        group.throughput(Throughput::Elements(model.rows() as u64));
        for backward in [false, true] {
            let name = if backward { "backward" } else { "forward" };
            group.bench_function(format!("{} {name}", model.name), |bencher| {
                bencher.iter(|| {
                    for window in [None, Some(WINDOW)] {
                        let shape = model.attention(window);
                        if backward {
                            b.attention_backward(AttentionBackward {
                                shape,
                                sequences: &sequences,
                                queries: &queries,
                                keys: &keys,
                                values: &values,
                                out: &out,
                                log_sums: &log_sums,
                                d_out: &d_out,
                                d_queries: &mut d_queries,
                                d_keys: &mut d_keys,
                                d_values: &mut d_values,
                            });
                        } else {
                            b.attention(Attention {
                                shape,
                                sequences: &sequences,
                                queries: &queries,
                                keys: &keys,
                                values: &values,
                                out: &mut out,
                                log_sums: &mut log_sums,
                            });
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
        let entries = CacheEntries::new(&b, entries).unwrap();
        let shape = model.attention(None);
        let len = ROWS * model.hidden;
        let mut cache = KeyValueCache::new(&b, shape, ROWS, position + 1).unwrap();
        let [queries, keys, values] = [(); 3].map(|()| normal(&b, len, 0.5));
        let mut out = zeros(&b, len);
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function(model.name, |bencher| {
            bencher.iter(|| {
                b.attention_cached(AttentionCached {
                    shape,
                    entries: &entries,
                    queries: &queries,
                    keys: &keys,
                    values: &values,
                    cache: &mut cache,
                    out: &mut out,
                });
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
        let shape = LinearShape {
            rows: model.rows(),
            inputs: model.hidden,
            outputs: 4 * model.hidden,
            exact: false,
        };
        let x = normal(&b, shape.rows * shape.inputs, 1.0);
        let weight = normal(&b, shape.outputs * shape.inputs, 0.02);
        let bias = normal(&b, shape.outputs, 0.02);
        let d_out = normal(&b, shape.rows * shape.outputs, 1.0);
        let mut out = zeros(&b, shape.rows * shape.outputs);
        let mut d_x = zeros(&b, shape.rows * shape.inputs);
        let mut d_weight = zeros(&b, shape.outputs * shape.inputs);
        let mut d_bias = zeros(&b, shape.outputs);
        // Multiply-adds, of which one is two floating-point operations.
        let products = 3 * shape.rows * shape.inputs * shape.outputs;
        group.throughput(Throughput::Elements(products as u64));
        group.bench_function(model.name, |bencher| {
            bencher.iter(|| {
                b.linear(Linear {
                    shape,
                    x: &x,
                    weight: &weight,
                    bias: Some(&bias),
                    out: &mut out,
                });
                b.linear_backward_input(LinearBackwardInput {
                    shape,
                    weight: &weight,
                    d_out: &d_out,
                    accumulate: false,
                    d_x: &mut d_x,
                });
                b.linear_backward_weight(LinearBackwardWeight {
                    shape,
                    x: &x,
                    d_out: &d_out,
                    d_weight: &mut d_weight,
                    d_bias: Some(&mut d_bias),
                });
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
