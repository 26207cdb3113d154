//! Error terms after one context, over the whole vocabulary.

use autophage_corpus::ContextCounts;
use autophage_theory::{Interval, TheoryError, decompose, direct_retention, wilson};

use super::counted::Counted;
use super::terms::{LEVEL, finite, retention};
use super::{AddedMass, ContextErrors};

/// How many of the tokens with the greatest a(v) are recorded.
const LARGEST_ADDED: usize = 3;

/// The error terms after a context with its true counts, where the training set has the counts
/// `training`, `ideal` is what the model should have learned, q, with the share of the truth in it,
/// and `model` is what it says, p̂. (V)
pub(super) fn context_errors(
    (context, truth): (&[u32], &ContextCounts),
    training: &ContextCounts,
    (ideal, kept): (&[f64], f64),
    model: &[f64],
) -> Result<ContextErrors, TheoryError> {
    let truth = Counted::new(truth);
    let training = Counted::new(training);
    let total = finite(decompose(ideal, model))?;
    let total_error = total.as_ref().map_or(f64::INFINITY, |term| term.b);
    let retention = retention(kept, total_error);
    let entropy = truth.cross_entropy(truth.frequencies());
    let model_on_truth = truth.gather(model);
    let mut record = ContextErrors {
        context: context.to_vec(),
        initial_count: truth.total(),
        training_count: training.total(),
        total_error,
        total_error_token: greatest_ratio(ideal, model) as u32,
        largest_added: total.map_or_else(Vec::new, |term| largest(&term.a)),
        sampling_error: None,
        unseen_mass: None,
        learning_error: None,
        learning_error_interval_95: None,
        retention,
        direct_retention: direct_retention(truth.frequencies(), &model_on_truth)?,
        initial_entropy_nats: entropy,
        cross_entropy_nats: truth.cross_entropy(&model_on_truth),
        cross_entropy_bound_nats: entropy - retention.ln(),
    };
    if training.total() > 0 {
        let error = |q: &[f64], p_hat: &[f64]| -> Result<Option<f64>, TheoryError> {
            Ok(finite(decompose(q, p_hat))?.map(|term| term.b))
        };
        let (ideal, model) = (training.gather(ideal), training.gather(model));
        record.sampling_error = error(&ideal, training.frequencies())?;
        record.unseen_mass = ideal.last().copied();
        record.learning_error = error(training.frequencies(), &model)?;
        record.learning_error_interval_95 = learning_interval(&training, &model)?;
    }
    Ok(record)
}

/// The learning error with the frequency of the token that decides it at the ends of its interval.
fn learning_interval(training: &Counted, model: &[f64]) -> Result<Option<Interval>, TheoryError> {
    let decisive = greatest_ratio(training.frequencies(), model);
    let p = model[decisive];
    if p == 0.0 {
        return Ok(None);
    }
    let frequency = wilson(training.count(decisive), training.total(), LEVEL)?;
    Ok(Some(Interval {
        low: (frequency.low / p - 1.0).max(0.0),
        high: (frequency.high / p - 1.0).max(0.0),
    }))
}

/// The category with the greatest q/p̂; of equals the first.
fn greatest_ratio(q: &[f64], p_hat: &[f64]) -> usize {
    let mut greatest = (0, f64::NEG_INFINITY);
    for (category, (q, p)) in q.iter().zip(p_hat).enumerate() {
        let ratio = if *q == 0.0 { 0.0 } else { q / p };
        if ratio > greatest.1 {
            greatest = (category, ratio);
        }
    }
    greatest.0
}

/// The tokens with the greatest a(v), if above 0; of equals the first.
fn largest(a: &[f64]) -> Vec<AddedMass> {
    let order = |x: &usize, y: &usize| a[*y].total_cmp(&a[*x]).then(x.cmp(y));
    let mut tokens: Vec<usize> = (0..a.len()).filter(|&token| a[token] > 0.0).collect();
    if tokens.len() > LARGEST_ADDED {
        tokens.select_nth_unstable_by(LARGEST_ADDED, order);
        tokens.truncate(LARGEST_ADDED);
    }
    tokens.sort_unstable_by(order);
    let entry = |token: usize| AddedMass {
        token: token as u32,
        mass: a[token],
    };
    tokens.into_iter().map(entry).collect()
}
