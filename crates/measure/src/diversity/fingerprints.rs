//! Documents recognised by a hash of their text.

use autophage_corpus::DocumentSet;
use autophage_durable::Checksum;
use rayon::prelude::*;

/// The texts of a corpus, each as a 64-bit hash: 8 bytes a document, whatever its length.
///
/// Two different texts share a hash with probability 2⁻⁶⁴: among a million texts against a million,
/// one false match is expected in 18 million corpora.
#[derive(Clone, Debug)]
pub struct Fingerprints {
    /// Ascending, each once.
    hashes: Vec<u64>,
}

impl Fingerprints {
    /// The texts of `documents`, without the end-of-text token that may end them.
    pub fn new(documents: &DocumentSet) -> Self {
        let end_of_text = documents.end_of_text();
        let mut hashes: Vec<u64> = (0..documents.len())
            .into_par_iter()
            .map(|i| fingerprint(documents.document(i).iter(), end_of_text))
            .collect();
        hashes.par_sort_unstable();
        hashes.dedup();
        Self { hashes }
    }

    /// The share of `documents` whose text is one of these.
    pub(super) fn share_of(&self, documents: &DocumentSet) -> f64 {
        let end_of_text = documents.end_of_text();
        let copies = (0..documents.len())
            .into_par_iter()
            .map(|i| fingerprint(documents.document(i).iter(), end_of_text))
            .filter(|hash| self.hashes.binary_search(hash).is_ok())
            .count();
        copies as f64 / documents.len().max(1) as f64
    }
}

/// The hash of a document's text: its tokens without a final end of text.
pub(super) fn fingerprint(
    tokens: impl DoubleEndedIterator<Item = u32> + Clone,
    end_of_text: u32,
) -> u64 {
    let mut before_last = tokens.clone();
    let text = match before_last.next_back() {
        Some(last) if last == end_of_text => before_last,
        _ => tokens,
    };
    let mut hash = Checksum::new();
    text.for_each(|token| hash.update(&token.to_le_bytes()));
    hash.finish()
}
