//! Typed reading of one section: every value is checked, every key must be known.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::tree::{Node, Value};
use super::{ExperimentError, Origin};

/// The keys of one table, read by name.
pub(super) struct Section<'a> {
    /// Its name with a dot behind, or nothing for the top of the file.
    prefix: String,
    entries: Option<&'a BTreeMap<String, Node>>,
}

/// The numbers that a key accepts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Interval {
    /// Above 0.
    Positive,
    /// Above 0, infinity too.
    PositiveOrInfinite,
    /// 0 or more.
    NonNegative,
    /// From 0 to below 1.
    BelowOne,
    /// Above 0 and at most 1.
    Share,
    /// Above 0 and below 1.
    Open,
}

impl Interval {
    fn contains(self, x: f64) -> bool {
        (x.is_finite() || matches!(self, Self::PositiveOrInfinite))
            && match self {
                Self::Positive | Self::PositiveOrInfinite => x > 0.0,
                Self::NonNegative => x >= 0.0,
                Self::BelowOne => (0.0..1.0).contains(&x),
                Self::Share => x > 0.0 && x <= 1.0,
                Self::Open => x > 0.0 && x < 1.0,
            }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Positive => "a number above 0",
            Self::PositiveOrInfinite => "a number above 0, or inf for none",
            Self::NonNegative => "a number of at least 0",
            Self::BelowOne => "a number from 0 to below 1",
            Self::Share => "a number above 0 and at most 1",
            Self::Open => "a number above 0 and below 1",
        })
    }
}

impl<'a> Section<'a> {
    /// The top of the file.
    pub(super) fn root(node: &'a Node) -> Self {
        let entries = match &node.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        };
        Self {
            prefix: String::new(),
            entries,
        }
    }

    /// The section `key`; empty if it is not there.
    pub(super) fn section(&self, key: &str) -> Result<Section<'a>, ExperimentError> {
        let Some(node) = self.node(key) else {
            return Ok(Self {
                prefix: format!("{}{key}.", self.prefix),
                entries: None,
            });
        };
        self.table(key, node)
    }

    /// The sections `[[key]]`, in order; `None` if there is no such key.
    pub(super) fn sections(&self, key: &str) -> Result<Option<Vec<Section<'a>>>, ExperimentError> {
        self.node(key)
            .map(|node| {
                let Value::Array(items) = &node.value else {
                    return Err(self.wrong(key, node, "an array of tables"));
                };
                items.iter().map(|item| self.table(key, item)).collect()
            })
            .transpose()
    }

    fn table(&self, key: &str, node: &'a Node) -> Result<Section<'a>, ExperimentError> {
        match &node.value {
            Value::Table(entries) => Ok(Section {
                prefix: format!("{}{key}.", self.prefix),
                entries: Some(entries),
            }),
            _ => Err(self.wrong(key, node, "a section (a table of keys)")),
        }
    }

    /// Refuses every key that is not one of `valid`.
    ///
    /// `elsewhere` are keys that other kinds of this section have: when an override chose the kind,
    /// what the file says for another kind is passed over instead.
    pub(super) fn allow(&self, valid: &[&str], elsewhere: &[&str]) -> Result<(), ExperimentError> {
        let overridden = matches!(self.origin("kind"), Some(Origin::Override(_)));
        for (key, node) in self.entries.into_iter().flatten() {
            let known = valid.contains(&key.as_str());
            let left_over = overridden
                && elsewhere.contains(&key.as_str())
                && matches!(node.origin, Origin::File { .. });
            if !known && !left_over {
                return Err(ExperimentError::UnknownKey {
                    key: self.name(key),
                    origin: Box::new(node.origin.clone()),
                    nearest: nearest(key, valid),
                    valid: valid.join(", "),
                });
            }
        }
        Ok(())
    }

    /// Where `key` was written.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        self.node(key).map(|node| node.origin.clone())
    }

    pub(super) fn integer(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, ExperimentError> {
        self.parse(key, &describe(&range), |value| whole(value, &range))
    }

    /// An integer, or `word` for none.
    pub(super) fn integer_or(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        word: &str,
    ) -> Result<Option<Option<u64>>, ExperimentError> {
        let expected = format!("{}, or {word:?}", describe(&range));
        self.parse(key, &expected, |value| match value {
            Value::String(text) if text == word => Some(None),
            value => whole(value, &range).map(Some),
        })
    }

    pub(super) fn number(
        &self,
        key: &str,
        interval: Interval,
    ) -> Result<Option<f64>, ExperimentError> {
        self.parse(key, &interval.to_string(), |value| {
            real(value).filter(|&x| interval.contains(x))
        })
    }

    /// A number, or `word` for none.
    pub(super) fn number_or(
        &self,
        key: &str,
        interval: Interval,
        word: &str,
    ) -> Result<Option<Option<f64>>, ExperimentError> {
        let expected = format!("{interval}, or {word:?}");
        self.parse(key, &expected, |value| match value {
            Value::String(text) if text == word => Some(None),
            value => real(value).filter(|&x| interval.contains(x)).map(Some),
        })
    }

    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, ExperimentError> {
        self.parse(key, "true or false", |value| match value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        })
    }

    pub(super) fn string(&self, key: &str) -> Result<Option<String>, ExperimentError> {
        let Some(node) = self.node(key) else {
            return Ok(None);
        };
        match (&node.value, &node.origin) {
            (Value::String(text), _) => Ok(Some(text.clone())),
            // On a command line a name such as 7 has no quotes.
            (Value::Integer(_) | Value::Float(_) | Value::Boolean(_), Origin::Override(text)) => {
                Ok(text
                    .split_once('=')
                    .map(|(_, value)| value.trim().to_owned()))
            }
            _ => Err(self.wrong(key, node, "a string")),
        }
    }

    /// An array of strings.
    pub(super) fn strings(&self, key: &str) -> Result<Option<Vec<String>>, ExperimentError> {
        self.parse(key, "an array of strings", |value| match value {
            Value::Array(items) => items
                .iter()
                .map(|item| match &item.value {
                    Value::String(text) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
            _ => None,
        })
    }

    /// One of `words`.
    pub(super) fn word(
        &self,
        key: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, ExperimentError> {
        let expected = match words {
            [word] => format!("{word:?}"),
            words => format!("one of {}", quoted(words)),
        };
        self.parse(key, &expected, |value| match value {
            Value::String(text) => words.iter().find(|word| *word == text).copied(),
            _ => None,
        })
        .map_err(|error| match (error, self.node(key)) {
            (
                ExperimentError::Value {
                    key,
                    origin,
                    value,
                    expected,
                    ..
                },
                Some(Node {
                    value: Value::String(text),
                    ..
                }),
            ) => ExperimentError::Value {
                key,
                origin,
                value,
                expected,
                nearest: nearest(text, words),
            },
            (error, _) => error,
        })
    }

    /// A path, made absolute. Relative ones in a file start from the folder of the file, those of
    /// overrides and presets from the working directory.
    pub(super) fn path(&self, key: &str) -> Result<Option<String>, ExperimentError> {
        let Some(text) = self.string(key)? else {
            return Ok(None);
        };
        let path = match self.origin(key) {
            Some(Origin::File { path, .. }) => path
                .parent()
                .map_or_else(|| PathBuf::from(&text), |folder| folder.join(&text)),
            _ => PathBuf::from(&text),
        };
        // Where the working directory is unknown or not Unicode the path stays as it was written.
        let absolute = std::path::absolute(&path)
            .ok()
            .and_then(|path| path.to_str().map(str::to_owned));
        Ok(Some(absolute.unwrap_or(text)))
    }

    fn parse<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ExperimentError> {
        self.node(key)
            .map(|node| read(&node.value).ok_or_else(|| self.wrong(key, node, expected)))
            .transpose()
    }

    fn node(&self, key: &str) -> Option<&'a Node> {
        self.entries.and_then(|entries| entries.get(key))
    }

    /// The full name of a key.
    pub(super) fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn wrong(&self, key: &str, node: &Node, expected: &str) -> ExperimentError {
        ExperimentError::Value {
            key: self.name(key),
            origin: Box::new(node.origin.clone()),
            value: node.value.to_string(),
            expected: expected.to_owned(),
            nearest: None,
        }
    }

    /// The error of a value that is right in itself but does not go with another.
    pub(super) fn conflict(
        &self,
        key: &str,
        value: impl fmt::Display,
        conflict: impl Into<String>,
    ) -> ExperimentError {
        ExperimentError::Conflict {
            key: self.name(key),
            origin: self.origin(key).map(Box::new),
            value: value.to_string(),
            conflict: conflict.into(),
        }
    }
}

fn whole(value: &Value, range: &RangeInclusive<u64>) -> Option<u64> {
    let Value::Integer(number) = value else {
        return None;
    };
    u64::try_from(*number)
        .ok()
        .filter(|number| range.contains(number))
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(*x),
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

fn describe(range: &RangeInclusive<u64>) -> String {
    if *range.end() == u64::MAX {
        format!("an integer of at least {}", range.start())
    } else {
        format!("an integer from {} to {}", range.start(), range.end())
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    words.join(", ")
}

/// The candidate most like `text`, if one is like it at all.
pub(super) fn nearest(text: &str, candidates: &[&str]) -> Option<String> {
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(text, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| (*candidate).to_owned())
}
