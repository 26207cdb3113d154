//! `[generation]`.

use autophage_model::{Form, GenerationRequest, Limit, Overflow, SamplingFilter};
use autophage_random::Stream;
use serde::{Deserialize, Serialize};

use crate::Vocabulary;

use super::training::CONTEXT;
use super::words::{or_off, or_paradigm};

/// What a generation writes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenerationSection {
    /// Where a document stops.
    pub form: FormKind,
    /// Tokens of a document: the most of one that can end, or exactly those of a stream.
    pub max_tokens: u32,
    /// The most tokens that a sampled token is conditioned on.
    pub context: u32,
    /// What happens when a document outgrows the context.
    pub overflow: OverflowKind,
    /// Logits are divided by it.
    pub temperature: f64,
    /// Sample among so many most probable tokens only.
    #[serde(with = "or_off")]
    pub top_k: Option<u64>,
    /// Sample among the most probable tokens with this share of the probability only.
    #[serde(with = "or_off")]
    pub top_p: Option<f64>,
    /// The most documents that are sampled side by side; it affects memory and speed.
    pub batch: u32,
    /// Tokens of the generated corpus; `None`: as many as the paradigm needs, at least those of
    /// the initial corpus.
    #[serde(with = "or_paradigm")]
    pub tokens: Option<u64>,
}

/// Documents from the model's own distribution.
impl Default for GenerationSection {
    fn default() -> Self {
        Self {
            form: FormKind::Documents,
            max_tokens: CONTEXT,
            context: CONTEXT,
            overflow: OverflowKind::Slide,
            temperature: 1.0,
            top_k: None,
            top_p: None,
            batch: 64,
            tokens: None,
        }
    }
}

impl GenerationSection {
    /// The request for documents without a prompt and without a limit, in the tokens of `vocabulary`,
    /// from these random numbers.
    pub fn request(&self, vocabulary: Vocabulary, random: Stream) -> GenerationRequest {
        let tokens = self.max_tokens as usize;
        GenerationRequest {
            form: match self.form {
                FormKind::Documents => Form::Documents { max_tokens: tokens },
                FormKind::Stream => Form::Stream { tokens },
            },
            filter: SamplingFilter {
                temperature: self.temperature as f32,
                top_k: self.top_k.map(|k| k as usize),
                top_p: self.top_p.map(|p| p as f32),
            },
            context: self.context as usize,
            overflow: match self.overflow {
                OverflowKind::Slide => Overflow::Slide,
                OverflowKind::Hop => Overflow::Hop,
            },
            end_of_text: vocabulary.end_of_text,
            vocabulary: Some(vocabulary.tokens as usize),
            prompt: Vec::new(),
            random,
            limit: Limit::Unlimited,
            batch: self.batch as usize,
        }
    }
}

/// The form of a generated corpus: a [`Form`] whose length is another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormKind {
    /// Documents that end with end of text or at `max_tokens`.
    Documents,
    /// Sequences of exactly `max_tokens`.
    Stream,
}

/// What conditions the next token of a document that is longer than the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverflowKind {
    /// Exactly the last `context` tokens.
    Slide,
    /// The context restarts from its last half whenever it is full.
    Hop,
}
