//! A counted distribution, on the tokens that it has.

use autophage_corpus::ContextCounts;

/// The frequencies of the tokens that were counted, and, as one more category at the end, of all
/// others together: 0.
///
/// An error term against a counted distribution is decided by a maximum of q/p̂ in which tokens
/// without a count take no part, so putting them together changes nothing; and a vocabulary has many
/// tokens where a context is followed by few.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// Ascending.
    tokens: Vec<u32>,
    counts: Vec<u64>,
    total: u64,
    frequencies: Vec<f64>,
}

impl Counted {
    pub(super) fn new(counts: &ContextCounts) -> Self {
        let total = counts.total;
        let frequency = |&count: &u64| count as f64 / total as f64;
        Self {
            tokens: counts.next.keys().copied().collect(),
            counts: counts.next.values().copied().collect(),
            total,
            frequencies: counts.next.values().map(frequency).chain([0.0]).collect(),
        }
    }

    /// Occurrences of the context.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Occurrences of a category.
    pub(super) fn count(&self, category: usize) -> u64 {
        self.counts.get(category).copied().unwrap_or(0)
    }

    /// Of every category; the last is 0.
    pub(super) fn frequencies(&self) -> &[f64] {
        &self.frequencies
    }

    /// The probabilities of the same categories in a distribution over the vocabulary.
    pub(super) fn gather(&self, distribution: &[f64]) -> Vec<f64> {
        let mut gathered = Vec::with_capacity(self.tokens.len() + 1);
        // Summed directly: 1 minus the rest would lose the digits of a small remainder.
        let mut others = 0.0;
        let mut begin = 0;
        for &token in &self.tokens {
            let token = token as usize;
            others += distribution[begin..token].iter().sum::<f64>();
            gathered.push(distribution[token]);
            begin = token + 1;
        }
        others += distribution[begin..].iter().sum::<f64>();
        gathered.push(others);
        gathered
    }

    /// `−Σ p ln p̂` of a distribution over the same categories.
    pub(super) fn cross_entropy(&self, distribution: &[f64]) -> f64 {
        let pairs = self.frequencies.iter().zip(distribution);
        let counted = pairs.filter(|(p, _)| **p > 0.0);
        counted.map(|(p, p_hat)| p * -p_hat.ln()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autophage_theory::{decompose, direct_retention};
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        /// Error terms on the categories equal those on the whole vocabulary.
        #[test]
        fn categories_without_a_count_can_be_put_together(
            (counts, weights) in (2usize..30).prop_flat_map(|v| (vec(0u64..4, v), vec(0.01..1.0f64, v))),
        ) {
            let total: u64 = counts.iter().sum();
            prop_assume!(total > 0);
            let whole: Vec<f64> = counts.iter().map(|&c| c as f64 / total as f64).collect();
            let sum: f64 = weights.iter().sum();
            let model: Vec<f64> = weights.iter().map(|w| w / sum).collect();
            let next = (0..).zip(counts).filter(|(_, c)| *c > 0).collect();
            let counted = Counted::new(&ContextCounts { total, next });
            let gathered = counted.gather(&model);
            prop_assert!((gathered.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * (1.0 + a.abs());
            let b = decompose(&whole, &model).unwrap().b;
            prop_assert!(close(b, decompose(counted.frequencies(), &gathered).unwrap().b));
            let w = direct_retention(&whole, &model).unwrap();
            prop_assert!(close(w, direct_retention(counted.frequencies(), &gathered).unwrap()));
            let sampling = decompose(&model, &whole).ok().map(|term| term.b);
            let on_categories = decompose(&gathered, counted.frequencies()).ok().map(|term| term.b);
            prop_assert_eq!(sampling.is_some(), on_categories.is_some());
            prop_assert!(close(sampling.unwrap_or(0.0), on_categories.unwrap_or(0.0)));
            let entropy: f64 = whole.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            prop_assert!(close(entropy, counted.cross_entropy(counted.frequencies())));
        }
    }
}
