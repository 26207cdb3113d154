//! A run's future: fitted on its first generations, and scored on the others where they are there.

use autophage_theory::{
    Bootstrap, ErrorTerm, Fit, Forecast, ForecastScore, Paradigm, ThresholdForecast,
    forecast_event, forecast_perplexity, forecast_retention, forecast_threshold,
};
use serde::Serialize;

use crate::{GenerationErrors, LabError, Run};

/// What is forecast, and from what.
#[derive(Clone, Copy, Debug)]
pub struct ForecastSettings {
    /// The last generation that is fitted on, m.
    pub from: u32,
    /// The last generation that is forecast.
    pub until: u32,
    /// How error terms go on.
    pub fit: Fit,
    /// Say when retention falls under this.
    pub threshold: f64,
    /// How intervals are made.
    pub bootstrap: Bootstrap,
}

/// The forecast of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunForecast {
    /// The last generation that was fitted on.
    pub from: u32,
    /// Level of all intervals.
    pub level: f64,
    /// Retention averaged over the places of the initial corpus.
    pub retention: Scored,
    /// When that falls under the threshold.
    pub threshold: ThresholdForecast,
    /// Perplexity on the held-out real documents.
    pub perplexity: Scored,
    /// Every probe's probability.
    pub events: Vec<EventForecast>,
    /// Retention of every tracked context by itself, taken together: how many of all measurements
    /// lie in their intervals. `None` where the run has no later generation.
    pub contexts: Option<Coverage>,
}

/// A forecast and how it did.
#[derive(Clone, Debug, Serialize)]
pub struct Scored {
    /// The forecast.
    pub forecast: Forecast,
    /// What was measured, from the first forecast generation on.
    pub measured: Vec<f64>,
    /// The comparison; `None` without a measurement.
    pub score: Option<ForecastScore>,
}

/// The forecast of one probe.
#[derive(Clone, Debug, Serialize)]
pub struct EventForecast {
    /// Tokens of the context.
    pub context: Vec<u32>,
    /// The token after it.
    pub token: u32,
    /// Its probability.
    pub probability: Scored,
}

/// Many forecasts against as many measurements.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Coverage {
    /// Number of measurements.
    pub measurements: u64,
    /// Share of them that lie in their interval.
    pub coverage: f64,
    /// Mean of predicted minus measured.
    pub mean_error: f64,
    /// Mean of the absolute value of predicted minus measured.
    pub mean_absolute_error: f64,
}

/// How far ahead the threshold is looked for.
const THRESHOLD_HORIZON: u32 = 10_000;

impl Run {
    /// Forecasts the run from its first generations.
    ///
    /// # Errors
    /// A run that tracks no contexts, fewer finished generations than are to be fitted on, or
    /// settings that make no sense.
    pub fn forecast(&self, settings: &ForecastSettings) -> Result<RunForecast, LabError> {
        let finished = self.finished()?;
        if settings.from < 2 || settings.from > finished {
            return Err(LabError::Forecast {
                problem: format!(
                    "generations 1 to {} cannot be fitted on: at least 2 are needed, and {finished} \
                     are finished",
                    settings.from
                ),
            });
        }
        if settings.until <= settings.from {
            return Err(LabError::Forecast {
                problem: format!(
                    "the last generation to forecast is {}, and must come after {}",
                    settings.until, settings.from
                ),
            });
        }
        let errors = self.all_errors()?;
        let perplexities = (1..=finished)
            .map(|n| Ok(self.metrics(n)?.perplexity.perplexity))
            .collect::<Result<Vec<_>, LabError>>()?;
        let lineage = Lineage {
            paradigm: self.experiment().paradigm,
            errors: &errors,
            settings,
        };
        lineage.forecast(&perplexities)
    }
}

/// What was measured of a run, with what is to be forecast of it.
struct Lineage<'a> {
    paradigm: Paradigm,
    errors: &'a [GenerationErrors],
    settings: &'a ForecastSettings,
}

impl Lineage<'_> {
    fn forecast(&self, perplexities: &[f64]) -> Result<RunForecast, LabError> {
        let ForecastSettings {
            from,
            until,
            fit,
            threshold,
            bootstrap,
        } = *self.settings;
        let retention: Vec<f64> = self.errors.iter().map(mean_retention).collect();
        let effective = effective_errors(self.paradigm, &retention);
        let fitted = &effective[..from as usize];
        let failed = LabError::forecast;
        Ok(RunForecast {
            from,
            level: bootstrap.level,
            retention: scored(
                forecast_retention(self.paradigm, fitted, fit, until, &bootstrap)
                    .map_err(failed)?,
                &retention,
            ),
            threshold: forecast_threshold(
                self.paradigm,
                fitted,
                fit,
                threshold,
                THRESHOLD_HORIZON,
                &bootstrap,
            )
            .map_err(failed)?,
            perplexity: scored(
                forecast_perplexity(
                    self.paradigm,
                    fitted,
                    &perplexities[..from as usize],
                    fit,
                    until,
                    &bootstrap,
                )
                .map_err(failed)?,
                perplexities,
            ),
            events: self.events()?,
            contexts: self.contexts()?,
        })
    }

    fn events(&self) -> Result<Vec<EventForecast>, LabError> {
        let ForecastSettings {
            from,
            until,
            fit,
            bootstrap,
            ..
        } = *self.settings;
        let events = self.errors.first().map_or(&[][..], |errors| &errors.events);
        events
            .iter()
            .enumerate()
            .map(|(index, event)| {
                let terms: Vec<ErrorTerm> = self.errors[..from as usize]
                    .iter()
                    .map(|errors| {
                        let total = &errors.events[index].total;
                        ErrorTerm {
                            a: vec![total.added_to_event, total.added_to_others],
                            b: total.error,
                        }
                    })
                    .collect();
                let forecast = forecast_event(
                    self.paradigm,
                    event.initial_probability,
                    &terms,
                    fit,
                    until,
                    &bootstrap,
                )
                .map_err(LabError::forecast)?;
                let measured: Vec<f64> = self
                    .errors
                    .iter()
                    .map(|errors| errors.events[index].model_probability)
                    .collect();
                Ok(EventForecast {
                    context: event.context.clone(),
                    token: event.token,
                    probability: scored(forecast, &measured),
                })
            })
            .collect()
    }

    /// Forecasts every context's retention and compares with what came.
    fn contexts(&self) -> Result<Option<Coverage>, LabError> {
        let ForecastSettings {
            from,
            fit,
            bootstrap,
            ..
        } = *self.settings;
        let last = self.errors.len() as u32;
        if last <= from {
            return Ok(None);
        }
        let mut sum = Coverage::default();
        for index in 0..self.errors[0].contexts.len() {
            let at = |errors: &GenerationErrors| errors.contexts[index].total_error;
            let errors: Vec<f64> = self.errors[..from as usize].iter().map(at).collect();
            if errors.iter().any(|error| !error.is_finite()) {
                continue;
            }
            let forecast = forecast_retention(self.paradigm, &errors, fit, last, &bootstrap)
                .map_err(LabError::forecast)?;
            let measured: Vec<f64> = self.errors[from as usize..]
                .iter()
                .map(|e| e.contexts[index].retention)
                .collect();
            if let Some(score) = forecast.score(&measured) {
                let weight = score.generations as f64;
                sum.measurements += score.generations as u64;
                sum.coverage += weight * score.coverage;
                sum.mean_error += weight * score.mean_error;
                sum.mean_absolute_error += weight * score.mean_absolute_error;
            }
        }
        let count = sum.measurements.max(1) as f64;
        sum.coverage /= count;
        sum.mean_error /= count;
        sum.mean_absolute_error /= count;
        Ok((sum.measurements > 0).then_some(sum))
    }
}

/// Compares a forecast with the values of all generations from the first.
fn scored(forecast: Forecast, values: &[f64]) -> Scored {
    let first = forecast.first_generation as usize - 1;
    let measured = values.get(first..).unwrap_or(&[]).to_vec();
    Scored {
        score: forecast.score(&measured),
        forecast,
        measured,
    }
}

/// Retention averaged over the places of the initial corpus; 0 without a context.
fn mean_retention(errors: &GenerationErrors) -> f64 {
    errors
        .summary()
        .map_or(0.0, |summary| summary.retention_by_place)
}

/// The errors that one context would have had whose retention was `retention`: the recursion of
/// the theorem, turned round: `b_n = (m_{n,0} + Σ_{k<n} m_{n,k} w_k) / w_n − 1`.
fn effective_errors(paradigm: Paradigm, retention: &[f64]) -> Vec<f64> {
    (1..)
        .zip(retention)
        .map(|(n, w)| {
            let mixture = paradigm.mixture(n);
            let before: f64 = mixture
                .generations
                .iter()
                .zip(retention)
                .map(|(m, w)| m * w)
                .sum();
            ((mixture.real + before) / w - 1.0).max(0.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use autophage_theory::{Rate, retention};

    use super::*;

    #[test]
    fn effective_errors_undo_the_recursion() {
        let errors = [0.3, 0.1, 0.25, 0.0, 0.5];
        let rate = Rate::new(0.7).unwrap();
        for paradigm in [
            Paradigm::Replace,
            Paradigm::Accumulate,
            Paradigm::AccumulateSubsample { rate },
        ] {
            let found = effective_errors(paradigm, &retention(paradigm, &errors).unwrap());
            for (found, expected) in found.iter().zip(errors) {
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{paradigm}: {found} for {expected}"
                );
            }
        }
    }
}
