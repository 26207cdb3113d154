//! The output layer.

use crate::conformance::accuracy::{Accuracy, Closeness, Tolerance};
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{
    HeadLogits, HeadLosses, HeadLossesBackward, HeadSample, HeadShape, SamplingFilter,
};
use crate::{Backend, Buffer, IndexArray};

/// Rows, channels and vocabulary at the edges of tiles and of blocks of exponentials.
const SHAPES: [[usize; 3]; 13] = [
    [3, 5, 2],
    [1, 1, 1],
    [33, 64, 97],
    [127, 16, 95],
    [128, 48, 96],
    [129, 7, 193],
    [31, 130, 1537],
    [260, 32, 301],
    [1025, 4, 100],
    [64, 300, 50],
    [33, 4, 9300],
    [5, 768, 40],
    [1100, 20, 1700],
];

/// Hidden states and weights.
#[derive(Clone, Copy, Debug)]
enum Operands {
    /// Logits with a standard deviation of 2, whatever the number of channels.
    Normal,
    /// Logits that grow by much more than the exponential of a number can, in the middle of the
    /// vocabulary and late in it. All operands are numbers of bf16.
    Growing,
}

impl Operands {
    /// Hidden states, of which each has two channels if they are growing, and weights.
    fn make<B: Backend>(self, t: &mut Trial<'_, B>, shape: HeadShape) -> [Vec<f32>; 2] {
        let HeadShape {
            rows,
            channels,
            vocabulary,
        } = shape;
        match self {
            Self::Normal => [
                t.random.normal(rows * channels, 1.0),
                t.random
                    .normal(vocabulary * channels, 2.0 / (channels as f32).sqrt()),
            ],
            Self::Growing => [
                (0..2 * rows).map(|i| (i % 4) as f32 * 0.5).collect(),
                (0..vocabulary)
                    .flat_map(|token| match token {
                        150 => [90.0, 1.0],
                        230 => [0.0, 150.0],
                        500 => [10.0, 250.0],
                        6000.. => [-100.0, -50.0],
                        _ => [(token % 7) as f32, -((token % 3) as f32)],
                    })
                    .collect(),
            ],
        }
    }
}

/// A head and its operands.
#[derive(Debug)]
pub(in crate::conformance) struct HeadCase {
    shape: HeadShape,
    operands: Operands,
}

impl Case for HeadCase {}

fn shapes() -> impl Iterator<Item = HeadShape> {
    SHAPES
        .into_iter()
        .map(|[rows, channels, vocabulary]| HeadShape {
            rows,
            channels,
            vocabulary,
        })
}

pub(in crate::conformance) fn cases() -> Vec<HeadCase> {
    let normal = shapes().map(|shape| (shape, Operands::Normal));
    let growing = HeadShape {
        rows: 130,
        channels: 2,
        vocabulary: 9600,
    };
    normal
        .chain([(growing, Operands::Growing)])
        .map(|(shape, operands)| HeadCase { shape, operands })
        .collect()
}

/// Hidden states, weights and targets.
fn operands<B: Backend>(t: &mut Trial<'_, B>, case: &HeadCase) -> ([Buffer<B>; 2], IndexArray<B>) {
    let HeadShape {
        rows, vocabulary, ..
    } = case.shape;
    let numbers = case.operands.make(t, case.shape);
    let targets = t.random.indices(rows, vocabulary);
    (
        numbers.map(|x| t.buffer(&x)),
        t.indices(&targets, vocabulary),
    )
}

pub(in crate::conformance) fn losses<B: Backend>(t: &mut Trial<'_, B>, case: &HeadCase) {
    let ([hidden, weight], targets) = operands(t, case);
    let mut losses = t.result(case.shape.rows);
    t.backend.head_losses(HeadLosses {
        shape: case.shape,
        hidden: &hidden,
        weight: &weight,
        targets: &targets,
        losses: &mut losses,
    });
    t.keep("losses", &losses, case.shape.rows);
}

pub(in crate::conformance) fn losses_backward<B: Backend>(t: &mut Trial<'_, B>, case: &HeadCase) {
    let HeadShape {
        rows,
        channels,
        vocabulary,
    } = case.shape;
    let ([hidden, weight], targets) = operands(t, case);
    let mut losses = t.result(rows);
    let mut d_hidden = t.result(rows * channels);
    let mut d_weight = t.normal(vocabulary * channels, 0.1);
    t.backend.head_losses_backward(HeadLossesBackward {
        shape: case.shape,
        hidden: &hidden,
        weight: &weight,
        targets: &targets,
        scale: 0.25,
        losses: &mut losses,
        d_hidden: &mut d_hidden,
        d_weight: &mut d_weight,
    });
    t.keep("losses", &losses, rows);
    t.keep("d_hidden", &d_hidden, rows * channels);
    t.keep("d_weight", &d_weight, vocabulary * channels);
}

pub(in crate::conformance) fn logits<B: Backend>(t: &mut Trial<'_, B>, case: &HeadCase) {
    let len = case.shape.rows * case.shape.vocabulary;
    let [hidden, weight] = case.operands.make(t, case.shape).map(|x| t.buffer(&x));
    let mut logits = t.result(len);
    t.backend.head_logits(HeadLogits {
        shape: case.shape,
        hidden: &hidden,
        weight: &weight,
        logits: &mut logits,
    });
    t.keep("logits", &logits, len);
}

/// A head whose weight may have more rows than the vocabulary, and a filter.
#[derive(Debug)]
pub(in crate::conformance) struct SampleCase {
    shape: HeadShape,
    /// Rows of the weight that are no tokens; they would be by far the most probable ones.
    padding: usize,
    filter: SamplingFilter,
    /// Whether all operands are numbers of bf16, so that every accuracy has the same logits.
    rounded: bool,
}

impl Case for SampleCase {
    fn tolerance(&self, row: Closeness, accuracy: Accuracy) -> Option<Tolerance> {
        match accuracy {
            // Tokens are drawn by rounded logits, which are others than those of the reference.
            Accuracy::Bf16 if !self.rounded => None,
            _ => Some(row.at(accuracy)),
        }
    }
}

pub(in crate::conformance) fn sample_cases() -> Vec<SampleCase> {
    let filters = [
        (1.0, None, None),
        (0.7, None, None),
        (1.5, Some(5), None),
        (1.0, None, Some(0.8)),
        (0.9, Some(40), Some(0.95)),
    ];
    let mut cases = Vec::new();
    for (which, shape) in shapes().enumerate() {
        for (i, (temperature, top_k, top_p)) in filters.into_iter().enumerate() {
            let both = (which + i).is_multiple_of(2);
            for &rounded in if both { &[false, true][..] } else { &[false] } {
                cases.push(SampleCase {
                    shape,
                    padding: [0, 1, 47][i % 3],
                    filter: SamplingFilter {
                        temperature,
                        top_k,
                        top_p,
                    },
                    rounded,
                });
            }
        }
    }
    cases
}

/// The nearest number of bf16, ties to even.
fn rounded(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

pub(in crate::conformance) fn sample<B: Backend>(t: &mut Trial<'_, B>, case: &SampleCase) {
    let HeadShape { rows, channels, .. } = case.shape;
    let [mut hidden, mut weight] = Operands::Normal.make(t, case.shape);
    if case.rounded {
        for x in hidden.iter_mut().chain(&mut weight) {
            *x = rounded(*x);
        }
    }
    // The first hidden state points along the padding.
    let padding = hidden[..channels].iter().map(|x| 10.0 * x);
    let padding: Vec<f32> = padding.collect();
    let hidden = t.buffer(&hidden);
    let weight = t.buffer(&[weight, padding.repeat(case.padding)].concat());
    let uniforms = t.uniforms(rows);
    let mut tokens = t.index_result(rows);
    t.backend.head_sample(HeadSample {
        shape: case.shape,
        hidden: &hidden,
        weight: &weight,
        filter: case.filter,
        uniforms: &uniforms,
        tokens: &mut tokens,
    });
    t.keep_indices("tokens", &tokens, rows);
}
