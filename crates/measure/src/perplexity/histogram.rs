//! How documents are spread over losses.

use serde::{Deserialize, Serialize};

/// Width of the classes in nats. The classes are the same for every corpus, so that histograms of
/// different generations can be laid over each other.
const CLASS_WIDTH_NATS: f64 = 0.1;
/// Losses from here on share the last class. No vocabulary makes a mean loss of 50 nats likely.
const CLASSES: usize = 500;

/// Number of documents by mean loss per token; exp of the class limits are perplexities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossHistogram {
    /// Width of a class.
    pub class_width_nats_per_token: f64,
    /// `documents[i]`: documents whose mean loss is in [i, i + 1) times the class width. Ends with the
    /// last class that holds one. The 500th class takes all greater losses too, infinite ones
    /// included.
    pub documents: Vec<u64>,
}

impl LossHistogram {
    pub(super) fn new(mean_losses: impl Iterator<Item = f64>) -> Self {
        let mut documents = Vec::new();
        for loss in mean_losses {
            // The conversion saturates: below 0 (rounding of a loss of 0) and at infinity.
            let class = ((loss / CLASS_WIDTH_NATS) as usize).min(CLASSES - 1);
            if documents.len() <= class {
                documents.resize(class + 1, 0);
            }
            documents[class] += 1;
        }
        Self {
            class_width_nats_per_token: CLASS_WIDTH_NATS,
            documents,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_in_its_class() {
        let histogram = LossHistogram::new([0.0, 0.05, 0.25, -1e-9, f64::INFINITY].into_iter());
        assert_eq!(histogram.documents.len(), CLASSES);
        assert_eq!(histogram.documents[..4], [3, 0, 1, 0]);
        assert_eq!(histogram.documents[CLASSES - 1], 1);
        assert!(LossHistogram::new(std::iter::empty()).documents.is_empty());
    }
}
