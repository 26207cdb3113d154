//! All that a report shows of a run.
//!
//! A run is read while it may grow, and parts of it may be damaged: what is not there or cannot be
//! read is absent here and named among the [problems](RunData::problems), and the rest is shown.

mod generation;
mod initial;
mod outlook;

use std::path::{Path, PathBuf};

use autophage_corpus::Tokenizer;
use autophage_lab::{Baseline, Experiment, LabError, Run, RunRecord, Status};
use autophage_measure::perplexity::Comparison;

pub use generation::{Conditional, ErrorData, GenerationData, Sample};
pub use initial::{ContinuationRow, InitialData, ProbeContext};
pub use outlook::Outlook;
pub(crate) use outlook::THRESHOLD;

use crate::ReportError;
use crate::figures::printable;
use initial::token_text;

/// What a report knows of a run.
#[derive(Clone, Debug)]
pub struct RunData {
    pub(crate) directory: PathBuf,
    pub(crate) name: String,
    pub(crate) experiment: Experiment,
    pub(crate) record: RunRecord,
    pub(crate) state: RunState,
    pub(crate) status: Option<Status>,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) initial: Option<InitialData>,
    /// Name, context and token of every event that error terms are known of.
    pub(crate) event_names: Vec<(String, Vec<u32>, u32)>,
    pub(crate) generations: Vec<GenerationData>,
    pub(crate) outlook: Outlook,
    /// The last generation against the first, paired over the held-out documents.
    pub(crate) change: Option<Comparison>,
    pub(crate) problems: Vec<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// All generations of the experiment are there.
    Complete,
    /// A process works on it.
    InProgress,
    /// It waits for somebody to go on with it.
    Stopped,
}

impl RunData {
    /// Reads the run in `directory`.
    ///
    /// # Errors
    /// A directory that is not a run, or a run of another format. A part of it that is missing or
    /// damaged is no error.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let run = Run::open(directory)?;
        let mut data = Self {
            directory: directory.to_owned(),
            name: name_of(&run),
            experiment: run.experiment().clone(),
            record: run.record().clone(),
            state: RunState::Stopped,
            status: None,
            baseline: None,
            initial: None,
            event_names: Vec::new(),
            generations: Vec::new(),
            outlook: Outlook::default(),
            change: None,
            problems: Vec::new(),
        };
        data.update(&run);
        Ok(data)
    }

    /// Reads what the run has come to meanwhile. Generations that are known already are not read
    /// again.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn refresh(&mut self) -> Result<(), ReportError> {
        let run = Run::open(&self.directory)?;
        if (run.finished()? as usize) < self.generations.len() || !self.problems.is_empty() {
            *self = Self::read(&self.directory)?;
            return Ok(());
        }
        self.experiment = run.experiment().clone();
        self.record = run.record().clone();
        self.update(&run);
        Ok(())
    }

    fn update(&mut self, run: &Run) {
        let mut problems = Problems(std::mem::take(&mut self.problems));
        self.status = problems.note(run.status()).flatten();
        if self.baseline.is_none() {
            self.baseline = problems.note(run.baseline()).flatten();
        }
        let finished = problems.note(run.finished()).unwrap_or(0);
        let known = self.generations.len() as u32;
        // Before there is a baseline there may be no tokenizer either, and nothing for it to read.
        let tokenizer: Option<Tokenizer> = self
            .baseline
            .is_some()
            .then(|| problems.note(run.tokenizer()))
            .flatten();
        if let Some(tokenizer) = &tokenizer {
            if self.initial.is_none() {
                self.initial = problems.note(InitialData::read(run, tokenizer));
            }
            for n in known + 1..=finished {
                let initial = self.initial.as_ref();
                let generation = GenerationData::read(run, n, tokenizer, initial, &mut problems);
                self.generations.push(generation);
            }
            if self.event_names.is_empty() {
                self.event_names = problems.note(self.events(tokenizer)).unwrap_or_default();
            }
        }
        if finished > known {
            self.outlook = Outlook::read(run, finished);
            self.change = change(run, finished, &mut problems);
        }
        self.state = match finished == self.experiment.generations {
            _ if run.is_in_progress() => RunState::InProgress,
            true => RunState::Complete,
            false => RunState::Stopped,
        };
        self.problems = problems.0;
    }

    fn events(&self, tokenizer: &Tokenizer) -> Result<Vec<(String, Vec<u32>, u32)>, LabError> {
        let mut errors = self.generations.iter().filter_map(|g| g.errors.as_ref());
        let events = errors.next().map_or(&[][..], |errors| &errors.events);
        events
            .iter()
            .map(|event| {
                let context = tokenizer.decode(&event.context)?;
                let token = token_text(event.token, tokenizer)?;
                let name = format!("{} → {}", printable(&context), printable(&token));
                Ok((name, event.context.clone(), event.token))
            })
            .collect()
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it is called: the name of its directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does, with every default explicit.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// What made it, and when.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// How far it is.
    pub fn state(&self) -> RunState {
        self.state
    }

    /// What it last said of its progress.
    pub fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// What is known of the real documents.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// What was counted in the initial corpus for this report.
    pub fn initial(&self) -> Option<&InitialData> {
        self.initial.as_ref()
    }

    /// The finished generations, from the first.
    pub fn generations(&self) -> &[GenerationData] {
        &self.generations
    }

    /// Names of the stages of its generations, in the order in which they were run.
    pub fn stages(&self) -> Vec<&str> {
        let mut stages = Vec::new();
        let timings = self.generations.iter().filter_map(|g| g.timing.as_ref());
        for (stage, _) in timings.flat_map(|timing| timing.stages.iter()) {
            if !stages.contains(&stage) {
                stages.push(stage);
            }
        }
        stages
    }

    /// Forecasts.
    pub fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// The last generation's perplexity on real text against that of the first, document by
    /// document; `None` where either has not kept the losses of the documents.
    pub fn change(&self) -> Option<&Comparison> {
        self.change.as_ref()
    }

    /// What could not be read, a sentence each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// Generation `last` against the first.
fn change(run: &Run, last: u32, problems: &mut Problems) -> Option<Comparison> {
    let first = problems.note(run.held_out_losses(1)).flatten()?;
    let last = problems.note(run.held_out_losses(last)).flatten()?;
    // A document that is impossible under either model has no difference.
    last.compare(&first).ok()
}

/// The name of the run's directory, or that of the experiment where it has none, as in `.` or `/`.
pub(crate) fn name_of(run: &Run) -> String {
    let path = std::fs::canonicalize(run.directory());
    let name = path
        .as_deref()
        .unwrap_or(run.directory())
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| run.experiment().name.clone())
}

/// What could not be read.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// The result, or `None` with the error noted.
    pub(crate) fn note<T>(&mut self, result: Result<T, LabError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let problem = error.to_string();
                if !self.0.contains(&problem) {
                    self.0.push(problem);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_run_is_read_whole() {
        let run = testing::run();
        assert_eq!(run.problems(), &[] as &[String]);
        assert_eq!((run.name(), run.state()), ("run", RunState::Complete));
        assert_eq!(run.generations().len(), 4);
        let initial = run.initial().unwrap();
        assert_eq!(initial.probes.len(), 2);
        for generation in run.generations() {
            let metrics = generation.metrics.as_ref().unwrap();
            assert!(!generation.samples.is_empty());
            for (conditional, probe) in generation.conditionals.iter().zip(&initial.probes) {
                // The same figures by another road: those that the run measured itself.
                let measured = metrics
                    .probes
                    .iter()
                    .find(|p| p.context == probe.text)
                    .unwrap();
                assert_eq!(conditional.count, measured.generated.context_count);
                let shares: f64 = conditional.model.iter().sum();
                assert!(shares <= 1.0 + 1e-9, "{shares}");
            }
        }
        let truth = run.baseline().unwrap().probes[0].truth.next[0]
            .probability
            .unwrap();
        let row = initial.probes[0].rows.iter().find(|row| row.text == " was");
        assert!((row.unwrap().probability - truth).abs() < 1e-12);
        assert!(run.outlook().onward.is_some() && run.outlook().test.is_some());
        assert!(run.change().is_some());
    }

    #[test]
    fn what_is_damaged_is_absent_until_it_is_mended() {
        let (_directory, mut run) = testing::make();
        let path = run.directory().join("generations/002/metrics.json");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"{").unwrap();
        let damaged = RunData::read(run.directory()).unwrap();
        assert!(damaged.generations()[1].metrics.is_none());
        assert!(damaged.generations()[2].metrics.is_some());
        assert!(
            damaged
                .problems()
                .iter()
                .any(|problem| problem.contains("metrics.json"))
        );
        run = damaged;
        std::fs::write(&path, whole).unwrap();
        run.refresh().unwrap();
        assert!(run.problems().is_empty());
        assert!(run.generations()[1].metrics.is_some());
    }

    #[test]
    fn a_run_that_grows_is_read_on_and_one_that_shrinks_again() {
        let (_directory, whole) = testing::make();
        let last = whole.directory().join("generations/004");
        let aside = whole.directory().join("aside");
        std::fs::rename(&last, &aside).unwrap();
        let mut run = whole.clone();
        run.refresh().unwrap();
        assert_eq!(
            (run.generations().len(), run.state()),
            (3, RunState::Stopped)
        );
        std::fs::rename(&aside, &last).unwrap();
        run.refresh().unwrap();
        assert_eq!(run.generations().len(), 4);
        assert_eq!(run.generations()[3].metrics, whole.generations()[3].metrics);
        assert_eq!(run.change(), whole.change());
    }

    #[test]
    fn what_is_no_run_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = RunData::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains("not a run"), "{error}");
    }
}
