//! What training sets are drawn from.

use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore};
use autophage_random::Stream;

use super::Selection;
use crate::{GenerationLayout, LabError};

/// A corpus together with the documents of it that training sets may be drawn from.
#[derive(Clone, Debug)]
pub struct Pool {
    corpus: Arc<TokenStore>,
    selection: Selection,
}

impl Pool {
    /// The selected documents of `corpus`.
    ///
    /// # Errors
    /// [`LabError::Selection`]: a selection of another corpus.
    pub fn new(corpus: Arc<TokenStore>, selection: Selection) -> Result<Self, LabError> {
        match selection.problem(&corpus) {
            None => Ok(Self { corpus, selection }),
            Some(problem) => Err(LabError::Selection {
                curator: selection.curator().to_owned(),
                problem,
            }),
        }
    }

    /// What a generation wrote, as far as it goes on. In runs that were made before selections were
    /// recorded all of it does.
    pub(crate) fn of_generation(
        generation: &GenerationLayout,
        remedy: &str,
    ) -> Result<Self, LabError> {
        let corpus = Arc::new(TokenStore::open(generation.corpus())?);
        let path = generation.selection();
        match path.exists() {
            true => Ok(Self {
                selection: Selection::load(&path, &corpus, remedy)?,
                corpus,
            }),
            false => Ok(Self::whole(corpus)),
        }
    }

    /// All documents of `corpus`.
    pub fn whole(corpus: Arc<TokenStore>) -> Self {
        Self {
            selection: Selection::everything(&corpus),
            corpus,
        }
    }

    /// Number of stored tokens that there are to draw.
    pub fn tokens(&self) -> u64 {
        self.selection.tokens()
    }

    /// Which documents of the corpus they are.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// All documents that there are to draw, in the order of the corpus.
    pub fn documents(&self) -> DocumentSet {
        match self.selection.is_everything() {
            true => DocumentSet::whole(self.corpus.clone()),
            false => self.select(self.selection.numbers().collect()),
        }
    }

    /// These documents of the corpus.
    pub(crate) fn select(&self, numbers: Vec<u32>) -> DocumentSet {
        DocumentSet::select(self.corpus.clone(), numbers)
    }

    /// The numbers of all documents that there are to draw, in random order.
    pub(crate) fn shuffled(&self, stream: Stream, sequence: u64) -> Vec<u32> {
        let mut order: Vec<u32> = self.selection.numbers().collect();
        stream.shuffle(&mut order, sequence);
        order
    }

    /// How many documents of `order` it takes to have `wanted` tokens, and how many tokens these
    /// have.
    pub(crate) fn count_until(&self, order: &[u32], wanted: u64) -> (usize, u64) {
        let mut found = 0;
        for (taken, &document) in order.iter().enumerate() {
            if found >= wanted {
                return (taken, found);
            }
            found += self.corpus.document(document as usize).len() as u64;
        }
        (order.len(), found)
    }

    /// The first documents of `order` that have `wanted` tokens together, in the order of the corpus,
    /// so that reading them goes forwards through the file.
    pub(crate) fn draw(&self, mut order: Vec<u32>, wanted: u64) -> DocumentSet {
        order.truncate(self.count_until(&order, wanted).0);
        order.sort_unstable();
        self.select(order)
    }
}
