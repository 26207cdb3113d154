//! Documents, tokenizers and the token store.

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
