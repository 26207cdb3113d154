//! The CPU backend gives the same bits whatever the number of threads and whatever else is in a batch.

mod common;

use autophage_compute::{
    Attention, Backend, CacheEntry, Cached, CpuBackend, CpuSettings, Head, Isa, Linear, Precision,
    Rows, SamplingFilter, Sequences,
};
use common::operations::{self, Results};
use common::{Random, assert_same, buffer, numbers};

/// All instruction sets of this machine, in f32; and the best in bf16 as well.
fn kinds() -> impl Iterator<Item = (Isa, Precision)> {
    let single = Isa::available()
        .into_iter()
        .map(|isa| (isa, Precision::F32));
    single.chain([(Isa::best(), Precision::Bf16)])
}

fn backend(threads: usize, isa: Isa, precision: Precision) -> CpuBackend {
    let settings = CpuSettings {
        threads: Some(threads),
        isa,
        precision: Some(precision),
    };
    CpuBackend::with_settings(settings).unwrap()
}

/// The results of all operations, at shapes that are cut into several tasks.
fn everything(b: &CpuBackend) -> Results {
    let mut results = operations::embed(b, 1000, 130);
    results.extend(operations::layer_norm(b, 1000, 130));
    results.extend(operations::elementwise(b, 1000, 130));
    results.extend(operations::adamw(b, 100_000));
    let shape = Linear {
        rows: 700,
        inputs: 130,
        outputs: 190,
        exact: false,
    };
    results.extend(operations::linear(b, shape, true));
    results.extend(operations::attention(b, &[300, 1, 70], 4, 4, Some(100)));
    results.extend(operations::attention(b, &[90, 131], 3, 16, None));
    results.extend(operations::attention(b, &[600], 1, 8, Some(256)));
    results.extend(operations::attention_cached(b, 40, 200, 8, 4, None));
    let shape = Head {
        rows: 1100,
        channels: 20,
        vocabulary: 1700,
    };
    results.extend(operations::head(b, shape));
    for top_k in [None, Some(9)] {
        let filter = SamplingFilter {
            top_k,
            ..SamplingFilter::default()
        };
        let tokens = operations::head_sample(b, shape, filter);
        results.push(("tokens", tokens.iter().map(|&token| token as f32).collect()));
    }
    results
}

#[test]
fn the_number_of_threads_does_not_matter() {
    for (isa, precision) in kinds() {
        let on = |threads| everything(&backend(threads, isa, precision));
        let expected = on(1);
        for threads in [2, 5] {
            for ((name, actual), (_, expected)) in on(threads).iter().zip(&expected) {
                assert_same(
                    &format!("{isa}, {precision}, {threads} threads: {name}"),
                    actual,
                    expected,
                );
            }
        }
    }
}

#[test]
fn a_backend_gives_the_same_bits_again() {
    // With working memory that earlier operations left something in.
    for precision in [Precision::F32, Precision::Bf16] {
        let b = backend(2, Isa::best(), precision);
        let expected = everything(&b);
        for ((name, actual), (_, expected)) in everything(&b).iter().zip(&expected) {
            assert_same(&format!("{precision}: {name}"), actual, expected);
        }
    }
}

/// Computes rows in batches of these sizes and asserts that all give the same bits. `compute` gets
/// the first row and the number of rows.
fn check_batches(name: &str, compute: impl Fn(usize, usize) -> Vec<f32>) {
    const ROWS: usize = 256;
    let expected = compute(0, ROWS);
    for batch in [1, 7, 100] {
        let mut actual = Vec::new();
        for first in (0..ROWS).step_by(batch) {
            actual.extend(compute(first, batch.min(ROWS - first)));
        }
        assert_same(&format!("{name} in batches of {batch}"), &actual, &expected);
    }
}

#[test]
fn rows_do_not_depend_on_their_batch() {
    for (isa, precision) in kinds() {
        let b = &backend(2, isa, precision);
        let random = Random::new(1);
        const CHANNELS: usize = 48;
        const OUTPUTS: usize = 70;
        let x = random.normal(256 * CHANNELS, 1.0);
        let rows =
            |first: usize, rows: usize| buffer(b, &x[first * CHANNELS..(first + rows) * CHANNELS]);
        let weight = buffer(b, &random.normal(OUTPUTS * CHANNELS, 0.3));
        let bias = buffer(b, &random.normal(OUTPUTS, 1.0));
        check_batches(&format!("{isa}: linear"), |first, n| {
            let shape = Linear {
                rows: n,
                inputs: CHANNELS,
                outputs: OUTPUTS,
                exact: false,
            };
            let mut out = b.zeros(n * OUTPUTS);
            b.linear(shape, &rows(first, n), &weight, Some(&bias), &mut out);
            numbers(b, &out)
        });
        check_batches(&format!("{isa}: layer_norm"), |first, n| {
            let shape = Rows {
                rows: n,
                channels: CHANNELS,
            };
            let mut out = b.zeros(n * CHANNELS);
            let mut statistics = b.zeros(2 * n);
            b.layer_norm(
                shape,
                &rows(first, n),
                &weight,
                &bias,
                &mut out,
                &mut statistics,
            );
            numbers(b, &out)
        });
        check_batches(&format!("{isa}: gelu"), |first, n| {
            let shape = Rows {
                rows: n,
                channels: CHANNELS,
            };
            let mut out = b.zeros(n * CHANNELS);
            b.gelu(shape, &rows(first, n), &mut out);
            numbers(b, &out)
        });
        let head = |rows: usize| Head {
            rows,
            channels: CHANNELS,
            vocabulary: OUTPUTS,
        };
        let targets = random.indices(256, OUTPUTS);
        check_batches(&format!("{isa}: head_losses"), |first, n| {
            let mut losses = vec![0.0; n];
            b.head_losses(
                head(n),
                &rows(first, n),
                &weight,
                &targets[first..],
                &mut losses,
            );
            losses
        });
        check_batches(&format!("{isa}: d_hidden"), |first, n| {
            let mut losses = vec![0.0; n];
            let mut d_hidden = b.zeros(n * CHANNELS);
            let mut d_weight = b.zeros(OUTPUTS * CHANNELS);
            b.head_losses_backward(
                head(n),
                &rows(first, n),
                &weight,
                &targets[first..],
                1.0,
                &mut losses,
                &mut d_hidden,
                &mut d_weight,
            );
            numbers(b, &d_hidden)
        });
        check_batches(&format!("{isa}: head_logits"), |first, n| {
            let mut logits = vec![0.0; n * OUTPUTS];
            b.head_logits(head(n), &rows(first, n), &weight, &mut logits);
            logits
        });
        let uniforms = random.uniforms(256);
        for top_p in [None, Some(0.9)] {
            let filter = SamplingFilter {
                top_p,
                ..SamplingFilter::default()
            };
            check_batches(
                &format!("{isa}: head_sample, top-p {top_p:?}"),
                |first, n| {
                    let mut tokens = vec![0; n];
                    let hidden = rows(first, n);
                    let uniforms = &uniforms[first..];
                    b.head_sample(head(n), &hidden, &weight, filter, uniforms, &mut tokens);
                    tokens.iter().map(|&token| token as f32).collect()
                },
            );
        }
        const CAPACITY: usize = 20;
        check_batches(&format!("{isa}: attention_cached"), |first, n| {
            let len = b.cache_len(256, CAPACITY, 12, CHANNELS);
            let [mut keys, mut values] = [0; 2].map(|_| b.zeros(len));
            let mut results = vec![Vec::new(); n];
            for position in 0..CAPACITY {
                let entries: Vec<CacheEntry> = (first..first + n)
                    .filter(|slot| position <= slot % CAPACITY)
                    .map(|slot| CacheEntry { slot, position })
                    .collect();
                let row = |slot: usize| {
                    let row = (slot + position) % 256;
                    &x[row * CHANNELS..(row + 1) * CHANNELS]
                };
                let x: Vec<f32> = entries
                    .iter()
                    .flat_map(|entry| row(entry.slot))
                    .copied()
                    .collect();
                let shape = Cached {
                    entries: &entries,
                    capacity: CAPACITY,
                    heads: 12,
                    channels: CHANNELS,
                    window: None,
                };
                let x = buffer(b, &x);
                let mut out = b.zeros(entries.len() * CHANNELS);
                b.attention_cached(shape, &x, &x, &x, &mut keys, &mut values, &mut out);
                let out = numbers(b, &out);
                for (entry, out) in entries.iter().zip(out.chunks(CHANNELS)) {
                    results[entry.slot - first].extend(out);
                }
            }
            results.concat()
        });
    }
}

#[test]
fn a_prefix_does_not_depend_on_what_follows_or_stands_beside() {
    for isa in Isa::available() {
        let b = CpuBackend::with_isa(Some(2), isa).unwrap();
        const CHANNELS: usize = 24;
        let x = Random::new(2).normal(200 * CHANNELS, 1.0);
        for window in [None, Some(40)] {
            let attend = |lengths: &[usize], x: &[f32]| {
                let sequences = Sequences::from_lengths(lengths.iter().copied());
                let shape = Attention {
                    sequences: &sequences,
                    heads: 6,
                    channels: CHANNELS,
                    window,
                };
                let x = buffer(&b, x);
                let mut out = b.zeros(sequences.rows() * CHANNELS);
                let mut log_sums = b.zeros(sequences.rows() * 6);
                b.attention(shape, &x, &x, &x, &mut out, &mut log_sums);
                numbers(&b, &out)
            };
            let whole = attend(&[200], &x);
            for len in [1, 31, 64, 65, 150] {
                let part = &x[..len * CHANNELS];
                let what = format!("{isa}: the first {len} rows");
                assert_same(&what, &attend(&[len], part), &whole[..len * CHANNELS]);
                let beside = [&x[..30 * CHANNELS], part].concat();
                let out = attend(&[30, len], &beside);
                assert_same(&what, &out[30 * CHANNELS..], &whole[..len * CHANNELS]);
            }
        }
    }
}
