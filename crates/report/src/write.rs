//! Reports as files.

use std::path::{Path, PathBuf};

use autophage_durable::write_atomically;
use autophage_lab::Layout;

use crate::{PageOptions, ReportError, RunData, figures, page};

/// Writes the page about `runs` to `path`; the file is whole or what it was before.
///
/// # Errors
/// What [`page`] says, or a file that cannot be written.
pub fn write_page(runs: &[RunData], options: &PageOptions, path: &Path) -> Result<(), ReportError> {
    let page = page(runs, options)?;
    write_atomically(path, page.as_bytes()).map_err(ReportError::file(path))
}

/// The page of a run that goes on, which is written again and again: what was read once is kept.
#[derive(Debug)]
pub struct RunPage {
    directory: PathBuf,
    path: PathBuf,
    run: Option<RunData>,
}

impl RunPage {
    /// The page in the run `directory` about this run, which may not be there yet.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            path: Layout::new(directory).page(),
            run: None,
        }
    }

    /// Reads what is new and writes the page.
    ///
    /// # Errors
    /// As for [`RunData::read`] and [`write_page`].
    pub fn write(&mut self) -> Result<(), ReportError> {
        let run = match self.run.take() {
            Some(mut run) => {
                run.refresh()?;
                run
            }
            None => RunData::read(&self.directory)?,
        };
        let runs = std::slice::from_ref(&run);
        let written = write_page(runs, &PageOptions::default(), &self.path);
        self.run = Some(run);
        written
    }
}

/// Writes every figure of `runs` as `NAME.svg`, `NAME.png` and `NAME.csv` to `directory`, which is
/// made if it is not there, and says what was written.
///
/// # Errors
/// A figure that cannot be drawn, or a file that cannot be written.
pub fn write_figures(runs: &[RunData], directory: &Path) -> Result<Vec<PathBuf>, ReportError> {
    std::fs::create_dir_all(directory).map_err(ReportError::file(directory))?;
    let mut written = Vec::new();
    for figure in figures(runs) {
        let pictures = [
            ("svg", figure.svg()?.into_bytes()),
            ("png", figure.png()?),
            ("csv", figure.csv().into_bytes()),
        ];
        for (extension, bytes) in pictures {
            let path = directory.join(format!("{}.{extension}", figure.name));
            write_atomically(&path, &bytes).map_err(ReportError::file(&path))?;
            written.push(path);
        }
    }
    Ok(written)
}
