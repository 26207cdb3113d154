//! Where everything lies in a run directory.

use std::path::{Path, PathBuf};

/// The paths of a run directory.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

/// Files of a generation.
pub(crate) const CORPUS: &str = "corpus.bin";
pub(crate) const CURVE: &str = "training.jsonl";
pub(crate) const PROVENANCE: &str = "provenance.json";
pub(crate) const DISTRIBUTIONS: &str = "distributions.bin";
pub(crate) const ERRORS: &str = "errors.json";
pub(crate) const LOSSES: &str = "losses.bin";
pub(crate) const METRICS: &str = "metrics.json";
pub(crate) const TIMING: &str = "timing.json";
/// The list of a finished directory's files.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The tokenizer, in its folder and in that of every generation.
pub(crate) const TOKENIZER: &str = "tokenizer.json";

impl Layout {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn experiment(&self) -> PathBuf {
        self.root.join("experiment.toml")
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.root.join("run.json")
    }

    pub(crate) fn status(&self) -> PathBuf {
        self.root.join("status.json")
    }

    pub(crate) fn baseline(&self) -> PathBuf {
        self.root.join("baseline.json")
    }

    pub(crate) fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    pub(crate) fn tokenizer(&self) -> PathBuf {
        self.root.join("tokenizer")
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.root.join("tokens")
    }

    pub(crate) fn training_tokens(&self) -> PathBuf {
        self.tokens().join("train.bin")
    }

    pub(crate) fn validation_tokens(&self) -> PathBuf {
        self.tokens().join("validation.bin")
    }

    pub(crate) fn generations(&self) -> PathBuf {
        self.root.join("generations")
    }

    pub(crate) fn generation(&self, n: u32) -> PathBuf {
        self.generations().join(format!("{n:03}"))
    }
}
