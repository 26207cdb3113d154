//! Error terms: how a trained distribution differs from the one it was trained on (the paper's
//! section 2.3 and appendix B).

use crate::TheoryError;
use crate::error::unit_interval;
use crate::interval::Interval;

/// How far the sum of a distribution may be from 1 before it is refused. Log-probabilities of a
/// model in single precision sum to 1 within about 1e-5 over 50,000 categories.
const SUM_TOLERANCE: f64 = 1e-3;

/// The smallest non-negative `a(v)` and `b` with `p̂(v) = (q(v) + a(v)) / (1 + b)` and
/// `Σ_v a(v) = b`.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorTerm {
    /// `a(v)`: the mass that is wrongly added to each category. (K)
    pub a: Vec<f64>,
    /// `b = Σ_v a(v)`.
    pub b: f64,
}

impl ErrorTerm {
    /// The Rényi divergence of order ∞ of the trained-on from the trained distribution, in nats:
    /// `D_∞(q‖p̂) = ln max_v q(v)/p̂(v) = ln(1 + b)`.
    pub fn divergence(&self) -> f64 {
        self.b.ln_1p()
    }
}

/// The error term of the trained distribution `p_hat` against `q`, which it was trained on, both
/// over the same K categories.
///
/// Both are brought to sum 1 first, so rounding in their sums does not become an error term.
///
/// # Errors
/// Entries that are no probabilities, sums that differ from 1 by more than 0.001, unequal lengths,
/// and [`TheoryError::Excluded`] where `p_hat` is 0 and `q` is not.
pub fn decompose(q: &[f64], p_hat: &[f64]) -> Result<ErrorTerm, TheoryError> {
    let ln = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    decompose_ln(&ln(q), &ln(p_hat))
}

/// [`decompose`] for natural logarithms of probabilities; −∞ stands for probability 0.
///
/// # Errors
/// As [`decompose`].
pub fn decompose_ln(ln_q: &[f64], ln_p_hat: &[f64]) -> Result<ErrorTerm, TheoryError> {
    if ln_q.len() != ln_p_hat.len() {
        return Err(TheoryError::Length {
            name: "p̂",
            actual: ln_p_hat.len(),
            expected: ln_q.len(),
        });
    }
    let ln_sum_q = ln_sum("q", ln_q)?;
    let ln_sum_p_hat = ln_sum("p̂", ln_p_hat)?;
    // ln q(v)/p̂(v), and −∞ where q(v) = 0, whatever p̂(v).
    let ratio = |(ln_q, ln_p_hat): (&f64, &f64)| match *ln_q {
        f64::NEG_INFINITY => f64::NEG_INFINITY,
        ln_q => (ln_q - ln_sum_q) - (ln_p_hat - ln_sum_p_hat),
    };
    let ratios: Vec<f64> = ln_q.iter().zip(ln_p_hat).map(ratio).collect();
    if let Some(category) = ratios.iter().position(|ratio| *ratio == f64::INFINITY) {
        return Err(TheoryError::Excluded {
            category,
            probability: ln_q[category].exp(),
        });
    }
    // Of two distributions neither is smaller everywhere, so the maximum is at least 0 but for
    // rounding.
    let largest = ratios.iter().copied().fold(0.0, f64::max);
    let added = |(ln_p_hat, ratio): (&f64, &f64)| {
        // (1 + b) p̂ − q with the difference taken between the ratios: no cancellation of two
        // numbers near 1, and nothing is ever below 0.
        (ln_p_hat - ln_sum_p_hat + largest).exp() * -(ratio - largest).exp_m1()
    };
    Ok(ErrorTerm {
        a: ln_p_hat.iter().zip(&ratios).map(added).collect(),
        b: largest.exp_m1(),
    })
}

/// The logarithm of the sum of the probabilities.
fn ln_sum(name: &'static str, logarithms: &[f64]) -> Result<f64, TheoryError> {
    let sum: f64 = logarithms.iter().map(|value| value.exp()).sum();
    // An entry that is NaN makes the sum NaN and fails the comparison.
    if (sum - 1.0).abs() <= SUM_TOLERANCE {
        Ok(sum.ln())
    } else {
        Err(TheoryError::Distribution {
            name,
            count: logarithms.len(),
            sum,
        })
    }
}

/// The error term of one event against its opposite (K = 2): `a[0]` is the mass wrongly added to
/// the event, `a[1]` that wrongly added to its opposite.
///
/// A model that is sure of the event to the last digit has `p_hat` = 1 though it gives its opposite
/// something: where that matters, sum up the opposite and call [`decompose_ln`] with two
/// categories.
///
/// # Errors
/// Arguments outside [0, 1], and [`TheoryError::Excluded`] where the trained distribution excludes
/// the event (or its opposite, category 1) and the other does not.
pub fn decompose_event(q: f64, p_hat: f64) -> Result<ErrorTerm, TheoryError> {
    unit_interval("probability q", q)?;
    unit_interval("probability p̂", p_hat)?;
    // ln(1 − x) by ln_1p keeps its digits for events of probability 1e-30.
    decompose_ln(&[q.ln(), (-q).ln_1p()], &[p_hat.ln(), (-p_hat).ln_1p()])
}

/// What `b` of [`decompose_event`] can be when `q` is only known to lie in an interval, such as one
/// of [`wilson`](crate::wilson) around a count.
///
/// # Errors
/// As [`decompose_event`].
pub fn event_error_interval(q: Interval, p_hat: f64) -> Result<Interval, TheoryError> {
    let low = decompose_event(q.low, p_hat)?.b;
    let high = decompose_event(q.high, p_hat)?.b;
    // b falls in q up to p̂, where it is 0, and rises after it.
    let least = if (q.low..=q.high).contains(&p_hat) {
        0.0
    } else {
        low.min(high)
    };
    Ok(Interval {
        low: least,
        high: low.max(high),
    })
}

/// The three error terms of one context in one generation.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorSplit {
    /// Of the model against the ideal mixture: the one that retention and forecasts are made of.
    pub total: ErrorTerm,
    /// Of the counts in the actual training set against the ideal mixture; `None` where the
    /// training set lacks a category that the mixture has, because no finite term exists then.
    pub sampling: Option<ErrorTerm>,
    /// Of the model against the counts in the actual training set.
    pub learning: ErrorTerm,
    /// What the ideal mixture gives to the categories that the training set lacks.
    pub unseen: f64,
}

/// Splits the error of the model `p_hat` against the ideal mixture `q` at `counted`, the
/// distribution in the training set that was actually drawn.
///
/// # Errors
/// As [`decompose`] for `total` and `learning`.
pub fn split(q: &[f64], counted: &[f64], p_hat: &[f64]) -> Result<ErrorSplit, TheoryError> {
    let sampling = match decompose(q, counted) {
        Ok(term) => Some(term),
        Err(TheoryError::Excluded { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(ErrorSplit {
        total: decompose(q, p_hat)?,
        sampling,
        learning: decompose(counted, p_hat)?,
        unseen: q
            .iter()
            .zip(counted)
            .filter(|(_, counted)| **counted == 0.0)
            .map(|(q, _)| q)
            .sum(),
    })
}

/// The most that the total error can be, given its two parts:
/// `1 + b_total ≤ (1 + b_sampling)(1 + b_learning)`.
pub fn total_error_bound(sampling: f64, learning: f64) -> f64 {
    sampling + learning + sampling * learning
}

/// The largest `w` with `p̂(v) ≥ w·p(v)` for every v: `w* = min_v p̂(v)/p(v) = exp(−D_∞(p‖p̂))`.
///
/// It needs no history, and the retention of the same model is never above it. 0 where the model
/// excludes a category of `p`.
///
/// # Errors
/// As [`decompose`], except for excluded categories.
pub fn direct_retention(p: &[f64], p_hat: &[f64]) -> Result<f64, TheoryError> {
    match decompose(p, p_hat) {
        Ok(term) => Ok((-term.divergence()).exp()),
        Err(TheoryError::Excluded { .. }) => Ok(0.0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pairs of distributions over the same 2 to 40 categories, with entries down to about 1e-30.
    pub(crate) fn two_distributions() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        (2usize..40).prop_flat_map(|k| (distribution(k), distribution(k)))
    }

    /// Distributions over `k` categories with entries between about 1e-30 and 1.
    pub(crate) fn distribution(k: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![3 => -3.0..0.0f64, 1 => -30.0..0.0f64], k).prop_map(
            |exponents| {
                let entries: Vec<f64> = exponents.iter().map(|x| 10f64.powf(*x)).collect();
                let sum: f64 = entries.iter().sum();
                entries.iter().map(|x| x / sum).collect()
            },
        )
    }

    #[test]
    fn a_worked_example() {
        let term = decompose(&[0.5, 0.3, 0.2], &[0.4, 0.4, 0.2]).unwrap();
        assert!((term.b - 0.25).abs() < 1e-15);
        assert!((term.divergence() - 1.25f64.ln()).abs() < 1e-15);
        for (actual, expected) in term.a.iter().zip([0.0, 0.2, 0.05]) {
            assert!((actual - expected).abs() < 1e-15, "{actual} {expected}");
        }
    }

    #[test]
    fn entries_of_1e_30_keep_their_digits() {
        let q = [1e-30, 1.0 - 1e-30];
        let term = decompose(&q, &[2e-30, 1.0 - 2e-30]).unwrap();
        // b is max q/p̂ − 1: 1e-30 off, which only the second category could show.
        assert!(term.b.abs() < 1e-15);
        assert!((term.a[0] / 1e-30 - 1.0).abs() < 1e-12, "{}", term.a[0]);
        let term = decompose(&[2e-30, 1.0], &[1e-30, 1.0]).unwrap();
        assert!((term.b - 1.0).abs() < 1e-12);
        assert_eq!(term.a[0], 0.0);
        let event = decompose_event(2e-30, 1e-30).unwrap();
        assert!((event.b - 1.0).abs() < 1e-12);
        // A tiny error on a tiny event, far below the rounding of 1 − q.
        let event = decompose_event(1e-30, 2e-30).unwrap();
        assert!((event.a[0] / 1e-30 - 1.0).abs() < 1e-12);
        assert!((event.b / 1e-30 - 1.0).abs() < 1e-12, "{}", event.b);
    }

    #[test]
    fn categories_without_probability() {
        let term = decompose(&[0.0, 1.0], &[0.2, 0.8]).unwrap();
        assert!((term.b - 0.25).abs() < 1e-15 && (term.a[0] - 0.25).abs() < 1e-15);
        assert_eq!(decompose(&[0.0, 1.0], &[0.0, 1.0]).unwrap().b, 0.0);
        assert_eq!(
            decompose(&[0.25, 0.75], &[0.0, 1.0]),
            Err(TheoryError::Excluded {
                category: 0,
                probability: 0.25
            })
        );
        assert_eq!(direct_retention(&[0.25, 0.75], &[0.0, 1.0]), Ok(0.0));
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        assert!(matches!(
            decompose(&[0.5, 0.4], &[0.5, 0.5]),
            Err(TheoryError::Distribution { name: "q", .. })
        ));
        assert!(matches!(
            decompose(&[0.5, 0.5], &[1.5, -0.5]),
            Err(TheoryError::Distribution { name: "p̂", .. })
        ));
        assert!(matches!(
            decompose(&[1.0], &[0.5, 0.5]),
            Err(TheoryError::Length { .. })
        ));
        assert!(decompose(&[], &[]).is_err());
        assert!(decompose_event(1.1, 0.5).is_err());
        assert!(decompose_event(0.5, f64::NAN).is_err());
    }

    #[test]
    fn an_event_whose_probability_is_an_interval() {
        let interval = |low, high, p_hat| {
            let b = event_error_interval(Interval { low, high }, p_hat).unwrap();
            (b.low, b.high)
        };
        assert_eq!(interval(0.2, 0.4, 0.3).0, 0.0);
        let (low, high) = interval(0.2, 0.4, 0.5);
        assert!((low - 0.2).abs() < 1e-12 && (high - 0.6).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn definition_holds((q, p_hat) in two_distributions()) {
            let ErrorTerm { a, b } = decompose(&q, &p_hat).unwrap();
            prop_assert!(a.iter().all(|a| *a >= 0.0) && b >= 0.0);
            let sum: f64 = a.iter().sum();
            prop_assert!((sum - b).abs() <= 1e-12 * (1.0 + b), "sum {} b {}", sum, b);
            for v in 0..q.len() {
                let restored = (q[v] + a[v]) / (1.0 + b);
                prop_assert!((restored / p_hat[v] - 1.0).abs() < 1e-10);
            }
        }

        #[test]
        fn b_is_minimal((q, p_hat) in two_distributions(), part in 0.0..0.999f64) {
            // With any smaller b' some a(v) = (1 + b') p̂(v) − q(v) is negative.
            let b = decompose(&q, &p_hat).unwrap().b;
            prop_assume!(b > 1e-6);
            let smaller = b * part;
            prop_assert!(q.iter().zip(&p_hat).any(|(q, p_hat)| (1.0 + smaller) * p_hat < *q));
        }

        #[test]
        fn no_error_exactly_if_equal((q, p_hat) in two_distributions()) {
            let same = decompose(&q, &q).unwrap();
            prop_assert!(same.b == 0.0 && same.a.iter().all(|a| *a == 0.0));
            let largest_difference = q.iter().zip(&p_hat).map(|(q, p)| (q - p).abs()).fold(0.0, f64::max);
            prop_assume!(largest_difference > 1e-9);
            prop_assert!(decompose(&q, &p_hat).unwrap().b > 0.0);
        }

        #[test]
        fn one_event_is_the_two_category_case(q in 0.0..1.0f64, p_hat in 0.001..0.999f64) {
            let event = decompose_event(q, p_hat).unwrap();
            let full = decompose(&[q, 1.0 - q], &[p_hat, 1.0 - p_hat]).unwrap();
            prop_assert!((event.b - full.b).abs() <= 1e-12 * (1.0 + full.b));
            prop_assert!(event.a.iter().zip(&full.a).all(|(x, y)| (x - y).abs() < 1e-11 * (1.0 + full.b)));
        }

        #[test]
        fn one_event_never_has_the_larger_error((q, p_hat) in two_distributions()) {
            let event = |p: &[f64]| [p[0].ln(), p[1..].iter().sum::<f64>().ln()];
            let grouped = decompose_ln(&event(&q), &event(&p_hat)).unwrap().b;
            let full = decompose(&q, &p_hat).unwrap().b;
            prop_assert!(grouped <= full * (1.0 + 1e-9) + 1e-12, "{} {}", grouped, full);
        }

        #[test]
        fn parts_bound_the_total(
            (q, counted, p_hat) in (2usize..20).prop_flat_map(|k| (distribution(k), distribution(k), distribution(k)))
        ) {
            let parts = split(&q, &counted, &p_hat).unwrap();
            prop_assert_eq!(parts.unseen, 0.0);
            let bound = total_error_bound(parts.sampling.unwrap().b, parts.learning.b);
            prop_assert!(parts.total.b <= bound * (1.0 + 1e-9) + 1e-12);
        }

        #[test]
        fn unseen_categories_have_no_sampling_term(k in 2usize..10, (q, p_hat) in (distribution(10), distribution(10))) {
            let mut counted = q.clone();
            counted[k - 2] = 0.0;
            let sum: f64 = counted.iter().sum();
            counted.iter_mut().for_each(|x| *x /= sum);
            prop_assume!(sum > 1e-6);
            let parts = split(&q, &counted, &p_hat).unwrap();
            prop_assert!(parts.sampling.is_none());
            prop_assert_eq!(parts.unseen, q[k - 2]);
        }

        #[test]
        fn direct_retention_is_the_largest_share((p, p_hat) in two_distributions()) {
            let w = direct_retention(&p, &p_hat).unwrap();
            prop_assert!((0.0..=1.0).contains(&w));
            let least = p.iter().zip(&p_hat).map(|(p, p_hat)| p_hat / p).fold(f64::INFINITY, f64::min);
            prop_assert!((w / least.min(1.0) - 1.0).abs() < 1e-10);
        }
    }
}
