//! What was read of runs is kept, so that of a run that goes on only the new is read.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use autophage_lab::Layout;

use super::observe::stamp;
use crate::{ReportError, RunData};

/// How many runs are kept.
const CAPACITY: usize = 20;

/// What is known of the runs that were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<VecDeque<Reading>>);

#[derive(Debug)]
struct Reading {
    data: RunData,
    /// Tells this run from another that took its place: a generation never changes.
    first_generation: String,
}

impl Readings {
    /// Does something with what there is of the runs in `directories` now.
    ///
    /// # Errors
    /// A run that cannot be read.
    pub(crate) fn with<T>(
        &self,
        directories: &[PathBuf],
        work: impl FnOnce(&[RunData]) -> T,
    ) -> Result<T, ReportError> {
        let mut runs = Vec::new();
        let mut stamps = Vec::new();
        for directory in directories {
            let first_generation = stamp(&Layout::new(directory).generation(1).manifest());
            let data = match self.take(directory) {
                Some(mut known) if known.first_generation == first_generation => {
                    known.data.refresh()?;
                    known.data
                }
                _ => RunData::read(directory)?,
            };
            runs.push(data);
            stamps.push(first_generation);
        }
        let result = work(&runs);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (data, first_generation) in runs.into_iter().zip(stamps) {
            kept.push_front(Reading {
                data,
                first_generation,
            });
        }
        kept.truncate(CAPACITY);
        Ok(result)
    }

    fn take(&self, directory: &Path) -> Option<Reading> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept
            .iter()
            .position(|reading| reading.data.directory() == directory)?;
        kept.remove(place)
    }
}
