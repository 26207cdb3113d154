//! Losses by document, and what follows from them.

use serde::{Deserialize, Serialize};

use super::{Comparison, LossHistogram};
use crate::MeasureError;
use crate::statistics::{Quantiles, RatioEstimate};

/// The loss of one document.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentLoss {
    /// Sum over the tokens of −ln of their probability.
    #[serde(with = "crate::serialize::infinite")]
    pub loss_nats: f64,
    /// Number of tokens that were predicted.
    pub tokens: u64,
}

impl DocumentLoss {
    /// Mean loss of a token; `None` without any.
    pub fn nats_per_token(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.loss_nats / self.tokens as f64)
    }
}

/// The losses of all documents of a corpus under one model, in the order of the documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentLosses {
    /// The most tokens that a token was conditioned on; `None` where the model uses no context.
    pub context_tokens: Option<u64>,
    /// The documents. At least one has a token.
    pub documents: Vec<DocumentLoss>,
}

/// Perplexity of a model on a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Perplexity {
    /// Number of documents.
    pub documents: u64,
    /// Number of tokens that were predicted, end of text included.
    pub tokens: u64,
    /// The most tokens that a token was conditioned on; `null` where the model uses no context.
    pub context_tokens: Option<u64>,
    /// Mean loss over all tokens of all documents.
    #[serde(with = "crate::serialize::infinite")]
    pub loss_nats_per_token: f64,
    /// Standard error of the mean loss, over documents ([`RatioEstimate`]).
    pub loss_standard_error_nats_per_token: Option<f64>,
    /// exp of the mean loss.
    #[serde(with = "crate::serialize::infinite")]
    pub perplexity: f64,
    /// Standard error of the perplexity: perplexity × standard error of the loss (delta method, for
    /// d exp(m) / dm = exp(m)).
    pub perplexity_standard_error: Option<f64>,
    /// UTF-8 bytes of the documents' text, as the caller counted them.
    pub text_bytes: Option<u64>,
    /// Total loss in bits over `text_bytes`; `null` without the bytes.
    ///
    /// The loss of the end-of-text tokens is part of it although they are no bytes of text: whoever
    /// decodes the documents must be told where each ends, and the figure stays a code length.
    pub bits_per_byte: Option<f64>,
    /// Quantiles over documents of the perplexity of each document by itself.
    pub document_perplexity: Quantiles,
}

impl DocumentLosses {
    /// The perplexity; `text_bytes` is the UTF-8 length of the text of all documents, for bits per
    /// byte.
    ///
    /// # Errors
    /// No document with a token.
    pub fn summary(&self, text_bytes: Option<u64>) -> Result<Perplexity, MeasureError> {
        let nothing = || MeasureError::NothingToMeasure { what: "perplexity" };
        let loss = RatioEstimate::new(self.sums()).ok_or_else(nothing)?;
        let each = self.means().map(f64::exp).collect();
        let perplexity = loss.mean.exp();
        let tokens = self.documents.iter().map(|document| document.tokens).sum();
        let total_nats: f64 = self.sums().map(|(loss, _)| loss).sum();
        Ok(Perplexity {
            documents: self.documents.len() as u64,
            tokens,
            context_tokens: self.context_tokens,
            loss_nats_per_token: loss.mean,
            loss_standard_error_nats_per_token: loss.standard_error,
            perplexity,
            perplexity_standard_error: loss.standard_error.map(|error| perplexity * error),
            text_bytes,
            bits_per_byte: text_bytes
                .filter(|&bytes| bytes > 0 && total_nats.is_finite())
                .map(|bytes| total_nats / std::f64::consts::LN_2 / bytes as f64),
            document_perplexity: Quantiles::new(each).ok_or_else(nothing)?,
        })
    }

    /// This model against `baseline`, paired over the documents, of which both must be measurements.
    ///
    /// # Errors
    /// Another number of documents, or a document with another number of tokens.
    pub fn compare(&self, baseline: &Self) -> Result<Comparison, MeasureError> {
        Comparison::new(self, baseline)
    }

    /// How the documents are spread over mean losses.
    pub fn histogram(&self) -> LossHistogram {
        LossHistogram::new(self.means())
    }

    /// Sum of losses and number of tokens of every document.
    fn sums(&self) -> impl Iterator<Item = (f64, u64)> + Clone + '_ {
        self.documents
            .iter()
            .map(|document| (document.loss_nats, document.tokens))
    }

    /// Mean loss of every document that has a token.
    fn means(&self) -> impl Iterator<Item = f64> + '_ {
        self.documents
            .iter()
            .filter_map(DocumentLoss::nats_per_token)
    }
}
