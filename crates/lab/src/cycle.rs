//! One turn of the loop without its files: train on a training set, sample the next corpus.
//!
//! A run ([`crate::run`]) wraps it in stages, measurements and artefacts; the self-check
//! ([`crate::selfcheck`]) turns it thousands of times in memory. Both use this same code.

use std::ops::ControlFlow;
use std::path::Path;

use autophage_corpus::DocumentSet;
use autophage_model::{
    Epochs, GenerationRequest, LanguageModel, Learner, Limit, Trained, TrainingEvent, TrainingJob,
};
use autophage_random::{Purpose, Stream};

use crate::LabError;
use crate::composer::Composer;

/// What every turn of a lineage has in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cycle<'a> {
    pub(crate) composer: &'a Composer,
    pub(crate) learner: &'a dyn Learner,
    pub(crate) seed: u64,
    pub(crate) end_of_text: u32,
}

impl Cycle<'_> {
    /// Trains the model of generation `n`; `None` if `observer` broke off.
    pub(crate) fn train(
        &self,
        n: u32,
        training: &DocumentSet,
        validation: &DocumentSet,
        epochs: Epochs,
        start_from: Option<&Path>,
        observer: &mut dyn FnMut(&TrainingEvent) -> ControlFlow<()>,
    ) -> Result<Option<Trained>, LabError> {
        let job = TrainingJob {
            training,
            validation,
            end_of_text: self.end_of_text,
            initialization: Stream::new(self.seed, Purpose::Initialization, n),
            shuffle: Stream::new(self.seed, Purpose::Shuffle, n),
            epochs,
            start_from,
        };
        self.learner
            .train(&job, observer)
            .map_err(LabError::model(format!("training of generation {n}")))
    }

    /// Samples the corpus of generation `n`, as many tokens as the composer asks of it.
    /// `request` makes the request from its random numbers.
    pub(crate) fn generate(
        &self,
        n: u32,
        model: &dyn LanguageModel,
        request: impl FnOnce(Stream) -> GenerationRequest,
        sink: &mut dyn FnMut(&[u32]) -> ControlFlow<()>,
    ) -> Result<(), LabError> {
        let request = GenerationRequest {
            limit: Limit::Tokens(self.composer.generated_tokens(n)),
            ..request(Stream::new(self.seed, Purpose::Sampling, n))
        };
        model
            .generate(&request, &mut |_, document| sink(&document.tokens))
            .map_err(LabError::model(format!("text of generation {n}")))
    }
}
