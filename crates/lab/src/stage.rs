//! The parts that the work on a run is divided into.

/// A part of the work: what it is called, and what its progress is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stage {
    name: &'static str,
    unit: &'static str,
}

impl Stage {
    /// Reading the corpus, making the tokenizer, writing the tokens. Once in a run.
    pub const TOKENIZE: Self = Self::new("tokenize", "documents");
    /// Training a model.
    pub const TRAIN: Self = Self::new("train", "steps");
    /// Sampling its corpus.
    pub const GENERATE: Self = Self::new("generate", "tokens");
    /// Choosing which documents of the corpus go on to later training sets.
    pub const CURATE: Self = Self::new("curate", "documents");
    /// Measuring the model and its corpus.
    pub const MEASURE: Self = Self::new("measure", "tokens");

    /// A stage of this name, whose progress is counted in `unit`s (a plural, such as "documents").
    pub const fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit }
    }

    /// Its name, as in `timing.json` and `status.json`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What its progress is counted in.
    pub const fn unit(self) -> &'static str {
        self.unit
    }
}
