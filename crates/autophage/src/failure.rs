//! How a command fails, and with which exit status.

use std::fmt;

use autophage_bench::BenchError;
use autophage_corpus::CorpusError;
use autophage_lab::{ExperimentError, LabError};
use autophage_measure::MeasureError;
use autophage_model::ModelError;
use autophage_report::{ReportError, ServeError};
use autophage_theory::{ParadigmError, TheoryError};

/// Why a command did not do what was asked.
///
/// The message is complete in itself: what was wrong, where, and what would be right.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    status: u8,
}

impl Failure {
    /// The work failed, or a check found what it looks for: status 1.
    pub(crate) fn failed(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            status: 1,
        }
    }

    /// What was asked makes no sense (arguments, experiment file): status 2, as for unknown options.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            status: 2,
        }
    }

    /// The exit status of the process.
    pub(crate) fn status(&self) -> u8 {
        self.status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl From<ExperimentError> for Failure {
    fn from(error: ExperimentError) -> Self {
        Self::usage(error)
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::UnknownModel(_)
            | BenchError::UnknownTask(_)
            | BenchError::Nothing
            | BenchError::Isa(_)
            | BenchError::Precision(_)
            | BenchError::ReferenceBackend => Self::usage(error),
            BenchError::Lab(error) => Self::from(*error),
            BenchError::Corpus(error) => Self::from(*error),
            BenchError::Measure(error) => Self::from(*error),
            BenchError::Model { .. } | BenchError::EmptyCorpus(_) | BenchError::OutOfMemory(_) => {
                Self::failed(error)
            }
        }
    }
}

impl From<ParadigmError> for Failure {
    fn from(error: ParadigmError) -> Self {
        Self::usage(error)
    }
}

impl From<TheoryError> for Failure {
    fn from(error: TheoryError) -> Self {
        Self::usage(error)
    }
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Experiment(_) | LabError::Plan { .. } | LabError::Forecast { .. } => {
                Self::usage(error)
            }
            _ => Self::failed(error),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Run(error) => (*error).into(),
            _ => Self::failed(error),
        }
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Self {
        match error {
            CorpusError::InvalidShare { .. } | CorpusError::VocabularyOutOfRange { .. } => {
                Self::usage(error)
            }
            _ => Self::failed(error),
        }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Request { .. } => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl From<MeasureError> for Failure {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Setting { .. } => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Host { .. } => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}
