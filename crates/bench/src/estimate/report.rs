//! An estimate, for people and as JSON.

use autophage_lab::{ByStage, EpochCount, Experiment, Stage};
use serde::Serialize;

use super::survey::Survey;
use super::work::Plan;
use super::{Disk, Rates};
use crate::Machine;

/// Version of the JSON form of an [`Estimate`]; a change that would mislead a reader raises it.
pub const ESTIMATE_VERSION: u32 = 1;

/// The factor by which an estimate may be off either way, on a machine that is as free as it was
/// while measuring.
const UNCERTAINTY: f64 = 1.25;

/// What an experiment would take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// [`ESTIMATE_VERSION`].
    pub version: u32,
    /// Version of autophage.
    pub software_version: &'static str,
    /// Name of the experiment.
    pub name: String,
    /// Number of its generations.
    pub generations: u32,
    /// What measured.
    pub machine: Machine,
    /// The corpus.
    pub corpus: CorpusSize,
    /// Tokens that the first generation is trained on, in one epoch.
    pub first_training_tokens: u64,
    /// Tokens that the last generation is trained on, in one epoch.
    pub last_training_tokens: u64,
    /// Tokens that the last generation writes.
    pub last_generated_tokens: u64,
    /// Epochs that were assumed.
    pub epochs: f64,
    /// Seconds of all generations, by stage.
    pub seconds: ByStage<f64>,
    /// Seconds altogether.
    pub total_seconds: f64,
    /// What it should not be less than.
    pub low_seconds: f64,
    /// What it should not be more than.
    pub high_seconds: f64,
    /// Seconds of the units of work, as they were measured.
    pub rates: Rates,
    /// Bytes of memory, by stage.
    pub memory_bytes: ByStage<u64>,
    /// Bytes of memory of the stage that needs the most.
    pub peak_memory_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: Disk,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
}

/// The size of a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CorpusSize {
    /// Tokens of the training documents.
    pub training_tokens: u64,
    /// Tokens of the held-out documents that are measured on.
    pub validation_tokens: u64,
    /// Number of tokens of the tokenizer.
    pub vocabulary: u32,
    /// Whether the numbers are exact, or extrapolated from the beginning of the corpus.
    pub exact: bool,
}

/// What was found out for an estimate.
pub(crate) struct Found {
    pub(crate) rates: Rates,
    pub(crate) seconds: ByStage<f64>,
    pub(crate) memory: ByStage<u64>,
    pub(crate) disk: Disk,
}

impl Estimate {
    pub(crate) fn new(
        experiment: &Experiment,
        machine: Machine,
        survey: &Survey,
        plan: &Plan,
        Found {
            rates,
            seconds,
            memory,
            disk,
        }: Found,
    ) -> Self {
        let total: f64 = seconds.values().sum();
        let early = experiment.training.epochs == EpochCount::EarlyStopping;
        // With early stopping the least is one epoch in every generation.
        let least = if early {
            let train = seconds.get(Stage::TRAIN.name()).copied().unwrap_or(0.0);
            total - train * (1.0 - 1.0 / plan.epochs)
        } else {
            total
        };
        let last = experiment.generations;
        Self {
            version: ESTIMATE_VERSION,
            software_version: env!("CARGO_PKG_VERSION"),
            name: experiment.name.clone(),
            generations: last,
            machine,
            corpus: CorpusSize {
                training_tokens: survey.training_tokens,
                validation_tokens: survey.validation_tokens,
                vocabulary: survey.vocabulary.tokens,
                exact: survey.exact,
            },
            first_training_tokens: plan.volumes.training(1),
            last_training_tokens: plan.volumes.training(last),
            last_generated_tokens: plan.volumes.generated(last),
            epochs: plan.epochs,
            seconds,
            total_seconds: total,
            low_seconds: least / UNCERTAINTY,
            high_seconds: total * UNCERTAINTY,
            rates,
            peak_memory_bytes: memory.values().copied().max().unwrap_or(0),
            memory_bytes: memory,
            disk_bytes: disk,
            assumptions: assumptions(experiment, survey, early),
        }
    }
}

fn assumptions(experiment: &Experiment, survey: &Survey, early: bool) -> Vec<String> {
    let mut assumptions =
        vec!["nothing else computes on the machine than did while measuring".to_owned()];
    if !survey.exact {
        assumptions.push("the rest of the corpus is like its beginning".to_owned());
    }
    if experiment.generation.form == autophage_lab::FormKind::Documents {
        assumptions.push(format!(
            "generated documents are as long as real ones, up to {} tokens",
            experiment.generation.max_tokens
        ));
    }
    if early {
        assumptions.push(format!(
            "early stopping takes all of training.max_epochs = {}",
            experiment.training.max_epochs
        ));
    }
    assumptions
}
