//! `autophage export`: measurements for other programs.

use std::path::{Path, PathBuf};

use autophage_lab::Run;
use autophage_report::{metric_rows, write_csv, write_parquet, write_tensorboard};

use crate::failure::Failure;
use crate::terminal::say;

/// Write the measurements of runs for other programs: one long table as CSV or Parquet, or event
/// files for TensorBoard.
///
/// The table has a row for every number of every generation: run, name, seed, paradigm, generation,
/// metric, value, standard_error. Generation 0 is the real text.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("into").required(true).multiple(true),
    after_help = "Examples:
  autophage export runs/demo --csv demo.csv
  autophage export runs/* --parquet runs.parquet
  autophage export runs/* --tensorboard events && tensorboard --logdir events"
)]
pub(crate) struct Arguments {
    /// Directories of the runs.
    #[arg(value_name = "RUN", required = true)]
    directories: Vec<PathBuf>,

    /// Write event files for TensorBoard, a folder a run: every number, histograms, and samples.
    #[arg(long, value_name = "DIR", group = "into")]
    tensorboard: Option<PathBuf>,

    /// Write the table as CSV.
    #[arg(long, value_name = "FILE", group = "into")]
    csv: Option<PathBuf>,

    /// Write the table as Parquet.
    #[arg(long, value_name = "FILE", group = "into")]
    parquet: Option<PathBuf>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let runs = arguments
        .directories
        .iter()
        .map(|directory| Run::open(directory))
        .collect::<Result<Vec<_>, _>>()?;
    if arguments.csv.is_some() || arguments.parquet.is_some() {
        let mut rows = Vec::new();
        for run in &runs {
            rows.extend(metric_rows(run)?);
        }
        if let Some(path) = &arguments.csv {
            write_csv(&rows, path)?;
            wrote(path);
        }
        if let Some(path) = &arguments.parquet {
            write_parquet(&rows, path)?;
            wrote(path);
        }
    }
    if let Some(directory) = &arguments.tensorboard {
        for path in write_tensorboard(&runs, directory)? {
            wrote(&path);
        }
    }
    Ok(())
}

fn wrote(path: &Path) {
    say!("{}", path.display());
}
