//! Error terms of one event: a token against all others.

use autophage_corpus::ContextCounts;
use autophage_theory::{
    TheoryError, decompose_event, direct_retention, event_error_interval, wilson,
};

use super::terms::{LEVEL, finite, retention};
use super::{EventErrors, EventTerm};

/// The error terms of `token` after a context, whose counts are `truth` and, in the training set,
/// `training`; `ideal` is what the model should have learned, q, with the share of the truth in it,
/// and `model` is what it says, p̂. (V)
pub(super) fn event_errors(
    (context, token): (&[u32], u32),
    (truth, training): (&ContextCounts, &ContextCounts),
    (ideal, kept): (&[f64], f64),
    model: &[f64],
) -> Result<EventErrors, TheoryError> {
    let initial = truth.conditional(token).unwrap_or(0.0);
    let counted = training.conditional(token);
    // A sum of a mixture may exceed 1 by rounding.
    let ideal = ideal[token as usize].min(1.0);
    let model = model[token as usize].min(1.0);

    let total = event_term(ideal, model)?;
    let count = training.next.get(&token).copied().unwrap_or(0);
    // The only error is an interval of no trials.
    let training_interval = wilson(count, training.total, LEVEL).ok();
    Ok(EventErrors {
        context: context.to_vec(),
        token,
        initial_probability: initial,
        ideal_probability: ideal,
        training_probability: counted,
        training_interval_95: training_interval,
        model_probability: model,
        total,
        sampling: counted
            .map(|counted| event_term(ideal, counted))
            .transpose()?,
        learning: counted
            .map(|counted| event_term(counted, model))
            .transpose()?,
        learning_error_interval_95: match training_interval {
            Some(interval) => finite(event_error_interval(interval, model))?,
            None => None,
        },
        retention: retention(kept, total.error),
        direct_retention: direct_retention(&[initial, 1.0 - initial], &[model, 1.0 - model])?,
    })
}

fn event_term(q: f64, p_hat: f64) -> Result<EventTerm, TheoryError> {
    let term = finite(decompose_event(q, p_hat))?;
    Ok(match term {
        Some(term) => EventTerm {
            error: term.b,
            // Adding 0 turns −0 into 0.
            added_to_event: term.a[0] + 0.0,
            added_to_others: term.a[1] + 0.0,
        },
        // The mass that is added to what is not excluded is infinite with b.
        None => EventTerm {
            error: f64::INFINITY,
            added_to_event: if p_hat == 0.0 { 0.0 } else { f64::INFINITY },
            added_to_others: if p_hat == 0.0 { f64::INFINITY } else { 0.0 },
        },
    })
}
