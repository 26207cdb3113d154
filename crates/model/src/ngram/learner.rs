//! Training an n-gram model: counting.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{NGram, counts, file};
use crate::{
    LanguageModel, Learner, ModelError, Progress, Trained, Training, TrainingEvent, TrainingJob,
};

/// How much of a next-token distribution comes from the counts of a context (λ), the rest coming
/// from the context that is one token shorter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Interpolation {
    /// λ = 1: the relative frequencies after the longest context that was ever continued.
    None,
    /// λ = c/(c + t) after a context that occurred c times with t different next tokens (Witten and
    /// Bell 1991, method C): the more surprising a context was, the less it is trusted.
    WittenBell,
    /// The same λ for every context (Jelinek and Mercer 1980).
    JelinekMercer {
        /// λ, between 0 and 1, both excluded.
        weight: f64,
    },
}

impl Interpolation {
    /// λ of a context that occurred `total` times with `types` different next tokens.
    pub(super) fn own_weight(self, total: u32, types: usize) -> f64 {
        match self {
            Self::None => 1.0,
            Self::WittenBell => f64::from(total) / (f64::from(total) + types as f64),
            Self::JelinekMercer { weight } => weight,
        }
    }
}

/// Makes an [`NGram`] by counting the training set once. Neither the validation documents nor the
/// number of epochs have an influence, and there are no steps to report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NGramLearner {
    /// The tokens that a count spans, the next one included: at least 1. A model of order k sees
    /// k − 1 tokens of context.
    pub order: usize,
    /// How contexts of different lengths go together.
    pub interpolation: Interpolation,
    /// Whether tokens that the training set lacks have a probability: the distribution without
    /// context is then interpolated with the uniform one. Not with [`Interpolation::None`].
    pub full_support: bool,
}

impl NGramLearner {
    /// Relative frequencies of tokens and nothing else: the learner of the exact laws.
    pub const UNIGRAM: Self = Self {
        order: 1,
        interpolation: Interpolation::None,
        full_support: false,
    };

    /// Checks that such a model can be.
    ///
    /// # Errors
    /// An order of 0, a weight outside (0, 1), or full support without interpolation.
    pub fn check(&self) -> Result<(), ModelError> {
        let wrong = |setting, problem: String| Err(ModelError::Training { setting, problem });
        if self.order == 0 {
            return wrong("order", "0, and it must be at least 1".to_owned());
        }
        if let Interpolation::JelinekMercer { weight } = self.interpolation
            && !(weight > 0.0 && weight < 1.0)
        {
            return wrong(
                "weight",
                format!("{weight}, and it must lie between 0 and 1, both excluded"),
            );
        }
        if self.full_support && self.interpolation == Interpolation::None {
            return wrong(
                "full_support",
                "true, and it needs an interpolation, which is none".to_owned(),
            );
        }
        Ok(())
    }
}

impl Learner for NGramLearner {
    fn start<'a>(&'a self, job: &TrainingJob<'a>) -> Result<Box<dyn Training + 'a>, ModelError> {
        self.check()?;
        if job.start_from.is_some() {
            return Err(ModelError::Training {
                setting: "start_from",
                problem: "given, and an n-gram model is always counted from scratch".to_owned(),
            });
        }
        Ok(Box::new(Counting {
            learner: *self,
            job: *job,
            trained: None,
        }))
    }

    /// Counting is done at once and has no state in between: it begins anew.
    fn resume<'a>(
        &'a self,
        job: &TrainingJob<'a>,
        _directory: &Path,
    ) -> Result<Box<dyn Training + 'a>, ModelError> {
        self.start(job)
    }

    fn load(&self, directory: &Path) -> Result<Box<dyn LanguageModel>, ModelError> {
        let model = file::read(directory)?;
        let differs = |field, expected: String, found: String| {
            Err(ModelError::OtherArchitecture {
                directory: directory.to_owned(),
                field,
                expected,
                found,
            })
        };
        let found = model.settings();
        if found.order != self.order {
            return differs("order", self.order.to_string(), found.order.to_string());
        }
        if found.interpolation != self.interpolation {
            return differs(
                "interpolation",
                format!("{:?}", self.interpolation),
                format!("{:?}", found.interpolation),
            );
        }
        if found.full_support != self.full_support {
            return differs(
                "full_support",
                self.full_support.to_string(),
                found.full_support.to_string(),
            );
        }
        Ok(Box::new(model))
    }
}

/// A training that is one pass over the documents.
struct Counting<'a> {
    learner: NGramLearner,
    job: TrainingJob<'a>,
    trained: Option<Trained>,
}

impl Training for Counting<'_> {
    fn advance(
        &mut self,
        _observer: &mut dyn FnMut(&TrainingEvent) -> ControlFlow<()>,
    ) -> Result<Progress, ModelError> {
        let begin = Instant::now();
        let documents = self.job.training;
        let (vocabulary, order) = (documents.vocabulary(), self.learner.order);
        let levels = counts::count(documents, self.job.end_of_text, vocabulary, order)?;
        self.trained = Some(Trained {
            model: Box::new(NGram::new(self.learner, vocabulary, levels)),
            epochs: 1,
            steps: 0,
            tokens: documents.tokens(),
            seconds: begin.elapsed().as_secs_f64(),
        });
        Ok(Progress::Finished)
    }

    fn save(&self, _directory: &Path) -> Result<(), ModelError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Trained, ModelError> {
        self.trained.ok_or(ModelError::Unfinished)
    }
}
