//! Who decides which documents go on.

use std::error::Error;
use std::fmt;

use autophage_corpus::TokenStore;

/// Decides which documents of a generation's corpus go on to later training sets.
///
/// The same corpus must always give the same decision, whatever the number of threads: what a run
/// makes depends on it.
pub trait Curator: fmt::Debug + Send + Sync {
    /// Its name, which is recorded with every selection. A run that was begun with one curator does
    /// not go on with another, so settings that change what it decides belong to the name.
    fn name(&self) -> String;

    /// Whether it lets everything go on, so that there is no work to show.
    fn keeps_everything(&self) -> bool {
        false
    }

    /// The numbers of the documents that go on, ascending, each at most once.
    ///
    /// # Errors
    /// Whatever keeps it from deciding; the run ends with this error.
    fn curate(&self, input: &CurationInput<'_>) -> Result<Vec<u32>, Box<dyn Error + Send + Sync>>;
}

/// What a curator decides upon.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CurationInput<'a> {
    /// The generation that wrote the corpus, from 1.
    pub generation: u32,
    /// What it wrote.
    pub corpus: &'a TokenStore,
    /// The seed of the experiment, for decisions by chance.
    pub seed: u64,
}

impl<'a> CurationInput<'a> {
    /// The corpus that generation `generation` of an experiment with this seed wrote.
    pub fn new(generation: u32, corpus: &'a TokenStore, seed: u64) -> Self {
        Self {
            generation,
            corpus,
            seed,
        }
    }
}

/// Lets every document go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Everything;

impl Everything {
    /// Its name.
    pub const NAME: &str = "everything";
}

impl Curator for Everything {
    fn name(&self) -> String {
        Self::NAME.to_owned()
    }

    fn keeps_everything(&self) -> bool {
        true
    }

    fn curate(&self, input: &CurationInput<'_>) -> Result<Vec<u32>, Box<dyn Error + Send + Sync>> {
        Ok((0..input.corpus.documents() as u32).collect())
    }
}
