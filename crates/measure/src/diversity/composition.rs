//! Which tokens a text is made of.

use autophage_theory::heterozygosity;
use serde::{Deserialize, Serialize};

/// The distribution of single tokens in a text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Composition {
    /// Number of different tokens.
    pub types: u64,
    /// `types` over the size of the vocabulary.
    pub vocabulary_share: f64,
    /// The share of the tokens used in the initial corpus that are used here.
    pub initial_vocabulary_share: f64,
    /// Entropy of the token frequencies p: `−Σ p ln p`.
    pub entropy_nats: f64,
    /// The same in bits: `−Σ p log2 p`.
    pub entropy_bits: f64,
    /// `1 − Σ p²`: the probability that two tokens drawn with replacement differ.
    pub heterozygosity: f64,
}

impl Composition {
    /// From the number of occurrences of every token of the vocabulary, and whether the initial
    /// corpus uses it.
    pub(super) fn new(counts: &[u64], used_initially: &[bool]) -> Self {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let shares: Vec<f64> = counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| count as f64 / total)
            .collect();
        let types = shares.len() as u64;
        let initial = used_initially.iter().filter(|&&used| used).count();
        let kept = counts
            .iter()
            .zip(used_initially)
            .filter(|&(&count, &used)| count > 0 && used)
            .count();
        // Adding 0 turns the −0 of a single type into 0.
        let entropy_nats = -shares.iter().map(|p| p * p.ln()).sum::<f64>() + 0.0;
        Self {
            types,
            vocabulary_share: types as f64 / counts.len().max(1) as f64,
            initial_vocabulary_share: kept as f64 / initial.max(1) as f64,
            entropy_nats,
            entropy_bits: entropy_nats / std::f64::consts::LN_2,
            heterozygosity: heterozygosity(&shares),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // p = 1/2, 1/4, 1/4.
        let used = [true, false, true, true, true];
        let composition = Composition::new(&[2, 1, 0, 0, 1], &used);
        assert_eq!(composition.types, 3);
        assert_eq!(composition.vocabulary_share, 0.6);
        assert_eq!(composition.initial_vocabulary_share, 0.5);
        assert!((composition.entropy_bits - 1.5).abs() < 1e-12);
        assert!((composition.entropy_nats - 1.5 * 2f64.ln()).abs() < 1e-12);
        assert!((composition.heterozygosity - 0.625).abs() < 1e-12);
    }

    #[test]
    fn one_token_has_no_diversity() {
        let composition = Composition::new(&[0, 7], &[true, true]);
        assert_eq!(composition.entropy_nats, 0.0);
        assert!(composition.entropy_nats.is_sign_positive());
        assert_eq!(composition.heterozygosity, 0.0);
    }
}
