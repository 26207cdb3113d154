//! What all generations of a run have in common.

use std::path::PathBuf;

use autophage_measure::diversity::Reference;
use autophage_measure::probe::Probe;
use autophage_measure::retention::Tracked;
use autophage_model::{LanguageModel, Learner};

use crate::composer::Composer;
use crate::curation::Curator;
use crate::cycle::Cycle;
use crate::prepared::Prepared;
use crate::{Experiment, Initialise, LabError, Layout};

/// What all generations of a run have in common.
pub(crate) struct Common<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) layout: &'a Layout,
    pub(crate) learner: &'a dyn Learner,
    pub(crate) curator: &'a dyn Curator,
    pub(crate) prepared: &'a Prepared,
    pub(crate) composer: &'a Composer,
    pub(crate) reference: &'a Reference,
    pub(crate) probes: &'a [Probe],
    pub(crate) tracked: &'a Tracked,
}

impl Common<'_> {
    /// Training and sampling, without files.
    pub(super) fn cycle(&self) -> Cycle<'_> {
        Cycle {
            composer: self.composer,
            learner: self.learner,
            seed: self.experiment.seed,
            end_of_text: self.prepared.tokenizer.end_of_text(),
        }
    }

    /// The directory whose weights the training of generation `n` starts from.
    pub(super) fn start(&self, n: u32) -> Option<PathBuf> {
        let model = &self.experiment.model;
        match model.initialise() {
            Initialise::Scratch => None,
            Initialise::Previous if n > 1 => {
                Some(self.layout.generation(n - 1).directory().to_owned())
            }
            Initialise::Previous | Initialise::Pretrained => model.pretrained().cloned(),
        }
    }

    /// The model of generation 1, from its directory: it need not be kept in memory, and a run that was
    /// stopped does the same.
    pub(super) fn first_model(&self) -> Result<Box<dyn LanguageModel>, LabError> {
        self.learner
            .load(self.layout.generation(1).directory())
            .map_err(LabError::model("model of generation 1"))
    }
}
