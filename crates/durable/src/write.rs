//! Atomic writes: to a temporary file, which is synced and renamed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The temporary file beside `path` that holds its contents until they are complete.
///
/// A file left there comes from an interrupted write and may be removed.
pub fn scratch_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".partial");
    path.with_file_name(name)
}

/// A file that appears under its name only when [`commit`](Self::commit) is called.
///
/// Dropped without a commit, it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    writer: Option<BufWriter<File>>,
    path: PathBuf,
    scratch: PathBuf,
}

impl AtomicFile {
    /// Creates the temporary file of `path`, replacing one left by an interrupted write.
    ///
    /// # Errors
    /// An I/O error while creating the temporary file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let scratch = scratch_path(path);
        let writer = BufWriter::with_capacity(1 << 17, File::create(&scratch)?);
        Ok(Self {
            writer: Some(writer),
            path: path.to_owned(),
            scratch,
        })
    }

    /// Flushes, syncs and renames the file to its final name, replacing a file of that name.
    ///
    /// # Errors
    /// An I/O error while flushing, syncing or renaming; a file of that name is then unchanged.
    pub fn commit(mut self) -> io::Result<()> {
        let writer = self.writer.take().expect("present until commit or drop");
        let result = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.scratch, &self.path))
            .and_then(|()| sync_parent(&self.path));
        if result.is_err() {
            let _ = fs::remove_file(&self.scratch);
        }
        result
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer
            .as_mut()
            .expect("present until commit or drop")
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer
            .as_mut()
            .expect("present until commit or drop")
            .flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // Best effort: a scratch file that stays is replaced by the next write.
            let _ = fs::remove_file(&self.scratch);
        }
    }
}

/// Writes `bytes` as the whole contents of `path`.
///
/// # Errors
/// An I/O error while writing, syncing or renaming; `path` is then unchanged.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Renames the directory `scratch` to `path` once its contents are on disk.
///
/// The files in it must have been synced, as [`AtomicFile::commit`] does.
///
/// # Errors
/// An I/O error while syncing or renaming; `path` must not be a directory with entries.
pub fn commit_directory(scratch: &Path, path: &Path) -> io::Result<()> {
    sync_directory(scratch)?;
    fs::rename(scratch, path)?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => sync_directory(Path::new(".")),
    }
}

/// Syncs the entries of a directory; does nothing on systems that cannot open one.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("artefact");
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert!(names(directory.path()).is_empty());

        write_atomically(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(directory.path()), ["artefact"]);
    }

    #[test]
    fn what_an_interrupted_write_left_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("artefact");
        fs::write(
            scratch_path(&path),
            b"rest of a crash, longer than the new contents",
        )
        .unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(directory.path()), ["artefact"]);
    }

    #[test]
    fn a_directory_is_committed_under_its_final_name_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("001");
        let scratch = scratch_path(&path);
        fs::create_dir(&scratch).unwrap();
        write_atomically(&scratch.join("inside"), b"x").unwrap();
        commit_directory(&scratch, &path).unwrap();
        assert_eq!(names(directory.path()), ["001"]);

        fs::create_dir(&scratch).unwrap();
        write_atomically(&scratch.join("other"), b"y").unwrap();
        assert!(
            commit_directory(&scratch, &path).is_err(),
            "a finished directory is kept"
        );
        assert_eq!(names(&path), ["inside"]);
    }
}
