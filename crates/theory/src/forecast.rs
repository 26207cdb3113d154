//! Forecasts: the errors measured so far, carried forward through the theorem.
//!
//! A [`Fit`] turns the error terms of generations 1 … m into an [`ErrorModel`], the recursion of
//! retention carries it on, and a bootstrap gives the intervals: every replicate draws the
//! measured generations anew with replacement, fits again, and adds to each future generation a
//! residual drawn from those of the fit, so that an interval speaks of the measurement to come and
//! not only of its mean.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::bootstrap::{Draw, Future, estimates, inflation, slope_through_origin};
use crate::error::{error_terms, unit_interval};
use crate::{Bootstrap, ErrorTerm, Estimate, Fit, Paradigm, RetentionSteps, TheoryError};

/// What is expected of the generations after those that were measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// The generation of the first entry of `values`.
    pub first_generation: u32,
    /// One prediction a generation.
    pub values: Vec<Estimate>,
}

/// The generation at which retention is expected to fall below a threshold. `None`: not up to the
/// horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ThresholdForecast {
    /// What the fit gives.
    pub generation: Option<u32>,
    /// Lower end of the bootstrap interval.
    pub low: Option<u32>,
    /// Upper end of the bootstrap interval.
    pub high: Option<u32>,
}

/// Forecasts retention up to generation `until` from the error terms of generations 1 … m.
///
/// # Errors
/// A bad error term, a level outside (0, 1), or fewer measured generations than the fit needs.
pub fn forecast_retention(
    paradigm: Paradigm,
    errors: &[f64],
    fit: Fit,
    until: u32,
    bootstrap: &Bootstrap,
) -> Result<Forecast, TheoryError> {
    error_terms(errors)?;
    let measured = steps_through(paradigm, errors);
    forecast(&[errors], fit, until, bootstrap, |future, generations| {
        let mut steps = measured.clone();
        generations.map(|n| steps.step(future.at(0, n))).collect()
    })
}

/// Forecasts the probability of one event (a probe), from the probability `real` that it has in the
/// initial corpus and its error terms in generations 1 … m, as
/// [`decompose_event`](crate::decompose_event) gives them.
///
/// The masses added to the event and to its opposite are fitted each by itself and resampled
/// together, so that how they go along is kept.
///
/// # Errors
/// As [`forecast_retention`]; a `real` outside [0, 1]; an error term of more or less than two
/// categories.
pub fn forecast_event(
    paradigm: Paradigm,
    real: f64,
    terms: &[ErrorTerm],
    fit: Fit,
    until: u32,
    bootstrap: &Bootstrap,
) -> Result<Forecast, TheoryError> {
    unit_interval("probability p", real)?;
    if let Some(term) = terms.iter().find(|term| term.a.len() != 2) {
        return Err(TheoryError::Length {
            name: "the error term of an event",
            actual: term.a.len(),
            expected: 2,
        });
    }
    let added: [Vec<f64>; 2] = [0, 1].map(|v| terms.iter().map(|term| term.a[v]).collect());
    error_terms(&added[0])?;
    error_terms(&added[1])?;
    let mut measured = EventSteps::new(paradigm, real);
    for term in terms {
        measured.step(term.a[0], term.a[1]);
    }
    forecast(
        &[&added[0], &added[1]],
        fit,
        until,
        bootstrap,
        |future, generations| {
            let mut steps = measured.clone();
            generations
                .map(|n| steps.step(future.at(0, n), future.at(1, n)))
                .collect()
        },
    )
}

/// Forecasts perplexity on real text, from the error terms *and* the perplexities of generations
/// 1 … m, with m at least 2.
///
/// The theorem bounds the excess of cross-entropy by `−ln w_n`. What is forecast is that it stays
/// the part κ of this bound that it was so far, `ln PPL_n = ln PPL_1 + κ (ln w_1 − ln w_n)`, with κ
/// by least squares: a law of experience, not of the theorem.
///
/// # Errors
/// As [`forecast_retention`]; as many perplexities as error terms are needed, each at least 1.
pub fn forecast_perplexity(
    paradigm: Paradigm,
    errors: &[f64],
    perplexities: &[f64],
    fit: Fit,
    until: u32,
    bootstrap: &Bootstrap,
) -> Result<Forecast, TheoryError> {
    error_terms(errors)?;
    if perplexities.len() != errors.len() {
        return Err(TheoryError::Length {
            name: "the list of perplexities",
            actual: perplexities.len(),
            expected: errors.len(),
        });
    }
    if errors.len() < 2 {
        return Err(TheoryError::TooFew {
            measured: errors.len(),
            needed: 2,
        });
    }
    if let Some(value) = perplexities
        .iter()
        .find(|value| !(1.0..f64::INFINITY).contains(*value))
    {
        return Err(TheoryError::Perplexity { value: *value });
    }
    let measured = steps_through(paradigm, errors);
    let retention = crate::retention(paradigm, errors)?;
    let lost = |w: f64| retention[0].ln() - w.ln();
    // (lost retention, risen cross-entropy) of generations 2 … m, both since generation 1.
    let points: Vec<(f64, f64)> = retention[1..]
        .iter()
        .zip(&perplexities[1..])
        .map(|(w, perplexity)| (lost(*w), (perplexity / perplexities[0]).ln()))
        .collect();
    let slope = slope_through_origin(points.iter().copied());
    let inflation = inflation(points.len(), 1);
    let residuals: Vec<f64> = points
        .iter()
        .map(|(x, y)| (y - slope * x) * inflation)
        .collect();
    forecast(&[errors], fit, until, bootstrap, |future, generations| {
        let mut steps = measured.clone();
        let slope = match &future.replicate {
            None => slope,
            Some(replicate) => slope_through_origin(
                (0..points.len()).map(|i| points[replicate.draw(Draw::Slope, i, points.len())]),
            ),
        };
        generations
            .map(|n| {
                let rise = slope * lost(steps.step(future.at(0, n)));
                let noise = match &future.replicate {
                    None => 0.0,
                    Some(replicate) => {
                        residuals[replicate.draw(Draw::Rise, n as usize, residuals.len())]
                    }
                };
                perplexities[0] * (rise + noise).exp()
            })
            .collect()
    })
}

/// Forecasts the first generation whose retention is below `threshold`, looking as far as
/// `horizon`. If the measured generations are below it already, that is the answer, without doubt.
///
/// # Errors
/// As [`forecast_retention`], or a threshold outside (0, 1).
pub fn forecast_threshold(
    paradigm: Paradigm,
    errors: &[f64],
    fit: Fit,
    threshold: f64,
    horizon: u32,
    bootstrap: &Bootstrap,
) -> Result<ThresholdForecast, TheoryError> {
    let measured = errors.len() as u32;
    let known = crate::generation_below(paradigm, threshold, measured, |n| errors[n as usize - 1])?;
    if known.is_some() {
        return Ok(ThresholdForecast {
            generation: known,
            low: known,
            high: known,
        });
    }
    let start = steps_through(paradigm, errors);
    // A generation beyond the horizon is infinite here, so that it sorts after all others.
    let forecast = estimates(&[errors], fit, bootstrap, |future| {
        let mut steps = start.clone();
        let found = (measured + 1..=horizon).find(|n| steps.step(future.at(0, *n)) < threshold);
        vec![found.map_or(f64::INFINITY, f64::from)]
    })?;
    let generation = |value: f64| value.is_finite().then_some(value as u32);
    let estimate = forecast[0];
    Ok(ThresholdForecast {
        generation: generation(estimate.value),
        low: generation(estimate.low.floor()),
        high: generation(estimate.high.ceil()),
    })
}

/// How well a forecast did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ForecastScore {
    /// Number of generations that were both predicted and measured.
    pub generations: usize,
    /// Mean of predicted minus measured.
    pub mean_error: f64,
    /// Mean of the absolute value of predicted minus measured.
    pub mean_absolute_error: f64,
    /// Part of the measurements that lie in their interval.
    pub coverage: f64,
}

impl Forecast {
    /// Compares with the measurements of the generations from `first_generation` on, as far as both
    /// go. `None` if that is no generation at all.
    pub fn score(&self, measured: &[f64]) -> Option<ForecastScore> {
        let generations = self.values.len().min(measured.len());
        let pairs = || self.values.iter().zip(measured);
        let mean = |sum: f64| sum / generations as f64;
        (generations > 0).then(|| ForecastScore {
            generations,
            mean_error: mean(pairs().map(|(e, m)| e.value - m).sum()),
            mean_absolute_error: mean(pairs().map(|(e, m)| (e.value - m).abs()).sum()),
            coverage: mean(
                pairs()
                    .filter(|(e, m)| (e.low..=e.high).contains(*m))
                    .count() as f64,
            ),
        })
    }
}

/// The recursion of retention after the measured generations.
fn steps_through(paradigm: Paradigm, errors: &[f64]) -> RetentionSteps {
    let mut steps = RetentionSteps::new(paradigm);
    for error in errors {
        steps.step(*error);
    }
    steps
}

/// The probability of one event in one generation after the other.
#[derive(Clone)]
struct EventSteps {
    paradigm: Paradigm,
    real: f64,
    generation: u32,
    latest: f64,
    earlier: f64,
}

impl EventSteps {
    fn new(paradigm: Paradigm, real: f64) -> Self {
        Self {
            paradigm,
            real,
            generation: 0,
            latest: 0.0,
            earlier: 0.0,
        }
    }

    /// `p̂_n = (q_n + a_n) / (1 + b_n)` with b the sum of the mass added to the event and to its
    /// opposite.
    fn step(&mut self, to_event: f64, to_opposite: f64) -> f64 {
        self.generation += 1;
        let shares = self.paradigm.shares(self.generation);
        let q =
            shares.real * self.real + shares.latest * self.latest + shares.earlier * self.earlier;
        self.earlier += self.latest;
        self.latest = (q + to_event) / (1.0 + to_event + to_opposite);
        self.latest
    }
}

/// Predicts the generations after the measured ones with `path`, which maps a future and the
/// numbers of these generations to one value each.
fn forecast(
    series: &[&[f64]],
    fit: Fit,
    until: u32,
    bootstrap: &Bootstrap,
    path: impl Fn(&Future<'_>, RangeInclusive<u32>) -> Vec<f64>,
) -> Result<Forecast, TheoryError> {
    let first_generation = series[0].len() as u32 + 1;
    Ok(Forecast {
        first_generation,
        values: estimates(series, fit, bootstrap, |future| {
            path(future, first_generation..=until)
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompose_event;
    use autophage_random::{Purpose, Stream};
    use proptest::prelude::*;

    const BOOTSTRAP: Bootstrap = Bootstrap {
        replicates: 400,
        level: 0.9,
        seed: 11,
    };

    /// Error terms around `mean`, spread uniformly by up to half of it either way.
    fn noisy(mean: f64, generations: u64, seed: u64) -> Vec<f64> {
        let random = Stream::new(seed, Purpose::Simulation, 1);
        (0..generations)
            .map(|k| mean * (0.5 + random.uniform(0, k)))
            .collect()
    }

    #[test]
    fn constant_errors_are_predicted_exactly() {
        let forecast =
            forecast_retention(Paradigm::Replace, &[1.0; 3], Fit::Constant, 6, &BOOTSTRAP).unwrap();
        assert_eq!(forecast.first_generation, 4);
        for (estimate, expected) in forecast.values.iter().zip([0.0625, 0.03125, 0.015_625]) {
            assert!((estimate.value - expected).abs() < 1e-15);
            assert!(estimate.low == estimate.value && estimate.high == estimate.value);
        }
        let threshold = |errors: &[f64], value, horizon| {
            let paradigm = Paradigm::Replace;
            forecast_threshold(paradigm, errors, Fit::Constant, value, horizon, &BOOTSTRAP).unwrap()
        };
        let all = |generation| ThresholdForecast {
            generation,
            low: generation,
            high: generation,
        };
        assert_eq!(threshold(&[1.0; 3], 0.01, 100), all(Some(7)));
        assert_eq!(threshold(&[1.0; 3], 0.3, 100), all(Some(2)));
        assert_eq!(threshold(&[1.0; 3], 0.01, 6), all(None));
    }

    #[test]
    fn the_same_seed_gives_the_same_intervals() {
        let errors = noisy(0.2, 6, 3);
        let forecast = |seed| {
            let bootstrap = Bootstrap { seed, ..BOOTSTRAP };
            forecast_retention(
                Paradigm::Accumulate,
                &errors,
                Fit::Reciprocal,
                20,
                &bootstrap,
            )
            .unwrap()
        };
        assert_eq!(forecast(1), forecast(1));
        assert_ne!(forecast(1), forecast(2));
    }

    #[test]
    fn intervals_cover_about_their_level() {
        for paradigm in [Paradigm::Replace, Paradigm::Accumulate] {
            let (mut covered, runs) = (0.0, 200);
            for seed in 0..runs {
                let errors = noisy(0.2, 12, seed);
                let truth = crate::retention(paradigm, &errors).unwrap();
                let forecast =
                    forecast_retention(paradigm, &errors[..8], Fit::Constant, 12, &BOOTSTRAP)
                        .unwrap();
                covered += forecast.score(&truth[8..]).unwrap().coverage;
            }
            let coverage = covered / runs as f64;
            assert!((0.8..=0.97).contains(&coverage), "{paradigm}: {coverage}");
        }
    }

    #[test]
    fn an_event_follows_its_error_terms() {
        // p̂_n measured under Accumulate with an added mass that does not change.
        let (real, a) = (0.76, [0.01, 0.05]);
        let mut steps = EventSteps::new(Paradigm::Accumulate, real);
        let truth: Vec<f64> = (0..10).map(|_| steps.step(a[0], a[1])).collect();
        let term = ErrorTerm {
            a: a.to_vec(),
            b: a[0] + a[1],
        };
        let forecast = forecast_event(
            Paradigm::Accumulate,
            real,
            &vec![term; 4],
            Fit::Constant,
            10,
            &BOOTSTRAP,
        )
        .unwrap();
        for (estimate, truth) in forecast.values.iter().zip(&truth[4..]) {
            assert!((estimate.value - truth).abs() < 1e-12);
        }
        // The steps restore what was decomposed.
        let term = decompose_event(0.76, 0.7).unwrap();
        let restored = EventSteps::new(Paradigm::Replace, 0.76).step(term.a[0], term.a[1]);
        assert!((restored - 0.7).abs() < 1e-15);
    }

    #[test]
    fn perplexity_rises_with_lost_retention() {
        let errors = [0.1; 4];
        // Half of the bound.
        let perplexities: Vec<f64> = (0..4)
            .map(|n| 8.0 * 1.1f64.powf(0.5 * f64::from(n)))
            .collect();
        let forecast = forecast_perplexity(
            Paradigm::Replace,
            &errors,
            &perplexities,
            Fit::Constant,
            8,
            &BOOTSTRAP,
        )
        .unwrap();
        for (n, estimate) in (4..).zip(&forecast.values) {
            let expected = 8.0 * 1.1f64.powf(0.5 * f64::from(n));
            assert!((estimate.value / expected - 1.0).abs() < 1e-12);
            assert!((estimate.high / expected - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn scores() {
        let estimate = |value: f64| Estimate {
            value,
            low: value - 0.1,
            high: value + 0.1,
        };
        let forecast = Forecast {
            first_generation: 3,
            values: vec![estimate(0.5), estimate(0.4), estimate(0.3)],
        };
        let score = forecast.score(&[0.55, 0.2]).unwrap();
        assert_eq!(score.generations, 2);
        assert!((score.mean_error - 0.075).abs() < 1e-12);
        assert!((score.mean_absolute_error - 0.125).abs() < 1e-12);
        assert_eq!(score.coverage, 0.5);
        assert_eq!(forecast.score(&[]), None);
    }

    #[test]
    fn what_cannot_be_forecast_is_refused() {
        let retention = |errors: &[f64], fit, bootstrap: &Bootstrap| {
            forecast_retention(Paradigm::Replace, errors, fit, 9, bootstrap)
        };
        assert!(matches!(
            retention(&[], Fit::Constant, &BOOTSTRAP),
            Err(TheoryError::TooFew { .. })
        ));
        assert!(matches!(
            retention(&[0.1], Fit::Reciprocal, &BOOTSTRAP),
            Err(TheoryError::TooFew { .. })
        ));
        assert!(retention(&[f64::NAN], Fit::Constant, &BOOTSTRAP).is_err());
        let level = Bootstrap {
            level: 1.0,
            ..BOOTSTRAP
        };
        assert!(retention(&[0.1], Fit::Constant, &level).is_err());
        let perplexity = |perplexities: &[f64]| {
            let errors = vec![0.1; perplexities.len()];
            forecast_perplexity(
                Paradigm::Replace,
                &errors,
                perplexities,
                Fit::Constant,
                9,
                &BOOTSTRAP,
            )
        };
        assert!(perplexity(&[8.0]).is_err());
        assert!(perplexity(&[8.0, 0.5]).is_err());
        assert!(perplexity(&[8.0, f64::INFINITY]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn retention_forecasts_are_shares(
            paradigm in crate::paradigm::tests::any_paradigm(),
            errors in prop::collection::vec(0.0..2.0f64, 2..8),
            fit in prop_oneof![Just(Fit::Constant), Just(Fit::Reciprocal), (1u32..9).prop_map(Fit::LastMean)],
        ) {
            let forecast = forecast_retention(paradigm, &errors, fit, 15, &BOOTSTRAP);
            if matches!(fit, Fit::LastMean(m) if m as usize > errors.len()) {
                prop_assert!(forecast.is_err());
            } else {
                let forecast = forecast.unwrap();
                prop_assert_eq!(forecast.values.len(), 15 - errors.len());
                for estimate in forecast.values {
                    prop_assert!(estimate.low <= estimate.high);
                    prop_assert!(estimate.low >= 0.0 && estimate.high <= 1.0);
                    prop_assert!((0.0..=1.0).contains(&estimate.value));
                }
            }
        }
    }
}
