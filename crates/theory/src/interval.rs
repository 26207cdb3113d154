//! Confidence intervals for a probability that is known by counts.

use serde::{Deserialize, Serialize};

use crate::TheoryError;
use crate::error::open_unit_interval;
use crate::special_functions::{beta_quantile, normal_quantile};

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the interval holds `value`, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Wilson's score interval: all p that a two-sided normal test at `level` does not reject
/// (E. B. Wilson 1927). On average over p it covers about `level`.
///
/// # Errors
/// No trials, more successes than trials, or a level outside (0, 1).
pub fn wilson(successes: u64, trials: u64, level: f64) -> Result<Interval, TheoryError> {
    check(successes, trials, level)?;
    let z = normal_quantile(0.5 * (1.0 - level));
    let n = trials as f64;
    let share = successes as f64 / n;
    // The two roots of (share − p)² = z² p (1 − p) / n.
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Ok(Interval {
        low: if successes == 0 {
            0.0
        } else {
            (centre - half).max(0.0)
        },
        high: if successes == trials {
            1.0
        } else {
            (centre + half).min(1.0)
        },
    })
}

/// The interval of Clopper and Pearson (1934): all p under which neither so many nor so few
/// successes have a probability below `(1 − level)/2`. It covers at least `level` for every p.
///
/// # Errors
/// As [`wilson`].
pub fn clopper_pearson(successes: u64, trials: u64, level: f64) -> Result<Interval, TheoryError> {
    check(successes, trials, level)?;
    let tail = 0.5 * (1.0 - level);
    let (k, n) = (successes as f64, trials as f64);
    let low = if successes == 0 {
        0.0
    } else {
        beta_quantile(k, n - k + 1.0, tail)
    };
    let high = if successes == trials {
        1.0
    } else {
        beta_quantile(k + 1.0, n - k, 1.0 - tail)
    };
    Ok(Interval { low, high })
}

fn check(successes: u64, trials: u64, level: f64) -> Result<(), TheoryError> {
    if trials == 0 || successes > trials {
        return Err(TheoryError::Trials { successes, trials });
    }
    open_unit_interval("level", level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The probability of exactly `k` successes in `n` trials.
    fn binomial(n: u64, k: u64, p: f64) -> f64 {
        let ways: f64 = (0..k).map(|i| (n - i) as f64 / (k - i) as f64).product();
        ways * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
    }

    #[test]
    fn published_values() {
        // Newcombe 1998, "Two-sided confidence intervals for the single proportion", Table I.
        for (successes, trials, wilson_ends, exact_ends) in [
            (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
            (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
            (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
            (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
        ] {
            let close = |interval: Interval, (low, high): (f64, f64)| {
                (interval.low - low).abs() < 5.1e-5 && (interval.high - high).abs() < 5.1e-5
            };
            let score = wilson(successes, trials, 0.95).unwrap();
            let exact = clopper_pearson(successes, trials, 0.95).unwrap();
            assert!(close(score, wilson_ends), "{score:?}");
            assert!(close(exact, exact_ends), "{exact:?}");
        }
    }

    #[test]
    fn counts_of_a_whole_corpus() {
        let interval = clopper_pearson(300_000_000, 470_000_000, 0.95).unwrap();
        let score = wilson(300_000_000, 470_000_000, 0.95).unwrap();
        assert!((interval.low - score.low).abs() < 1e-8);
        assert!((interval.high - score.high).abs() < 1e-8);
    }

    #[test]
    fn bad_counts_are_refused() {
        assert!(wilson(0, 0, 0.95).is_err());
        assert!(clopper_pearson(3, 2, 0.95).is_err());
        assert!(wilson(1, 2, 1.0).is_err());
        assert!(wilson(1, 2, f64::NAN).is_err());
    }

    #[test]
    fn exact_intervals_cover_at_least_their_level() {
        let trials = 30;
        let intervals: Vec<Interval> = (0..=trials)
            .map(|k| clopper_pearson(k, trials, 0.9).unwrap())
            .collect();
        for step in 1..200 {
            let p = f64::from(step) / 200.0;
            let covered: f64 = (0..=trials)
                .filter(|k| intervals[*k as usize].contains(p))
                .map(|k| binomial(trials, k, p))
                .sum();
            assert!(covered >= 0.9, "p {p} covered {covered}");
        }
    }

    proptest! {
        #[test]
        fn exact_ends_have_exact_tails(trials in 1u64..60, part in 0.0..=1.0f64, level in 0.5..0.999f64) {
            let successes = (part * trials as f64) as u64;
            let interval = clopper_pearson(successes, trials, level).unwrap();
            let tail = 0.5 * (1.0 - level);
            if successes > 0 {
                let above: f64 = (successes..=trials).map(|k| binomial(trials, k, interval.low)).sum();
                prop_assert!((above - tail).abs() < 1e-10);
            }
            if successes < trials {
                let below: f64 = (0..=successes).map(|k| binomial(trials, k, interval.high)).sum();
                prop_assert!((below - tail).abs() < 1e-10);
            }
        }

        #[test]
        fn intervals_hold_the_share(trials in 1u64..100_000, part in 0.0..=1.0f64, level in 0.01..0.9999f64) {
            let successes = (part * trials as f64) as u64;
            let share = successes as f64 / trials as f64;
            for interval in [wilson(successes, trials, level).unwrap(), clopper_pearson(successes, trials, level).unwrap()] {
                prop_assert!(interval.contains(share));
                prop_assert!(interval.low >= 0.0 && interval.high <= 1.0);
            }
        }
    }
}
