//! What can go wrong with a report.

use std::io;
use std::path::{Path, PathBuf};

use autophage_lab::LabError;

/// An error of making a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The directory is not a run that can be read. Boxed, for it is large.
    #[error(transparent)]
    Run(Box<LabError>),
    /// A report of no run.
    #[error("a report needs at least one run")]
    NoRuns,
    /// A comparison of less than two runs.
    #[error("a comparison needs at least two runs")]
    TooFewRuns,
    /// A run in which nothing was measured yet.
    #[error("{path} has no finished generation yet")]
    NoGenerations {
        /// The directory of the run.
        path: PathBuf,
    },
    /// A figure cannot be drawn.
    #[error("figure {figure} cannot be drawn: {problem}")]
    Drawing {
        /// Its name.
        figure: String,
        /// Why.
        problem: String,
    },
    /// A file or a directory cannot be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl From<LabError> for ReportError {
    fn from(error: LabError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl ReportError {
    /// For `map_err`: an error of writing `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
