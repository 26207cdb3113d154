//! Writing a token store, once, from front to back.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use autophage_durable::{AtomicFile, Checksum, write_atomically};

use super::TokenStore;
use super::index::{self, Header, index_path};
use crate::CorpusError;

/// A token store in the making.
///
/// Nothing is visible under the final names before [`finish`](Self::finish); dropped without it, the
/// writer leaves nothing behind. It holds 8 bytes of memory a document.
#[derive(Debug)]
pub struct TokenStoreWriter {
    path: PathBuf,
    file: AtomicFile,
    checksum: Checksum,
    vocabulary: u32,
    end_of_text: u32,
    /// Start of each document, and the end of the last.
    offsets: Vec<u64>,
    /// Bytes of the document that is being written.
    buffer: Vec<u8>,
}

impl TokenStoreWriter {
    /// Begins the store whose tokens go to `path` (by convention `….bin`) and whose index goes to
    /// [`index_path`]`(path)`.
    ///
    /// # Errors
    /// A file that cannot be created, or an end-of-text token outside the vocabulary.
    pub fn create(
        path: impl AsRef<Path>,
        vocabulary: u32,
        end_of_text: u32,
    ) -> Result<Self, CorpusError> {
        let path = path.as_ref();
        if end_of_text >= vocabulary {
            return Err(outside(end_of_text, vocabulary, path));
        }
        if index_path(path) == path {
            return Err(CorpusError::Io {
                action: "create",
                path: path.to_owned(),
                source: io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "the extension .index is for the document index; give the tokens another",
                ),
            });
        }
        let file = AtomicFile::create(path).map_err(CorpusError::io("create", path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            checksum: Checksum::new(),
            vocabulary,
            end_of_text,
            offsets: vec![0],
            buffer: Vec::new(),
        })
    }

    /// Appends a document: its tokens as they are to be stored, with the end-of-text token if the
    /// text ended.
    ///
    /// # Errors
    /// A token outside the vocabulary, or a file that cannot be written.
    pub fn push(&mut self, document: &[u32]) -> Result<(), CorpusError> {
        self.buffer.clear();
        append(&mut self.buffer, document, self.vocabulary, &self.path)?;
        self.file
            .write_all(&self.buffer)
            .map_err(CorpusError::io("write", &self.path))?;
        self.checksum.update(&self.buffer);
        self.offsets.push(self.tokens() + document.len() as u64);
        Ok(())
    }

    /// Number of documents so far.
    pub fn documents(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of tokens so far.
    pub fn tokens(&self) -> u64 {
        *self.offsets.last().expect("begins with 0")
    }

    /// Makes the store durable under its name, in place of any of that name, and opens it.
    ///
    /// # Errors
    /// A file that cannot be written or renamed.
    pub fn finish(self) -> Result<TokenStore, CorpusError> {
        let header = Header {
            token_bytes: index::token_bytes(self.vocabulary),
            vocabulary: self.vocabulary,
            end_of_text: self.end_of_text,
            documents: self.documents() as u64,
            tokens: self.tokens(),
            checksum: self.checksum.finish(),
        };
        let index = index_path(&self.path);
        // A store exists when its index does. The index of an older store goes first, so that an
        // interruption leaves an incomplete store rather than one that looks damaged.
        match fs::remove_file(&index) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CorpusError::io("replace", &index)(error));
            }
            _ => {}
        }
        self.file
            .commit()
            .map_err(CorpusError::io("write", &self.path))?;
        write_atomically(&index, &index::encode(&header, &self.offsets))
            .map_err(CorpusError::io("write", &index))?;
        TokenStore::open(&self.path)
    }
}

/// Appends the tokens of a document to the bytes of a store, which errors call `path`.
pub(super) fn append(
    bytes: &mut Vec<u8>,
    document: &[u32],
    vocabulary: u32,
    path: &Path,
) -> Result<(), CorpusError> {
    for &token in document {
        if token >= vocabulary {
            return Err(outside(token, vocabulary, path));
        }
        if index::token_bytes(vocabulary) == 2 {
            bytes.extend((token as u16).to_le_bytes());
        } else {
            bytes.extend(token.to_le_bytes());
        }
    }
    Ok(())
}

/// That a token is outside the vocabulary.
pub(super) fn outside(token: u32, vocabulary: u32, path: &Path) -> CorpusError {
    CorpusError::TokenOutsideVocabulary {
        token,
        vocabulary,
        path: path.to_owned(),
    }
}
