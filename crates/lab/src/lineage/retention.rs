//! How much of the initial corpus is in a mixture of it and of models.

use autophage_theory::Mixture;

/// The share of the initial corpus in `mixture`, where `retention[k − 1]` is what generation k has kept
/// of it: `m_{n,0} + Σ_{k<n} m_{n,k} w_k`.
///
/// Generations of the same weight are summed before they are weighed, as in
/// [`RetentionSteps`](autophage_theory::RetentionSteps).
pub(super) fn kept(mixture: &Mixture, retention: &[f64]) -> f64 {
    let mut kept = mixture.real;
    if let (Some((weight, weights)), Some((latest, mut earlier))) =
        (mixture.generations.split_last(), retention.split_last())
    {
        kept += weight * latest;
        for equal in weights.chunk_by(|a, b| a == b) {
            let (these, later) = earlier.split_at(equal.len());
            kept += equal[0] * these.iter().sum::<f64>();
            earlier = later;
        }
    }
    // The weights sum to 1 but for rounding, which must not carry the retention above 1.
    kept.min(1.0)
}

#[cfg(test)]
mod tests {
    use autophage_theory::{Paradigm, Rate, Share, retention, retention_of_mixtures};

    use super::*;

    /// By this recursion, one generation after the other.
    fn recursion(mixture: impl Fn(u32) -> Mixture, errors: &[f64]) -> Vec<f64> {
        let mut retention = Vec::new();
        for (n, error) in (1..).zip(errors) {
            retention.push(kept(&mixture(n), &retention) / (1.0 + error));
        }
        retention
    }

    #[test]
    fn the_recursion_is_that_of_the_theory_to_the_last_bit() {
        let errors = [0.3, 0.1, 0.25, 0.0, f64::INFINITY, 0.5, 0.7];
        for paradigm in [
            Paradigm::Replace,
            Paradigm::Accumulate,
            Paradigm::ReplaceGrown,
            Paradigm::AccumulateSubsample {
                rate: Rate::new(0.3).unwrap(),
            },
            Paradigm::FixedShare {
                share: Share::new(0.2).unwrap(),
            },
        ] {
            let known = retention(paradigm, &errors).unwrap();
            let found = recursion(|n| paradigm.mixture(n), &errors);
            assert_eq!(found, known, "{paradigm}");
        }
    }

    #[test]
    fn mixtures_of_unequal_weights_are_taken_as_they_are() {
        let mixture = |n: u32| {
            let generations: Vec<f64> = (1..n).map(f64::from).collect();
            let sum = generations.iter().sum::<f64>() + 2.0;
            Mixture {
                real: 2.0 / sum,
                generations: generations.iter().map(|weight| weight / sum).collect(),
            }
        };
        let errors = [0.3, 0.1, 0.25, 0.0, 0.5];
        let known = retention_of_mixtures(mixture, &errors).unwrap();
        for (found, known) in recursion(mixture, &errors).iter().zip(known) {
            assert!((found - known).abs() < 1e-15);
        }
    }
}
