//! What makes a directory a run: its experiment, and `run.json`, what made it and when.

use std::fs;

use autophage_durable::write_atomically;
use serde::{Deserialize, Serialize};

use crate::manifest::{read_json, write_json};
use crate::reporter::unix_seconds;
use crate::{Experiment, LabError, Layout};

/// Version of the run directory's layout and of all files in it that have none of their own.
pub const FORMAT_VERSION: u32 = 1;

/// What made a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Version of autophage that began it.
    pub software_version: String,
    /// The experiment's seed.
    pub seed: u64,
    /// When it was begun, in seconds since 1970.
    pub created_unix_seconds: u64,
    /// What computes: backend and instruction set. Empty before the first generation.
    pub backend: String,
}

/// The version alone, readable whatever the rest is.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

impl RunRecord {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            created_unix_seconds: unix_seconds(),
            backend: String::new(),
        }
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<(), LabError> {
        write_json(&layout.record(), self)
    }

    pub(crate) fn read(layout: &Layout) -> Result<Self, LabError> {
        let path = layout.record();
        if !path.exists() {
            return Err(LabError::NoRun {
                path: layout.root().to_owned(),
                missing: Layout::RECORD,
            });
        }
        let remedy = "restore it from a copy, or begin the run anew in another directory";
        let Version { format_version } = read_json(&path, remedy)?;
        if format_version != FORMAT_VERSION {
            return Err(LabError::Version {
                path,
                found: format_version,
                known: FORMAT_VERSION,
            });
        }
        read_json(&path, remedy)
    }
}

/// The experiment that a run keeps.
pub(crate) fn read_experiment(layout: &Layout) -> Result<Experiment, LabError> {
    let path = layout.experiment();
    let text = fs::read_to_string(&path).map_err(LabError::file("read", &path))?;
    Ok(Experiment::from_kept(&text, &path)?)
}

/// Writes the experiment of a run.
pub(crate) fn write_experiment(experiment: &Experiment, layout: &Layout) -> Result<(), LabError> {
    let path = layout.experiment();
    write_atomically(&path, experiment.to_toml().as_bytes()).map_err(LabError::file("write", &path))
}
