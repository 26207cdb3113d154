//! `autophage report`: the page and the figures of runs.

use std::path::{Path, PathBuf};

use autophage_lab::Layout;
use autophage_report::{PageOptions, RunData, write_figures, write_page};

use crate::failure::Failure;
use crate::terminal::{number::count, say};

/// Write one page with everything about a run, or about several side by side.
///
/// The page is one HTML file that needs no network: it can be mailed, printed, and opened from a disk.
/// `autophage run` writes it after every generation; a run that goes on can be reported at any time.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage report runs/demo
  autophage report runs/replace runs/accumulate -o comparison.html --figures figures")]
pub(crate) struct Arguments {
    /// Directories of runs.
    #[arg(value_name = "RUN", required = true)]
    directories: Vec<PathBuf>,

    /// The file to write; report.html in the directory of a single run, or here for several, if not
    /// given.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write every figure as SVG, PNG and CSV to this directory too.
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,

    /// Title of the page; the names of the runs if not given.
    #[arg(long)]
    title: Option<String>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let runs = arguments
        .directories
        .iter()
        .map(|directory| RunData::read(directory))
        .collect::<Result<Vec<_>, _>>()?;
    for run in &runs {
        for problem in run.problems() {
            anstream::eprintln!("warning: {problem}");
        }
    }
    let out = match (&arguments.out, &arguments.directories[..]) {
        (Some(out), _) => out.clone(),
        (None, [directory]) => Layout::new(directory).page(),
        (None, _) => PathBuf::from(Layout::PAGE),
    };
    let options = PageOptions {
        title: arguments.title.clone(),
        live: false,
    };
    write_page(&runs, &options, &out)?;
    say!("{} ({} KB)", out.display(), kilobytes(&out));
    if let Some(directory) = &arguments.figures {
        let written = write_figures(&runs, directory)?;
        say!(
            "{} ({} files)",
            directory.display(),
            count(written.len() as u64)
        );
    }
    Ok(())
}

fn kilobytes(path: &Path) -> String {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    count(bytes.div_ceil(1000))
}
