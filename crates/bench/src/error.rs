//! What can go wrong in a measurement of speed.

use autophage_compute::{IsaError, OutOfMemory, PrecisionError};
use autophage_corpus::CorpusError;
use autophage_lab::LabError;
use autophage_measure::MeasureError;
use autophage_model::ModelError;

use crate::{BenchModel, Task};

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// No model has this name.
    #[error("unknown model `{0}`: choose among {known}", known = BenchModel::known())]
    UnknownModel(String),
    /// No task has this name.
    #[error("unknown task `{0}`: choose among {known}", known = Task::known())]
    UnknownTask(String),
    /// No model or no task was named.
    #[error(
        "nothing to measure: choose among the models {models} and the tasks {tasks}",
        models = BenchModel::known(),
        tasks = Task::known()
    )]
    Nothing,
    /// An instruction set that does not exist or that this processor lacks.
    #[error(transparent)]
    Isa(#[from] IsaError),
    /// Less memory than a measurement needs.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// A precision that does not exist.
    #[error(transparent)]
    Precision(#[from] PrecisionError),
    /// An experiment that asks for what this machine does not have.
    #[error(transparent)]
    Lab(Box<LabError>),
    /// An estimate of what the reference backend would take.
    #[error("compute.backend is `reference`, whose speed is not measured: set compute.backend=cpu")]
    ReferenceBackend,
    /// A corpus without a document.
    #[error("{0}: no text to estimate from")]
    EmptyCorpus(String),
    /// A corpus or a tokenizer that cannot be used.
    #[error(transparent)]
    Corpus(Box<CorpusError>),
    /// A measurement that failed.
    #[error(transparent)]
    Measure(Box<MeasureError>),
    /// A model that could not be trained, sampled or scored.
    #[error("{model}: {source}")]
    Model {
        /// Which.
        model: String,
        /// Why.
        source: ModelError,
    },
}

impl From<CorpusError> for BenchError {
    fn from(error: CorpusError) -> Self {
        Self::Corpus(Box::new(error))
    }
}

impl From<LabError> for BenchError {
    fn from(error: LabError) -> Self {
        Self::Lab(Box::new(error))
    }
}

impl From<MeasureError> for BenchError {
    fn from(error: MeasureError) -> Self {
        Self::Measure(Box::new(error))
    }
}

impl BenchError {
    /// For `map_err`: the error of the model of that name.
    pub(crate) fn model(name: &str) -> impl Fn(ModelError) -> Self + '_ {
        |source| Self::Model {
            model: name.to_owned(),
            source,
        }
    }
}
