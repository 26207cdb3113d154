//! The CPU backend computes what the reference computes, on every instruction set and at the edges of
//! its tiles.

mod common;

use autophage_compute::{
    Backend, CpuBackend, CpuSettings, Head, Isa, Linear, Precision, ReferenceBackend, Rows,
    SamplingFilter,
};
use common::operations::{self, Results};
use common::{assert_close, buffer, numbers};

/// A backend for every instruction set that this machine has.
fn backends() -> Vec<CpuBackend> {
    Isa::available()
        .into_iter()
        .map(|isa| CpuBackend::with_isa(Some(2), isa).unwrap())
        .collect()
}

fn compare(case: &str, backend: &CpuBackend, actual: Results, expected: &Results, tolerance: f64) {
    assert_eq!(actual.len(), expected.len());
    for ((name, actual), (_, expected)) in actual.iter().zip(expected) {
        let what = format!("{}: {case}: {name}", backend.isa());
        assert_close(&what, actual, expected, tolerance);
    }
}

const ROW_SHAPES: [(usize, usize); 8] = [
    (1, 1),
    (2, 3),
    (7, 16),
    (13, 17),
    (128, 31),
    (129, 64),
    (300, 5),
    (257, 130),
];

#[test]
fn embeddings_agree() {
    for (rows, channels) in ROW_SHAPES {
        let expected = operations::embed(&ReferenceBackend, rows, channels);
        for b in backends() {
            let case = format!("{rows}×{channels}");
            compare(
                &case,
                &b,
                operations::embed(&b, rows, channels),
                &expected,
                1e-6,
            );
        }
    }
}

#[test]
fn layer_norm_agrees() {
    // A single channel has no variance: its normalised value is 0.
    for (rows, channels) in ROW_SHAPES {
        let expected = operations::layer_norm(&ReferenceBackend, rows, channels);
        for b in backends() {
            let case = format!("{rows}×{channels}");
            compare(
                &case,
                &b,
                operations::layer_norm(&b, rows, channels),
                &expected,
                2e-5,
            );
        }
    }
}

#[test]
fn elementwise_operations_agree() {
    for (rows, channels) in ROW_SHAPES.into_iter().chain([(331, 101)]) {
        let expected = operations::elementwise(&ReferenceBackend, rows, channels);
        for b in backends() {
            let case = format!("{rows}×{channels}");
            compare(
                &case,
                &b,
                operations::elementwise(&b, rows, channels),
                &expected,
                3e-6,
            );
        }
    }
}

#[test]
fn gelu_of_extreme_values_is_finite() {
    let x = [-1e30, -1e10, -50.0, -10.0, 0.0, 10.0, 50.0, 1e10, 1e30];
    let shape = Rows {
        rows: 1,
        channels: x.len(),
    };
    for b in backends() {
        let x_buffer = buffer(&b, &x);
        let mut out = b.zeros(x.len());
        b.gelu(shape, &x_buffer, &mut out);
        for (x, y) in x.iter().zip(numbers(&b, &out)) {
            let expected = if *x < -9.0 { 0.0 } else { *x };
            assert!((y - expected).abs() <= 1e-6 * x.abs(), "gelu({x}) = {y}");
        }
        let mut d = buffer(&b, &[1.0; 9]);
        b.gelu_backward(shape, &x_buffer, &mut d);
        let expected = [0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0];
        assert_close("gelu'", &numbers(&b, &d), &expected, 1e-6);
    }
}

#[test]
fn adamw_agrees() {
    for len in [1, 15, 16, 17, 1000, 40_000] {
        let expected = operations::adamw(&ReferenceBackend, len);
        for b in backends() {
            compare(
                &len.to_string(),
                &b,
                operations::adamw(&b, len),
                &expected,
                1e-6,
            );
        }
    }
}

#[test]
fn linear_layers_agree() {
    let shapes = [
        [1, 1, 1],
        [1, 64, 33],
        [2, 3, 5],
        [11, 13, 17],
        [12, 16, 32],
        [13, 17, 33],
        [97, 64, 64],
        [95, 63, 65],
        [96, 257, 31],
        [300, 7, 48],
        [31, 300, 256],
        [513, 48, 130],
    ];
    for [rows, inputs, outputs] in shapes {
        let shape = Linear {
            rows,
            inputs,
            outputs,
            exact: false,
        };
        for with_bias in [false, true] {
            let expected = operations::linear(&ReferenceBackend, shape, with_bias);
            for b in backends() {
                let case = format!("{shape:?}, bias {with_bias}");
                compare(
                    &case,
                    &b,
                    operations::linear(&b, shape, with_bias),
                    &expected,
                    5e-6,
                );
            }
        }
    }
}

#[test]
fn attention_agrees() {
    let cases: [(&[usize], usize, usize); 12] = [
        (&[1], 1, 1),
        (&[300], 2, 4),
        (&[1, 2, 31, 32, 33, 0, 63, 64, 65, 97], 3, 4),
        (&[129, 5], 2, 16),
        (&[130, 7], 1, 48),
        (&[70, 1], 2, 7),
        (&[40, 66], 1, 33),
        (&[100], 1, 64),
        (&[1, 15, 16, 17, 130, 3], 3, 8),
        // Longer than what stays in the first-level cache.
        (&[1037], 1, 4),
        (&[530], 1, 8),
        (&[77, 40], 2, 2),
    ];
    for (lengths, heads, dimension) in cases {
        for window in [
            None,
            Some(1),
            Some(2),
            Some(40),
            Some(64),
            Some(100),
            Some(1000),
        ] {
            let expected =
                operations::attention(&ReferenceBackend, lengths, heads, dimension, window);
            for b in backends() {
                let case = format!("{lengths:?}, {heads}×{dimension}, window {window:?}");
                let actual = operations::attention(&b, lengths, heads, dimension, window);
                // Where a query sees itself alone, the gradients of its score cancel out.
                compare(&case, &b, actual, &expected, 4e-5);
            }
        }
    }
}

#[test]
fn attention_agrees_for_every_dimension() {
    for dimension in 1..=64 {
        let lengths = [37 + dimension % 5, 1 + dimension];
        for window in [None, Some(20)] {
            let expected = operations::attention(&ReferenceBackend, &lengths, 2, dimension, window);
            for b in backends() {
                let actual = operations::attention(&b, &lengths, 2, dimension, window);
                let case = format!("{lengths:?}, 2×{dimension}, window {window:?}");
                compare(&case, &b, actual, &expected, 2e-5);
            }
        }
    }
}

#[test]
fn cached_attention_agrees() {
    for (rows, past, heads, dimension) in [
        (1, 0, 1, 1),
        (3, 5, 2, 4),
        (7, 300, 16, 4),
        (5, 64, 4, 8),
        (4, 65, 3, 16),
        (2, 130, 2, 48),
        (2, 17, 5, 7),
        (2, 33, 1, 64),
    ] {
        for window in [None, Some(1), Some(33), Some(64), Some(1000)] {
            let expected = operations::attention_cached(
                &ReferenceBackend,
                rows,
                past,
                heads,
                dimension,
                window,
            );
            for b in backends() {
                let case = format!("{rows} rows, past {past}, {heads}×{dimension}, {window:?}");
                let actual = operations::attention_cached(&b, rows, past, heads, dimension, window);
                compare(&case, &b, actual, &expected, 1e-5);
            }
        }
    }
}

const HEAD_SHAPES: [[usize; 3]; 11] = [
    [1, 1, 1],
    [3, 5, 2],
    [33, 64, 97],
    [127, 16, 95],
    [128, 48, 96],
    [129, 7, 193],
    [31, 130, 1537],
    [260, 32, 301],
    [1025, 4, 100],
    [64, 300, 50],
    [33, 4, 9300],
];

#[test]
fn the_head_agrees() {
    for [rows, channels, vocabulary] in HEAD_SHAPES {
        let shape = Head {
            rows,
            channels,
            vocabulary,
        };
        let expected = operations::head(&ReferenceBackend, shape);
        for b in backends() {
            let actual = operations::head(&b, shape);
            compare(&format!("{shape:?}"), &b, actual, &expected, 1e-5);
        }
    }
}

#[test]
fn samples_agree() {
    let filters = [
        (1.0, None, None),
        (0.7, None, None),
        (1.5, Some(5), None),
        (1.0, None, Some(0.8)),
        (0.9, Some(40), Some(0.95)),
    ];
    for [rows, channels, vocabulary] in HEAD_SHAPES {
        let shape = Head {
            rows,
            channels,
            vocabulary,
        };
        for (temperature, top_k, top_p) in filters {
            let filter = SamplingFilter {
                temperature,
                top_k,
                top_p,
            };
            let expected = operations::head_sample(&ReferenceBackend, shape, filter);
            for b in backends() {
                // A draw within rounding of the border of two tokens may fall on either side.
                let actual = operations::head_sample(&b, shape, filter);
                let different = actual.iter().zip(&expected).filter(|(a, e)| a != e).count();
                let case = format!("{}: {shape:?}, {filter:?}", b.isa());
                assert!(
                    different <= rows / 500,
                    "{case}: {different} of {rows} differ"
                );
            }
        }
    }
}

/// A backend in bf16 for every instruction set that this machine has.
fn bf16_backends() -> impl Iterator<Item = CpuBackend> {
    Isa::available().into_iter().map(|isa| {
        let settings = CpuSettings {
            threads: Some(2),
            isa,
            precision: Some(Precision::Bf16),
        };
        CpuBackend::with_settings(settings).unwrap()
    })
}

/// Asserts that results are those of another precision up to 2%, as vectors.
fn compare_roughly(case: &str, backend: &CpuBackend, actual: Results, expected: &Results) {
    for ((name, actual), (_, expected)) in actual.iter().zip(expected) {
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
        let difference = norm(
            &mut actual
                .iter()
                .zip(expected)
                .map(|(a, e)| f64::from(*a) - f64::from(*e)),
        );
        let size = norm(&mut expected.iter().map(|&e| f64::from(e)));
        assert!(
            difference <= 0.02 * size + 1e-6,
            "{}: {case}: {name}: off by {difference}, size {size}",
            backend.isa()
        );
    }
}

#[test]
fn attention_in_bf16_agrees_up_to_its_precision() {
    let cases: [(&[usize], usize, usize); 6] = [
        (&[1], 1, 1),
        (&[1, 2, 31, 32, 33, 0, 63, 64, 65, 97], 2, 16),
        (&[130, 7], 1, 48),
        (&[70, 1], 2, 7),
        (&[40, 66], 1, 33),
        (&[300], 1, 12),
    ];
    for (lengths, heads, dimension) in cases {
        for window in [None, Some(3), Some(40), Some(100)] {
            let expected =
                operations::attention(&ReferenceBackend, lengths, heads, dimension, window);
            for b in bf16_backends() {
                let case = format!("{lengths:?}, {heads}×{dimension}, window {window:?}");
                let actual = operations::attention(&b, lengths, heads, dimension, window);
                compare(&case, &b, actual, &expected, 8e-2);
            }
        }
    }
}

#[test]
fn a_cache_in_bf16_agrees_up_to_its_precision() {
    for (rows, past, heads, dimension) in [(3, 40, 2, 4), (2, 33, 2, 7), (2, 20, 1, 48)] {
        for window in [None, Some(9)] {
            let expected = operations::attention_cached(
                &ReferenceBackend,
                rows,
                past,
                heads,
                dimension,
                window,
            );
            for b in bf16_backends() {
                let case = format!("{rows} rows, past {past}, {heads}×{dimension}, {window:?}");
                let actual = operations::attention_cached(&b, rows, past, heads, dimension, window);
                compare(&case, &b, actual, &expected, 2e-2);
            }
        }
    }
}

#[test]
fn products_in_bf16_agree_up_to_its_precision() {
    for [rows, inputs, outputs] in [
        [1, 1, 1],
        [2, 3, 5],
        [33, 64, 97],
        [95, 63, 65],
        [300, 300, 48],
    ] {
        let shape = Linear {
            rows,
            inputs,
            outputs,
            exact: false,
        };
        let expected = operations::linear(&ReferenceBackend, shape, true);
        for b in bf16_backends() {
            let actual = operations::linear(&b, shape, true);
            compare_roughly(&format!("{shape:?}"), &b, actual, &expected);
        }
    }
    for [rows, channels, vocabulary] in HEAD_SHAPES {
        let shape = Head {
            rows,
            channels,
            vocabulary,
        };
        let expected = operations::head(&ReferenceBackend, shape);
        for b in bf16_backends() {
            let actual = operations::head(&b, shape);
            compare_roughly(&format!("{shape:?}"), &b, actual, &expected);
        }
    }
}

/// Logits that grow by much more than the exponential of a number can, in the middle of what one
/// task computes: in a later tile of the same block of exponentials, and in a later block.
#[test]
fn the_head_keeps_its_range() {
    const VOCABULARY: usize = 9600;
    let shape = Head {
        rows: 130,
        channels: 2,
        vocabulary: VOCABULARY,
    };
    let weight: Vec<f32> = (0..VOCABULARY)
        .flat_map(|token| match token {
            150 => [90.0, 1.0],
            230 => [0.0, 150.0],
            500 => [10.0, 250.0],
            6000.. => [-100.0, -50.0],
            _ => [(token % 7) as f32, -((token % 3) as f32)],
        })
        .collect();
    let hidden: Vec<f32> = (0..2 * shape.rows).map(|i| (i % 4) as f32 * 0.5).collect();
    let targets: Vec<u32> = (0..shape.rows as u32).map(|n| n * 61 % 9600).collect();
    fn run<B: Backend>(
        b: &B,
        shape: Head,
        hidden: &[f32],
        weight: &[f32],
        targets: &[u32],
    ) -> Results {
        let mut losses = vec![0.0; shape.rows];
        let mut d_hidden = b.zeros(hidden.len());
        let mut d_weight = b.zeros(weight.len());
        b.head_losses_backward(
            shape,
            &buffer(b, hidden),
            &buffer(b, weight),
            targets,
            1.0,
            &mut losses,
            &mut d_hidden,
            &mut d_weight,
        );
        let d_hidden = numbers(b, &d_hidden);
        vec![
            ("losses", losses),
            ("d_hidden", d_hidden),
            ("d_weight", numbers(b, &d_weight)),
        ]
    }
    let expected = run(&ReferenceBackend, shape, &hidden, &weight, &targets);
    for b in backends() {
        let actual = run(&b, shape, &hidden, &weight, &targets);
        compare("range", &b, actual, &expected, 1e-5);
    }
    // All operands are numbers of bf16.
    for b in bf16_backends() {
        let actual = run(&b, shape, &hidden, &weight, &targets);
        compare_roughly("range", &b, actual, &expected);
    }
}

#[test]
fn the_description_names_the_instruction_set() {
    let backend = CpuBackend::with_isa(Some(2), Isa::Portable).unwrap();
    assert_eq!(backend.description(), "cpu, portable, f32, 2 threads");
}
