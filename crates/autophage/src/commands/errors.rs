//! `autophage errors`: the theorem's error terms and retention, measured on a run.

use std::path::PathBuf;

use autophage_lab::{ErrorSummary, GenerationErrors, Run};
use autophage_measure::retention::EventErrors;
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal::number::significant;
use crate::terminal::{say, table::Table, write_json};

/// Show error terms and retention by generation: over the tracked contexts, and for every probe.
///
/// `total` is the model against the mixture it should have learned, `learning` the model against
/// what its training set shows, `unseen` the mass of continuations that the training set lacks.
/// Retention is the share of the initial corpus in the model: by the theorem's recursion, and
/// measured directly, which is never less.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the run.
    #[arg(value_name = "RUN")]
    directory: PathBuf,

    /// Print JSON: everything about every context and event.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    summary: Vec<ErrorSummary>,
    generations: Vec<GenerationErrors>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let run = Run::open(&arguments.directory)?;
    let generations = run.all_errors()?;
    let summary: Vec<ErrorSummary> = generations
        .iter()
        .filter_map(GenerationErrors::summary)
        .collect();
    if arguments.json {
        write_json(&Report {
            summary,
            generations,
        });
        return Ok(());
    }
    print_contexts(&summary, &generations);
    print_events(&run, &generations)
}

fn print_contexts(summary: &[ErrorSummary], generations: &[GenerationErrors]) {
    let contexts = summary.first().map_or(0, |summary| summary.contexts);
    say!(
        "{contexts} contexts, the whole vocabulary (medians; retention also averaged over places)"
    );
    say!("");
    let mut table = Table::new(&[
        "generation",
        "total b",
        "learning b",
        "unseen",
        "retention w",
        "measured w*",
        "mean w",
        "mean w*",
        "w* < w",
    ]);
    for (row, errors) in summary.iter().zip(generations) {
        let violations = errors
            .contexts
            .iter()
            .filter(|context| context.direct_retention < context.retention - TOLERANCE)
            .count();
        table.row(vec![
            row.generation.to_string(),
            significant(row.total_error.median, 3),
            row.learning_error
                .as_ref()
                .map_or_else(dash, |error| significant(error.median, 3)),
            row.unseen_mass
                .map_or_else(dash, |mass| significant(mass, 3)),
            significant(row.retention.median, 3),
            significant(row.direct_retention.median, 3),
            significant(row.retention_by_place, 3),
            significant(row.direct_retention_by_place, 3),
            violations.to_string(),
        ]);
    }
    table.print();
}

/// Retention is a quotient of sums in double precision.
const TOLERANCE: f64 = 1e-9;

/// A table for every event, such as a probe.
fn print_events(run: &Run, generations: &[GenerationErrors]) -> Result<(), Failure> {
    let tokenizer = run.tokenizer()?;
    let events = generations.first().map_or(&[][..], |errors| &errors.events);
    for (index, event) in events.iter().enumerate() {
        say!("");
        say!(
            "{:?} → {:?}, one event (initial corpus {})",
            tokenizer.decode(&event.context)?,
            tokenizer.decode(&[event.token])?,
            significant(event.initial_probability, 3)
        );
        say!("");
        let mut table = Table::new(&[
            "generation",
            "model",
            "ideal",
            "training set",
            "total b",
            "sampling b",
            "learning b",
            "95% interval",
            "w",
            "w*",
        ]);
        for errors in generations {
            table.row(event_row(errors.generation, &errors.events[index]));
        }
        table.print();
    }
    Ok(())
}

fn event_row(generation: u32, event: &EventErrors) -> Vec<String> {
    let term = |error: Option<f64>| error.map_or_else(dash, |error| significant(error, 3));
    vec![
        generation.to_string(),
        significant(event.model_probability, 3),
        significant(event.ideal_probability, 3),
        event
            .training_probability
            .map_or_else(dash, |p| significant(p, 3)),
        significant(event.total.error, 3),
        term(event.sampling.as_ref().map(|term| term.error)),
        term(event.learning.as_ref().map(|term| term.error)),
        event
            .learning_error_interval_95
            .map_or_else(dash, |interval| {
                format!(
                    "[{}, {}]",
                    significant(interval.low, 2),
                    significant(interval.high, 2)
                )
            }),
        significant(event.retention, 3),
        significant(event.direct_retention, 3),
    ]
}

fn dash() -> String {
    "-".to_owned()
}
