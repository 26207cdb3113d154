//! What a model should have learned.

use rayon::prelude::*;

use super::{Distributions, Tracked};
use crate::MeasureError;

/// What a model should say after the tracked contexts: distributions q that hold some share of the
/// truth p, `q ≥ w p`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ideal {
    vocabulary: usize,
    contexts: Vec<Vec<u32>>,
    /// q(v | x) of every context. (M, V)
    distributions: Vec<Vec<f64>>,
    /// The share w of p in q, of every context and of every event.
    context_retention: Vec<f64>,
    event_retention: Vec<f64>,
}

impl Ideal {
    /// `weight` times the truth over `vocabulary` tokens. With weight 1 that is all; with less, others
    /// have to be [added](Self::add) until the weights sum to 1.
    ///
    /// # Errors
    /// A token of the truth that is not in the vocabulary.
    pub fn of_truth(
        tracked: &Tracked,
        vocabulary: usize,
        weight: f64,
    ) -> Result<Self, MeasureError> {
        let tokens = tracked.truth().iter().flat_map(|truth| truth.next.keys());
        if tokens
            .max()
            .is_some_and(|&token| token as usize >= vocabulary)
        {
            return Err(MeasureError::Unrelated {
                problem: "the model has a smaller vocabulary than the truth",
            });
        }
        let rows = tracked.truth().iter().map(|truth| {
            let mut row = vec![0.0; vocabulary];
            for (&token, &count) in &truth.next {
                row[token as usize] = weight * count as f64 / truth.total as f64;
            }
            row
        });
        Ok(Self {
            vocabulary,
            contexts: tracked.contexts().to_vec(),
            distributions: rows.collect(),
            context_retention: vec![weight; tracked.contexts().len()],
            event_retention: vec![weight; tracked.events().len()],
        })
    }

    /// Adds `weight` times another model's distributions. The retention stays: see
    /// [`with_retention`](Self::with_retention).
    ///
    /// # Errors
    /// Distributions of other contexts or of another vocabulary.
    pub fn add(&mut self, weight: f64, model: &Distributions) -> Result<(), MeasureError> {
        if model.contexts() != self.contexts || model.vocabulary() != self.vocabulary {
            return Err(MeasureError::Unrelated {
                problem: "its distributions are of other contexts or another vocabulary",
            });
        }
        let rows = self.distributions.par_iter_mut().enumerate();
        rows.for_each(|(i, row)| {
            let model = model.probabilities(i);
            row.iter_mut()
                .zip(model)
                .for_each(|(q, p)| *q += weight * p);
        });
        Ok(())
    }

    /// The same with these shares of the truth in q: of every context, and of every event. Models that
    /// were [added](Self::add) have some of it too.
    ///
    /// # Errors
    /// Another number of contexts or events.
    pub fn with_retention(
        self,
        contexts: Vec<f64>,
        events: Vec<f64>,
    ) -> Result<Self, MeasureError> {
        if contexts.len() != self.context_retention.len()
            || events.len() != self.event_retention.len()
        {
            return Err(MeasureError::Unrelated {
                problem: "its retention is of other contexts or events",
            });
        }
        Ok(Self {
            context_retention: contexts,
            event_retention: events,
            ..self
        })
    }

    /// Whether it speaks of these contexts and events, in this vocabulary.
    pub(super) fn is_of(&self, tracked: &Tracked, vocabulary: usize) -> bool {
        self.contexts == tracked.contexts()
            && self.event_retention.len() == tracked.events().len()
            && self.vocabulary == vocabulary
    }

    /// q after the context in place `i`. (V)
    pub(super) fn distribution(&self, i: usize) -> &[f64] {
        &self.distributions[i]
    }

    /// The share of p in q after the context in place `i`.
    pub(super) fn context_retention(&self, i: usize) -> f64 {
        self.context_retention[i]
    }

    /// The share of p in q for the event in place `i`.
    pub(super) fn event_retention(&self, i: usize) -> f64 {
        self.event_retention[i]
    }
}
