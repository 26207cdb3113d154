//! Everything that can be wrong with a corpus.

use std::io;
use std::path::{Path, PathBuf};

/// What was wrong, where, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as in "cannot read …".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// A token store lacks one of its two files.
    #[error(
        "the token store {} is incomplete: there is no {}; tokenize the corpus again",
        path.display(), missing.display()
    )]
    IncompleteStore {
        /// The `.bin` file of the store.
        path: PathBuf,
        /// The file that is not there.
        missing: PathBuf,
    },

    /// A file of a token store is not as it was written.
    #[error(
        "{} is damaged: {problem}; restore it from a copy, or delete the store and make it again",
        path.display()
    )]
    DamagedStore {
        /// The file.
        path: PathBuf,
        /// How it shows.
        problem: String,
    },

    /// A file of a token store was written by another version of the program.
    #[error(
        "{} has format version {found}, and this program reads version {expected}; \
         tokenize the corpus again with this program, or read it with the one that wrote it",
        path.display()
    )]
    StoreVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that this program knows.
        expected: u32,
    },

    /// A token that the vocabulary does not have.
    #[error(
        "token {token} is outside the vocabulary of {vocabulary} tokens of {}; \
         the store and the tokenizer or model do not belong together",
        path.display()
    )]
    TokenOutsideVocabulary {
        /// The token.
        token: u32,
        /// Number of tokens of the vocabulary.
        vocabulary: u32,
        /// The store that it was to go to.
        path: PathBuf,
    },

    /// Documents of two vocabularies were to be put together.
    #[error(
        "{} was tokenized with a vocabulary of {} tokens and end of text {}, \
         {} with {} tokens and end of text {}; tokenize both with the same tokenizer",
        first.display(), first_tokens.0, first_tokens.1,
        second.display(), second_tokens.0, second_tokens.1
    )]
    VocabularyMismatch {
        /// A store of one vocabulary.
        first: PathBuf,
        /// Its vocabulary and its end-of-text token.
        first_tokens: (u32, u32),
        /// A store of another.
        second: PathBuf,
        /// Its vocabulary and its end-of-text token.
        second_tokens: (u32, u32),
    },
}

impl CorpusError {
    /// For `map_err`: an [`CorpusError::Io`] of `action` on `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// A [`CorpusError::DamagedStore`] at `path`.
    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::DamagedStore {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
