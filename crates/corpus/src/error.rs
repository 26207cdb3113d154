//! Everything that can be wrong with a corpus.

use std::io;
use std::path::{Path, PathBuf};

use crate::Origin;

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

    /// The corpus is not where it was said to be.
    #[error(
        "there is no corpus at {}; give a file, a directory, a glob such as \"texts/*.jsonl\", \
         or \"builtin:tinystories-sample\"",
        path.display()
    )]
    MissingCorpus {
        /// What was given.
        path: PathBuf,
    },

    /// A glob that cannot be understood.
    #[error("{pattern} is not a glob: {problem}")]
    InvalidGlob {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A directory or a glob without a single file that can be read.
    #[error(
        "there are no corpus files in {}; they are recognised by the extensions {}",
        path.display(), crate::source::EXTENSIONS
    )]
    NoMatchingFiles {
        /// The directory or glob.
        path: PathBuf,
    },

    /// A file whose format does not show in its name.
    #[error(
        "cannot tell the format of {} from its name; say which it is (text, jsonl or parquet), or \
         rename it to one of {}",
        path.display(), crate::source::EXTENSIONS
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },

    /// Every file was read, and there was no text.
    #[error(
        "the corpus {path} has no text: {empty} empty documents and no other; \
         check its path, its text field and its separator"
    )]
    EmptyCorpus {
        /// What was given.
        path: String,
        /// Number of empty documents.
        empty: u64,
    },

    /// Bytes that are not text.
    #[error("{origin}: invalid UTF-8; convert the file to UTF-8 first, for example with iconv")]
    InvalidUtf8 {
        /// Where the invalid bytes are.
        origin: Origin,
    },

    /// A line of a JSON lines file that is not a JSON object.
    #[error("{origin}: {problem}; every line must be one JSON object")]
    InvalidJson {
        /// The line.
        origin: Origin,
        /// What is wrong with it.
        problem: String,
    },

    /// A document without the field or column that should have its text.
    #[error(
        "{origin}: there is no field {field:?}; the fields are {}",
        list(found)
    )]
    MissingField {
        /// The document.
        origin: Origin,
        /// The field that was asked for.
        field: String,
        /// The fields that there are.
        found: Vec<String>,
    },

    /// A document whose text field has something other than text.
    #[error("{origin}: the field {field:?} is {found}, not a string")]
    WrongFieldType {
        /// The document.
        origin: Origin,
        /// The field that was asked for.
        field: String,
        /// What it has.
        found: String,
    },

    /// A compressed or columnar file that breaks off or contradicts itself.
    #[error(
        "{origin}: cannot be read as {format}: {problem}; the file is truncated, damaged, or not \
         what its extension says"
    )]
    DamagedFile {
        /// How far it could be read.
        origin: Origin,
        /// What it should be.
        format: &'static str,
        /// What is wrong with it.
        problem: String,
    },

    /// A tokenizer file that the `tokenizers` library does not accept.
    #[error(
        "{} is not a Hugging Face tokenizer: {problem}; give a tokenizer.json, or a directory with \
         one",
        path.display()
    )]
    InvalidTokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// A tokenizer without a token that ends a text.
    #[error(
        "the tokenizer {} does not say which of its tokens ends a text (its special tokens are {}); \
         put a tokenizer_config.json with \"eos_token\" beside it",
        path.display(), list(special)
    )]
    NoEndOfText {
        /// The file.
        path: PathBuf,
        /// Its special tokens.
        special: Vec<String>,
    },

    /// A vocabulary that byte-level BPE cannot have.
    #[error(
        "a vocabulary of {vocabulary} tokens cannot be trained; it must have at least {smallest} \
         (256 bytes and the end of text) and at most {largest}"
    )]
    VocabularyOutOfRange {
        /// The size asked for.
        vocabulary: u32,
        /// The smallest size that is possible.
        smallest: u32,
        /// The largest size that is possible.
        largest: u32,
    },

    /// Text that the tokenizer cannot express, or a failure inside the `tokenizers` library.
    #[error("cannot tokenize {text:?}: {problem}; use a tokenizer that covers this text")]
    Untokenizable {
        /// The beginning of the text.
        text: String,
        /// The reason.
        problem: String,
    },

    /// Tokens that are not the tokenizer's.
    #[error(
        "token {token} is not in the tokenizer, which has {vocabulary}; the tokens and the \
         tokenizer do not belong together"
    )]
    UnknownToken {
        /// The token.
        token: u32,
        /// Number of tokens of the tokenizer.
        vocabulary: u32,
    },

    /// A share of held-out documents that is not a share.
    #[error("the share of validation documents is {share}; it must be above 0 and below 1")]
    InvalidShare {
        /// What was given.
        share: f64,
    },

    /// A split that leaves one side without documents.
    #[error(
        "of {documents} documents none went to the {side} split with a validation share of {share}; \
         use a larger corpus or another share or seed{}",
        if *documents == 1 { " (one document a text file? Set a separator)" } else { "" }
    )]
    EmptySplit {
        /// Number of documents of the corpus.
        documents: u64,
        /// The share of validation documents.
        share: f64,
        /// "training" or "validation".
        side: &'static str,
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

    /// A file of a token store, or a count index, is not as it was written.
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

    /// A token store or a count index was written by another version of the program.
    #[error(
        "{} has format version {found}, and this program reads version {expected}; \
         make it again with this program, or read it with the one that wrote it",
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

    /// A count index of other documents than those it was asked about.
    #[error("{} was built from other documents; delete it and let it be built again", path.display())]
    StaleIndex {
        /// The index.
        path: PathBuf,
    },

    /// More tokens than a count index can number.
    #[error(
        "{tokens} tokens are too many for the count index {}, which takes at most {limit}; \
         count only the contexts of interest, or index a part of the documents",
        path.display()
    )]
    TooManyTokens {
        /// The index.
        path: PathBuf,
        /// Number of tokens, with the start and the end of every document.
        tokens: u64,
        /// The most that are possible.
        limit: u64,
    },

    /// A larger vocabulary than a count index can hold.
    #[error(
        "a vocabulary of {vocabulary} tokens is too large for the count index {}, which takes at \
         most {limit}",
        path.display()
    )]
    VocabularyTooLarge {
        /// The index.
        path: PathBuf,
        /// Number of tokens of the vocabulary.
        vocabulary: u32,
        /// The most that are possible.
        limit: u32,
    },

    /// Not enough memory for what was asked.
    #[error("not enough memory to sort {tokens} tokens for {}", path.display())]
    OutOfMemory {
        /// The index.
        path: PathBuf,
        /// Number of tokens, with the start and the end of every document.
        tokens: u64,
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

/// "a", "b" and "c".
fn list(names: &[String]) -> String {
    match names {
        [] => "none".into(),
        [name] => format!("{name:?}"),
        [names @ .., last] => {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            format!("{} and {last:?}", names.join(", "))
        }
    }
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
