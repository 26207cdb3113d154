//! From a generation's measurements and those of the generations before it to its error terms.

use autophage_corpus::ContextCounts;
use autophage_measure::retention::{Distributions, ErrorInputs, Ideal, Tracked, model_errors};
use autophage_theory::Mixture;

use super::GenerationErrors;
use super::retention::kept;
use crate::LabError;

/// What the error terms of one generation are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineageInputs<'a> {
    /// The mixture that the generation's model should have learned.
    pub(crate) mixture: &'a Mixture,
    /// The contexts that are followed.
    pub(crate) tracked: &'a Tracked,
    /// What follows each tracked context in the training set that was actually used.
    pub(crate) training: &'a [ContextCounts],
    /// Distributions of this generation's model after the tracked contexts.
    pub(crate) model: &'a Distributions,
    /// The records of generations 1 … n − 1, in order.
    pub(crate) previous: &'a [GenerationErrors],
}

/// The error terms of generation n = `previous.len() + 1`.
///
/// `earlier(k)` gives the distributions of generation k < n as they were measured then; it is called
/// only for generations that are part of the mixture, once each, in ascending order: under Replace for
/// generation n − 1 alone.
///
/// # Errors
/// Inputs that are not of the same contexts, or whatever `earlier` fails with.
pub(crate) fn generation_errors(
    inputs: &LineageInputs<'_>,
    earlier: &mut dyn FnMut(u32) -> Result<Distributions, LabError>,
) -> Result<GenerationErrors, LabError> {
    let generation = inputs.previous.len() as u32 + 1;
    check(inputs, generation)?;
    let ideal = ideal(inputs, generation, earlier)?;
    let errors = model_errors(&ErrorInputs {
        tracked: inputs.tracked,
        training: inputs.training,
        ideal: &ideal,
        model: inputs.model,
    })
    .map_err(LabError::measure(generation))?;
    Ok(GenerationErrors {
        generation,
        contexts: errors.contexts,
        events: errors.events,
    })
}

/// The mixture and the records must be those of all generations before, of the same contexts.
fn check(inputs: &LineageInputs<'_>, generation: u32) -> Result<(), LabError> {
    let wrong = |generation, problem| {
        Err(LabError::Lineage {
            generation,
            problem,
        })
    };
    if inputs.mixture.generations.len() != inputs.previous.len() {
        return wrong(
            generation,
            "its mixture is of another number of generations than were measured",
        );
    }
    for (record, expected) in inputs.previous.iter().zip(1..) {
        if record.generation != expected {
            return wrong(expected, "its record is missing or out of order");
        }
        let contexts = record.contexts.iter().map(|c| &c.context);
        if !contexts.eq(inputs.tracked.contexts())
            || record.events.len() != inputs.tracked.events().len()
        {
            return wrong(expected, "its record is of other contexts or events");
        }
    }
    Ok(())
}

/// `q = m_{n,0} p + Σ_{k<n} m_{n,k} p̂_k` after every context, and how much of p that is at least.
fn ideal(
    inputs: &LineageInputs<'_>,
    generation: u32,
    earlier: &mut dyn FnMut(u32) -> Result<Distributions, LabError>,
) -> Result<Ideal, LabError> {
    let &LineageInputs {
        mixture,
        tracked,
        model,
        previous,
        ..
    } = inputs;
    let failed = LabError::measure(generation);
    let mut ideal = Ideal::of_truth(tracked, model.vocabulary(), mixture.real).map_err(failed)?;
    for (k, &weight) in (1..).zip(&mixture.generations) {
        if weight > 0.0 {
            ideal
                .add(weight, &earlier(k)?)
                .map_err(LabError::measure(k))?;
        }
    }
    let kept_by = |of: &dyn Fn(&GenerationErrors) -> f64| {
        let retention: Vec<f64> = previous.iter().map(of).collect();
        kept(mixture, &retention)
    };
    let contexts = 0..tracked.contexts().len();
    let events = 0..tracked.events().len();
    ideal
        .with_retention(
            contexts
                .map(|i| kept_by(&|record| record.contexts[i].retention))
                .collect(),
            events
                .map(|i| kept_by(&|record| record.events[i].retention))
                .collect(),
        )
        .map_err(LabError::measure(generation))
}
