//! What there is to see of a run at this moment, without drawing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use autophage_durable::Checksum;
use autophage_lab::{LabError, Layout, Run};
use serde::Serialize;

/// What a page that is kept up to date is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Observed {
    /// Differs whenever the page does.
    pub(crate) version: String,
    /// What is going on, in a few words.
    pub(crate) status: String,
}

/// A run in a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Summary {
    /// What people call it.
    pub(crate) name: String,
    /// Its paradigm.
    pub(crate) paradigm: String,
    /// Number of finished generations.
    pub(crate) finished: u32,
    /// Number of generations that it shall have.
    pub(crate) planned: u32,
    /// Whether a process works on it.
    pub(crate) in_progress: bool,
    /// What that process was last doing.
    pub(crate) stage: Option<String>,
    /// Perplexity of the last finished generation on held-out text.
    pub(crate) perplexity: Option<f64>,
}

impl Summary {
    /// Reads the run in `directory`.
    ///
    /// # Errors
    /// A directory that is not a run that can be read.
    pub(crate) fn read(directory: &Path) -> Result<Self, LabError> {
        let run = Run::open(directory)?;
        let experiment = run.experiment();
        let finished = run.finished()?;
        let in_progress = run.is_in_progress();
        // A status or a measurement that cannot be read is not shown; the page of the run, or
        // `autophage status`, says what is wrong with it.
        let stage = match in_progress {
            true => run.status().ok().flatten().map(|status| {
                let share = match status.total {
                    Some(total) if total > 0 => {
                        format!(" {}%", 100 * status.done.min(total) / total)
                    }
                    _ => String::new(),
                };
                match status.generation {
                    0 => format!("{}{share}", status.stage),
                    generation => format!("generation {generation}: {}{share}", status.stage),
                }
            }),
            false => None,
        };
        let perplexity = match finished {
            0 => None,
            last => run
                .metrics(last)
                .ok()
                .map(|found| found.perplexity.perplexity),
        };
        Ok(Self {
            name: experiment.name.clone(),
            paradigm: experiment.paradigm.to_string(),
            finished,
            planned: experiment.generations,
            in_progress,
            stage,
            perplexity,
        })
    }

    /// In progress, finished or stopped.
    pub(crate) fn state(&self) -> &'static str {
        match (self.in_progress, self.finished >= self.planned) {
            (true, _) => "in progress",
            (false, true) => "finished",
            (false, false) => "stopped",
        }
    }

    /// What is going on, in a few words.
    pub(crate) fn status(&self) -> String {
        let Self {
            finished, planned, ..
        } = self;
        let stage = match &self.stage {
            Some(stage) => format!("; {stage}"),
            None => String::new(),
        };
        format!(
            "{}: {finished} of {planned} generations{stage}",
            self.state()
        )
    }
}

/// What there is to see of the runs in `directories`.
pub(crate) fn observe(directories: &[PathBuf]) -> Observed {
    let mut all: Vec<Observed> = directories.iter().map(|run| observe_run(run)).collect();
    if all.len() == 1 {
        return all.remove(0);
    }
    let mut version = Checksum::new();
    let mut statuses = Vec::new();
    for (directory, observed) in directories.iter().zip(all) {
        version.update(observed.version.as_bytes());
        let name = directory.file_name().unwrap_or_default();
        statuses.push(format!("{}: {}", name.to_string_lossy(), observed.status));
    }
    Observed {
        version: format!("{:016x}", version.finish()),
        status: statuses.join(" · "),
    }
}

fn observe_run(directory: &Path) -> Observed {
    let (seen, status) = match Summary::read(directory) {
        Ok(summary) => (
            format!("{} {}", summary.finished, summary.in_progress),
            summary.status(),
        ),
        Err(error) => (String::new(), error.to_string()),
    };
    let mut version = Checksum::new();
    version.update(seen.as_bytes());
    let layout = Layout::new(directory);
    for path in [
        layout.experiment(),
        layout.record(),
        layout.baseline(),
        layout.metrics(),
    ] {
        version.update(stamp(&path).as_bytes());
    }
    Observed {
        version: format!("{:016x}", version.finish()),
        status,
    }
}

/// What tells a file from what it was before: files are replaced whole, never written into.
pub(crate) fn stamp(path: &Path) -> String {
    let Ok(found) = fs::metadata(path) else {
        return "none;".to_owned();
    };
    let modified = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos());
    format!("{} {modified};", found.len())
}
