//! Where everything lies in a run directory. No other place knows the names of its files.

use std::path::{Path, PathBuf};

/// The paths of a run directory, whether they are there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

/// The paths of a generation's directory, also while it is made under another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationLayout {
    directory: PathBuf,
}

/// Directory of all generations.
const GENERATIONS: &str = "generations";
/// The list of a finished directory's files.
const MANIFEST: &str = "manifest.json";
/// How long a generation took.
const TIMING: &str = "timing.json";
/// What a generation wrote; its index beside it begins like it.
const CORPUS: &str = "corpus";

impl Layout {
    /// The experiment, with every default explicit.
    pub const EXPERIMENT: &str = "experiment.toml";
    /// What made the run.
    pub const RECORD: &str = "run.json";
    /// The measurements of all generations, a line each.
    pub const METRICS: &str = "metrics.jsonl";
    /// The page about the run, where nobody gives it another name.
    pub const PAGE: &str = "report.html";

    /// The run directory `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The run directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether there is a run: it has an experiment, and a record, without which it cannot be read
    /// yet.
    pub fn is_run(&self) -> bool {
        self.experiment().is_file() && self.record().is_file()
    }

    /// The file that the process at work holds a lock on.
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The experiment.
    pub fn experiment(&self) -> PathBuf {
        self.root.join(Self::EXPERIMENT)
    }

    /// What made the run, and when.
    pub fn record(&self) -> PathBuf {
        self.root.join(Self::RECORD)
    }

    /// What the process at work was last doing.
    pub fn status(&self) -> PathBuf {
        self.root.join("status.json")
    }

    /// What is known of the real documents.
    pub fn baseline(&self) -> PathBuf {
        self.root.join("baseline.json")
    }

    /// The measurements of all generations.
    pub fn metrics(&self) -> PathBuf {
        self.root.join(Self::METRICS)
    }

    /// The page about the run.
    pub fn page(&self) -> PathBuf {
        self.root.join(Self::PAGE)
    }

    /// Directory of the tokenizer.
    pub fn tokenizer(&self) -> PathBuf {
        self.root.join("tokenizer")
    }

    /// Directory of the real documents as tokens.
    pub fn tokens(&self) -> PathBuf {
        self.root.join("tokens")
    }

    /// The real documents that are trained on.
    pub fn training_tokens(&self) -> PathBuf {
        self.tokens().join("train.bin")
    }

    /// The real documents that are held out.
    pub fn validation_tokens(&self) -> PathBuf {
        self.tokens().join("validation.bin")
    }

    /// Sizes of both.
    pub fn totals(&self) -> PathBuf {
        self.tokens().join("totals.json")
    }

    /// Directory of the indices that exact counts are read from.
    pub fn counts(&self) -> PathBuf {
        self.root.join("counts")
    }

    /// Directory of all generations.
    pub fn generations(&self) -> PathBuf {
        self.root.join(GENERATIONS)
    }

    /// Directory of generation `n`, from the root of the run.
    pub fn generation_name(n: u32) -> PathBuf {
        Path::new(GENERATIONS).join(format!("{n:03}"))
    }

    /// Generation `n`.
    pub fn generation(&self, n: u32) -> GenerationLayout {
        GenerationLayout::new(&self.root.join(Self::generation_name(n)))
    }

    /// Number of finished generations: those whose directories are there, without a gap from the
    /// first.
    pub fn finished_generations(&self) -> u32 {
        let mut finished = 0;
        while self.generation(finished + 1).directory().is_dir() {
            finished += 1;
        }
        finished
    }
}

impl GenerationLayout {
    /// A generation in `directory`.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// The directory itself, which also has the model and the tokenizer as Hugging Face's libraries
    /// read them.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it was trained on.
    pub fn provenance(&self) -> PathBuf {
        self.directory.join("provenance.json")
    }

    /// How its training went, step by step.
    pub fn curve(&self) -> PathBuf {
        self.directory.join("training.jsonl")
    }

    /// What came of its training.
    pub fn training(&self) -> PathBuf {
        self.directory.join("trained.json")
    }

    /// What it wrote.
    pub fn corpus(&self) -> PathBuf {
        self.directory.join(CORPUS).with_extension("bin")
    }

    /// Which documents of that go on to later training sets.
    pub fn selection(&self) -> PathBuf {
        self.directory.join("selection.json")
    }

    /// What its model says after the tracked contexts.
    pub fn distributions(&self) -> PathBuf {
        self.directory.join("distributions.bin")
    }

    /// Error terms and retention.
    pub fn errors(&self) -> PathBuf {
        self.directory.join("errors.json")
    }

    /// Losses of the held-out documents.
    pub fn losses(&self) -> PathBuf {
        self.directory.join("losses.bin")
    }

    /// What was measured.
    pub fn metrics(&self) -> PathBuf {
        self.directory.join("metrics.json")
    }

    /// How long its stages took.
    pub fn timing(&self) -> PathBuf {
        self.directory.join(TIMING)
    }

    /// Length and checksum of every file.
    pub fn manifest(&self) -> PathBuf {
        manifest(&self.directory)
    }
}

/// The list of the files of a finished directory.
pub(crate) fn manifest(directory: &Path) -> PathBuf {
    directory.join(MANIFEST)
}

/// Whether the file of this name belongs into that list: not the list itself, nor what differs in
/// every run of the same experiment.
pub(crate) fn is_listed(name: &str) -> bool {
    name != MANIFEST && name != TIMING
}

/// Whether the file of this name is part of what a generation wrote.
pub(crate) fn is_of_corpus(name: &str) -> bool {
    Path::new(name)
        .file_stem()
        .is_some_and(|stem| stem == CORPUS)
}
