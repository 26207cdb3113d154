//! An index that counts any context in documents, exactly.
//!
//! The documents, each with the end of text in front and a separator behind, are one long text of
//! symbols. The index holds that text, the starts of its suffixes in the order of what follows there
//! (a suffix array), and how much neighbours in that order have in common. All occurrences of a
//! context are then neighbours, found by binary search; separators, which no context has, keep
//! occurrences within documents.

mod build;
mod file;
mod query;

pub use query::{CountIndex, Occurrence};
