//! Where documents come from.

mod builtin;
mod document;
mod documents;
mod files;
mod input;
mod json_lines;
mod parquet;
mod settings;
mod text;

pub use document::{Document, Origin, Position};
pub use documents::{DocumentSource, Documents};
pub use settings::{Format, Separator, SourceSettings};

pub(crate) use files::EXTENSIONS;
