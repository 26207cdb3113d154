//! Documents, tokenizers, the token store, and exact counts.
//!
//! A [`DocumentSource`] reads the documents of text, JSON lines and Parquet files one after another; a
//! [`Tokenizer`] turns them into tokens; [`tokenize`] writes these to a [`TokenStore`] for training and
//! one for validation, as the [`Split`] says. From there on everything is documents of tokens: a
//! [`DocumentSet`] is a list of them, from one store or several. [`count_contexts`] counts what follows
//! given contexts in one pass; a [`CountIndex`] answers for any context at any time.
//!
//! Memory does not grow with the corpus, results do not depend on the number of threads, and whatever is
//! wrong with a file is a [`CorpusError`] that names the place and the way out.

#![deny(unsafe_code)]

mod context_counts;
mod count_index;
mod document_set;
mod error;
mod memory_map;
mod source;
mod split;
mod store;
mod tokenize;
mod tokenizer;
mod tokens;

pub use context_counts::{ContextCounts, count_contexts};
pub use count_index::{CountIndex, Occurrence};
pub use document_set::DocumentSet;
pub use error::CorpusError;
pub use source::{
    Document, DocumentSource, Documents, Format, Origin, Position, Separator, SourceSettings,
};
pub use split::Split;
pub use store::{TokenStore, TokenStoreWriter, index_path};
pub use tokenize::{
    DocumentTotals, TokenizeProgress, TokenizeStage, TokenizedCorpus, TokenizerChoice, tokenize,
    tokenize_whole,
};
pub use tokenizer::Tokenizer;
pub use tokens::{Tokens, TokensIter};
