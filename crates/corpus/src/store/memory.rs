//! Token stores that never see a disk: for simulations of many short generations.

use std::path::{Path, PathBuf};

use autophage_durable::Checksum;

use super::TokenStore;
use super::index::{self, Header};
use super::writer::{append, outside};
use crate::CorpusError;
use crate::memory_map::Bytes;

/// What such a store is called in errors.
const PATH: &str = "(token store in memory)";

impl TokenStore {
    /// A store of these documents, as they are to be stored, in memory alone.
    ///
    /// # Errors
    /// A token outside the vocabulary.
    pub fn in_memory<D: AsRef<[u32]>>(
        documents: impl IntoIterator<Item = D>,
        vocabulary: u32,
        end_of_text: u32,
    ) -> Result<Self, CorpusError> {
        let path = Path::new(PATH);
        if end_of_text >= vocabulary {
            return Err(outside(end_of_text, vocabulary, path));
        }
        let (mut tokens, mut offsets) = (Vec::new(), vec![0]);
        let mut end = 0;
        for document in documents {
            append(&mut tokens, document.as_ref(), vocabulary, path)?;
            end += document.as_ref().len() as u64;
            offsets.push(end);
        }
        let header = Header {
            token_bytes: index::token_bytes(vocabulary),
            vocabulary,
            end_of_text,
            documents: offsets.len() as u64 - 1,
            tokens: end,
            checksum: Checksum::of(&tokens),
        };
        Ok(Self {
            path: PathBuf::from(PATH),
            header,
            index: Bytes::aligned(&index::encode(&header, &offsets)),
            tokens: Bytes::aligned(&tokens),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::TokenStoreWriter;

    proptest! {
        /// The same documents on disk and in memory are the same store.
        #[test]
        fn as_on_disk(
            documents in proptest::collection::vec(proptest::collection::vec(0u32..70, 0..9), 0..9),
            wide: bool,
        ) {
            let vocabulary = if wide { 70_000 } else { 70 };
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("store.bin");
            let mut writer = TokenStoreWriter::create(&path, vocabulary, 3).unwrap();
            documents.iter().for_each(|document| writer.push(document).unwrap());
            let there = writer.finish().unwrap();
            let here = TokenStore::in_memory(&documents, vocabulary, 3).unwrap();
            prop_assert_eq!(here.documents(), there.documents());
            prop_assert_eq!(here.checksum(), there.checksum());
            for (i, document) in documents.iter().enumerate() {
                prop_assert_eq!(&here.document(i).to_vec(), document);
            }
        }
    }

    #[test]
    fn tokens_outside_the_vocabulary_are_refused() {
        assert!(TokenStore::in_memory([[1u32, 7]], 7, 0).is_err());
        assert!(TokenStore::in_memory([[1u32]], 7, 7).is_err());
    }
}
