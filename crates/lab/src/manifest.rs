//! The files of a finished directory with their lengths and checksums.
//!
//! A directory is *sealed* before it gets its final name: every file is made durable and listed.
//! Whoever reads it later checks what is there against the list.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use autophage_durable::{file_checksum, write_atomically};
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::layout::{is_listed, manifest};

/// Length and checksum of every file.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    bytes: u64,
    /// XXH3-64, as 16 hexadecimal digits.
    xxh3: String,
}

const VERSION: u32 = 1;

/// Makes every file of `directory` durable and writes their list.
///
/// How long things took is different in every run of the same experiment. That file is left out, so
/// that the list, like all it lists, is the same.
pub(crate) fn seal(directory: &Path) -> Result<(), LabError> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(LabError::file("read", directory))? {
        let entry = entry.map_err(LabError::file("read", directory))?;
        let path = entry.path();
        File::open(&path)
            .and_then(|file| file.sync_all())
            .map_err(LabError::file("sync", &path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_listed(&name) {
            files.insert(name, measure(&path)?);
        }
    }
    let list = Manifest {
        version: VERSION,
        files,
    };
    write_json(&manifest(directory), &list)
}

/// Checks all files of a sealed directory; `remedy` says what to do where one is not as it was
/// written.
pub(crate) fn verify(directory: &Path, remedy: &str) -> Result<(), LabError> {
    verify_some(directory, remedy, |_| true)
}

/// Checks those files of a sealed directory that `wanted` accepts.
pub(crate) fn verify_some(
    directory: &Path,
    remedy: &str,
    wanted: impl Fn(&str) -> bool,
) -> Result<(), LabError> {
    let list: Manifest = read_json(&manifest(directory), remedy)?;
    for (name, entry) in list.files.iter().filter(|(name, _)| wanted(name)) {
        verify_entry(&directory.join(name), entry, remedy)?;
    }
    Ok(())
}

fn verify_entry(path: &Path, expected: &Entry, remedy: &str) -> Result<(), LabError> {
    let damaged = |problem: String| LabError::Damaged {
        path: path.to_owned(),
        problem,
        remedy: remedy.to_owned(),
    };
    if !path.is_file() {
        return Err(damaged("it is missing".into()));
    }
    let found = measure(path)?;
    if found.bytes != expected.bytes {
        return Err(damaged(format!(
            "it has {} bytes and had {} when it was written",
            found.bytes, expected.bytes
        )));
    }
    if found != *expected {
        return Err(damaged(
            "its checksum is not the one that it had when it was written".into(),
        ));
    }
    Ok(())
}

fn measure(path: &Path) -> Result<Entry, LabError> {
    let read = LabError::file("read", path);
    let (bytes, checksum) = fs::metadata(path)
        .and_then(|metadata| Ok((metadata.len(), file_checksum(path)?)))
        .map_err(read)?;
    Ok(Entry {
        bytes,
        xxh3: format!("{checksum:016x}"),
    })
}

/// Writes `value` as one line of JSON.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), LabError> {
    let mut line = serde_json::to_vec(value)
        .map_err(|error| LabError::file("write", path)(std::io::Error::other(error)))?;
    line.push(b'\n');
    write_atomically(path, &line).map_err(LabError::file("write", path))
}

/// Reads what [`write_json`] wrote.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    remedy: &str,
) -> Result<T, LabError> {
    let bytes = fs::read(path).map_err(LabError::file("read", path))?;
    serde_json::from_slice(&bytes).map_err(|error| LabError::Damaged {
        path: PathBuf::from(path),
        problem: error.to_string(),
        remedy: remedy.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_damage_names_the_file_and_the_way_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("weights");
        let check = || {
            verify(directory.path(), "do this")
                .map_err(|error| error.to_string())
                .err()
        };
        fs::write(&path, b"as it was").unwrap();
        seal(directory.path()).unwrap();
        assert_eq!(check(), None);
        for (contents, problem) in [(&b"as it waz"[..], "checksum"), (b"as it", "5 bytes")] {
            fs::write(&path, contents).unwrap();
            let error = check().unwrap();
            for part in ["weights", problem, "do this"] {
                assert!(error.contains(part), "{error}");
            }
        }
        fs::remove_file(&path).unwrap();
        assert!(check().unwrap().contains("missing"));
        fs::write(directory.path().join("manifest.json"), b"{").unwrap();
        assert!(check().unwrap().contains("manifest.json"));
    }

    #[test]
    fn durations_may_change() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("timing.json"), b"1").unwrap();
        seal(directory.path()).unwrap();
        fs::write(directory.path().join("timing.json"), b"22").unwrap();
        verify(directory.path(), "").unwrap();
    }
}
