//! Reports as files.

use std::path::{Path, PathBuf};

use autophage_durable::write_atomically;

use crate::{PageOptions, ReportError, RunData, figures, page};

/// Writes the page about `runs` to `path`; the file is whole or what it was before.
///
/// # Errors
/// What [`page`] says, or a file that cannot be written.
pub fn write_page(runs: &[RunData], options: &PageOptions, path: &Path) -> Result<(), ReportError> {
    let page = page(runs, options)?;
    write_atomically(path, page.as_bytes()).map_err(ReportError::file(path))
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
