//! `[corpus]`.

use autophage_corpus::{Format, Separator, SourceSettings};
use serde::{Deserialize, Serialize};

use super::words::{or_all, or_auto, or_none};

/// Where the real documents come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorpusSettings {
    /// A file, a directory, a glob, or `builtin:tinystories-sample`. There is no default: empty, it
    /// is refused.
    pub path: String,
    /// What the files are; `None`: by the name of each.
    #[serde(with = "or_auto")]
    pub format: Option<Format>,
    /// The field (JSON lines) or column (Parquet) that holds the text.
    pub field: String,
    /// What separates the documents of a text file; `None`: each file is one document.
    #[serde(with = "or_none")]
    pub separator: Option<Separator>,
    /// Share of the documents that is held out for validation.
    pub validation: f64,
    /// Size N of the initial corpus, in tokens; `None`: every training document.
    #[serde(with = "or_all")]
    pub tokens: Option<u64>,
}

impl Default for CorpusSettings {
    fn default() -> Self {
        Self {
            path: String::new(),
            format: None,
            field: "text".to_owned(),
            separator: None,
            validation: 0.05,
            tokens: None,
        }
    }
}

impl CorpusSettings {
    /// The prefix of corpora that the program brings along.
    pub(crate) const BUILTIN: &str = "builtin:";

    /// The documents at `path`, with the default of everything else.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// What the corpus crate opens.
    pub fn source(&self) -> SourceSettings {
        SourceSettings {
            format: self.format,
            text_field: self.field.clone(),
            separator: self.separator.clone(),
            ..SourceSettings::new(self.path.clone())
        }
    }
}
