//! Means of a few independent runs, and the difference of two such means.

use crate::error::open_unit_interval;
use crate::special_functions::beta_quantile;
use crate::{Interval, TheoryError};

/// The t > 0 with P(|T| ≤ t) = `level` for Student's distribution with so many degrees of freedom,
/// which need not be whole.
///
/// With T² = ν Y / (1 − Y), Y has the beta distribution of parameters 1/2 and ν/2.
///
/// # Errors
/// A level outside (0, 1), or degrees of freedom that are not positive.
pub fn student_t(degrees_of_freedom: f64, level: f64) -> Result<f64, TheoryError> {
    open_unit_interval("level", level)?;
    if degrees_of_freedom.is_nan() || degrees_of_freedom <= 0.0 {
        return Err(TheoryError::DegreesOfFreedom {
            value: degrees_of_freedom,
        });
    }
    let y = beta_quantile(0.5, 0.5 * degrees_of_freedom, level);
    Ok((degrees_of_freedom * y / (1.0 - y)).sqrt())
}

/// The mean of independent observations of equal worth, such as one number of several runs that differ
/// only in their seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleMean {
    /// Number of observations, n.
    pub count: u32,
    /// Their mean.
    pub mean: f64,
    /// s² / n, where s² is their variance with n − 1 degrees of freedom; `None` for one observation.
    pub squared_standard_error: Option<f64>,
}

/// A difference with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanDifference {
    /// The first mean − the second.
    pub difference: f64,
    /// The interval; `None` unless both means come from at least two observations.
    pub interval: Option<Interval>,
}

impl SampleMean {
    /// Of these numbers. `None` without any.
    pub fn new(numbers: &[f64]) -> Option<Self> {
        if numbers.is_empty() {
            return None;
        }
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        Some(Self {
            count: numbers.len() as u32,
            mean,
            squared_standard_error: (count > 1.0).then(|| squares / (count - 1.0) / count),
        })
    }

    /// Student's t-interval of the mean; `None` for one observation.
    ///
    /// # Errors
    /// A level outside (0, 1).
    pub fn interval(&self, level: f64) -> Result<Option<Interval>, TheoryError> {
        let Some(square) = self.squared_standard_error else {
            return Ok(None);
        };
        let t = student_t(f64::from(self.count) - 1.0, level)?;
        Ok(Some(around(self.mean, t * square.sqrt())))
    }

    /// This mean minus `other`, with Welch's interval (B. L. Welch, *Biometrika* 34, 1947): the two
    /// groups may have different variances, and the degrees of freedom are those of Satterthwaite,
    ///
    /// ```text
    /// ν = (e₁² + e₂²)² / ( e₁⁴/(n₁ − 1) + e₂⁴/(n₂ − 1) ),   eᵢ² = sᵢ²/nᵢ.
    /// ```
    ///
    /// # Errors
    /// A level outside (0, 1).
    pub fn minus(&self, other: &Self, level: f64) -> Result<MeanDifference, TheoryError> {
        let difference = self.mean - other.mean;
        let (Some(first), Some(second)) =
            (self.squared_standard_error, other.squared_standard_error)
        else {
            return Ok(MeanDifference {
                difference,
                interval: None,
            });
        };
        let square = first + second;
        let part = |e: f64, of: &Self| e * e / (f64::from(of.count) - 1.0);
        let degrees = square * square / (part(first, self) + part(second, other));
        // Where nothing varies, the degrees of freedom are 0/0 and the interval is a point.
        let half = if square > 0.0 {
            student_t(degrees, level)? * square.sqrt()
        } else {
            0.0
        };
        Ok(MeanDifference {
            difference,
            interval: Some(around(difference, half)),
        })
    }
}

fn around(centre: f64, half: f64) -> Interval {
    Interval {
        low: centre - half,
        high: centre + half,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autophage_random::{Purpose, Stream};
    use proptest::prelude::*;

    /// SciPy's `stats.t.ppf`.
    #[test]
    fn quantiles_of_a_published_implementation() {
        for (degrees, quantiles) in [
            (1.0, [1.0, 6.313_751_514_675, 12.706_204_736_175]),
            (
                2.0,
                [0.816_496_580_928, 2.919_985_580_354, 4.302_652_729_749],
            ),
            (
                3.7,
                [0.746_485_153_482, 2.182_493_803_915, 2.867_520_707_191],
            ),
            (
                30.0,
                [0.682_755_693_321, 1.697_260_886_594, 2.042_272_456_301],
            ),
            (
                1e6,
                [0.674_489_995_531, 1.644_855_150_722, 1.959_966_356_814],
            ),
        ] {
            for (level, expected) in [0.5, 0.9, 0.95].into_iter().zip(quantiles) {
                let t = student_t(degrees, level).unwrap();
                assert!((t / expected - 1.0).abs() < 1e-9, "{degrees} {level}: {t}");
            }
        }
        assert!(student_t(0.0, 0.9).is_err());
        assert!(student_t(f64::NAN, 0.9).is_err());
        assert!(student_t(2.0, 1.0).is_err());
    }

    /// SciPy's `stats.t.interval` and `stats.ttest_ind(equal_var=False).confidence_interval`.
    #[test]
    fn intervals_of_a_published_implementation() {
        let first = SampleMean::new(&[17.2, 20.9, 22.6, 18.1, 21.7]).unwrap();
        let second = SampleMean::new(&[21.5, 22.8, 21.0]).unwrap();
        let close = |interval: Interval, low: f64, high: f64| {
            assert!((interval.low - low).abs() < 1e-9, "{interval:?}");
            assert!((interval.high - high).abs() < 1e-9, "{interval:?}");
        };
        let interval = first.interval(0.95).unwrap().unwrap();
        close(interval, 17.197_319_922_5, 23.002_680_077_5);
        let difference = second.minus(&first, 0.95).unwrap();
        assert!((difference.difference - 5.0 / 3.0).abs() < 1e-12);
        close(
            difference.interval.unwrap(),
            -1.258_270_707_1,
            4.591_604_040_5,
        );
    }

    #[test]
    fn one_observation_has_no_interval_and_equal_ones_a_point() {
        assert!(SampleMean::new(&[]).is_none());
        let one = SampleMean::new(&[3.0]).unwrap();
        assert_eq!(one.interval(0.95).unwrap(), None);
        let equal = SampleMean::new(&[2.0, 2.0]).unwrap();
        assert_eq!(equal.minus(&one, 0.95).unwrap().interval, None);
        let point = equal.minus(&equal, 0.95).unwrap();
        assert_eq!(
            point.interval,
            Some(Interval {
                low: 0.0,
                high: 0.0
            })
        );
    }

    /// Two groups of three and five with different variances: the interval must cover the true
    /// difference about as often as it says.
    #[test]
    fn welch_covers_what_it_says() {
        let stream = Stream::new(3, Purpose::Simulation, 0);
        let replicates = 4000;
        let covered = (0..replicates)
            .filter(|&replicate| {
                let draw = |from: u64, count: u64, mean: f64, deviation: f64| {
                    let numbers: Vec<f64> = (from..from + count)
                        .map(|i| mean + deviation * stream.normal(replicate, i))
                        .collect();
                    SampleMean::new(&numbers).unwrap()
                };
                let difference = draw(0, 3, 5.0, 1.0).minus(&draw(3, 5, 3.0, 3.0), 0.9);
                difference.unwrap().interval.unwrap().contains(2.0)
            })
            .count();
        let share = covered as f64 / replicates as f64;
        assert!((share - 0.9).abs() < 0.02, "{share}");
    }

    proptest! {
        #[test]
        fn a_difference_is_the_other_one_reversed(
            first in prop::collection::vec(-9.0..9.0, 2..6),
            second in prop::collection::vec(-9.0..9.0, 2..6),
        ) {
            let (a, b) = (SampleMean::new(&first).unwrap(), SampleMean::new(&second).unwrap());
            let (there, back) = (a.minus(&b, 0.95).unwrap(), b.minus(&a, 0.95).unwrap());
            prop_assert!((there.difference + back.difference).abs() < 1e-12);
            let (there, back) = (there.interval.unwrap(), back.interval.unwrap());
            prop_assert!((there.low + back.high).abs() < 1e-9);
            prop_assert!(there.low <= there.high);
        }
    }
}
