//! The gradients of the reference agree with finite differences of its forward operations.

mod common;

use autophage_compute::{
    Attention, Backend, Head, HostBuffer, Linear, ReferenceBackend, Rows, Sequences,
};
use common::{Random, buffer, numbers};

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
fn layer_norm() {
    for (rows, channels) in [(1, 2), (3, 7), (2, 64), (5, 13)] {
        let random = Random::new(1);
        let shape = Rows { rows, channels };
        let x = random.normal(rows * channels, 2.0);
        let weight = random.normal(channels, 1.0);
        let bias = random.normal(channels, 1.0);
        let weights = random.normal(rows * channels, 1.0);
        let forward = |x: &HostBuffer, weight: &HostBuffer, bias: &HostBuffer| {
            let mut out = B.zeros(rows * channels);
            let mut statistics = B.zeros(2 * rows);
            B.layer_norm(shape, x, weight, bias, &mut out, &mut statistics);
            (out, statistics)
        };
        let buffers = [&x, &weight, &bias].map(|x| buffer(&B, x));
        let (_, statistics) = forward(&buffers[0], &buffers[1], &buffers[2]);
        let mut d_x = B.zeros(rows * channels);
        let [mut d_weight, mut d_bias] = [0; 2].map(|_| B.zeros(channels));
        B.layer_norm_backward(
            shape,
            &buffers[0],
            &buffers[1],
            &statistics,
            &buffer(&B, &weights),
            &mut d_x,
            &mut d_weight,
            &mut d_bias,
        );
        check(
            &format!("layer_norm {rows}×{channels}"),
            &[x, weight, bias],
            &weights,
            &[d_x, d_weight, d_bias].map(|d| numbers(&B, &d)),
            |x| numbers(&B, &forward(&x[0], &x[1], &x[2]).0),
        );
    }
}

#[test]
fn linear() {
    for [rows, inputs, outputs] in [[1, 1, 1], [2, 3, 5], [7, 11, 13], [1, 17, 2]] {
        let random = Random::new(2);
        let shape = Linear {
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
        let mut d_x = B.zeros(rows * inputs);
        B.linear_backward_input(shape, &buffer(&B, &weight), &d_out, false, &mut d_x);
        let mut d_weight = B.zeros(outputs * inputs);
        let mut d_bias = B.zeros(outputs);
        let x_buffer = buffer(&B, &x);
        B.linear_backward_weight(shape, &x_buffer, &d_out, &mut d_weight, Some(&mut d_bias));
        check(
            &format!("{shape:?}"),
            &[x, weight, bias],
            &weights,
            &[d_x, d_weight, d_bias].map(|d| numbers(&B, &d)),
            |x| {
                let mut out = B.zeros(rows * outputs);
                B.linear(shape, &x[0], &x[1], Some(&x[2]), &mut out);
                numbers(&B, &out)
            },
        );
    }
}

#[test]
fn gelu() {
    let random = Random::new(3);
    let shape = Rows {
        rows: 3,
        channels: 17,
    };
    let x = random.normal(51, 2.0);
    let weights = random.normal(51, 1.0);
    let mut d = buffer(&B, &weights);
    B.gelu_backward(shape, &buffer(&B, &x), &mut d);
    check("gelu", &[x], &weights, &[numbers(&B, &d)], |x| {
        let mut out = B.zeros(51);
        B.gelu(shape, &x[0], &mut out);
        numbers(&B, &out)
    });
}

#[test]
fn embed() {
    let random = Random::new(4);
    for channels in [1, 7] {
        let shape = Rows { rows: 9, channels };
        // Tokens and positions that occur several times, once, and never.
        let tokens = [3, 0, 3, 1, 3, 4, 4, 0, 6];
        let positions = [0, 1, 2, 0, 1, 0, 1, 2, 4];
        let token_weight = random.normal(7 * channels, 1.0);
        let position_weight = random.normal(5 * channels, 1.0);
        let weights = random.normal(9 * channels, 1.0);
        let mut d_token_weight = B.zeros(7 * channels);
        let mut d_position_weight = B.zeros(5 * channels);
        B.embed_backward(
            shape,
            &tokens,
            &positions,
            &buffer(&B, &weights),
            &mut d_token_weight,
            &mut d_position_weight,
        );
        check(
            "embed",
            &[token_weight, position_weight],
            &weights,
            &[d_token_weight, d_position_weight].map(|d| numbers(&B, &d)),
            |x| {
                let mut out = B.zeros(9 * channels);
                B.embed(shape, &tokens, &positions, &x[0], &x[1], &mut out);
                numbers(&B, &out)
            },
        );
    }
}

#[test]
fn attention() {
    for (lengths, heads, dimension) in [
        (vec![1], 1, 1),
        (vec![5, 1, 7], 2, 3),
        (vec![11], 1, 4),
        (vec![2, 3], 3, 1),
    ] {
        for window in [None, Some(1), Some(3), Some(100)] {
            let random = Random::new(5);
            let sequences = Sequences::from_lengths(lengths.iter().copied());
            let channels = heads * dimension;
            let shape = Attention {
                sequences: &sequences,
                heads,
                channels,
                window,
            };
            let rows = sequences.rows();
            let operands = [0; 3].map(|_| random.normal(rows * channels, 0.8));
            let weights = random.normal(rows * channels, 1.0);
            let forward = |x: &[HostBuffer]| {
                let mut out = B.zeros(rows * channels);
                let mut log_sums = B.zeros(rows * heads);
                B.attention(shape, &x[0], &x[1], &x[2], &mut out, &mut log_sums);
                (out, log_sums)
            };
            let x = operands.each_ref().map(|x| buffer(&B, x));
            let (out, log_sums) = forward(&x);
            let [mut d_queries, mut d_keys, mut d_values] =
                [0; 3].map(|_| B.zeros(rows * channels));
            B.attention_backward(
                shape,
                &x[0],
                &x[1],
                &x[2],
                &out,
                &log_sums,
                &buffer(&B, &weights),
                &mut d_queries,
                &mut d_keys,
                &mut d_values,
            );
            check(
                &format!("attention {lengths:?} {heads}×{dimension} {window:?}"),
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
        let shape = Head {
            rows,
            channels,
            vocabulary,
        };
        const SCALE: f32 = 0.5;
        let hidden = random.normal(rows * channels, 0.7);
        let weight = random.normal(vocabulary * channels, 0.7);
        let targets = random.indices(rows, vocabulary);
        let mut losses = vec![0.0; rows];
        let mut d_hidden = B.zeros(rows * channels);
        let mut d_weight = B.zeros(vocabulary * channels);
        B.head_losses_backward(
            shape,
            &buffer(&B, &hidden),
            &buffer(&B, &weight),
            &targets,
            SCALE,
            &mut losses,
            &mut d_hidden,
            &mut d_weight,
        );
        check(
            &format!("{shape:?}"),
            &[hidden, weight],
            &vec![SCALE; rows],
            &[d_hidden, d_weight].map(|d| numbers(&B, &d)),
            |x| {
                let mut losses = vec![0.0; rows];
                B.head_losses(shape, &x[0], &x[1], &targets, &mut losses);
                losses
            },
        );
    }
}

#[test]
fn gradients_of_parameters_and_the_residual_stream_are_added() {
    let shape = Linear {
        rows: 1,
        inputs: 1,
        outputs: 1,
        exact: false,
    };
    let [x, weight, d_out] = [2.0, 3.0, 5.0].map(|value| buffer(&B, &[value]));
    let mut d_x = buffer(&B, &[100.0]);
    B.linear_backward_input(shape, &weight, &d_out, true, &mut d_x);
    assert_eq!(numbers(&B, &d_x), [115.0]);
    B.linear_backward_input(shape, &weight, &d_out, false, &mut d_x);
    assert_eq!(numbers(&B, &d_x), [15.0]);
    let mut d_weight = buffer(&B, &[100.0]);
    B.linear_backward_weight(shape, &x, &d_out, &mut d_weight, None);
    assert_eq!(numbers(&B, &d_weight), [110.0]);
}
