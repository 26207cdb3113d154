//! What can go wrong with a measurement.

use std::io;
use std::path::{Path, PathBuf};

use autophage_model::ModelError;
use autophage_theory::TheoryError;

/// An error of measuring a model or a corpus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// The model refused what it was asked, or a file of it could not be read.
    #[error("{what}: {source}")]
    Model {
        /// What was being measured.
        what: String,
        /// The model's own error.
        source: ModelError,
    },
    /// The model's answer is not of the promised shape, or not a number.
    #[error("{what}: the model answered with {found} where {expected} was promised")]
    Answer {
        /// What was being measured.
        what: String,
        /// What the answer held.
        found: String,
        /// What it should have held.
        expected: String,
    },
    /// There is nothing to measure.
    #[error("{what}: there is no token to measure; give a corpus with at least one document")]
    NothingToMeasure {
        /// What was being measured.
        what: &'static str,
    },
    /// A setting that makes no sense.
    #[error("{key} = {value}: {expected}")]
    Setting {
        /// Name of the setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Two measurements that should be of the same documents are not.
    #[error(
        "only measurements of the same documents can be compared: {difference}; \
         measure both models on one set of documents"
    )]
    DifferentDocuments {
        /// Where they differ.
        difference: String,
    },
    /// Two corpora, or a corpus and a model, that do not share a tokenizer.
    #[error(
        "vocabularies of {first} and {second} tokens cannot be measured together; \
         encode both corpora with one tokenizer"
    )]
    DifferentVocabularies {
        /// Size of the one.
        first: usize,
        /// Size of the other.
        second: usize,
    },
    /// The compressor failed.
    #[error("compression ratio: {0}")]
    Compression(io::Error),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not as it was written.
    #[error("{path}: {problem}; delete it and measure its generation again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Numbers for which the theory has no answer.
    #[error("error terms after the context {context:?}: {source}")]
    Theory {
        /// Tokens of the context.
        context: Vec<u32>,
        /// The cause.
        source: TheoryError,
    },
    /// Measurements that do not belong together.
    #[error("{problem}; measure everything after the same contexts")]
    Unrelated {
        /// What does not fit.
        problem: &'static str,
    },
    /// A probe that asks for nothing.
    #[error("probe {index}: {problem}")]
    Probe {
        /// Its place among the probes, from 0.
        index: usize,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
}

impl MeasureError {
    /// Wraps an error of the model with what was being measured.
    pub(crate) fn model(what: &str) -> impl FnOnce(ModelError) -> Self + '_ {
        move |source| Self::Model {
            what: what.to_owned(),
            source,
        }
    }

    /// Wraps an error of reading or writing `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
