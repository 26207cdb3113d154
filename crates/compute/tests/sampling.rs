//! Samples follow the distribution that their filter defines.

mod common;

use autophage_compute::operation::{HeadSample, HeadShape, SamplingFilter};
use autophage_compute::{Backend, CpuBackend, CpuSettings, Isa, Precision, ReferenceBackend};
use autophage_random::{Purpose, Stream};
use common::{buffer, indices};

const BELOW_ONE: f64 = 1.0 - 1.0 / (1u64 << 53) as f64;

/// Draws tokens from the distribution with these logits: one channel, in which the hidden state is 1.
fn draw<B: Backend>(b: &B, logits: &[f32], filter: SamplingFilter, uniforms: &[f64]) -> Vec<u32> {
    let rows = uniforms.len();
    let mut tokens = indices(b, &vec![0; rows]);
    b.head_sample(HeadSample {
        shape: HeadShape {
            rows,
            channels: 1,
            vocabulary: logits.len(),
        },
        hidden: &buffer(b, &vec![1.0; rows]),
        weight: &buffer(b, logits),
        filter,
        uniforms,
        tokens: &mut tokens,
    });
    let mut drawn = vec![u32::MAX; rows];
    b.read_indices(&tokens, &mut drawn);
    drawn
}

fn backends() -> Vec<CpuBackend> {
    Isa::available()
        .into_iter()
        .map(|isa| CpuBackend::with_isa(Some(2), isa).unwrap())
        .collect()
}

/// Pearson's statistic of a million draws.
fn chi_square(
    b: &CpuBackend,
    logits: &[f32],
    filter: SamplingFilter,
    probabilities: &[f64],
) -> f64 {
    const DRAWS: usize = 1_000_000;
    let stream = Stream::new(1, Purpose::Sampling, 0);
    let uniforms: Vec<f64> = (0..DRAWS as u64).map(|i| stream.uniform(0, i)).collect();
    let mut counts = vec![0u32; logits.len()];
    for token in draw(b, logits, filter, &uniforms) {
        counts[token as usize] += 1;
    }
    counts
        .iter()
        .zip(probabilities)
        .map(|(&count, probability)| {
            let expected = probability * DRAWS as f64;
            if expected == 0.0 {
                assert_eq!(count, 0);
                return 0.0;
            }
            (f64::from(count) - expected).powi(2) / expected
        })
        .sum()
}

/// The nearest number of bf16, ties to even.
fn rounded(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

fn normalised(weights: Vec<f64>) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

#[test]
fn a_million_draws_follow_the_softmax() {
    const VOCABULARY: usize = 301;
    let stream = Stream::new(2, Purpose::Simulation, 0);
    let logits: Vec<f32> = (0..VOCABULARY as u64)
        .map(|i| stream.normal(0, i) as f32)
        .collect();
    // In bf16 the logits are rounded, and drawn from as exactly.
    let cases = [
        (1.0, Isa::best(), Precision::F32),
        (0.7, Isa::Portable, Precision::F32),
        (1.0, Isa::best(), Precision::Bf16),
    ];
    for (temperature, isa, precision) in cases {
        let logit = |logit: f32| match precision {
            Precision::F32 => logit,
            Precision::Bf16 => rounded(logit),
        };
        let exact = logits
            .iter()
            .map(|&l| (f64::from(logit(l)) / f64::from(temperature)).exp());
        let filter = SamplingFilter {
            temperature,
            ..SamplingFilter::default()
        };
        let settings = CpuSettings {
            threads: Some(2),
            isa,
            precision: Some(precision),
        };
        let b = CpuBackend::with_settings(settings).unwrap();
        let statistic = chi_square(&b, &logits, filter, &normalised(exact.collect()));
        // 300 degrees of freedom: mean 300, the 0.9999 quantile is 398.
        assert!(
            (205.0..398.0).contains(&statistic),
            "{isa}, {precision}: chi-square {statistic}"
        );
    }
}

#[test]
fn filtered_draws_follow_a_naive_filter() {
    // Ties at the borders of both filters.
    let logits: Vec<f32> = (0..40).map(|i| ((i * 7 % 13) as f32) * 0.3).collect();
    for (temperature, top_k, top_p) in [
        (1.0, Some(5), None),
        (0.8, None, Some(0.6)),
        (1.3, Some(17), Some(0.9)),
    ] {
        let filter = SamplingFilter {
            temperature,
            top_k,
            top_p,
        };
        // Naively: sort, cut, renormalise, cut.
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        order.truncate(top_k.unwrap_or(usize::MAX));
        let weight = |i: usize| (f64::from(logits[i]) / f64::from(temperature)).exp();
        let kept = normalised(order.iter().map(|&i| weight(i)).collect());
        let mut probabilities = vec![0.0; logits.len()];
        let mut share = 0.0;
        for (&i, probability) in order.iter().zip(&kept) {
            if share >= f64::from(top_p.unwrap_or(1.0)) {
                break;
            }
            probabilities[i] = *probability;
            share += probability;
        }
        let probabilities = normalised(probabilities);
        let b = CpuBackend::with_isa(Some(2), Isa::best()).unwrap();
        let statistic = chi_square(&b, &logits, filter, &probabilities);
        // At most 39 degrees of freedom: the 0.9999 quantile is 79.
        assert!(statistic < 79.0, "{filter:?}: chi-square {statistic}");
    }
}

#[test]
fn the_extreme_uniforms_draw_the_first_and_the_last_possible_token() {
    // More than a tile of impossible tokens at both ends.
    let mut logits = vec![f32::NEG_INFINITY; 300];
    logits[120..=220].fill(0.5);
    let uniforms = [0.0, BELOW_ONE, 0.5];
    for filter in [
        SamplingFilter::default(),
        SamplingFilter {
            temperature: 0.1,
            top_k: Some(250),
            top_p: None,
        },
    ] {
        assert_eq!(
            draw(&ReferenceBackend, &logits, filter, &uniforms),
            [120, 220, 170]
        );
        for b in backends() {
            assert_eq!(
                draw(&b, &logits, filter, &uniforms),
                [120, 220, 170],
                "{}",
                b.isa()
            );
        }
    }
}

#[test]
fn huge_logits_and_impossible_rows_are_drawn_from() {
    let mut logits = vec![-3e38; 200];
    logits[150] = 3e38;
    let sharp = SamplingFilter {
        temperature: 1e-3,
        ..SamplingFilter::default()
    };
    for b in backends() {
        for filter in [SamplingFilter::default(), sharp] {
            assert_eq!(draw(&b, &logits, filter, &[0.0, 0.5, BELOW_ONE]), [150; 3]);
        }
        let nothing = vec![f32::NEG_INFINITY; 200];
        assert_eq!(draw(&b, &nothing, sharp, &[0.0, BELOW_ONE]), [0; 2]);
    }
}

#[test]
#[should_panic(expected = "head_sample: temperature 0 is not positive")]
fn a_temperature_of_zero_is_refused() {
    let filter = SamplingFilter {
        temperature: 0.0,
        ..SamplingFilter::default()
    };
    draw(&ReferenceBackend, &[0.0], filter, &[0.0]);
}
