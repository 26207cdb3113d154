//! Documents, tokenizers and the token store.

#![deny(unsafe_code)]

mod context_counts;
mod document_set;
mod error;
mod memory_map;
mod store;
mod tokens;

pub use context_counts::{ContextCounts, count_contexts};
pub use document_set::DocumentSet;
pub use error::CorpusError;
pub use store::{TokenStore, TokenStoreWriter, index_path};
pub use tokens::{Tokens, TokensIter};
