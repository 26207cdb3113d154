//! Estimates with their uncertainty, shared by the measurements.

use serde::{Deserialize, Serialize};

/// A mean over tokens, with documents as the units that were sampled.
///
/// Let document d have T_d tokens with total S_d, d = 1 … D. The mean over all tokens is the ratio
/// `m = Σ S_d / Σ T_d`. Tokens of one document depend on each other, so they are not D·T̄
/// independent observations; documents are taken to be independent instead. Numerator and
/// denominator are then both random. To first order around their expectations (the ratio estimator
/// of survey sampling: Cochran, *Sampling Techniques*, 1977, section 2.11, in its form for cluster
/// sampling),
///
/// ```text
/// m − E[m] ≈ Σ (S_d − m T_d) / Σ T_d,
/// Var[m]   ≈ D / (D − 1) · Σ (S_d − m T_d)² / (Σ T_d)².
/// ```
///
/// The residuals `S_d − m T_d` sum to zero, which is why their variance has D − 1 degrees of
/// freedom. If all documents have the same length this is the standard error of the mean of the
/// D document means. There is no correction for a finite population: the documents stand for the
/// source that they came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioEstimate {
    /// `Σ S_d / Σ T_d`.
    pub mean: f64,
    /// Its standard error; `None` for fewer than two documents, or if the mean is infinite.
    pub standard_error: Option<f64>,
}

impl RatioEstimate {
    /// From (S_d, T_d) of every document that has a token. `None` if there is none.
    pub fn new(documents: impl Iterator<Item = (f64, u64)> + Clone) -> Option<Self> {
        let (mut sum, mut tokens, mut count) = (0.0, 0, 0u64);
        for (total, length) in documents.clone().filter(|&(_, length)| length > 0) {
            sum += total;
            tokens += length;
            count += 1;
        }
        if tokens == 0 {
            return None;
        }
        let mean = sum / tokens as f64;
        let squares: f64 = documents
            .map(|(total, length)| (total - mean * length as f64).powi(2))
            .sum();
        let standard_error = (count > 1 && mean.is_finite())
            .then(|| (count as f64 / (count - 1) as f64 * squares).sqrt() / tokens as f64);
        Some(Self {
            mean,
            standard_error,
        })
    }
}

/// Quantiles of a set of numbers: the smallest number that at least the given share of them does
/// not exceed, so that each is one of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The least.
    #[serde(with = "crate::serialize::infinite")]
    pub minimum: f64,
    /// 5 %.
    #[serde(with = "crate::serialize::infinite")]
    pub p05: f64,
    /// 25 %.
    #[serde(with = "crate::serialize::infinite")]
    pub p25: f64,
    /// 50 %.
    #[serde(with = "crate::serialize::infinite")]
    pub median: f64,
    /// 75 %.
    #[serde(with = "crate::serialize::infinite")]
    pub p75: f64,
    /// 95 %.
    #[serde(with = "crate::serialize::infinite")]
    pub p95: f64,
    /// The greatest.
    #[serde(with = "crate::serialize::infinite")]
    pub maximum: f64,
}

impl Quantiles {
    /// The quantiles of `numbers`, none of which may be NaN. `None` if there are none.
    pub fn new(mut numbers: Vec<f64>) -> Option<Self> {
        let last = numbers.len().checked_sub(1)?;
        numbers.sort_unstable_by(f64::total_cmp);
        // Integer arithmetic: a product like 0.95 · 20 must not be rounded up past 19.
        let percentile = |percent: usize| {
            let rank = (numbers.len() * percent).div_ceil(100);
            numbers[rank.saturating_sub(1).min(last)]
        };
        Some(Self {
            minimum: percentile(0),
            p05: percentile(5),
            p25: percentile(25),
            median: percentile(50),
            p75: percentile(75),
            p95: percentile(95),
            maximum: percentile(100),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_lengths_give_the_standard_error_of_the_mean() {
        // Document means 1, 2, 3, 6: mean 3, sample variance 14/3, standard error √(14/12).
        let documents = [(5.0, 5), (10.0, 5), (15.0, 5), (30.0, 5)];
        let estimate = RatioEstimate::new(documents.into_iter()).unwrap();
        assert_eq!(estimate.mean, 3.0);
        let expected = (14.0f64 / 12.0).sqrt();
        assert!((estimate.standard_error.unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn unequal_lengths_by_hand() {
        // m = 10/5 = 2; residuals 1 − 2, 9 − 8 = ∓1; variance 2/1 · 2/25.
        let estimate = RatioEstimate::new([(1.0, 1), (9.0, 4)].into_iter()).unwrap();
        assert_eq!(estimate.mean, 2.0);
        assert!((estimate.standard_error.unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn one_document_has_no_standard_error_and_none_no_mean() {
        let one = RatioEstimate::new([(3.0, 2), (0.0, 0)].into_iter()).unwrap();
        assert_eq!((one.mean, one.standard_error), (1.5, None));
        assert_eq!(RatioEstimate::new([(0.0, 0)].into_iter()), None);
        let infinite = RatioEstimate::new([(f64::INFINITY, 2), (1.0, 1)].into_iter()).unwrap();
        assert_eq!(infinite.mean, f64::INFINITY);
        assert_eq!(infinite.standard_error, None);
    }

    /// The linearised standard error against the spread of the mean over many simulated samples.
    #[test]
    fn the_standard_error_is_the_spread_of_the_mean() {
        let stream = autophage_random::Stream::new(1, autophage_random::Purpose::Simulation, 0);
        let sample = |replicate: u64| {
            let documents: Vec<(f64, u64)> = (0..200)
                .map(|d| {
                    let length = 5 + stream.below(100, replicate, 3 * d);
                    let own_mean = 2.0 + 0.5 * stream.normal(replicate, 3 * d + 1);
                    (own_mean * length as f64, length)
                })
                .collect();
            RatioEstimate::new(documents.into_iter()).unwrap()
        };
        let estimates: Vec<RatioEstimate> = (0..2000).map(sample).collect();
        let n = estimates.len() as f64;
        let mean = estimates.iter().map(|e| e.mean).sum::<f64>() / n;
        let spread = (estimates
            .iter()
            .map(|e| (e.mean - mean).powi(2))
            .sum::<f64>()
            / n)
            .sqrt();
        let claimed = estimates
            .iter()
            .filter_map(|e| e.standard_error)
            .sum::<f64>()
            / n;
        assert!((claimed / spread - 1.0).abs() < 0.06, "{claimed} {spread}");
    }

    #[test]
    fn quantiles_by_hand() {
        let quantiles = Quantiles::new((1..=20).rev().map(f64::from).collect()).unwrap();
        assert_eq!((quantiles.minimum, quantiles.maximum), (1.0, 20.0));
        assert_eq!((quantiles.p05, quantiles.p25), (1.0, 5.0));
        assert_eq!((quantiles.median, quantiles.p95), (10.0, 19.0));
        assert_eq!(Quantiles::new(Vec::new()), None);
    }

    proptest! {
        #[test]
        fn a_quantile_has_its_share_at_or_below_it(numbers in prop::collection::vec(-9.0..9.0, 1..60)) {
            let quantiles = Quantiles::new(numbers.clone()).unwrap();
            for (value, percent) in [(quantiles.p05, 5), (quantiles.p25, 25), (quantiles.p95, 95)] {
                let at_or_below = numbers.iter().filter(|&&x| x <= value).count();
                let below = numbers.iter().filter(|&&x| x < value).count();
                prop_assert!(at_or_below * 100 >= numbers.len() * percent);
                prop_assert!(below * 100 < numbers.len() * percent);
            }
        }
    }
}
