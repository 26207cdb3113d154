//! What a user says about a corpus.

use serde::{Deserialize, Serialize};

/// A corpus: where it is and how to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// A file, a directory (with all that is below it), a glob, or `builtin:tinystories-sample`.
    pub path: String,
    /// How the files are to be read; by their extensions if not given. In a directory it selects
    /// the files of that format.
    #[serde(default)]
    pub format: Option<Format>,
    /// The field of a JSON line or the column of a Parquet file that has the text.
    #[serde(default = "default_text_field")]
    pub text_field: String,
    /// What separates the documents of a text file; a file is one document if not given.
    #[serde(default)]
    pub separator: Option<Separator>,
}

fn default_text_field() -> String {
    "text".into()
}

impl SourceSettings {
    /// The corpus at `path`, with everything else as it is by default.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            format: None,
            text_field: default_text_field(),
            separator: None,
        }
    }
}

/// The format of a corpus file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Plain text: `.txt`.
    Text,
    /// A JSON object a line: `.jsonl`, `.ndjson`.
    Jsonl,
    /// Apache Parquet: `.parquet`.
    Parquet,
}

/// What separates the documents of a text file. In files, a string: `"blank-lines"`, or the literal
/// text, such as `"<|endoftext|>"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Separator {
    /// One or more lines of nothing but white space.
    BlankLines,
    /// This text, wherever it stands; line breaks beside it do not belong to the documents. Not
    /// empty.
    Literal(String),
}

const BLANK_LINES: &str = "blank-lines";

impl TryFrom<String> for Separator {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "" => Err(
                "the separator is empty; leave it out for one document a file, or give \
                 \"blank-lines\" or a text such as \"<|endoftext|>\"",
            ),
            BLANK_LINES => Ok(Self::BlankLines),
            _ => Ok(Self::Literal(text)),
        }
    }
}

impl From<Separator> for String {
    fn from(separator: Separator) -> Self {
        match separator {
            Separator::BlankLines => BLANK_LINES.into(),
            Separator::Literal(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_written() {
        let short: SourceSettings = serde_json::from_str(r#"{"path": "a.txt"}"#).unwrap();
        assert_eq!(short, SourceSettings::new("a.txt"));
        let long = SourceSettings {
            format: Some(Format::Jsonl),
            separator: Some(Separator::Literal("<|endoftext|>".into())),
            ..SourceSettings::new("a")
        };
        let json = serde_json::to_string(&long).unwrap();
        assert_eq!(
            json,
            r#"{"path":"a","format":"jsonl","text_field":"text","separator":"<|endoftext|>"}"#
        );
        assert_eq!(serde_json::from_str::<SourceSettings>(&json).unwrap(), long);
        let blank: Separator = serde_json::from_str(r#""blank-lines""#).unwrap();
        assert_eq!(blank, Separator::BlankLines);
        assert!(serde_json::from_str::<Separator>(r#""""#).is_err());
        assert!(serde_json::from_str::<SourceSettings>(r#"{"path": "a", "fromat": 1}"#).is_err());
    }
}
