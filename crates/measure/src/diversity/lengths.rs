//! How long documents are.

use serde::{Deserialize, Serialize};

use crate::statistics::Quantiles;

/// Width of the classes of the histogram in tokens, the same for every corpus.
const CLASS_WIDTH: u64 = 16;
/// Longer documents than 512 · 16 = 8,192 tokens share the last class.
const CLASSES: usize = 512;

/// Lengths of documents, the end-of-text token that may end them not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lengths {
    /// Mean length.
    pub mean_tokens: f64,
    /// Quantiles of the lengths.
    pub quantiles_tokens: Quantiles,
    /// Number of documents by length.
    pub histogram: LengthHistogram,
}

/// Number of documents by length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LengthHistogram {
    /// Width of a class.
    pub class_width_tokens: u64,
    /// `documents[i]`: documents whose length is in [i, i + 1) times the class width. Ends with the
    /// last class that holds one; the 512th takes all longer documents too.
    pub documents: Vec<u64>,
}

impl Lengths {
    /// `None` without a document.
    pub(super) fn new(lengths: &[u64]) -> Option<Self> {
        let mut documents = Vec::new();
        for length in lengths {
            let class = ((length / CLASS_WIDTH) as usize).min(CLASSES - 1);
            if documents.len() <= class {
                documents.resize(class + 1, 0);
            }
            documents[class] += 1;
        }
        Some(Self {
            quantiles_tokens: Quantiles::new(lengths.iter().map(|&n| n as f64).collect())?,
            mean_tokens: lengths.iter().sum::<u64>() as f64 / lengths.len() as f64,
            histogram: LengthHistogram {
                class_width_tokens: CLASS_WIDTH,
                documents,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let lengths = Lengths::new(&[0, 15, 16, 40, 1_000_000]).unwrap();
        assert_eq!(lengths.histogram.documents[..3], [2, 1, 1]);
        assert_eq!(lengths.histogram.documents.len(), CLASSES);
        assert_eq!(lengths.histogram.documents[CLASSES - 1], 1);
        assert_eq!(lengths.quantiles_tokens.median, 16.0);
        assert!((lengths.mean_tokens - 1_000_071.0 / 5.0).abs() < 1e-9);
        assert!(Lengths::new(&[]).is_none());
    }
}
