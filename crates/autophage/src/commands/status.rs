//! `autophage status`: how far a run is, and what it found.

use std::path::PathBuf;

use autophage_lab::{Metrics, Run, Status};
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal::{generations, number::percent, say, trends, write_json};

/// Show how far a run is and what was measured so far.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the run.
    #[arg(value_name = "RUN")]
    directory: PathBuf,

    /// A row for every generation instead of one for every number.
    #[arg(long, short, conflicts_with = "json")]
    generations: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    name: String,
    generations: u32,
    finished: u32,
    in_progress: bool,
    stage: Option<Status>,
    metrics: Vec<Metrics>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let run = Run::open(&arguments.directory)?;
    let experiment = run.experiment();
    let finished = run.finished()?;
    let in_progress = run.is_in_progress();
    let stage = if in_progress { run.status()? } else { None };
    if arguments.json {
        let metrics = (1..=finished)
            .map(|generation| run.metrics(generation))
            .collect::<Result<_, _>>()?;
        write_json(&Report {
            name: experiment.name.clone(),
            generations: experiment.generations,
            finished,
            in_progress,
            stage,
            metrics,
        });
        return Ok(());
    }
    say!(
        "{} ({}): {finished} of {} generations finished, {}",
        experiment.name,
        experiment.paradigm,
        experiment.generations,
        match (in_progress, finished == experiment.generations) {
            (true, _) => "running",
            (false, true) => "complete",
            (false, false) => "stopped (the same command goes on)",
        }
    );
    if let Some(stage) = stage {
        let share = match stage.total {
            Some(total) if total > 0 => percent(stage.done as f64 / total as f64),
            _ => stage.done.to_string(),
        };
        say!(
            "now: {} of generation {}, {share} done",
            stage.stage,
            stage.generation
        );
    }
    say!("");
    if arguments.generations {
        return Ok(generations::print(&run)?);
    }
    Ok(trends::print(&run)?)
}
