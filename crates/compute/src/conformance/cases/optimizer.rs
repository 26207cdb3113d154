//! Sums in 64 bits, and the optimizer's step.

use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{AdamW, AdamWSettings, Clip, Sum, SumOfSquares};
use crate::{Array, Backend};

/// Numbers to be summed.
#[derive(Debug)]
pub(in crate::conformance) enum SumCase {
    /// So many normal numbers.
    Normal(usize),
    /// So many ones after 2²⁸: in 32 bits they would have no effect, one by one.
    AfterLarge(usize),
}

impl Case for SumCase {}

pub(in crate::conformance) fn sums() -> Vec<SumCase> {
    let lengths = [3, 0, 1, 15, 16, 17, 1000, 100_003].map(SumCase::Normal);
    lengths
        .into_iter()
        .chain([SumCase::AfterLarge(1003)])
        .collect()
}

impl SumCase {
    fn values<B: Backend>(&self, t: &mut Trial<'_, B>) -> Vec<f32> {
        match *self {
            Self::Normal(len) => t.random.normal(len, 3.0),
            Self::AfterLarge(len) => [vec![(1 << 28) as f32], vec![1.0; len]].concat(),
        }
    }
}

/// Which of the totals is added to.
const INDEX: usize = 2;

pub(in crate::conformance) fn sum<B: Backend>(t: &mut Trial<'_, B>, case: &SumCase) {
    let values = case.values(t);
    let x = t.buffer(&values);
    let mut totals = t.totals(INDEX);
    // Twice: the second sum is added to the first.
    for _ in 0..2 {
        t.backend.sum(Sum {
            x: &x,
            len: values.len(),
            totals: &mut totals,
            index: INDEX,
        });
    }
    t.keep_totals("totals", &totals);
}

pub(in crate::conformance) fn sum_of_squares<B: Backend>(t: &mut Trial<'_, B>, case: &SumCase) {
    let values = case.values(t);
    let x = t.whole(&values);
    let mut totals = t.totals(INDEX);
    for _ in 0..2 {
        t.backend.sum_of_squares(SumOfSquares {
            x: &x,
            totals: &mut totals,
            index: INDEX,
        });
    }
    t.keep_totals("totals", &totals);
}

/// Several steps of AdamW on so many elements, with this sum of squares and the norm that gradients
/// are clipped to.
#[derive(Debug)]
pub(in crate::conformance) struct StepCase {
    len: usize,
    squares: f64,
    norm: f64,
}

impl Case for StepCase {}

pub(in crate::conformance) fn steps() -> Vec<StepCase> {
    let lengths = [15, 1, 16, 17, 1000, 100_003].map(|len| (len, 16.0, 2.0));
    // Gradients that are short enough, that are never clipped, that vanish, and of which one was not a
    // finite number: then nothing changes.
    let factors = [
        (1.0, 2.0),
        (1e300, f64::INFINITY),
        (0.0, 1.0),
        (f64::INFINITY, 1.0),
        (f64::NAN, 1.0),
        (f64::NAN, f64::INFINITY),
    ];
    let factors = factors.map(|(squares, norm)| (100, squares, norm));
    lengths
        .into_iter()
        .chain(factors)
        .map(|(len, squares, norm)| StepCase { len, squares, norm })
        .collect()
}

pub(in crate::conformance) fn adamw<B: Backend>(t: &mut Trial<'_, B>, case: &StepCase) {
    let values = t.random.normal(case.len, 1.0);
    let mut parameter = t.whole(&values);
    let [mut first_moment, mut second_moment] = [(); 2].map(|()| t.buffer(&vec![0.0; case.len]));
    let mut squares = t.totals(INDEX);
    let mut values = vec![0.0; squares.len()];
    // A trial of too few totals has no place for it.
    if let Some(place) = values.get_mut(INDEX) {
        *place = case.squares;
    }
    t.backend.write_totals(&mut squares, &values);
    for step in 1..=3 {
        let gradient = t.normal(case.len, 1.0);
        t.backend.adamw(AdamW {
            settings: AdamWSettings {
                learning_rate: 5e-4,
                beta1: 0.9,
                beta2: 0.95,
                epsilon: 1e-8,
                weight_decay: 0.1,
                step,
            },
            clip: Clip {
                squares: &squares,
                index: INDEX,
                norm: case.norm,
            },
            parameter: &mut parameter,
            gradient: &gradient,
            first_moment: &mut first_moment,
            second_moment: &mut second_moment,
        });
    }
    t.keep("parameter", &parameter, case.len);
    t.keep("first moment", &first_moment, case.len);
    t.keep("second moment", &second_moment, case.len);
}
