//! Models of how error terms go on.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::{Paradigm, TheoryError};

/// How the error terms of the generations to come are derived from those that were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Their mean.
    Constant,
    /// `a/k + c` in generation k, by least squares with `c ≥ 0`. Needs two generations.
    Reciprocal,
    /// The mean of so many of the last ones; at least one.
    LastMean(u32),
}

/// `constant`, `reciprocal` or `last-mean:3`.
impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.pad("constant"),
            Self::Reciprocal => f.pad("reciprocal"),
            Self::LastMean(generations) => f.pad(&format!("last-mean:{generations}")),
        }
    }
}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for Fit {
    type Err = TheoryError;

    fn from_str(text: &str) -> Result<Self, TheoryError> {
        match text.split_once(':') {
            None if text == "constant" => Some(Self::Constant),
            None if text == "reciprocal" => Some(Self::Reciprocal),
            Some(("last-mean", count)) => {
                let count = count.parse().ok().filter(|count| *count > 0);
                count.map(Self::LastMean)
            }
            _ => None,
        }
        .ok_or_else(|| TheoryError::UnknownFit(text.to_owned()))
    }
}

/// The error term of one measured generation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation {
    pub(crate) generation: u32,
    pub(crate) error: f64,
}

impl Fit {
    /// The model of the error terms `errors` of generations 1, 2, ….
    ///
    /// # Errors
    /// Fewer generations than the fit needs.
    pub fn fit(&self, errors: &[f64]) -> Result<ErrorModel, TheoryError> {
        Ok(self.model(&self.observations(errors)?))
    }

    /// The generations that the fit looks at.
    pub(crate) fn observations(&self, errors: &[f64]) -> Result<Vec<Observation>, TheoryError> {
        let needed = match self {
            Self::Constant => 1,
            Self::Reciprocal => 2,
            Self::LastMean(generations) => (*generations).max(1) as usize,
        };
        let first = match self {
            Self::Constant | Self::Reciprocal => 0,
            Self::LastMean(_) => errors.len().saturating_sub(needed),
        };
        if errors.len() < needed {
            return Err(TheoryError::TooFew {
                measured: errors.len(),
                needed,
            });
        }
        let observation = |(generation, error): (u32, &f64)| Observation {
            generation,
            error: *error,
        };
        Ok((1..).zip(errors).skip(first).map(observation).collect())
    }

    /// Number of parameters that the fit estimates.
    pub(crate) fn parameters(&self) -> usize {
        match self {
            Self::Constant | Self::LastMean(_) => 1,
            Self::Reciprocal => 2,
        }
    }

    /// The model of observations, of which there is at least one.
    pub(crate) fn model(&self, observations: &[Observation]) -> ErrorModel {
        let count = observations.len() as f64;
        let mean = observations.iter().map(|o| o.error).sum::<f64>() / count;
        let constant = ErrorModel {
            floor: mean,
            decline: 0.0,
        };
        if *self != Self::Reciprocal {
            return constant;
        }
        // Least squares in x = 1/k.
        let x = |o: &Observation| 1.0 / f64::from(o.generation);
        let mean_x = observations.iter().map(x).sum::<f64>() / count;
        let (mut covariance, mut variance, mut product, mut square) = (0.0, 0.0, 0.0, 0.0);
        for o in observations {
            covariance += (x(o) - mean_x) * (o.error - mean);
            variance += (x(o) - mean_x).powi(2);
            product += x(o) * o.error;
            square += x(o) * x(o);
        }
        // A resample may hold one generation only, over and over.
        if variance <= 1e-12 * square {
            return constant;
        }
        let decline = covariance / variance;
        let floor = mean - decline * mean_x;
        if floor >= 0.0 {
            ErrorModel { floor, decline }
        } else {
            ErrorModel {
                floor: 0.0,
                decline: product / square,
            }
        }
    }
}

/// Error terms as a function of the generation: `b_k = max(0, floor + decline/k)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ErrorModel {
    /// What the error tends to: at least 0.
    pub floor: f64,
    /// What generation 1 has above it; negative if errors rise.
    pub decline: f64,
}

impl ErrorModel {
    /// The error term of a generation, counted from 1.
    pub fn at(&self, generation: u32) -> f64 {
        (self.floor + self.decline / f64::from(generation.max(1))).max(0.0)
    }

    /// Whether retention vanishes if the errors go on like this for ever.
    ///
    /// Under Replace it does if `Σ b_k` diverges, as even `1/k` does; under Accumulate and
    /// Accumulate-Subsample if `Σ b_k/(k (1 + b_k))` does, which takes a floor; with a real share
    /// in every generation it never does.
    pub fn collapses(&self, paradigm: Paradigm) -> bool {
        match paradigm {
            Paradigm::Replace | Paradigm::ReplaceGrown => self.floor > 0.0 || self.decline > 0.0,
            Paradigm::Accumulate | Paradigm::AccumulateSubsample { .. } => self.floor > 0.0,
            Paradigm::FixedShare { .. } | Paradigm::FreshShare { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paradigm::tests::share;
    use proptest::prelude::*;

    #[test]
    fn names() {
        for fit in [Fit::Constant, Fit::Reciprocal, Fit::LastMean(3)] {
            assert_eq!(fit.to_string().parse::<Fit>().unwrap(), fit);
        }
        for text in [
            "",
            "mean",
            "last-mean",
            "last-mean:0",
            "last-mean:x",
            "constant:2",
        ] {
            assert_eq!(
                text.parse::<Fit>(),
                Err(TheoryError::UnknownFit(text.into()))
            );
        }
    }

    #[test]
    fn means() {
        let errors = [4.0, 1.0, 2.0, 3.0];
        let value = |fit: Fit| fit.fit(&errors).unwrap().at(9);
        assert_eq!(value(Fit::Constant), 2.5);
        assert_eq!(value(Fit::LastMean(2)), 2.5);
        assert_eq!(value(Fit::LastMean(3)), 2.0);
        assert!(Fit::LastMean(5).fit(&errors).is_err());
        assert!(Fit::Reciprocal.fit(&[1.0]).is_err());
    }

    #[test]
    fn a_floor_is_never_negative() {
        // Falls faster than 1/k.
        let model = Fit::Reciprocal.fit(&[1.0, 0.2, 0.05]).unwrap();
        assert_eq!(model.floor, 0.0);
        assert!(model.decline > 0.0);
    }

    #[test]
    fn who_collapses() {
        let falling = ErrorModel {
            floor: 0.0,
            decline: 0.3,
        };
        let constant = ErrorModel {
            floor: 0.1,
            decline: 0.0,
        };
        assert!(falling.collapses(Paradigm::Replace));
        assert!(!falling.collapses(Paradigm::Accumulate));
        assert!(constant.collapses(Paradigm::Accumulate));
        assert!(!constant.collapses(Paradigm::FixedShare { share: share(0.1) }));
    }

    proptest! {
        #[test]
        fn an_exact_curve_is_recovered(floor in 0.0..1.0f64, decline in 0.0..1.0f64, generations in 2u32..20) {
            let truth = ErrorModel { floor, decline };
            let errors: Vec<f64> = (1..=generations).map(|k| truth.at(k)).collect();
            let model = Fit::Reciprocal.fit(&errors).unwrap();
            prop_assert!((model.floor - floor).abs() < 1e-9);
            prop_assert!((model.decline - decline).abs() < 1e-9);
        }
    }
}
