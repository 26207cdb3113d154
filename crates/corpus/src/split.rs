//! The split of a corpus into training and validation documents.

use autophage_random::{Purpose, Stream};

use crate::CorpusError;

/// Which documents are held out for validation.
///
/// Every document is held out with the same probability, independently of all others, by a random
/// number that belongs to the seed and its place in the corpus. So the split is known before the size
/// of the corpus is, and the share is met up to chance.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    share: f64,
    stream: Stream,
}

impl Split {
    /// Holds out this share of the documents.
    ///
    /// # Errors
    /// A share that is not above 0 and below 1.
    pub fn new(validation_share: f64, seed: u64) -> Result<Self, CorpusError> {
        if !(validation_share > 0.0 && validation_share < 1.0) {
            return Err(CorpusError::InvalidShare {
                share: validation_share,
            });
        }
        Ok(Self {
            share: validation_share,
            stream: Stream::new(seed, Purpose::Split, 0),
        })
    }

    /// The share of held-out documents that is aimed at.
    pub fn validation_share(&self) -> f64 {
        self.share
    }

    /// Whether document `i` of the corpus is held out. Empty documents have no number.
    pub fn is_validation(&self, i: u64) -> bool {
        self.stream.uniform(i, 0) < self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_met_and_the_seed_decides() {
        let held_out = |seed| -> Vec<u64> {
            let split = Split::new(0.05, seed).unwrap();
            (0..20_000).filter(|&i| split.is_validation(i)).collect()
        };
        assert_eq!(held_out(1), held_out(1));
        assert_ne!(held_out(1), held_out(2));
        // Five standard deviations of a binomial count around 1000.
        assert!((846..1154).contains(&held_out(1).len()));
    }

    #[test]
    fn a_share_is_a_share() {
        for share in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(Split::new(share, 0).is_err(), "{share}");
        }
    }
}
