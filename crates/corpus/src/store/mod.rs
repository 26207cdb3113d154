//! The token store: documents as tokens, in two files.

mod index;
mod memory;
mod reader;
mod writer;

pub use index::index_path;
pub use reader::TokenStore;
pub use writer::TokenStoreWriter;
