//! What can go wrong with a run.

use std::io;
use std::path::{Path, PathBuf};

use autophage_corpus::CorpusError;
use autophage_measure::MeasureError;
use autophage_model::ModelError;
use autophage_theory::TheoryError;

use crate::{Difference, ExperimentError};

/// An error of a run or of reading one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// The experiment is not right.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The corpus or a tokenizer cannot be used.
    #[error(transparent)]
    Corpus(Box<CorpusError>),
    /// A model cannot be built, trained, asked, saved or loaded.
    #[error("{what}: {source}")]
    Model {
        /// What was tried.
        what: String,
        /// The cause.
        source: Box<ModelError>,
    },
    /// A measurement failed.
    #[error("generation {generation}: {source}")]
    Measure {
        /// Of which generation; 0 stands for the initial corpus.
        generation: u32,
        /// The cause.
        source: Box<MeasureError>,
    },
    /// What the experiment asks for cannot be had from this corpus.
    #[error("{key}: {problem}")]
    Plan {
        /// The key of the experiment that would have to change.
        key: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A curator could not decide.
    #[error("curator `{curator}`, on the text of generation {generation}: {source}")]
    Curation {
        /// Its name.
        curator: String,
        /// Of which generation.
        generation: u32,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What a curator decided is no selection of documents of the corpus.
    #[error("curator `{curator}`: {problem}")]
    Selection {
        /// Its name.
        curator: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The run was begun with another curator.
    #[error(
        "{path} was curated by `{recorded}`, and the run is to go on with `{wanted}`: choose another \
         directory, or the same curator"
    )]
    OtherCurator {
        /// The record of what was selected.
        path: PathBuf,
        /// Name of the curator that selected it.
        recorded: String,
        /// Name of the one at hand.
        wanted: String,
    },
    /// No source of a training set has a token.
    #[error(
        "the training set of generation {generation} has no token: nothing is left of what it is \
         drawn from; let more text go on"
    )]
    NothingToTrainOn {
        /// The generation that should be trained on it.
        generation: u32,
    },
    /// The records of a lineage do not belong together.
    #[error("generation {generation}: {problem}; measure all generations with the same contexts")]
    Lineage {
        /// The generation.
        generation: u32,
        /// What does not fit.
        problem: &'static str,
    },
    /// A file or a directory cannot be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The directory has contents, and they are not a run.
    #[error(
        "{path} is not empty and not a run ({found} is in it): choose a new or empty directory"
    )]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// Something in it.
        found: String,
    },
    /// There is no run to read.
    #[error("{path} is not a run: it has no {missing}")]
    NoRun {
        /// The directory.
        path: PathBuf,
        /// What a run would have.
        missing: &'static str,
    },
    /// The directory holds a run of another experiment.
    #[error(
        "{path} holds a run of another experiment: {}; choose another directory, or the same values",
        list(.differences)
    )]
    OtherExperiment {
        /// The directory.
        path: PathBuf,
        /// The keys that differ: the run's value on the left, the value asked for on the right.
        differences: Vec<Difference>,
    },
    /// The run has more generations than the experiment.
    #[error(
        "{path} has {finished} finished generations and the experiment {wanted}: ask for at least {finished}"
    )]
    TooManyGenerations {
        /// The directory.
        path: PathBuf,
        /// Number of finished generations.
        finished: u32,
        /// Number of generations of the experiment.
        wanted: u32,
    },
    /// Another process works on the run.
    #[error("{path} is in use by another process: wait until it has finished, or stop it")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The run was written in a format that this version does not know.
    #[error("{path} has format version {found}; this version of autophage reads version {known}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is read.
        known: u32,
    },
    /// A file is not what was written.
    #[error("{path} is damaged: {problem}; {remedy}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it shows.
        problem: String,
        /// The way out.
        remedy: String,
    },
    /// A run without the error terms that were asked for.
    #[error(
        "{path} has no error terms: it tracks no contexts. Run the experiment again with --set \
         measure.contexts=200, in another directory"
    )]
    NoErrors {
        /// The directory of the run.
        path: PathBuf,
    },
    /// A forecast that cannot be made.
    #[error("no forecast: {problem}")]
    Forecast {
        /// Why, and what would be right.
        problem: String,
    },
    /// A generation that the run does not have.
    #[error("{path} has no generation {wanted}: {finished} are finished")]
    NoGeneration {
        /// The directory of the run.
        path: PathBuf,
        /// The generation that was asked for.
        wanted: u32,
        /// Number of finished generations.
        finished: u32,
    },
}

impl From<CorpusError> for LabError {
    fn from(error: CorpusError) -> Self {
        Self::Corpus(Box::new(error))
    }
}

impl LabError {
    /// For `map_err`: an error of doing `action` ("read", "write", …) with `path`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    /// For `map_err`: an error of a model while doing `what`.
    pub(crate) fn model(what: impl Into<String>) -> impl FnOnce(ModelError) -> Self {
        let what = what.into();
        move |source| Self::Model {
            what,
            source: Box::new(source),
        }
    }

    /// For `map_err`: an error of measuring `generation`.
    pub(crate) fn measure(generation: u32) -> impl FnOnce(MeasureError) -> Self {
        move |source| Self::Measure {
            generation,
            source: Box::new(source),
        }
    }

    /// For `map_err`: an error of the mathematics of a forecast.
    pub(crate) fn forecast(source: TheoryError) -> Self {
        Self::Forecast {
            problem: source.to_string(),
        }
    }

    pub(crate) fn plan(key: &'static str, problem: impl Into<String>) -> Self {
        Self::Plan {
            key,
            problem: problem.into(),
        }
    }
}

fn list(differences: &[Difference]) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".into());
    let items: Vec<String> = differences
        .iter()
        .map(|difference| {
            format!(
                "{} is {} there and {} here",
                difference.key,
                value(&difference.left),
                value(&difference.right)
            )
        })
        .collect();
    items.join(", ")
}
