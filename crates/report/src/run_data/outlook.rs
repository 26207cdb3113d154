//! Forecasts of a run: how well an early one did, and what is to come.

use autophage_lab::{ForecastSettings, Run, RunForecast};
use autophage_theory::{Bootstrap, Fit};

/// Retention below this is spoken of.
pub(crate) const THRESHOLD: f64 = 0.5;
/// Level of all intervals.
const LEVEL: f64 = 0.9;
/// Bootstrap replicates behind an interval.
const REPLICATES: u32 = 1_000;
/// How far forecasts go beyond what is there, in generations.
const AHEAD: u32 = 10;
/// Longer runs are not forecast here: the work grows with the square of their length.
const LONGEST: u32 = 100;

/// Forecasts; absent where a run has too few generations, or tracks no contexts.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// Fitted on the first half of the generations, and compared with the others.
    pub test: Option<RunForecast>,
    /// Fitted on all generations.
    pub onward: Option<RunForecast>,
}

impl Outlook {
    pub(crate) fn read(run: &Run, finished: u32) -> Self {
        // The first generation knows whether any context is tracked.
        let tracked = finished >= 2 && run.errors(1).is_ok_and(|errors| errors.is_some());
        if !tracked || finished > LONGEST {
            return Self::default();
        }
        let forecast = |from: u32, until: u32| {
            run.forecast(&ForecastSettings {
                from,
                until,
                fit: Fit::Constant,
                threshold: THRESHOLD,
                bootstrap: Bootstrap {
                    replicates: REPLICATES,
                    level: LEVEL,
                    seed: run.experiment().seed,
                },
            })
            // An error term that is infinite has no future.
            .ok()
        };
        let half = (finished / 2).max(2);
        Self {
            test: (half < finished)
                .then(|| forecast(half, finished))
                .flatten(),
            onward: forecast(finished, finished + AHEAD),
        }
    }
}
