//! Directories that are whole or absent: made under another name, and renamed when they are done.

use std::fs;
use std::path::{Path, PathBuf};

use autophage_durable::{commit_directory, scratch_path};

use crate::LabError;
use crate::manifest::seal;

/// An empty scratch directory beside `path`, where an interrupted run may have left another.
pub(crate) fn fresh(path: &Path) -> Result<PathBuf, LabError> {
    let scratch = scratch_path(path);
    remove(&scratch)?;
    fs::create_dir_all(&scratch).map_err(LabError::file("create", &scratch))?;
    Ok(scratch)
}

/// Seals a scratch directory and gives it its final name, in place of what may be there.
pub(crate) fn commit(scratch: &Path, path: &Path) -> Result<(), LabError> {
    seal(scratch)?;
    remove(path)?;
    commit_directory(scratch, path).map_err(LabError::file("create", path))
}

/// Removes a directory if it is there.
fn remove(path: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LabError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}
