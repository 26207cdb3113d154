//! Runs set against each other, generation by generation, with the uncertainty of every difference.
//!
//! Runs that differ in nothing but their seed are one *case*: their mean, with Student's interval over
//! the seeds. Every other case is set against the first. Two single runs that were measured on the
//! same held-out documents are paired over these, which takes the documents' own difficulty out of
//! their difference; two cases of several seeds are compared by Welch's interval. Where neither is
//! possible there is a wider interval or none, and a note that says why.

mod cases;
mod contrast;
mod csv;

use std::collections::BTreeSet;
use std::path::PathBuf;

use autophage_lab::Run;
use autophage_theory::Interval;
use serde::Serialize;

use crate::{Headline, ReportError};
pub use cases::{Case, CaseRun, SettingDifference};
pub use contrast::{Against, Method};
use contrast::{Observed, against, estimate};

/// Level of all intervals.
const LEVEL: f64 = 0.95;

/// How runs are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompareOptions {
    /// Every run is a case of its own, also where runs differ in nothing but their seed.
    pub each: bool,
}

/// Runs set against each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared; every other one is set against the first.
    pub cases: Vec<Case>,
    /// The settings in which the cases differ.
    pub settings: Vec<SettingDifference>,
    /// The number of generations that all runs have finished.
    pub generations: u32,
    /// Level of all intervals.
    pub level: f64,
    /// A row for every generation, number and case.
    pub rows: Vec<ComparisonRow>,
    /// What cannot be compared, or only so, and why.
    pub notes: Vec<String>,
}

/// One number of one case in one generation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonRow {
    /// The generation.
    pub generation: u32,
    /// Which number: the key of a headline.
    pub metric: String,
    /// What it is called in a table.
    #[serde(skip)]
    pub label: String,
    /// Whether people read it in percent.
    #[serde(skip)]
    pub percent: bool,
    /// The label of the case.
    pub case: String,
    /// Number of runs (seeds) that it is a mean of.
    pub runs: u32,
    /// The number, or the mean over the runs: geometric for those that are compared by their ratio.
    pub value: f64,
    /// Over documents for a single run, where the number is an estimate; over seeds for several.
    pub interval: Option<Interval>,
    /// Against the first case.
    pub against_first: Option<Against>,
}

/// Compares the runs in these directories.
///
/// # Errors
/// Fewer than two runs, a directory that is not a run, a run without a generation, or a damaged file.
pub fn compare(
    directories: &[PathBuf],
    options: CompareOptions,
) -> Result<Comparison, ReportError> {
    if directories.len() < 2 {
        return Err(ReportError::TooFewRuns);
    }
    let runs = directories
        .iter()
        .map(|directory| Ok(Run::open(directory)?))
        .collect::<Result<Vec<_>, ReportError>>()?;
    let mut notes = Notes::default();
    let (cases, members) = cases::cases(&runs, options.each, &mut notes)?;
    let settings = cases::settings(&runs, &members);
    let generations = cases::generations(&cases, &mut notes)?;
    let mut comparison = Comparison {
        cases,
        settings,
        generations,
        level: LEVEL,
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for generation in 1..=generations {
        comparison.add(generation, &runs, &members, &mut notes)?;
    }
    comparison.notes = notes.0;
    Ok(comparison)
}

impl Comparison {
    /// The rows of one number in one generation, in the order of the cases.
    pub fn rows_of(&self, generation: u32, metric: &str) -> Vec<&ComparisonRow> {
        self.rows
            .iter()
            .filter(|row| row.generation == generation && row.metric == metric)
            .collect()
    }

    fn add(
        &mut self,
        generation: u32,
        runs: &[Run],
        members: &[Vec<usize>],
        notes: &mut Notes,
    ) -> Result<(), ReportError> {
        let observed = members
            .iter()
            .map(|members| {
                let members: Vec<&Run> = members.iter().map(|&run| &runs[run]).collect();
                Observed::read(&members, generation)
            })
            .collect::<Result<Vec<_>, _>>()?;
        for (metric, headline) in in_order(&observed) {
            for (case, (known, found)) in self.cases.iter().zip(&observed).enumerate() {
                let Some(numbers) = found.numbers(&metric) else {
                    continue;
                };
                let differing = self.settings.iter().find(|difference| {
                    difference.between(0, case) && headline.needs(&difference.key)
                });
                let against_first = match (case, differing) {
                    (0, _) => None,
                    (_, Some(difference)) => {
                        notes.not_compared(&headline.label, &self.cases, case, difference);
                        None
                    }
                    (_, None) => against(&headline, found, &observed[0], &mut |problem| {
                        notes.pairing(&self.cases, case, problem);
                    }),
                };
                let (value, interval) = estimate(&headline, &numbers);
                self.rows.push(ComparisonRow {
                    generation,
                    metric: metric.clone(),
                    label: headline.label.clone(),
                    percent: headline.percent,
                    case: known.label.clone(),
                    runs: numbers.len() as u32,
                    value,
                    interval,
                    against_first,
                });
            }
        }
        Ok(())
    }
}

/// Every number that any case has, in the order in which they are shown.
fn in_order(observed: &[Observed]) -> Vec<(String, Headline)> {
    let mut known = BTreeSet::new();
    let mut order = Vec::new();
    for headline in observed.iter().flat_map(Observed::headlines) {
        if known.insert(&headline.key) {
            order.push((headline.key.clone(), headline.clone()));
        }
    }
    order
}

/// What cannot be compared, each said once.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, note: String) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    fn not_compared(
        &mut self,
        what: &str,
        cases: &[Case],
        case: usize,
        difference: &SettingDifference,
    ) {
        self.add(format!(
            "{what}: {} and {} are not compared, for {} differs",
            cases[0].label, cases[case].label, difference.key
        ));
    }

    fn pairing(&mut self, cases: &[Case], case: usize, problem: &str) {
        self.add(format!(
            "{} and {}: {problem}",
            cases[0].label, cases[case].label
        ));
    }
}
