//! The baseline that knows no context.

use autophage_corpus::DocumentSet;
use rayon::prelude::*;

use super::{DocumentLoss, DocumentLosses};
use crate::MeasureError;

/// Token frequencies of a corpus, with Laplace's rule: `p(v) = (c(v) + 1) / (N + V)`, so that a token
/// the corpus lacks has a finite loss.
///
/// A language model that is worth its name has a lower perplexity than this.
#[derive(Clone, Debug)]
pub struct Unigram {
    /// −ln p(v).
    losses: Vec<f64>,
}

impl Unigram {
    /// The frequencies of the stored tokens of `documents`, end of text included: the same tokens that
    /// a model has as targets.
    pub fn new(documents: &DocumentSet) -> Self {
        let counts = token_counts(documents);
        let total = (documents.tokens() + counts.len() as u64) as f64;
        Self {
            losses: counts
                .into_iter()
                .map(|count| -((count + 1) as f64 / total).ln())
                .collect(),
        }
    }

    /// The losses of `documents`, comparable with those of a model.
    ///
    /// # Errors
    /// Documents without a token, or of a larger vocabulary.
    pub fn perplexity(&self, documents: &DocumentSet) -> Result<DocumentLosses, MeasureError> {
        if documents.tokens() == 0 {
            return Err(MeasureError::NothingToMeasure {
                what: "unigram perplexity",
            });
        }
        if documents.vocabulary() as usize != self.losses.len() {
            return Err(MeasureError::DifferentVocabularies {
                first: self.losses.len(),
                second: documents.vocabulary() as usize,
            });
        }
        let losses = (0..documents.len())
            .into_par_iter()
            .map(|i| {
                let document = documents.document(i);
                DocumentLoss {
                    loss_nats: document.iter().map(|v| self.losses[v as usize]).sum(),
                    tokens: document.len() as u64,
                }
            })
            .collect();
        Ok(DocumentLosses {
            context_tokens: None,
            documents: losses,
        })
    }
}

/// c(v), the occurrences among the stored tokens, for every token v of the vocabulary. (V)
pub fn token_counts(documents: &DocumentSet) -> Vec<u64> {
    let empty = || vec![0u64; documents.vocabulary() as usize];
    (0..documents.len())
        .into_par_iter()
        .fold(empty, |mut counts, i| {
            for token in documents.document(i) {
                counts[token as usize] += 1;
            }
            counts
        })
        .reduce(empty, |mut left, right| {
            left.iter_mut().zip(right).for_each(|(l, r)| *l += r);
            left
        })
}
