//! What a measurement of speed found, for tables and as JSON.

use std::str::FromStr;
use std::time::Duration;

use autophage_compute::Profile;
use serde::Serialize;

use crate::roofline::{Limit, bound};
use crate::{BenchError, Machine, MachineCeilings};

/// Version of the JSON form of a [`BenchReport`]; a change that would mislead a reader raises it.
pub const REPORT_VERSION: u32 = 1;

/// Rates of work beside the ceilings of the machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// Version of autophage.
    pub software_version: &'static str,
    /// Whether it is only a first impression.
    pub quick: bool,
    /// What measured.
    pub machine: Machine,
    /// What it can do at most.
    pub ceilings: MachineCeilings,
    /// Each model, in the order asked for.
    pub models: Vec<ModelReport>,
}

/// The rates of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelReport {
    /// Its name.
    pub name: &'static str,
    /// Number of its parameters.
    pub parameters: usize,
    /// Number of its tokens.
    pub vocabulary: usize,
    /// Numbers in a hidden state.
    pub hidden: usize,
    /// Number of its layers.
    pub layers: usize,
    /// Number of heads of each.
    pub heads: usize,
    /// Training, sampling and scoring.
    pub tasks: Vec<TaskReport>,
}

/// What a model can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One optimizer step: forward, backward, clipping, AdamW.
    Train,
    /// Texts written side by side, each to its full length.
    Sample,
    /// The losses of given texts.
    Score,
}

impl Task {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Sample, Self::Score];

    /// The names, for messages.
    pub(crate) fn known() -> String {
        Self::ALL
            .map(|task| format!("`{}`", task.name()))
            .join(", ")
    }

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Sample => "sample",
            Self::Score => "score",
        }
    }
}

/// Reads [`Task::name`].
impl FromStr for Task {
    type Err = BenchError;

    fn from_str(name: &str) -> Result<Self, BenchError> {
        Self::ALL
            .into_iter()
            .find(|task| task.name() == name)
            .ok_or_else(|| BenchError::UnknownTask(name.to_owned()))
    }
}

/// How fast a model does one kind of work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskReport {
    /// Which.
    pub task: Task,
    /// Sequences of one repetition, side by side.
    pub sequences: usize,
    /// Tokens of all of them together: targets when training and scoring, else tokens drawn.
    pub tokens: usize,
    /// Number of repetitions.
    pub repetitions: usize,
    /// Seconds of a repetition.
    pub seconds: Spread,
    /// Tokens a second.
    pub tokens_per_second: Spread,
    /// 10⁹ floating-point operations a second that the results need, at the median time.
    pub gflops: f64,
    /// Share of the ceiling of multiply-adds, in the precision of matrix products, that these are.
    pub share_of_peak: f64,
    /// Share of the ceilings that the operations together reach: the sum of the least times that
    /// these allow each operation, over the time taken.
    pub share_of_bound: f64,
    /// The operations, the longest first.
    pub operations: Vec<OperationReport>,
    /// Share of the time that is spent outside operations.
    pub share_outside: f64,
}

/// A median, and the extremes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of the values are at most this.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// What one operation takes of a kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperationReport {
    /// Its name in `autophage_compute::Backend`.
    pub operation: &'static str,
    /// Calls in one repetition.
    pub calls: u64,
    /// Share of the time.
    pub share: f64,
    /// 10⁹ multiply-adds of one repetition.
    pub giga_multiply_adds: f64,
    /// 10⁹ floating-point operations a second.
    pub gflops: f64,
    /// Share of the rate that the ceilings allow it.
    pub share_of_bound: f64,
    /// What bounds it.
    pub limit: Limit,
}

impl Spread {
    /// The spread of values, of which there is at least one.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        Self {
            median: if values.len().is_multiple_of(2) {
                0.5 * (values[middle - 1] + values[middle])
            } else {
                values[middle]
            },
            min: values[0],
            max: values[values.len() - 1],
        }
    }
}

impl TaskReport {
    /// From the time and the profile of each repetition.
    pub(crate) fn new(
        task: Task,
        (sequences, tokens): (usize, usize),
        passes: &[(Duration, Profile)],
        ceilings: &MachineCeilings,
    ) -> Self {
        let seconds = || passes.iter().map(|(time, _)| time.as_secs_f64());
        let total: f64 = seconds().sum();
        let repetitions = passes.len();
        let mut profile = Profile::default();
        for (_, pass) in passes {
            profile.merge(pass);
        }
        let each = |amount: u64| amount as f64 / repetitions as f64;
        let mut bounds = 0.0;
        let mut operations: Vec<OperationReport> = profile
            .operations()
            .map(|(operation, noted)| {
                let (bound, limit) = bound(operation, &noted, ceilings);
                bounds += bound;
                let time = noted.time.as_secs_f64();
                OperationReport {
                    operation: operation.name(),
                    calls: noted.calls / repetitions as u64,
                    share: time / total,
                    giga_multiply_adds: 1e-9 * each(noted.work.multiply_adds),
                    gflops: 2e-9 * noted.work.multiply_adds as f64 / time,
                    share_of_bound: bound / time,
                    limit,
                }
            })
            .collect();
        operations.sort_by(|a, b| b.share.total_cmp(&a.share));
        let seconds = Spread::of(seconds());
        let gflops = 2e-9 * each(profile.work().multiply_adds) / seconds.median;
        Self {
            task,
            sequences,
            tokens,
            repetitions,
            seconds,
            tokens_per_second: Spread {
                median: tokens as f64 / seconds.median,
                min: tokens as f64 / seconds.max,
                max: tokens as f64 / seconds.min,
            },
            gflops,
            share_of_peak: gflops / ceilings.matrix_peak_gflops,
            share_of_bound: bounds / total,
            operations,
            share_outside: 1.0 - profile.time().as_secs_f64() / total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_extremes() {
        let odd = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((odd.min, odd.median, odd.max), (1.0, 2.0, 3.0));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 9.0]).median, 3.0);
        assert_eq!(Spread::of([7.0]).median, 7.0);
    }
}
