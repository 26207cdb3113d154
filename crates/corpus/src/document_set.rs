//! Documents drawn from several stores, in an order.

use std::sync::Arc;

use autophage_durable::Checksum;

use crate::{CorpusError, TokenStore, Tokens};

/// An ordered list of documents of one or several stores of the same vocabulary: a training set, a
/// validation set, or a corpus. The documents stay where they are.
#[derive(Clone, Debug)]
pub struct DocumentSet {
    /// At least one.
    parts: Vec<Part>,
    tokens: u64,
}

/// Documents of one store.
#[derive(Clone, Debug)]
struct Part {
    store: Arc<TokenStore>,
    /// The documents, by number; all in order if `None`.
    selection: Option<Arc<[u32]>>,
    /// Number of documents in the set up to the end of this part.
    end: usize,
}

impl DocumentSet {
    /// All documents of a store, in its order.
    pub fn whole(store: Arc<TokenStore>) -> Self {
        Self {
            tokens: store.tokens(),
            parts: vec![Part {
                end: store.documents(),
                selection: None,
                store,
            }],
        }
    }

    /// These documents of a store, in this order. A document may be there twice.
    ///
    /// # Panics
    /// If the store does not have so many documents.
    pub fn select(store: Arc<TokenStore>, documents: Vec<u32>) -> Self {
        let tokens = documents
            .iter()
            .map(|&i| store.document(i as usize).len() as u64)
            .sum();
        Self {
            tokens,
            parts: vec![Part {
                end: documents.len(),
                selection: Some(documents.into()),
                store,
            }],
        }
    }

    /// Appends the documents of `other`.
    ///
    /// # Errors
    /// Another vocabulary or another end-of-text token.
    pub fn extend(&mut self, other: DocumentSet) -> Result<(), CorpusError> {
        let (first, second) = (&self.parts[0].store, &other.parts[0].store);
        let tokens = |store: &TokenStore| (store.vocabulary(), store.end_of_text());
        if tokens(first) != tokens(second) {
            return Err(CorpusError::VocabularyMismatch {
                first: first.path().to_owned(),
                first_tokens: tokens(first),
                second: second.path().to_owned(),
                second_tokens: tokens(second),
            });
        }
        let before = self.len();
        self.tokens += other.tokens;
        self.parts.extend(other.parts.into_iter().map(|part| Part {
            end: part.end + before,
            ..part
        }));
        Ok(())
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// Whether there are no documents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of stored tokens of all documents.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Number of tokens of the vocabulary.
    pub fn vocabulary(&self) -> u32 {
        self.parts[0].store.vocabulary()
    }

    /// The token that ends a text, and that stands before the first token when a document is read.
    pub fn end_of_text(&self) -> u32 {
        self.parts[0].store.end_of_text()
    }

    /// The stored tokens of document `i`.
    ///
    /// # Panics
    /// If there are not so many documents.
    pub fn document(&self, i: usize) -> Tokens<'_> {
        let part = self.parts.partition_point(|part| part.end <= i);
        let begin = part.checked_sub(1).map_or(0, |last| self.parts[last].end);
        let part = &self.parts[part];
        part.store.document(match &part.selection {
            Some(documents) => documents[i - begin] as usize,
            None => i - begin,
        })
    }

    /// Document `i` as models read it: the end-of-text token, then the stored tokens.
    ///
    /// # Panics
    /// If there are not so many documents.
    pub fn sequence(&self, i: usize) -> Vec<u32> {
        let document = self.document(i);
        let mut sequence = Vec::with_capacity(1 + document.len());
        sequence.push(self.end_of_text());
        sequence.extend(document);
        sequence
    }

    /// A checksum of which documents these are, in which order.
    pub(crate) fn identity(&self) -> u64 {
        let mut sum = Checksum::new();
        for part in &self.parts {
            sum.update(&part.store.identity().to_le_bytes());
            match &part.selection {
                Some(documents) => {
                    sum.update(&[1]);
                    sum.update(&(documents.len() as u64).to_le_bytes());
                    sum.update(bytemuck::cast_slice(documents));
                }
                None => sum.update(&[0]),
            }
        }
        sum.finish()
    }

    /// The stored tokens of every document, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Tokens<'_>> {
        (0..self.len()).map(|i| self.document(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenStoreWriter;

    fn store(name: &str, vocabulary: u32, documents: &[&[u32]]) -> Arc<TokenStore> {
        let directory = tempfile::tempdir().unwrap();
        let mut writer =
            TokenStoreWriter::create(directory.path().join(name), vocabulary, 0).unwrap();
        for document in documents {
            writer.push(document).unwrap();
        }
        // The map outlives the directory.
        Arc::new(writer.finish().unwrap())
    }

    fn contents(set: &DocumentSet) -> Vec<Vec<u32>> {
        set.iter().map(|document| document.to_vec()).collect()
    }

    #[test]
    fn documents_keep_their_order_across_stores() {
        let first = store("first.bin", 10, &[&[1, 2], &[], &[3, 0]]);
        let second = store("second.bin", 10, &[&[4, 0], &[5]]);
        let mut set = DocumentSet::select(first.clone(), vec![2, 0, 2]);
        set.extend(DocumentSet::select(first.clone(), vec![]))
            .unwrap();
        set.extend(DocumentSet::whole(second)).unwrap();
        assert_eq!(
            contents(&set),
            [vec![3, 0], vec![1, 2], vec![3, 0], vec![4, 0], vec![5]]
        );
        assert_eq!((set.len(), set.tokens()), (5, 9));
        assert_eq!(set.sequence(4), [0, 5]);
        let whole = DocumentSet::whole(first);
        assert_eq!(contents(&whole), [vec![1, 2], vec![], vec![3, 0]]);
    }

    #[test]
    fn the_empty_set_is_a_set() {
        let set = DocumentSet::whole(store("empty.bin", 10, &[]));
        assert!(set.is_empty());
        assert_eq!((set.len(), set.tokens(), set.vocabulary()), (0, 0, 10));
        assert_eq!(set.iter().len(), 0);
    }

    #[test]
    fn vocabularies_are_not_mixed() {
        let mut set = DocumentSet::whole(store("a.bin", 10, &[&[1]]));
        let error = set
            .extend(DocumentSet::whole(store("b.bin", 11, &[&[1]])))
            .unwrap_err();
        assert!(matches!(error, CorpusError::VocabularyMismatch { .. }));
        assert_eq!(set.len(), 1);
    }
}
