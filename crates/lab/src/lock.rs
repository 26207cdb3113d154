//! One process at a time works on a run.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{LabError, Layout};

/// The right to write to a run; given up when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of an existing directory.
    pub(crate) fn take(layout: &Layout) -> Result<Self, LabError> {
        let path = layout.lock();
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LabError::file("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LabError::Locked {
                path: layout.root().to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(LabError::file("lock", &path)(source)),
        }
    }
}

/// Whether some process works on the run at `root`. Asking disturbs nobody.
pub(crate) fn is_taken(path: &Path) -> bool {
    // A shared lock would keep a run that starts at this very moment from its exclusive one, so it
    // is held no longer than the question takes; such a run may then say that it is in use.
    File::open(path)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_and_ends_with_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        assert!(!is_taken(&layout.lock()));
        let lock = Lock::take(&layout).unwrap();
        assert!(is_taken(&layout.lock()));
        assert!(matches!(Lock::take(&layout), Err(LabError::Locked { .. })));
        drop(lock);
        assert!(!is_taken(&layout.lock()));
        Lock::take(&layout).unwrap();
    }
}
