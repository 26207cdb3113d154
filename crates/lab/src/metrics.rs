//! What is recorded of a lineage: one line of JSON for each generation.

use autophage_measure::diversity::Diversity;
use autophage_measure::perplexity::{GeneratedPerplexity, Perplexity};
use autophage_measure::probe::CorpusAnswer;
use serde::{Deserialize, Serialize};

use crate::ErrorSummary;

/// Version of the records in this file.
pub const METRICS_VERSION: u32 = 1;

/// What was measured of a generation. The same experiment gives the same numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// [`METRICS_VERSION`].
    pub version: u32,
    /// Number of the generation, from 1.
    pub generation: u32,
    /// Perplexity of its model on the held-out real documents.
    pub perplexity: Perplexity,
    /// Perplexity of the text that it wrote under the model of generation 1, over the first 256
    /// documents; for generation 1, of its own text. `None` in runs that were made before this was
    /// measured.
    #[serde(default)]
    pub perplexity_under_first: Option<GeneratedPerplexity>,
    /// The probes, in the order of the experiment.
    pub probes: Vec<ProbeMetrics>,
    /// Diversity of the corpus that it wrote.
    pub diversity: Diversity,
    /// Error terms and retention over the tracked contexts, in a few numbers; `None` where none is
    /// tracked. All of them are in the generation's `errors.json`.
    pub errors: Option<ErrorSummary>,
    /// How its model was trained.
    pub training: TrainingMetrics,
    /// What it wrote.
    pub generated: GeneratedMetrics,
}

/// A probe of a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeMetrics {
    /// The text before.
    pub context: String,
    /// The texts after it.
    pub next: Vec<String>,
    /// The model's probability of each text after the context.
    pub probabilities: Vec<f64>,
    /// What the corpus that the model wrote says of them.
    pub generated: CorpusAnswer,
}

/// How a model was trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingMetrics {
    /// Documents of the training set.
    pub documents: u64,
    /// Stored tokens of the training set.
    pub set_tokens: u64,
    /// Epochs whose result the model is.
    pub epochs: u32,
    /// Optimizer steps.
    pub steps: u64,
    /// Target tokens trained on, over all epochs.
    pub tokens: u64,
    /// Mean training loss of the last epoch, in nats a token; `None` for a model without epochs.
    pub training_loss: Option<f64>,
    /// Lowest validation loss of an epoch, in nats a token.
    pub validation_loss: Option<f64>,
}

/// The corpus that a model wrote.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratedMetrics {
    /// Documents.
    pub documents: u64,
    /// Stored tokens.
    pub tokens: u64,
}

/// What is known before the first generation: the real documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// [`METRICS_VERSION`].
    pub version: u32,
    /// Documents of the initial corpus.
    pub initial_documents: u64,
    /// Stored tokens of the initial corpus, N.
    pub initial_tokens: u64,
    /// Documents that the perplexity is measured on.
    pub validation_documents: u64,
    /// Their stored tokens.
    pub validation_tokens: u64,
    /// Number of tokens of the vocabulary.
    pub vocabulary: u32,
    /// Perplexity of the token frequencies of the initial corpus on the held-out documents.
    pub unigram: Perplexity,
    /// The probes' frequencies in the initial corpus: the truth.
    pub probes: Vec<ProbeTruth>,
    /// Diversity of the initial corpus.
    pub diversity: Diversity,
}

/// A probe in the initial corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeTruth {
    /// The text before.
    pub context: String,
    /// The texts after it.
    pub next: Vec<String>,
    /// How often they occur.
    pub truth: CorpusAnswer,
}
