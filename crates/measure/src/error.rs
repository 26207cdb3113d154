//! What can go wrong with a measurement.

use autophage_model::ModelError;

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
    Compression(std::io::Error),
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
}
