//! One document and where it stood.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A text of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The text. Never empty, never white space only.
    pub text: String,
    /// Where it begins.
    pub origin: Origin,
}

/// A place in a corpus file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, or `builtin:NAME`.
    pub file: Arc<Path>,
    /// The place in it.
    pub position: Position,
}

/// A place in a file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// A line of text, after decompression.
    Line(u64),
    /// A row of a table.
    Row(u64),
}

impl Origin {
    pub(super) fn line(file: &Arc<Path>, line: u64) -> Self {
        Self {
            file: file.clone(),
            position: Position::Line(line),
        }
    }

    pub(super) fn row(file: &Arc<Path>, row: u64) -> Self {
        Self {
            file: file.clone(),
            position: Position::Row(row),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.position {
            Position::Line(line) => write!(f, "{file}, line {line}"),
            Position::Row(row) => write!(f, "{file}, row {row}"),
        }
    }
}
