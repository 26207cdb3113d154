//! From distributions and counts to the error terms of a generation.

use autophage_corpus::ContextCounts;
use autophage_theory::{Paradigm, TheoryError, retention};
use rayon::prelude::*;

use super::context_errors::context_errors;
use super::event_errors::event_errors;
use super::{Distributions, GenerationErrors, Tracked};
use crate::MeasureError;

/// What the error terms of one generation are made from.
#[derive(Clone, Copy, Debug)]
pub struct ErrorInputs<'a> {
    /// The paradigm of the lineage, which says what the ideal mixture is.
    pub paradigm: Paradigm,
    /// The contexts that are followed.
    pub tracked: &'a Tracked,
    /// What follows each tracked context in the training set that was actually used
    /// ([`count_contexts`](autophage_corpus::count_contexts)).
    pub training: &'a [ContextCounts],
    /// Distributions of this generation's model after the tracked contexts.
    pub model: &'a Distributions,
    /// The records of generations 1 … n − 1, in order.
    pub previous: &'a [GenerationErrors],
}

/// The error terms of generation n = `previous.len() + 1`.
///
/// `earlier(k)` gives the distributions of generation k < n as they were measured then; it is called
/// only for generations that are part of the ideal mixture, once each, in ascending order: under
/// Replace for generation n − 1 alone.
///
/// # Errors
/// Inputs that are not of the same contexts, or whatever `earlier` fails with.
pub fn generation_errors(
    inputs: &ErrorInputs<'_>,
    earlier: &mut dyn FnMut(u32) -> Result<Distributions, MeasureError>,
) -> Result<GenerationErrors, MeasureError> {
    let generation = inputs.previous.len() as u32 + 1;
    check(inputs, generation)?;
    let ideal = ideal_mixture(inputs, generation, earlier)?;
    let contexts = (0..inputs.tracked.contexts().len())
        .into_par_iter()
        .map(|i| {
            context_errors(inputs, i, &ideal[i]).map_err(|source| MeasureError::Theory {
                context: inputs.tracked.contexts()[i].clone(),
                source,
            })
        })
        .collect::<Result<_, _>>()?;
    let events = (0..inputs.tracked.events().len())
        .map(|i| {
            let context = inputs.tracked.events()[i].context;
            event_errors(inputs, i, &ideal[context]).map_err(|source| MeasureError::Theory {
                context: inputs.tracked.contexts()[context].clone(),
                source,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(GenerationErrors {
        generation,
        contexts,
        events,
    })
}

/// Everything must be of the same contexts in the same order.
fn check(inputs: &ErrorInputs<'_>, generation: u32) -> Result<(), MeasureError> {
    let wrong = |generation, problem| {
        Err(MeasureError::Lineage {
            generation,
            problem,
        })
    };
    let contexts = inputs.tracked.contexts();
    if inputs.training.len() != contexts.len() {
        return wrong(
            generation,
            "the training set was counted for other contexts",
        );
    }
    if inputs.model.contexts() != contexts {
        return wrong(
            generation,
            "the model's distributions are of other contexts",
        );
    }
    let counts = inputs.tracked.truth().iter().chain(inputs.training);
    let tokens = counts.flat_map(|counts| counts.next.keys().copied());
    let tokens = tokens.chain(inputs.tracked.events().iter().map(|event| event.token));
    if tokens
        .max()
        .is_some_and(|token| token as usize >= inputs.model.vocabulary())
    {
        return wrong(
            generation,
            "its model has a smaller vocabulary than the corpus",
        );
    }
    for (record, expected) in inputs.previous.iter().zip(1..) {
        if record.generation != expected {
            return wrong(expected, "its record is missing or out of order");
        }
        let same_contexts = record.contexts.iter().map(|c| &c.context).eq(contexts);
        if !same_contexts || record.events.len() != inputs.tracked.events().len() {
            return wrong(expected, "its record is of other contexts or events");
        }
    }
    Ok(())
}

/// `q = m_{n,0} p + Σ_{k<n} m_{n,k} p̂_k` after every context.
fn ideal_mixture(
    inputs: &ErrorInputs<'_>,
    generation: u32,
    earlier: &mut dyn FnMut(u32) -> Result<Distributions, MeasureError>,
) -> Result<Vec<Vec<f64>>, MeasureError> {
    let mixture = inputs.paradigm.mixture(generation);
    let vocabulary = inputs.model.vocabulary();
    let mut ideal: Vec<Vec<f64>> = inputs
        .tracked
        .truth()
        .iter()
        .map(|truth| {
            let mut row = vec![0.0; vocabulary];
            for (&token, &count) in &truth.next {
                row[token as usize] = mixture.real * count as f64 / truth.total as f64;
            }
            row
        })
        .collect();
    for (generation, weight) in (1..).zip(&mixture.generations) {
        if *weight == 0.0 {
            continue;
        }
        let distributions = earlier(generation)?;
        if distributions.contexts() != inputs.tracked.contexts()
            || distributions.vocabulary() != vocabulary
        {
            return Err(MeasureError::Lineage {
                generation,
                problem: "its distributions are of other contexts or another vocabulary",
            });
        }
        ideal.par_iter_mut().enumerate().for_each(|(i, row)| {
            let model = distributions.probabilities(i);
            row.iter_mut()
                .zip(model)
                .for_each(|(q, p)| *q += weight * p);
        });
    }
    Ok(ideal)
}

/// Level of the intervals.
pub(super) const LEVEL: f64 = 0.95;

/// The retention of the latest generation, by the recursion over all error terms so far.
pub(super) fn latest_retention(
    paradigm: Paradigm,
    previous: impl Iterator<Item = f64>,
    current: f64,
) -> Result<f64, TheoryError> {
    let errors: Vec<f64> = previous.chain([current]).collect();
    Ok(retention(paradigm, &errors)?.last().copied().unwrap_or(1.0))
}

/// `None` where something is excluded, so that no finite error term exists.
pub(super) fn finite<T>(term: Result<T, TheoryError>) -> Result<Option<T>, TheoryError> {
    match term {
        Ok(term) => Ok(Some(term)),
        Err(TheoryError::Excluded { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
