//! Normalisation of rows.

use super::elementwise;
use crate::Backend;
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{Norm, NormKind, Normalize, NormalizeBackward, Rows};

/// A formula with or without a bias.
#[derive(Debug)]
pub(in crate::conformance) struct NormCase {
    shape: Rows,
    norm: Norm,
    bias: bool,
}

impl Case for NormCase {}

pub(in crate::conformance) fn cases() -> Vec<NormCase> {
    let mut cases = Vec::new();
    for kind in [NormKind::Layer, NormKind::RootMeanSquare] {
        for bias in [true, false] {
            for epsilon in [1e-5, 1e-6, 0.3, 1e-12] {
                // The mean of few channels is too close to them: with a tiny ε, what the gradient is
                // multiplied by would enlarge any rounding.
                let few = epsilon < 1e-6;
                let shapes = elementwise::shapes();
                let shapes = shapes.into_iter().filter(|s| s.channels > 4 || !few);
                cases.extend(shapes.map(|shape| NormCase {
                    shape,
                    norm: Norm { kind, epsilon },
                    bias,
                }));
            }
        }
    }
    cases
}

/// Numbers away from 0, so that the mean matters.
fn x<B: Backend>(t: &mut Trial<'_, B>, shape: Rows) -> Vec<f32> {
    let x = t.random.normal(shape.elements(), 2.0);
    x.iter().map(|x| x + 3.0).collect()
}

pub(in crate::conformance) fn normalize<B: Backend>(t: &mut Trial<'_, B>, case: &NormCase) {
    let Rows { rows, channels } = case.shape;
    let x = x(t, case.shape);
    let x = t.buffer(&x);
    let weight = t.normal(channels, 1.0);
    let bias = case.bias.then(|| t.normal(channels, 1.0));
    let mut out = t.result(rows * channels);
    let mut statistics = t.result(2 * rows);
    t.backend.normalize(Normalize {
        shape: case.shape,
        norm: case.norm,
        x: &x,
        weight: &weight,
        bias: bias.as_ref(),
        out: &mut out,
        statistics: &mut statistics,
    });
    t.keep("out", &out, rows * channels);
    t.keep("statistics", &statistics, 2 * rows);
}

pub(in crate::conformance) fn normalize_backward<B: Backend>(
    t: &mut Trial<'_, B>,
    case: &NormCase,
) {
    let Rows { rows, channels } = case.shape;
    let x = x(t, case.shape);
    let statistics = {
        let mut out = t.whole(&vec![0.0; rows * channels]);
        let mut statistics = t.whole(&vec![0.0; 2 * rows]);
        t.backend.normalize(Normalize {
            shape: case.shape,
            norm: case.norm,
            x: &t.whole(&x),
            weight: &t.whole(&vec![1.0; channels]),
            bias: None,
            out: &mut out,
            statistics: &mut statistics,
        });
        let mut values = vec![0.0; 2 * rows];
        t.backend.read(&statistics, 0, &mut values);
        t.buffer(&values)
    };
    let x = t.buffer(&x);
    let weight = t.normal(channels, 1.0);
    let d_out = t.normal(rows * channels, 1.0);
    let mut d_x = t.normal(rows * channels, 1.0);
    let mut d_weight = t.normal(channels, 1.0);
    let mut d_bias = case.bias.then(|| t.normal(channels, 1.0));
    t.backend.normalize_backward(NormalizeBackward {
        shape: case.shape,
        norm: case.norm,
        x: &x,
        weight: &weight,
        statistics: &statistics,
        d_out: &d_out,
        d_x: &mut d_x,
        d_weight: &mut d_weight,
        d_bias: d_bias.as_mut(),
    });
    t.keep("d_x", &d_x, rows * channels);
    t.keep("d_weight", &d_weight, channels);
    if let Some(d_bias) = &d_bias {
        t.keep("d_bias", d_bias, channels);
    }
}
