//! The bootstrap behind the intervals of forecasts.

use autophage_random::{Purpose, Stream};
use serde::Serialize;

use crate::TheoryError;
use crate::error::open_unit_interval;
use crate::fit::{ErrorModel, Fit, Observation};

/// How the intervals of a forecast are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Number of replicates, such as 1,000.
    pub replicates: u32,
    /// The part of the replicates that an interval holds, such as 0.9.
    pub level: f64,
    /// Seed of the random numbers: the same seed gives the same intervals.
    pub seed: u64,
}

/// A predicted number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// What the fit gives.
    pub value: f64,
    /// Lower end of the bootstrap interval.
    pub low: f64,
    /// Upper end of the bootstrap interval.
    pub high: f64,
}

/// The error terms of the generations to come: those of the fit, or of one bootstrap replicate.
pub(crate) struct Future<'a> {
    /// One for each series of error terms.
    models: Vec<ErrorModel>,
    /// Residuals of the fit, a list for each series.
    residuals: &'a [Vec<f64>],
    /// `None` for the fit itself.
    pub(crate) replicate: Option<Replicate>,
}

impl Future<'_> {
    /// The term of one series in one generation; at least 0.
    pub(crate) fn at(&self, series: usize, generation: u32) -> f64 {
        let mean = self.models[series].at(generation);
        match &self.replicate {
            None => mean,
            Some(replicate) => {
                let residuals = &self.residuals[series];
                // All series take the residual of the same generation.
                let chosen = replicate.draw(Draw::Residual, generation as usize, residuals.len());
                (mean + residuals[chosen]).max(0.0)
            }
        }
    }
}

/// The random numbers of one replicate.
pub(crate) struct Replicate {
    random: Stream,
    number: u64,
}

/// What a random number of a replicate is for.
#[derive(Clone, Copy)]
pub(crate) enum Draw {
    /// The measured generations that a replicate is fitted to.
    Observation,
    /// The residual of a future error term.
    Residual,
    /// The generations that the slope of perplexity is fitted to.
    Slope,
    /// The residual of a future perplexity.
    Rise,
}

impl Replicate {
    /// A uniform index below `bound`, the `index`-th for that use.
    pub(crate) fn draw(&self, use_: Draw, index: usize, bound: usize) -> usize {
        let position = (use_ as u64) << 60 | index as u64;
        self.random.below(bound as u64, self.number, position) as usize
    }
}

/// The values that `path` makes of the fit, each with its interval over the replicates.
pub(crate) fn estimates(
    series: &[&[f64]],
    fit: Fit,
    bootstrap: &Bootstrap,
    path: impl Fn(&Future<'_>) -> Vec<f64>,
) -> Result<Vec<Estimate>, TheoryError> {
    open_unit_interval("level", bootstrap.level)?;
    let observations: Vec<Vec<Observation>> = series
        .iter()
        .map(|errors| fit.observations(errors))
        .collect::<Result<_, _>>()?;
    let models: Vec<ErrorModel> = observations.iter().map(|o| fit.model(o)).collect();
    let count = observations[0].len();
    let inflation = inflation(count, fit.parameters());
    let residuals: Vec<Vec<f64>> = observations
        .iter()
        .zip(&models)
        .map(|(observations, model)| {
            let residual = |o: &Observation| (o.error - model.at(o.generation)) * inflation;
            observations.iter().map(residual).collect()
        })
        .collect();
    let values = path(&Future {
        models,
        residuals: &residuals,
        replicate: None,
    });
    let random = Stream::new(bootstrap.seed, Purpose::Bootstrap, series[0].len() as u32);
    let mut outcomes = vec![Vec::with_capacity(bootstrap.replicates as usize); values.len()];
    for number in 0..u64::from(bootstrap.replicates) {
        let replicate = Replicate { random, number };
        let chosen: Vec<usize> = (0..count)
            .map(|i| replicate.draw(Draw::Observation, i, count))
            .collect();
        let refit = |observations: &Vec<Observation>| {
            fit.model(&chosen.iter().map(|i| observations[*i]).collect::<Vec<_>>())
        };
        let outcome = path(&Future {
            models: observations.iter().map(refit).collect(),
            residuals: &residuals,
            replicate: Some(replicate),
        });
        for (outcomes, value) in outcomes.iter_mut().zip(outcome) {
            outcomes.push(value);
        }
    }
    let tail = 0.5 * (1.0 - bootstrap.level);
    let estimates = values
        .into_iter()
        .zip(outcomes)
        .map(|(value, mut outcomes)| {
            outcomes.sort_by(f64::total_cmp);
            Estimate {
                value,
                low: quantile(&outcomes, tail).unwrap_or(value),
                high: quantile(&outcomes, 1.0 - tail).unwrap_or(value),
            }
        });
    Ok(estimates.collect())
}

/// Residuals of a fit with `parameters` are too small by this factor, on average.
pub(crate) fn inflation(observations: usize, parameters: usize) -> f64 {
    if observations > parameters {
        (observations as f64 / (observations - parameters) as f64).sqrt()
    } else {
        1.0
    }
}

/// The slope of the least-squares line through the origin; 0 if no point is off it.
pub(crate) fn slope_through_origin(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (xy, xx) = points.fold((0.0, 0.0), |(xy, xx), (x, y)| (xy + x * y, xx + x * x));
    if xx > 0.0 { xy / xx } else { 0.0 }
}

/// The quantile of sorted values, linear between neighbours.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * (sorted.len().checked_sub(1)?) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    // Equal neighbours may both be infinite.
    Some(if below == above {
        below
    } else {
        below + (above - below) * place.fract()
    })
}
