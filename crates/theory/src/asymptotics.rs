//! What becomes of retention in the long run.

use serde::Serialize;

use crate::error::error_terms;
use crate::special_functions::ln_gamma;
use crate::{Paradigm, Rate, TheoryError};

/// The fate of retention when every generation makes the same error `b`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Asymptotics {
    /// No error: retention is 1 for ever.
    Kept,
    /// `w_n = 2^(−n / half_life)`.
    Exponential {
        /// Generations in which retention halves: `ln 2 / ln(1 + b)`.
        half_life: f64,
    },
    /// `w_n ~ constant · n^exponent`.
    PowerLaw {
        /// `−b/(1 + b)`, whatever the rate.
        exponent: f64,
        /// What the rate decides.
        constant: f64,
    },
    /// Retention does not vanish.
    Limit {
        /// Where it stays: `ρ/(b + ρ)` with a real share ρ.
        retention: f64,
    },
}

impl Paradigm {
    /// The fate of retention under this paradigm with the constant error `b` ≥ 0.
    ///
    /// For [`Paradigm::FreshShare`] retention is the share of real data of *any* time, because the
    /// initial corpus is then not all the real data there is.
    ///
    /// # Errors
    /// A `b` that is negative or not a number.
    pub fn asymptotics(&self, b: f64) -> Result<Asymptotics, TheoryError> {
        error_terms(&[b])?;
        if b == 0.0 {
            return Ok(Asymptotics::Kept);
        }
        Ok(match self {
            Self::Replace | Self::ReplaceGrown => Asymptotics::Exponential {
                half_life: half_life(b),
            },
            Self::AccumulateSubsample { rate } => power_law(rate.get(), b),
            Self::Accumulate => power_law(1.0, b),
            Self::FixedShare { share } | Self::FreshShare { share } => Asymptotics::Limit {
                retention: share.get() / (b + share.get()),
            },
        })
    }
}

/// Generations in which retention halves under Replace with the constant error `b`:
/// `ln 2 / ln(1 + b)`. Infinite without error.
pub fn half_life(b: f64) -> f64 {
    std::f64::consts::LN_2 / b.ln_1p()
}

/// The exponent of the power law by which retention falls under Accumulate-Subsample, at any rate,
/// with the constant error `b`: `−b/(1 + b)`.
pub fn exponent(b: f64) -> f64 {
    -b / (1.0 + b)
}

/// With s = 1/(1 + b) and β = 1/α the closed form is
/// `w_n = s Γ(β+1)/Γ(β+s) · Γ(n+β+s−1)/Γ(n+β)`, and the last quotient goes as n^(s−1).
fn power_law(rate: f64, b: f64) -> Asymptotics {
    let (beta, s) = (1.0 / rate, 1.0 / (1.0 + b));
    Asymptotics::PowerLaw {
        exponent: exponent(b),
        constant: s * (ln_gamma(beta + 1.0) - ln_gamma(beta + s)).exp(),
    }
}

/// Partial sums, for n = 1, 2, …, of the series that decides whether retention vanishes under
/// Replace: `Σ_{k≤n} ln(1 + b_k)`. It diverges exactly if `Σ b_k` does, and is `−ln w_n`.
///
/// # Errors
/// An error term that is negative or not a number.
pub fn replace_divergence(errors: &[f64]) -> Result<Vec<f64>, TheoryError> {
    error_terms(errors)?;
    let mut sum = 0.0;
    let partial = errors.iter().map(|b| {
        sum += b.ln_1p();
        sum
    });
    Ok(partial.collect())
}

/// Partial sums, for n = 1, 2, …, of the series that decides whether retention vanishes under
/// Accumulate-Subsample: `Σ_{k≤n} −ln(1 − (1 − s_k) α/(1 + kα))`, `s_k = 1/(1 + b_k)`. It diverges
/// exactly if `Σ b_k/(k (1 + b_k))` does, and is `−ln` of the share of the corpus that is
/// retained after generation n has been added to it.
///
/// # Errors
/// An error term that is negative or not a number.
pub fn accumulate_subsample_divergence(
    rate: Rate,
    errors: &[f64],
) -> Result<Vec<f64>, TheoryError> {
    error_terms(errors)?;
    let mut sum = 0.0;
    let partial = (1..).zip(errors).map(|(k, b): (u32, &f64)| {
        let lost = 1.0 - 1.0 / (1.0 + b);
        sum -= f64::ln_1p(-lost * rate.get() / (1.0 + f64::from(k) * rate.get()));
        sum
    });
    Ok(partial.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paradigm::tests::{any_rate, rate, share};
    use crate::{accumulate_subsample_retention, replace_retention, retention};
    use proptest::prelude::*;

    #[test]
    fn half_lives() {
        let Asymptotics::Exponential { half_life } = Paradigm::Replace.asymptotics(0.02).unwrap()
        else {
            panic!("Replace decays exponentially");
        };
        assert!((half_life - 35.002_788_8).abs() < 1e-6, "{half_life}");
        let retention = replace_retention(&[1.0; 3]).unwrap();
        assert_eq!(self::half_life(1.0), 1.0);
        assert!((retention[2] - 0.125).abs() < 1e-15);
    }

    #[test]
    fn without_error_everything_is_kept() {
        assert_eq!(Paradigm::Replace.asymptotics(0.0), Ok(Asymptotics::Kept));
        assert_eq!(half_life(0.0), f64::INFINITY);
        assert!(Paradigm::Replace.asymptotics(-0.1).is_err());
    }

    #[test]
    fn power_law_at_a_million_generations() {
        for alpha in [1e-3, 0.1, 1.0, 30.0, 1e3] {
            for b in [0.01, 0.1, 1.0, 3.0] {
                let n = 1_000_000;
                let paradigm = Paradigm::AccumulateSubsample { rate: rate(alpha) };
                let retention = accumulate_subsample_retention(rate(alpha), &vec![b; n]).unwrap();
                let slope = (retention[n - 1] / retention[n / 10 - 1]).log10();
                let Asymptotics::PowerLaw { exponent, constant } = paradigm.asymptotics(b).unwrap()
                else {
                    panic!("Accumulate-Subsample decays by a power law");
                };
                assert!(
                    (slope / exponent - 1.0).abs() < 0.01,
                    "α {alpha} b {b}: {slope}"
                );
                let predicted = constant * (n as f64).powf(exponent);
                assert!(
                    (retention[n - 1] / predicted - 1.0).abs() < 0.01,
                    "α {alpha} b {b}"
                );
            }
        }
    }

    #[test]
    fn a_fixed_share_keeps_its_limit() {
        for (rho, b) in [(0.1, 0.02), (0.5, 1.0), (0.01, 0.3)] {
            let paradigm = Paradigm::FixedShare { share: share(rho) };
            let last = *retention(paradigm, &[b; 20_000]).unwrap().last().unwrap();
            let Asymptotics::Limit { retention } = paradigm.asymptotics(b).unwrap() else {
                panic!("a fixed share has a limit");
            };
            assert!((last - retention).abs() < 1e-12);
            assert!((retention - rho / (b + rho)).abs() < 1e-15);
        }
    }

    #[test]
    fn falling_errors_can_spare_accumulate_subsample_but_not_replace() {
        // b_k = 1/k: Σ b_k diverges, Σ b_k/(k(1+b_k)) does not.
        let errors: Vec<f64> = (1..=1_000_000).map(|k| 1.0 / f64::from(k)).collect();
        let replace = replace_retention(&errors).unwrap();
        // Π k/(k+1) = 1/(n+1).
        assert!((replace[999_999] * 1_000_001.0 - 1.0).abs() < 1e-8);
        let accumulate = accumulate_subsample_retention(rate(1.0), &errors).unwrap();
        assert!((accumulate[999_999] / accumulate[9_999] - 1.0).abs() < 1e-3);
        assert!(accumulate[999_999] > 0.3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn divergence_is_the_logarithm_of_what_is_kept(
            rate in any_rate(),
            errors in prop::collection::vec(0.0..5.0f64, 1..300),
        ) {
            let replace = replace_divergence(&errors).unwrap();
            let kept = retention(Paradigm::Replace, &errors).unwrap();
            for (sum, w) in replace.iter().zip(&kept) {
                prop_assert!(((-sum).exp() / w - 1.0).abs() < 1e-10);
            }
            // w_{n+1} is the retained share of the corpus, divided by 1 + b_{n+1}.
            let sums = accumulate_subsample_divergence(rate, &errors).unwrap();
            let kept = accumulate_subsample_retention(rate, &errors).unwrap();
            for n in 1..errors.len() {
                let pool = kept[n] * (1.0 + errors[n]);
                prop_assert!(((-sums[n - 1]).exp() / pool - 1.0).abs() < 1e-10);
            }
        }
    }
}
