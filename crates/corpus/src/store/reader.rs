//! Reading a token store in place.

use std::fmt;
use std::path::{Path, PathBuf};

use autophage_durable::Checksum;

use super::index::{self, Header, index_path};
use crate::memory_map::{Bytes, map_file};
use crate::{CorpusError, Tokens};

/// Documents as tokens, memory-mapped and verified.
///
/// A stored document is its tokens, followed by the end-of-text token if the text ended. Models and
/// counts read it with the end-of-text token in front, which is not stored.
pub struct TokenStore {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    /// The `.bin` file.
    pub(super) tokens: Bytes,
    /// The `.index` file.
    pub(super) index: Bytes,
}

impl TokenStore {
    /// Opens the store whose tokens are in `path`, and verifies both of its files: version, lengths
    /// and checksums. That reads the store once, at memory or disk speed.
    ///
    /// # Errors
    /// A file that is missing, cannot be read, is damaged, or is of another version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CorpusError> {
        let path = path.as_ref();
        let index_file = index_path(path);
        for missing in [path, &index_file] {
            // Where neither is there, "no such file" of the first says it better.
            if !missing.exists() && (path.exists() || index_file.exists()) {
                return Err(CorpusError::IncompleteStore {
                    path: path.to_owned(),
                    missing: missing.to_owned(),
                });
            }
        }
        let tokens = map_file(path)?;
        let index = map_file(&index_file)?;
        let header = index::decode(&index_file, &index)?;
        let expected = u128::from(header.tokens) * u128::from(header.token_bytes);
        if tokens.len() as u128 != expected {
            return Err(CorpusError::damaged(
                path,
                format!(
                    "it has {} bytes instead of {expected} ({} tokens of {} bytes)",
                    tokens.len(),
                    header.tokens,
                    header.token_bytes
                ),
            ));
        }
        if Checksum::of(&tokens) != header.checksum {
            return Err(CorpusError::damaged(
                path,
                "its checksum is not the one in its index",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            header,
            tokens: Bytes::Mapped(tokens),
            index: Bytes::Mapped(index),
        })
    }

    /// Number of documents.
    pub fn documents(&self) -> usize {
        self.header.documents as usize
    }

    /// Number of tokens of all documents.
    pub fn tokens(&self) -> u64 {
        self.header.tokens
    }

    /// Number of tokens of the vocabulary; every token is below it.
    pub fn vocabulary(&self) -> u32 {
        self.header.vocabulary
    }

    /// The token that ends a text, and that stands before the first token when a document is read.
    pub fn end_of_text(&self) -> u32 {
        self.header.end_of_text
    }

    /// The XXH3 checksum of the `.bin` file. It names the tokens, not where documents end.
    pub fn checksum(&self) -> u64 {
        self.header.checksum
    }

    /// The `.bin` file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stored tokens of document `i`.
    ///
    /// # Panics
    /// If there are not so many documents.
    pub fn document(&self, i: usize) -> Tokens<'_> {
        let offsets = self.offsets();
        self.all()
            .slice(offsets[i] as usize..offsets[i + 1] as usize)
    }

    /// A checksum of the whole store: of the tokens, where documents end, and the vocabulary.
    pub(crate) fn identity(&self) -> u64 {
        index::checksum(&self.index)
    }

    /// The tokens of all documents, end to end.
    fn all(&self) -> Tokens<'_> {
        if self.header.token_bytes == 2 {
            Tokens::U16(bytemuck::cast_slice(&self.tokens))
        } else {
            Tokens::U32(bytemuck::cast_slice(&self.tokens))
        }
    }

    /// Where each document begins in [`all`](Self::all), and where the last ends.
    fn offsets(&self) -> &[u64] {
        index::offsets(&self.index)
    }
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStore")
            .field("path", &self.path)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::TokenStoreWriter;
    use proptest::prelude::*;

    fn write(path: &Path, vocabulary: u32, documents: &[Vec<u32>]) -> TokenStore {
        let mut writer = TokenStoreWriter::create(path, vocabulary, 0).unwrap();
        for document in documents {
            writer.push(document).unwrap();
        }
        writer.finish().unwrap()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            wide: bool,
            documents in proptest::collection::vec(
                proptest::collection::vec(0u32..60_000, 0..20), 0..20),
        ) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("tokens.bin");
            let vocabulary = if wide { 70_000 } else { 60_000 };
            let store = write(&path, vocabulary, &documents);
            prop_assert_eq!(store.documents(), documents.len());
            prop_assert_eq!(store.tokens(), documents.iter().flatten().count() as u64);
            prop_assert_eq!(store.vocabulary(), vocabulary);
            for (i, document) in documents.iter().enumerate() {
                prop_assert_eq!(&store.document(i).to_vec(), document);
            }
            // As nanoGPT reads it: numpy.fromfile(path, dtype).
            let bytes = fs::read(&path).unwrap();
            let flat: Vec<u32> = if wide {
                bytes.chunks(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect()
            } else {
                bytes.chunks(2).map(|b| u16::from_le_bytes(b.try_into().unwrap()).into()).collect()
            };
            prop_assert_eq!(flat, documents.concat());
        }

        #[test]
        fn damage_anywhere_is_found(
            documents in proptest::collection::vec(
                proptest::collection::vec(0u32..500, 0..9), 1..9),
            in_index: bool,
            place: prop::sample::Index,
            flip in 1u8..,
            cut: bool,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("tokens.bin");
            drop(write(&path, 500, &documents));
            let file = if in_index { index_path(&path) } else { path.clone() };
            let mut bytes = fs::read(&file).unwrap();
            prop_assume!(!bytes.is_empty());
            let place = place.index(bytes.len());
            if cut {
                bytes.truncate(place);
            } else {
                bytes[place] ^= flip;
            }
            fs::write(&file, bytes).unwrap();
            let error = TokenStore::open(&path).unwrap_err().to_string();
            prop_assert!(error.contains(&file.display().to_string()), "{}", error);
        }
    }

    #[test]
    fn a_store_may_be_empty() {
        let directory = tempfile::tempdir().unwrap();
        let store = write(&directory.path().join("tokens.bin"), 10, &[]);
        assert_eq!((store.documents(), store.tokens()), (0, 0));
        let store = write(&directory.path().join("tokens.bin"), 10, &[vec![]]);
        assert_eq!((store.documents(), store.tokens()), (1, 0));
        assert!(store.document(0).is_empty());
    }

    #[test]
    fn the_largest_narrow_vocabulary_keeps_its_last_token() {
        let directory = tempfile::tempdir().unwrap();
        let store = write(&directory.path().join("t.bin"), 65_536, &[vec![65_535]]);
        assert!(matches!(store.document(0), Tokens::U16(&[65_535])));
        let store = write(&directory.path().join("t.bin"), 65_537, &[vec![65_536]]);
        assert!(matches!(store.document(0), Tokens::U32(&[65_536])));
    }

    #[test]
    fn a_token_outside_the_vocabulary_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.bin");
        assert!(TokenStoreWriter::create(&path, 10, 10).is_err());
        let mut writer = TokenStoreWriter::create(&path, 10, 0).unwrap();
        assert!(matches!(
            writer.push(&[9, 10]),
            Err(CorpusError::TokenOutsideVocabulary {
                token: 10,
                vocabulary: 10,
                ..
            })
        ));
        drop(writer);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.bin");
        assert!(matches!(
            TokenStore::open(&path),
            Err(CorpusError::Io { .. })
        ));
        drop(write(&path, 10, &[vec![1]]));
        fs::remove_file(index_path(&path)).unwrap();
        let error = TokenStore::open(&path).unwrap_err().to_string();
        assert!(error.contains("tokens.index"), "{error}");
    }

    #[test]
    fn another_version_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.bin");
        drop(write(&path, 10, &[vec![1]]));
        let mut bytes = fs::read(index_path(&path)).unwrap();
        bytes[8] = 2;
        fs::write(index_path(&path), bytes).unwrap();
        assert!(matches!(
            TokenStore::open(&path),
            Err(CorpusError::StoreVersion {
                found: 2,
                expected: 1,
                ..
            })
        ));
    }
}
