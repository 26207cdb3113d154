//! What is recorded of the error terms of one generation: `errors.json`, and a summary of it.

use autophage_measure::retention::{ContextErrors, EventErrors};
use autophage_measure::statistics::Quantiles;
use serde::{Deserialize, Serialize};

/// Error terms and retention of one generation, after every tracked context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerationErrors {
    /// Number of the generation, from 1.
    pub generation: u32,
    /// Whole-vocabulary resolution: every token is a category of its own.
    pub contexts: Vec<ContextErrors>,
    /// One-event resolution: a token against all others.
    pub events: Vec<EventErrors>,
}

/// A generation's error terms in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorSummary {
    /// Number of the generation.
    pub generation: u32,
    /// Number of contexts.
    pub contexts: u64,
    /// Total error over the contexts.
    pub total_error: Quantiles,
    /// Learning error over the contexts that have one; `null` if none has.
    pub learning_error: Option<Quantiles>,
    /// Mass of tokens unseen in training, mean over the contexts that the training set has; `null` if
    /// it has none.
    pub unseen_mass: Option<f64>,
    /// w_n over the contexts.
    pub retention: Quantiles,
    /// w_n averaged over the places of the initial corpus: contexts weighted by their count there.
    pub retention_by_place: f64,
    /// w*_n over the contexts.
    pub direct_retention: Quantiles,
    /// w*_n averaged like `retention_by_place`.
    pub direct_retention_by_place: f64,
}

impl GenerationErrors {
    /// The distribution of the error terms and of the retention over the contexts. `None` without a
    /// context.
    pub fn summary(&self) -> Option<ErrorSummary> {
        let quantiles = |of: &dyn Fn(&ContextErrors) -> f64| {
            Quantiles::new(self.contexts.iter().map(of).collect())
        };
        let places: u64 = self
            .contexts
            .iter()
            .map(|context| context.initial_count)
            .sum();
        let by_place = |of: &dyn Fn(&ContextErrors) -> f64| {
            let weighted = |context| of(context) * context.initial_count as f64;
            self.contexts.iter().map(weighted).sum::<f64>() / places.max(1) as f64
        };
        let learning = self
            .contexts
            .iter()
            .filter_map(|context| context.learning_error);
        let unseen: Vec<f64> = self
            .contexts
            .iter()
            .filter_map(|context| context.unseen_mass)
            .collect();
        Some(ErrorSummary {
            generation: self.generation,
            contexts: self.contexts.len() as u64,
            total_error: quantiles(&|context| context.total_error)?,
            learning_error: Quantiles::new(learning.collect()),
            unseen_mass: (!unseen.is_empty())
                .then(|| unseen.iter().sum::<f64>() / unseen.len() as f64),
            retention: quantiles(&|context| context.retention)?,
            retention_by_place: by_place(&|context| context.retention),
            direct_retention: quantiles(&|context| context.direct_retention)?,
            direct_retention_by_place: by_place(&|context| context.direct_retention),
        })
    }
}
