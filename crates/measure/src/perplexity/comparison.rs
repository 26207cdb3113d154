//! Two models on the same documents.

use serde::{Deserialize, Serialize};

use super::DocumentLosses;
use crate::MeasureError;
use crate::statistics::RatioEstimate;

/// The difference between two models on the same documents.
///
/// Documents differ far more in difficulty than good models differ in skill. What a document adds to
/// both losses cancels in the difference of its two sums, so the standard error of the mean
/// difference is that of a single [`RatioEstimate`] over these differences, and usually much smaller
/// than the standard errors of the two perplexities suggest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Number of documents.
    pub documents: u64,
    /// Number of tokens that both models predicted.
    pub tokens: u64,
    /// Mean loss of the model − mean loss of the baseline, over all tokens: negative if the model is
    /// the better one.
    pub loss_difference_nats_per_token: f64,
    /// Its standard error, paired over documents; `null` for fewer than two documents.
    pub loss_difference_standard_error_nats_per_token: Option<f64>,
    /// Perplexity of the model / perplexity of the baseline.
    #[serde(with = "crate::serialize::infinite")]
    pub perplexity_ratio: f64,
    /// Its standard error (delta method).
    pub perplexity_ratio_standard_error: Option<f64>,
}

impl Comparison {
    pub(super) fn new(
        model: &DocumentLosses,
        baseline: &DocumentLosses,
    ) -> Result<Self, MeasureError> {
        let different = |difference| MeasureError::DifferentDocuments { difference };
        if model.documents.len() != baseline.documents.len() {
            return Err(different(format!(
                "one has {} documents, the other {}",
                model.documents.len(),
                baseline.documents.len()
            )));
        }
        let pairs = || model.documents.iter().zip(&baseline.documents);
        for (i, (ours, theirs)) in pairs().enumerate() {
            if ours.tokens != theirs.tokens {
                return Err(different(format!(
                    "document {i} has {} tokens in one and {} in the other",
                    ours.tokens, theirs.tokens
                )));
            }
            // A difference of two infinities would be none.
            if !(ours.loss_nats.is_finite() && theirs.loss_nats.is_finite()) {
                return Err(different(format!(
                    "document {i} has probability 0 under a model, so its difference is unknown"
                )));
            }
        }
        let differences =
            pairs().map(|(ours, theirs)| (ours.loss_nats - theirs.loss_nats, ours.tokens));
        let difference = RatioEstimate::new(differences)
            .ok_or(MeasureError::NothingToMeasure { what: "comparison" })?;
        let ratio = difference.mean.exp();
        Ok(Self {
            documents: model.documents.len() as u64,
            tokens: pairs().map(|(ours, _)| ours.tokens).sum(),
            loss_difference_nats_per_token: difference.mean,
            loss_difference_standard_error_nats_per_token: difference.standard_error,
            perplexity_ratio: ratio,
            perplexity_ratio_standard_error: difference.standard_error.map(|error| ratio * error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::DocumentLoss;
    use super::*;

    fn losses(documents: &[(f64, u64)]) -> DocumentLosses {
        DocumentLosses {
            context_tokens: Some(8),
            documents: documents
                .iter()
                .map(|&(loss_nats, tokens)| DocumentLoss { loss_nats, tokens })
                .collect(),
        }
    }

    #[test]
    fn a_constant_gap_has_no_standard_error() {
        let baseline = losses(&[(3.0, 2), (40.0, 5), (1.0, 10)]);
        let model = losses(&[(4.0, 2), (42.5, 5), (6.0, 10)]);
        let comparison = model.compare(&baseline).unwrap();
        assert!((comparison.loss_difference_nats_per_token - 0.5).abs() < 1e-12);
        let error = comparison.loss_difference_standard_error_nats_per_token;
        assert!(error.unwrap() < 1e-12);
        assert!((comparison.perplexity_ratio - 0.5f64.exp()).abs() < 1e-12);
        let back = baseline.compare(&model).unwrap();
        assert!((back.perplexity_ratio * comparison.perplexity_ratio - 1.0).abs() < 1e-12);
    }

    #[test]
    fn differences_by_hand() {
        // Differences 1 and −1 over 2 + 2 tokens: mean 0, variance 2/1 · (1 + 1)/16.
        let comparison = losses(&[(5.0, 2), (1.0, 2)])
            .compare(&losses(&[(4.0, 2), (2.0, 2)]))
            .unwrap();
        assert_eq!(comparison.loss_difference_nats_per_token, 0.0);
        let error = comparison.loss_difference_standard_error_nats_per_token;
        assert!((error.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(comparison.perplexity_ratio_standard_error, error);
    }

    #[test]
    fn other_documents_are_refused() {
        let model = losses(&[(5.0, 2), (1.0, 2)]);
        for other in [losses(&[(5.0, 2)]), losses(&[(5.0, 2), (1.0, 3)])] {
            let error = model.compare(&other).unwrap_err();
            assert!(matches!(error, MeasureError::DifferentDocuments { .. }));
        }
        let impossible = losses(&[(5.0, 2), (f64::INFINITY, 2)]);
        assert!(model.compare(&impossible).is_err());
    }
}
