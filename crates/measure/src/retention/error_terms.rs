//! From distributions and counts to the error terms of a model.

use autophage_corpus::ContextCounts;
use rayon::prelude::*;

use super::context_errors::context_errors;
use super::event_errors::event_errors;
use super::{ContextErrors, Distributions, EventErrors, Ideal, Tracked};
use crate::MeasureError;

/// What the error terms of a model are made from.
#[derive(Clone, Copy, Debug)]
pub struct ErrorInputs<'a> {
    /// The contexts that are followed, with the truth.
    pub tracked: &'a Tracked,
    /// What follows each tracked context in the training set that was actually used
    /// ([`count_contexts`](autophage_corpus::count_contexts)).
    pub training: &'a [ContextCounts],
    /// What the model should have learned.
    pub ideal: &'a Ideal,
    /// Distributions of the model after the tracked contexts.
    pub model: &'a Distributions,
}

/// Error terms and retention of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelErrors {
    /// After every tracked context, over the whole vocabulary.
    pub contexts: Vec<ContextErrors>,
    /// Of every event.
    pub events: Vec<EventErrors>,
}

/// The error terms of a model.
///
/// # Errors
/// Inputs that are not of the same contexts, or of a model with a smaller vocabulary.
pub fn model_errors(inputs: &ErrorInputs<'_>) -> Result<ModelErrors, MeasureError> {
    check(inputs)?;
    let tracked = inputs.tracked;
    let failed = |context: usize| {
        move |source| MeasureError::Theory {
            context: tracked.contexts()[context].clone(),
            source,
        }
    };
    let contexts = (0..tracked.contexts().len())
        .into_par_iter()
        .map(|i| {
            context_errors(
                (&tracked.contexts()[i], &tracked.truth()[i]),
                &inputs.training[i],
                (
                    inputs.ideal.distribution(i),
                    inputs.ideal.context_retention(i),
                ),
                &inputs.model.probabilities(i),
            )
            .map_err(failed(i))
        })
        .collect::<Result<_, _>>()?;
    let events = tracked.events().iter().enumerate().map(|(i, event)| {
        let at = event.context;
        event_errors(
            (&tracked.contexts()[at], event.token),
            (&tracked.truth()[at], &inputs.training[at]),
            (
                inputs.ideal.distribution(at),
                inputs.ideal.event_retention(i),
            ),
            &inputs.model.probabilities(at),
        )
        .map_err(failed(at))
    });
    Ok(ModelErrors {
        contexts,
        events: events.collect::<Result<_, _>>()?,
    })
}

/// Everything must be of the same contexts in the same order.
fn check(inputs: &ErrorInputs<'_>) -> Result<(), MeasureError> {
    let wrong = |problem| Err(MeasureError::Unrelated { problem });
    let contexts = inputs.tracked.contexts();
    let vocabulary = inputs.model.vocabulary();
    if inputs.training.len() != contexts.len() {
        return wrong("the training set was counted for other contexts");
    }
    if inputs.model.contexts() != contexts {
        return wrong("the model's distributions are of other contexts");
    }
    let counts = inputs.tracked.truth().iter().chain(inputs.training);
    let tokens = counts.flat_map(|counts| counts.next.keys().copied());
    let tokens = tokens.chain(inputs.tracked.events().iter().map(|event| event.token));
    if tokens
        .max()
        .is_some_and(|token| token as usize >= vocabulary)
    {
        return wrong("the model has a smaller vocabulary than the corpus");
    }
    if !inputs.ideal.is_of(inputs.tracked, vocabulary) {
        return wrong("what it should have learned is of other contexts or another vocabulary");
    }
    Ok(())
}
