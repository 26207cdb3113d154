//! Retention: the share of a generation's output that still is the initial corpus.
//!
//! Unrolling `p̂_n = (q_n + a_n)/(1 + b_n)` through the mixtures q_n of any paradigm gives
//! `p̂_n(v) = w_n p(v) + r_n(v)` with `r_n ≥ 0`. The weight `w_n` is the retention, and the residual
//! `r_n` is made of nothing but the accumulated error terms. In what follows `errors[n − 1]` is
//! `b_n`.

use crate::error::{error_terms, open_unit_interval};
use crate::{ErrorTerm, Mixture, Paradigm, Rate, TheoryError};

/// The retention of one generation after the other, in constant time and memory for each.
#[derive(Clone, Debug)]
pub struct RetentionSteps {
    paradigm: Paradigm,
    generation: u32,
    /// Retention of the latest generation.
    latest: f64,
    /// Sum of the retentions of all generations before the latest.
    earlier: f64,
}

impl RetentionSteps {
    /// Before generation 1.
    pub fn new(paradigm: Paradigm) -> Self {
        Self {
            paradigm,
            generation: 0,
            latest: 0.0,
            earlier: 0.0,
        }
    }

    /// The retention `w_n = (m_{n,0} + Σ_{k<n} m_{n,k} w_k) / (1 + b_n)` of the next generation,
    /// whose error term is `error` ≥ 0.
    pub fn step(&mut self, error: f64) -> f64 {
        self.generation += 1;
        let shares = self.paradigm.shares(self.generation);
        let kept = shares.real + shares.latest * self.latest + shares.earlier * self.earlier;
        self.earlier += self.latest;
        // The weights sum to 1 but for rounding, which must not carry the retention above 1.
        self.latest = kept.min(1.0) / (1.0 + error);
        self.latest
    }
}

/// The retention of generations 1, 2, … with the given error terms.
///
/// # Errors
/// An error term that is negative or not a number.
pub fn retention(paradigm: Paradigm, errors: &[f64]) -> Result<Vec<f64>, TheoryError> {
    error_terms(errors)?;
    let mut steps = RetentionSteps::new(paradigm);
    Ok(errors.iter().map(|error| steps.step(*error)).collect())
}

/// The retention under any sequence of training sets, `mixture(n)` being that of generation n:
/// `w_n = (m_{n,0} + Σ_{k<n} m_{n,k} w_k) / (1 + b_n)`, by that very recursion.
///
/// # Errors
/// An error term that is negative or not a number, or a mixture of generation n without exactly
/// n − 1 generations.
pub fn retention_of_mixtures(
    mixture: impl Fn(u32) -> Mixture,
    errors: &[f64],
) -> Result<Vec<f64>, TheoryError> {
    error_terms(errors)?;
    let mut retention: Vec<f64> = Vec::with_capacity(errors.len());
    for (n, error) in (1..).zip(errors) {
        let sources = sources_of(n, &mixture)?;
        let kept: f64 = sources
            .generations
            .iter()
            .zip(&retention)
            .map(|(weight, retention)| weight * retention)
            .sum();
        retention.push((sources.real + kept) / (1.0 + error));
    }
    Ok(retention)
}

fn sources_of(n: u32, mixture: &impl Fn(u32) -> Mixture) -> Result<Mixture, TheoryError> {
    let sources = mixture(n);
    let expected = n as usize - 1;
    if sources.generations.len() == expected {
        Ok(sources)
    } else {
        Err(TheoryError::Length {
            name: "the mixture's list of generations",
            actual: sources.generations.len(),
            expected,
        })
    }
}

/// The residuals `r_n(v) = p̂_n(v) − w_n p(v)` of generations 1, 2, …, from the error terms alone:
/// `r_n = (Σ_{k<n} m_{n,k} r_k + a_n) / (1 + b_n)`. (generations, K)
///
/// # Errors
/// A negative error term, or error terms over different numbers of categories.
pub fn residuals(paradigm: Paradigm, terms: &[ErrorTerm]) -> Result<Vec<Vec<f64>>, TheoryError> {
    let categories = check_terms(terms)?;
    let mut residuals: Vec<Vec<f64>> = Vec::with_capacity(terms.len());
    // Sum of the residuals of all generations before the latest.
    let mut earlier = vec![0.0; categories];
    for (n, term) in (1..).zip(terms) {
        let shares = paradigm.shares(n);
        let residual = match residuals.last() {
            None => term.a.iter().map(|a| a / (1.0 + term.b)).collect(),
            Some(latest) => {
                let inherited = latest.iter().zip(&earlier);
                let inherited = inherited.map(|(l, e)| shares.latest * l + shares.earlier * e);
                let residual = inherited
                    .zip(&term.a)
                    .map(|(r, a)| (r + a) / (1.0 + term.b));
                let residual: Vec<f64> = residual.collect();
                for (sum, latest) in earlier.iter_mut().zip(latest) {
                    *sum += latest;
                }
                residual
            }
        };
        residuals.push(residual);
    }
    Ok(residuals)
}

/// The number of categories of the error terms.
fn check_terms(terms: &[ErrorTerm]) -> Result<usize, TheoryError> {
    let errors: Vec<f64> = terms.iter().map(|term| term.b).collect();
    error_terms(&errors)?;
    let categories = terms.first().map_or(0, |term| term.a.len());
    match terms.iter().find(|term| term.a.len() != categories) {
        None => Ok(categories),
        Some(term) => Err(TheoryError::Length {
            name: "an error term",
            actual: term.a.len(),
            expected: categories,
        }),
    }
}

/// Retention under Replace in closed form: `w_n = Π_{k≤n} 1/(1 + b_k)`.
///
/// # Errors
/// An error term that is negative or not a number.
pub fn replace_retention(errors: &[f64]) -> Result<Vec<f64>, TheoryError> {
    error_terms(errors)?;
    let mut divergence = 0.0;
    let product = errors.iter().map(|error| {
        divergence += error.ln_1p();
        f64::exp(-divergence)
    });
    Ok(product.collect())
}

/// Retention under Accumulate-Subsample with rate α in closed form:
/// `w_n = 1/((1 + (n−1)α)(1 + b_n)) · Π_{k<n} (1 + α/((1 + (k−1)α)(1 + b_k)))`.
///
/// With α = 1 it is the retention under Accumulate, whose weights are the same.
///
/// # Errors
/// An error term that is negative or not a number.
pub fn accumulate_subsample_retention(rate: Rate, errors: &[f64]) -> Result<Vec<f64>, TheoryError> {
    error_terms(errors)?;
    let rate = rate.get();
    let mut ln_product = 0.0;
    let retention = errors.iter().enumerate().map(|(before, error)| {
        let size = 1.0 + before as f64 * rate;
        let retention = f64::exp(ln_product - size.ln() - error.ln_1p());
        ln_product += f64::ln_1p(rate / (size * (1.0 + error)));
        retention
    });
    Ok(retention.collect())
}

/// The paper's unnormalised series under Replace.
///
/// With `t_0 = 1`, `t_k = t_{k−1}(1 + b_k)`, `A_k = a_k t_{k−1}` and `B_k = b_k t_{k−1}`, generation
/// n is `p̂_n = (p + Σ_{k≤n} A_k) / (1 + Σ_{k≤n} B_k)`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnnormalisedSeries {
    /// `Σ_{k≤n} A_k(v)`. (K)
    pub a: Vec<f64>,
    /// `Σ_{k≤n} B_k`.
    pub b: f64,
}

/// The series after generations 1, 2, … with the given error terms. The sums grow without bound,
/// and are infinite where they leave the range of `f64`.
///
/// # Errors
/// As [`residuals`].
pub fn unnormalised_series(terms: &[ErrorTerm]) -> Result<Vec<UnnormalisedSeries>, TheoryError> {
    let categories = check_terms(terms)?;
    let mut sums = UnnormalisedSeries {
        a: vec![0.0; categories],
        b: 0.0,
    };
    let mut scale = 1.0;
    let mut series = Vec::with_capacity(terms.len());
    for term in terms {
        for (sum, a) in sums.a.iter_mut().zip(&term.a) {
            *sum += a * scale;
        }
        sums.b += term.b * scale;
        scale *= 1.0 + term.b;
        series.push(sums.clone());
    }
    Ok(series)
}

/// The first generation whose retention is below `threshold`, if one up to `horizon` is;
/// `error(n)` is the error term of generation n.
///
/// # Errors
/// A threshold outside (0, 1), or an error term that is negative or not a number.
pub fn generation_below(
    paradigm: Paradigm,
    threshold: f64,
    horizon: u32,
    mut error: impl FnMut(u32) -> f64,
) -> Result<Option<u32>, TheoryError> {
    open_unit_interval("threshold", threshold)?;
    let mut steps = RetentionSteps::new(paradigm);
    for generation in 1..=horizon {
        let value = error(generation);
        if value.is_nan() || value < 0.0 {
            return Err(TheoryError::ErrorTerm {
                generation: generation as usize,
                value,
            });
        }
        if steps.step(value) < threshold {
            return Ok(Some(generation));
        }
    }
    Ok(None)
}

/// The most that perplexity on the initial corpus can be: `PPL_n ≤ PPL_real / w_n`, because
/// `p̂_n ≥ w_n p` bounds the cross-entropy, `H(p, p̂_n) ≤ H(p) − ln w_n`. It holds context by context.
/// Infinite at retention 0.
pub fn perplexity_bound(real_perplexity: f64, retention: f64) -> f64 {
    real_perplexity / retention
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_term::tests::distribution;
    use crate::paradigm::tests::{any_paradigm, any_rate, share};
    use crate::{decompose, direct_retention};
    use proptest::prelude::*;

    /// Error terms over five orders of magnitude, with some that are 0.
    fn any_error() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => (-4.0..1.0f64).prop_map(|exponent| 10f64.powf(exponent)),
            1 => Just(0.0),
        ]
    }

    fn close(left: &[f64], right: &[f64]) -> bool {
        left.len() == right.len()
            && left
                .iter()
                .zip(right)
                .all(|(x, y)| (x - y).abs() <= 1e-10 * x.abs().max(1e-300))
    }

    /// Simulates whole distributions: trains each generation on its mixture with a random error.
    /// Returns p, p̂_1, p̂_2, … and the error terms that `decompose` measures.
    fn simulate(
        paradigm: Paradigm,
        real: &[f64],
        trained: impl Fn(u32, &[f64]) -> Vec<f64>,
        generations: u32,
    ) -> (Vec<Vec<f64>>, Vec<ErrorTerm>) {
        let mut outputs: Vec<Vec<f64>> = Vec::new();
        let mut terms = Vec::new();
        for n in 1..=generations {
            let mixture = paradigm.mixture(n);
            let mut q: Vec<f64> = real.iter().map(|p| mixture.real * p).collect();
            for (weight, output) in mixture.generations.iter().zip(&outputs) {
                for (q, output) in q.iter_mut().zip(output) {
                    *q += weight * output;
                }
            }
            let p_hat = trained(n, &q);
            terms.push(decompose(&q, &p_hat).unwrap());
            outputs.push(p_hat);
        }
        (outputs, terms)
    }

    #[test]
    fn no_error_keeps_everything() {
        for paradigm in [
            Paradigm::Replace,
            Paradigm::Accumulate,
            Paradigm::ReplaceGrown,
            Paradigm::FixedShare { share: share(0.3) },
            "accumulate-subsample:0.7".parse().unwrap(),
        ] {
            let retention = retention(paradigm, &[0.0; 2000]).unwrap();
            assert!(
                retention.iter().all(|w| (w - 1.0).abs() < 1e-12),
                "{paradigm}"
            );
        }
    }

    #[test]
    fn thresholds() {
        let below = |threshold, horizon| {
            generation_below(Paradigm::Replace, threshold, horizon, |_| 1.0).unwrap()
        };
        // w_n = 2⁻ⁿ.
        assert_eq!(below(0.1, 100), Some(4));
        assert_eq!(below(0.25, 100), Some(3));
        assert_eq!(below(0.1, 3), None);
        assert!(generation_below(Paradigm::Replace, 1.0, 3, |_| 1.0).is_err());
        assert!(generation_below(Paradigm::Replace, 0.5, 3, |_| -1.0).is_err());
    }

    #[test]
    fn bad_numbers_are_named() {
        assert_eq!(
            retention(Paradigm::Replace, &[0.1, -0.2]),
            Err(TheoryError::ErrorTerm {
                generation: 2,
                value: -0.2
            })
        );
        assert!(replace_retention(&[f64::NAN]).is_err());
        let wrong_length = |_| Mixture {
            real: 1.0,
            generations: vec![0.0],
        };
        assert!(retention_of_mixtures(wrong_length, &[0.1]).is_err());
        let term = |k| ErrorTerm {
            a: vec![0.1; k],
            b: 0.1 * k as f64,
        };
        assert!(residuals(Paradigm::Replace, &[term(2), term(3)]).is_err());
        assert!(unnormalised_series(&[term(2), term(3)]).is_err());
        assert_eq!(residuals(Paradigm::Replace, &[]), Ok(vec![]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn replace_by_three_roads(errors in prop::collection::vec(any_error(), 1..2000)) {
            let closed = replace_retention(&errors).unwrap();
            let steps = retention(Paradigm::Replace, &errors).unwrap();
            prop_assert!(close(&closed, &steps));
            let general = retention_of_mixtures(|n| Paradigm::Replace.mixture(n), &errors).unwrap();
            prop_assert!(close(&closed, &general));
        }

        #[test]
        fn accumulate_subsample_by_three_roads(
            rate in any_rate(),
            errors in prop::collection::vec(any_error(), 1..2000),
        ) {
            let paradigm = Paradigm::AccumulateSubsample { rate };
            let closed = accumulate_subsample_retention(rate, &errors).unwrap();
            prop_assert!(close(&closed, &retention(paradigm, &errors).unwrap()));
            let general = retention_of_mixtures(|n| paradigm.mixture(n), &errors).unwrap();
            prop_assert!(close(&closed, &general));
        }

        #[test]
        fn accumulate_is_accumulate_subsample_at_rate_1(errors in prop::collection::vec(any_error(), 1..300)) {
            let closed = accumulate_subsample_retention(Rate::new(1.0).unwrap(), &errors).unwrap();
            prop_assert!(close(&closed, &retention(Paradigm::Accumulate, &errors).unwrap()));
        }

        #[test]
        fn retention_is_a_share(paradigm in any_paradigm(), errors in prop::collection::vec(any_error(), 1..500)) {
            let steps = retention(paradigm, &errors).unwrap();
            prop_assert!(steps.iter().all(|w| (0.0..=1.0).contains(w)));
            let general = retention_of_mixtures(|n| paradigm.mixture(n), &errors).unwrap();
            prop_assert!(close(&steps, &general));
        }

        #[test]
        fn more_error_keeps_less(
            paradigm in any_paradigm(),
            errors in prop::collection::vec(any_error(), 1..50),
            at in 0usize..50,
        ) {
            let mut larger = errors.clone();
            let at = at % errors.len();
            larger[at] += 0.5;
            let before = retention(paradigm, &errors).unwrap();
            let after = retention(paradigm, &larger).unwrap();
            prop_assert!(after.iter().zip(&before).all(|(after, before)| after <= before));
        }

        #[test]
        fn recursion_equals_simulation(
            paradigm in any_paradigm(),
            (real, noise) in (2usize..8).prop_flat_map(|k| (
                distribution(k),
                prop::collection::vec(distribution(k), 30),
            )),
            mixing in 0.001..0.3f64,
        ) {
            // Each generation learns its training set blurred with some other distribution.
            let trained = |n: u32, q: &[f64]| -> Vec<f64> {
                let other = &noise[n as usize - 1];
                q.iter().zip(other).map(|(q, other)| (1.0 - mixing) * q + mixing * other).collect()
            };
            let (outputs, terms) = simulate(paradigm, &real, trained, 30);
            let errors: Vec<f64> = terms.iter().map(|term| term.b).collect();
            let retention = retention(paradigm, &errors).unwrap();
            let residuals = residuals(paradigm, &terms).unwrap();
            for ((output, w), residual) in outputs.iter().zip(&retention).zip(&residuals) {
                let mut remaining = 0.0;
                for ((p_hat, p), r) in output.iter().zip(&real).zip(residual) {
                    prop_assert!(*r >= 0.0);
                    prop_assert!((p_hat - (w * p + r)).abs() < 1e-10);
                    remaining += r;
                }
                prop_assert!((remaining - (1.0 - w)).abs() < 1e-10);
                prop_assert!(direct_retention(&real, output).unwrap() >= w - 1e-10);
                // The perplexity bound, with the entropy of p in place of a corpus.
                let cross_entropy = |q: &[f64]| -> f64 { -real.iter().zip(q).map(|(p, q)| p * q.ln()).sum::<f64>() };
                let bound = perplexity_bound(cross_entropy(&real).exp(), *w);
                prop_assert!(cross_entropy(output).exp() <= bound * (1.0 + 1e-9));
            }
            if matches!(paradigm, Paradigm::Replace | Paradigm::ReplaceGrown) {
                for ((series, output), w) in unnormalised_series(&terms).unwrap().iter().zip(&outputs).zip(&retention) {
                    prop_assert!((1.0 / (1.0 + series.b) / w - 1.0).abs() < 1e-10);
                    for ((p, a), p_hat) in real.iter().zip(&series.a).zip(output) {
                        prop_assert!(((p + a) / (1.0 + series.b) - p_hat).abs() < 1e-10);
                    }
                }
            }
        }

        #[test]
        fn retention_by_direct_simulation(
            paradigm in any_paradigm(),
            errors in prop::collection::vec(any_error(), 1..2000),
        ) {
            // Three categories of which the third never occurs in the initial corpus and receives
            // all error: what is left of the first two is then exactly what was retained.
            let real = [0.7, 0.3, 0.0];
            let mut outputs: Vec<[f64; 3]> = Vec::new();
            let expected = retention(paradigm, &errors).unwrap();
            for (n, b) in (1..).zip(&errors) {
                let mixture = paradigm.mixture(n);
                let mut q = real.map(|p| mixture.real * p);
                for (weight, output) in mixture.generations.iter().zip(&outputs) {
                    for v in 0..3 {
                        q[v] += weight * output[v];
                    }
                }
                let p_hat = [q[0] / (1.0 + b), q[1] / (1.0 + b), (q[2] + b) / (1.0 + b)];
                let kept = expected[n as usize - 1];
                prop_assert!((p_hat[0] + p_hat[1] - kept).abs() < 1e-10);
                prop_assert!((p_hat[2] - (1.0 - kept)).abs() < 1e-10);
                outputs.push(p_hat);
            }
        }
    }
}
