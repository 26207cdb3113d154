//! A sample of exactly so many tokens.

use autophage_corpus::DocumentSet;
use autophage_random::Stream;

/// Documents in random order until there are enough tokens; the last is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// The documents, in the order in which they were drawn.
    pub(super) documents: Vec<Vec<u32>>,
    /// How many of them are whole: all, or all but the last.
    pub(super) whole: usize,
    /// Number of tokens.
    pub(super) tokens: u64,
}

impl Sample {
    /// `size` tokens of `corpus`, or all if it has fewer.
    pub(super) fn new(corpus: &DocumentSet, size: u64, random: &Stream) -> Self {
        let mut sample = Self {
            documents: Vec::new(),
            whole: 0,
            tokens: 0,
        };
        for i in random.permutation(corpus.len(), 0) {
            let missing = size - sample.tokens;
            if missing == 0 {
                break;
            }
            let mut document = corpus.document(i).to_vec();
            if document.len() as u64 > missing {
                document.truncate(missing as usize);
            } else {
                sample.whole += 1;
            }
            sample.tokens += document.len() as u64;
            sample.documents.push(document);
        }
        sample
    }
}
