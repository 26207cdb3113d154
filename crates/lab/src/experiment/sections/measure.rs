//! `[measure]`.

use autophage_measure::probe::Conditioning;
use serde::{Deserialize, Serialize};

use super::training::CONTEXT;
use super::words::or_all;

/// What is measured of each generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeasureSection {
    /// The most tokens that a token is conditioned on in the perplexity.
    pub context: u32,
    /// The most validation documents that the perplexity is taken over.
    #[serde(with = "or_all")]
    pub documents: Option<u64>,
    /// Tokens of the sample on which diversity is measured.
    pub sample_tokens: u64,
    /// Contexts of each length that are tracked: the most frequent ones of the initial corpus.
    pub contexts: u32,
    /// Lengths of tracked contexts, in tokens: 1 to this.
    pub context_length: u32,
    /// What a model is given before the tokens of a probe's context. The default is that of a
    /// transformer; see [`ModelSettings::conditioning`](crate::ModelSettings::conditioning).
    pub conditioning: Conditioning,
    /// Contexts and next tokens whose probabilities are asked for.
    pub probe: Vec<ProbeSettings>,
}

impl Default for MeasureSection {
    fn default() -> Self {
        Self {
            context: CONTEXT,
            documents: None,
            sample_tokens: 100_000,
            contexts: 200,
            context_length: 3,
            conditioning: Conditioning::default(),
            probe: Vec::new(),
        }
    }
}

/// A context and the continuations whose probabilities are asked for, as texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeSettings {
    /// The text before.
    pub context: String,
    /// The texts after it.
    pub next: Vec<String>,
}
