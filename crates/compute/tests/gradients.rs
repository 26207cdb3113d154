//! The gradients of the reference agree with finite differences of its forward operations.

mod common;

use autophage_compute::operation::{
    Activate, ActivateBackward, Activation, Attention, AttentionBackward, AttentionShape, Embed,
    EmbedBackward, Gate, GateBackward, HeadLosses, HeadLossesBackward, HeadShape, Linear,
    LinearBackwardInput, LinearBackwardWeight, LinearShape, Lookup, LookupGradient, Norm, NormKind,
    Normalize, NormalizeBackward, Rotate, Rotation, Rows, rotation_table,
};
use autophage_compute::{Backend, HostBuffer, Packed, ReferenceBackend, Sequences};
use common::{Random, buffer, indices, numbers, zeros};

const B: ReferenceBackend = ReferenceBackend;

/// Compares `gradients` of Σ weights ∘ forward(operands) with central differences, for up to 24
/// elements of every operand.
fn check(
    operation: &str,
    operands: &[Vec<f32>],
    weights: &[f32],
    gradients: &[Vec<f32>],
    forward: impl Fn(&[HostBuffer]) -> Vec<f32>,
) {
    // The results are rounded to 32 bits: a smaller step would drown in that.
    const STEP: f32 = 1.0 / 128.0;
    let objective = |operands: &[Vec<f32>]| -> f64 {
        let buffers: Vec<HostBuffer> = operands.iter().map(|x| buffer(&B, x)).collect();
        let out = forward(&buffers);
        assert_eq!(out.len(), weights.len());
        out.iter()
            .zip(weights)
            .map(|(&o, &w)| f64::from(o) * f64::from(w))
            .sum()
    };
    let scale = weights
        .iter()
        .map(|&w| f64::from(w).powi(2))
        .sum::<f64>()
        .sqrt();
    assert_eq!(gradients.len(), operands.len());
    for (which, gradient) in gradients.iter().enumerate() {
        assert_eq!(gradient.len(), operands[which].len());
        for element in (0..gradient.len()).step_by(gradient.len().div_ceil(24)) {
            let at = |steps: f32| {
                let mut moved = operands.to_vec();
                moved[which][element] += steps * STEP;
                objective(&moved)
            };
            // Fourth order.
            let difference =
                (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * f64::from(STEP));
            let error = (difference - f64::from(gradient[element])).abs();
            let bound = 2e-3 * difference.abs() + 3e-4 * scale.max(1.0);
            assert!(
                error <= bound,
                "{operation}: operand {which}, element {element}: {} instead of {difference}",
                gradient[element]
            );
        }
    }
}

#[test]
fn normalize() {
    for kind in [NormKind::Layer, NormKind::RootMeanSquare] {
        for epsilon in [1e-5, 0.3] {
            for [rows, channels] in [[1, 2], [3, 7], [2, 64], [5, 13]] {
                let random = Random::new(1);
                let shape = Rows { rows, channels };
                let norm = Norm { kind, epsilon };
                let x = random.normal(rows * channels, 2.0);
                let weight = random.normal(channels, 1.0);
                let bias = random.normal(channels, 1.0);
                let weights = random.normal(rows * channels, 1.0);
                let forward = |x: &[HostBuffer]| {
                    let mut out = zeros(&B, rows * channels);
                    let mut statistics = zeros(&B, 2 * rows);
                    B.normalize(Normalize {
                        shape,
                        norm,
                        x: &x[0],
                        weight: &x[1],
                        bias: x.get(2),
                        out: &mut out,
                        statistics: &mut statistics,
                    });
                    (out, statistics)
                };
                let buffers = [&x, &weight, &bias].map(|x| buffer(&B, x));
                let (_, statistics) = forward(&buffers);
                let mut d_x = zeros(&B, rows * channels);
                let [mut d_weight, mut d_bias] = [(); 2].map(|()| zeros(&B, channels));
                B.normalize_backward(NormalizeBackward {
                    shape,
                    norm,
                    x: &buffers[0],
                    weight: &buffers[1],
                    statistics: &statistics,
                    d_out: &buffer(&B, &weights),
                    d_x: &mut d_x,
                    d_weight: &mut d_weight,
                    d_bias: Some(&mut d_bias),
                });
                let what = format!("{norm:?}, {rows}×{channels}");
                let gradients = [d_x, d_weight, d_bias].map(|d| numbers(&B, &d));
                let operands = [x, weight, bias];
                check(&what, &operands, &weights, &gradients, |x| {
                    forward(x).0.to_vec()
                });
                // Without a bias.
                let what = format!("{what}, no bias");
                check(&what, &operands[..2], &weights, &gradients[..2], |x| {
                    forward(x).0.to_vec()
                });
            }
        }
    }
}

#[test]
fn linear() {
    for [rows, inputs, outputs] in [[1, 1, 1], [2, 3, 5], [7, 11, 13], [1, 17, 2]] {
        let random = Random::new(2);
        let shape = LinearShape {
            rows,
            inputs,
            outputs,
            exact: false,
        };
        let x = random.normal(rows * inputs, 1.0);
        let weight = random.normal(outputs * inputs, 1.0);
        let bias = random.normal(outputs, 1.0);
        let weights = random.normal(rows * outputs, 1.0);
        let d_out = buffer(&B, &weights);
        let mut d_x = zeros(&B, rows * inputs);
        B.linear_backward_input(LinearBackwardInput {
            shape,
            weight: &buffer(&B, &weight),
            d_out: &d_out,
            accumulate: false,
            d_x: &mut d_x,
        });
        let mut d_weight = zeros(&B, outputs * inputs);
        let mut d_bias = zeros(&B, outputs);
        B.linear_backward_weight(LinearBackwardWeight {
            shape,
            x: &buffer(&B, &x),
            d_out: &d_out,
            d_weight: &mut d_weight,
            d_bias: Some(&mut d_bias),
        });
        check(
            &format!("{shape:?}"),
            &[x, weight, bias],
            &weights,
            &[d_x, d_weight, d_bias].map(|d| numbers(&B, &d)),
            |x| {
                let mut out = zeros(&B, rows * outputs);
                B.linear(Linear {
                    shape,
                    x: &x[0],
                    weight: &x[1],
                    bias: Some(&x[2]),
                    out: &mut out,
                });
                numbers(&B, &out)
            },
        );
    }
}

const ACTIVATIONS: [Activation; 4] = [
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Relu,
    Activation::Silu,
];

/// Normal numbers, but none so near 0 that a difference would cross the corner of ReLU.
fn off_the_corner(random: &Random, len: usize) -> Vec<f32> {
    let x = random.normal(len, 2.0);
    x.iter().map(|x| x + 0.05f32.copysign(*x)).collect()
}

#[test]
fn activate() {
    let shape = Rows {
        rows: 3,
        channels: 17,
    };
    for activation in ACTIVATIONS {
        let random = Random::new(3);
        let x = off_the_corner(&random, 51);
        let weights = random.normal(51, 1.0);
        let mut d = buffer(&B, &weights);
        B.activate_backward(ActivateBackward {
            shape,
            activation,
            x: &buffer(&B, &x),
            d: &mut d,
        });
        let what = format!("{activation:?}");
        check(&what, &[x], &weights, &[numbers(&B, &d)], |x| {
            let mut out = zeros(&B, 51);
            B.activate(Activate {
                shape,
                activation,
                x: &x[0],
                out: &mut out,
            });
            numbers(&B, &out)
        });
    }
}

#[test]
fn gate() {
    let shape = Rows {
        rows: 3,
        channels: 17,
    };
    for activation in ACTIVATIONS {
        let random = Random::new(7);
        let gate = off_the_corner(&random, 51);
        let x = random.normal(51, 1.0);
        let weights = random.normal(51, 1.0);
        let mut d = buffer(&B, &weights);
        let mut d_gate = zeros(&B, 51);
        B.gate_backward(GateBackward {
            shape,
            activation,
            gate: &buffer(&B, &gate),
            x: &buffer(&B, &x),
            d: &mut d,
            d_gate: &mut d_gate,
        });
        let gradients = [d_gate, d].map(|d| numbers(&B, &d));
        let what = format!("gate, {activation:?}");
        check(&what, &[gate, x], &weights, &gradients, |x| {
            let mut out = zeros(&B, 51);
            B.gate(Gate {
                shape,
                activation,
                gate: &x[0],
                x: &x[1],
                out: &mut out,
            });
            numbers(&B, &out)
        });
    }
}

#[test]
fn rotate() {
    for [rows, heads, head_dimension, rotated] in [[1, 1, 2, 2], [5, 3, 7, 4], [4, 2, 6, 6]] {
        let shape = Rotation {
            rows,
            heads,
            head_dimension,
            rotated,
        };
        let random = Random::new(8);
        let len = rows * heads * head_dimension;
        let frequencies: Vec<f32> = (0..rotated / 2).map(|i| 0.5f32.powi(i as i32)).collect();
        let table = buffer(&B, &rotation_table(&frequencies, 9));
        let positions = indices(&B, &random.indices(rows, 9));
        let rotate = |mut x: HostBuffer, inverse: bool| {
            B.rotate(Rotate {
                shape,
                positions: &positions,
                table: &table,
                inverse,
                x: &mut x,
            });
            numbers(&B, &x)
        };
        let x = random.normal(len, 1.0);
        let weights = random.normal(len, 1.0);
        let gradient = rotate(buffer(&B, &weights), true);
        check(&format!("{shape:?}"), &[x], &weights, &[gradient], |x| {
            rotate(buffer(&B, &x[0]), false)
        });
    }
}

#[test]
fn embed() {
    let random = Random::new(4);
    for channels in [1, 7] {
        let shape = Rows { rows: 9, channels };
        // Tokens and positions that occur several times, once, and never.
        let tokens = indices(&B, &[3, 0, 3, 1, 3, 4, 4, 0, 6]);
        let positions = indices(&B, &[0, 1, 2, 0, 1, 0, 1, 2, 4]);
        let operands = [7, 5].map(|height| random.normal(height * channels, 1.0));
        let weights = random.normal(9 * channels, 1.0);
        let forward = |x: &[HostBuffer]| {
            let mut out = zeros(&B, 9 * channels);
            B.embed(Embed {
                shape,
                tokens: Lookup {
                    rows: &tokens,
                    weight: &x[0],
                },
                positions: x.get(1).map(|weight| Lookup {
                    rows: &positions,
                    weight,
                }),
                out: &mut out,
            });
            numbers(&B, &out)
        };
        for learned_positions in [true, false] {
            let [mut d_tokens, mut d_positions] = [7, 5].map(|rows| zeros(&B, rows * channels));
            B.embed_backward(EmbedBackward {
                shape,
                d_out: &buffer(&B, &weights),
                tokens: LookupGradient {
                    rows: &tokens,
                    d_weight: &mut d_tokens,
                },
                positions: learned_positions.then_some(LookupGradient {
                    rows: &positions,
                    d_weight: &mut d_positions,
                }),
            });
            let gradients = [d_tokens, d_positions].map(|d| numbers(&B, &d));
            let tables = if learned_positions { 2 } else { 1 };
            let what = format!("embed, {tables} tables");
            check(
                &what,
                &operands[..tables],
                &weights,
                &gradients[..tables],
                forward,
            );
        }
    }
}

#[test]
fn attention() {
    for (lengths, heads, key_value_heads, head_dimension, scale) in [
        (vec![1], 1, 1, 1, 1.0),
        (vec![5, 1, 7], 2, 2, 3, 1.0),
        (vec![11], 1, 1, 4, 1.0),
        (vec![2, 3], 3, 3, 1, 1.0),
        (vec![5, 1, 7], 4, 2, 3, 0.6),
        (vec![9], 6, 1, 2, 1.7),
        (vec![4, 6], 6, 2, 4, 0.5),
    ] {
        for window in [None, Some(1), Some(3), Some(100)] {
            let random = Random::new(5);
            let shape = AttentionShape {
                heads,
                key_value_heads,
                head_dimension,
                scale,
                window,
            };
            let sequences = Sequences::from_lengths(lengths.iter().copied());
            let rows = sequences.rows();
            let sequences = Packed::new(&B, sequences).unwrap();
            let wide = rows * shape.channels();
            let narrow = rows * shape.key_value_channels();
            let operands = [wide, narrow, narrow].map(|len| random.normal(len, 0.8));
            let weights = random.normal(wide, 1.0);
            let forward = |x: &[HostBuffer]| {
                let mut out = zeros(&B, wide);
                let mut log_sums = zeros(&B, rows * heads);
                B.attention(Attention {
                    shape,
                    sequences: &sequences,
                    queries: &x[0],
                    keys: &x[1],
                    values: &x[2],
                    out: &mut out,
                    log_sums: &mut log_sums,
                });
                (out, log_sums)
            };
            let x = operands.each_ref().map(|x| buffer(&B, x));
            let (out, log_sums) = forward(&x);
            let [mut d_queries, mut d_keys, mut d_values] =
                [wide, narrow, narrow].map(|len| zeros(&B, len));
            B.attention_backward(AttentionBackward {
                shape,
                sequences: &sequences,
                queries: &x[0],
                keys: &x[1],
                values: &x[2],
                out: &out,
                log_sums: &log_sums,
                d_out: &buffer(&B, &weights),
                d_queries: &mut d_queries,
                d_keys: &mut d_keys,
                d_values: &mut d_values,
            });
            check(
                &format!("{lengths:?}, {shape:?}"),
                &operands,
                &weights,
                &[d_queries, d_keys, d_values].map(|d| numbers(&B, &d)),
                |x| numbers(&B, &forward(x).0),
            );
        }
    }
}

#[test]
fn head() {
    for [rows, channels, vocabulary] in [[1, 1, 2], [3, 5, 7], [4, 13, 11], [2, 3, 31]] {
        let random = Random::new(6);
        let shape = HeadShape {
            rows,
            channels,
            vocabulary,
        };
        const SCALE: f32 = 0.5;
        let hidden = random.normal(rows * channels, 0.7);
        let weight = random.normal(vocabulary * channels, 0.7);
        let targets = indices(&B, &random.indices(rows, vocabulary));
        let mut losses = zeros(&B, rows);
        let mut d_hidden = zeros(&B, rows * channels);
        let mut d_weight = zeros(&B, vocabulary * channels);
        B.head_losses_backward(HeadLossesBackward {
            shape,
            hidden: &buffer(&B, &hidden),
            weight: &buffer(&B, &weight),
            targets: &targets,
            scale: SCALE,
            losses: &mut losses,
            d_hidden: &mut d_hidden,
            d_weight: &mut d_weight,
        });
        check(
            &format!("{shape:?}"),
            &[hidden, weight],
            &vec![SCALE; rows],
            &[d_hidden, d_weight].map(|d| numbers(&B, &d)),
            |x| {
                let mut losses = zeros(&B, rows);
                B.head_losses(HeadLosses {
                    shape,
                    hidden: &x[0],
                    weight: &x[1],
                    targets: &targets,
                    losses: &mut losses,
                });
                numbers(&B, &losses)
            },
        );
    }
}

#[test]
fn gradients_of_parameters_and_the_residual_stream_are_added() {
    let shape = LinearShape {
        rows: 1,
        inputs: 1,
        outputs: 1,
        exact: false,
    };
    let [x, weight, d_out] = [2.0, 3.0, 5.0].map(|value| buffer(&B, &[value]));
    let mut d_x = buffer(&B, &[100.0]);
    for (accumulate, expected) in [(true, 115.0), (false, 15.0)] {
        B.linear_backward_input(LinearBackwardInput {
            shape,
            weight: &weight,
            d_out: &d_out,
            accumulate,
            d_x: &mut d_x,
        });
        assert_eq!(numbers(&B, &d_x), [expected]);
    }
    let mut d_weight = buffer(&B, &[100.0]);
    B.linear_backward_weight(LinearBackwardWeight {
        shape,
        x: &x,
        d_out: &d_out,
        d_weight: &mut d_weight,
        d_bias: None,
    });
    assert_eq!(numbers(&B, &d_weight), [110.0]);
}
