//! The values that a key accepts.

use std::fmt;

use super::tree::Value;

/// The most tokens of a sequence: a bound on memory, far above any use.
pub(super) const LONGEST: u64 = 1 << 20;
/// The most of anything that is counted in 32 bits.
pub(super) const MANY: u64 = u32::MAX as u64;
/// The largest integer of TOML.
pub(super) const LARGEST: u64 = i64::MAX as u64;

/// The values that a key accepts. Its [`Display`](fmt::Display) says them in words.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Accepts {
    /// An integer of a range.
    Integer {
        /// The least.
        least: u64,
        /// The greatest.
        most: u64,
        /// A word that stands for no number.
        or: Option<&'static str>,
    },
    /// A number of an interval.
    Number {
        /// The interval.
        within: Interval,
        /// A word that stands for no number.
        or: Option<&'static str>,
    },
    /// `true` or `false`.
    Boolean,
    /// Any string.
    Text,
    /// A string that is not empty.
    TextSuch {
        /// What it must be, in words.
        which: &'static str,
    },
    /// A path of the file system, not empty. In a file it starts from the folder of that file.
    Path,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A list of strings, none of them empty.
    Texts,
    /// An array of tables, whose keys have descriptions of their own.
    Tables,
}

/// The numbers that a key accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interval {
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
        (x.is_finite() || self == Self::PositiveOrInfinite)
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

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { least, most, .. } => write!(f, "an integer from {least} to {most}")?,
            Self::Number { within, .. } => write!(f, "{within}")?,
            Self::Boolean => f.write_str("true or false")?,
            Self::Text => f.write_str("a string")?,
            Self::TextSuch { which } => f.write_str(which)?,
            Self::Path => f.write_str("a path, as a string")?,
            Self::Words(words) => write!(f, "one of {}", quoted(words))?,
            Self::Texts => {
                f.write_str("an array of strings, at least one and none of them empty")?
            }
            Self::Tables => f.write_str("an array of tables")?,
        }
        match self.word() {
            Some(word) => write!(f, ", or {word:?}"),
            None => Ok(()),
        }
    }
}

impl Accepts {
    /// The word that stands for no number, if there is one.
    fn word(&self) -> Option<&'static str> {
        match self {
            Self::Integer { or, .. } | Self::Number { or, .. } => *or,
            _ => None,
        }
    }

    /// Whether `value` is accepted.
    pub(super) fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Integer { .. } | Self::Number { .. }, Value::String(text)) => {
                self.word() == Some(text)
            }
            (Self::Integer { least, most, .. }, Value::Integer(number)) => {
                (i128::from(*least)..=i128::from(*most)).contains(number)
            }
            (Self::Number { within, .. }, value) => {
                real(value).is_some_and(|number| within.contains(number))
            }
            (Self::Boolean, Value::Boolean(_)) | (Self::Text, Value::String(_)) => true,
            (Self::TextSuch { .. } | Self::Path, Value::String(text)) => !text.is_empty(),
            (Self::Words(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::Texts, Value::Array(items)) => {
                !items.is_empty()
                    && items
                        .iter()
                        .all(|item| matches!(&item.value, Value::String(text) if !text.is_empty()))
            }
            (Self::Tables, Value::Array(items)) => items
                .iter()
                .all(|item| matches!(item.value, Value::Table(_))),
            _ => false,
        }
    }

    /// The accepted word that is most like `value`.
    pub(super) fn nearest(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Words(words), Value::String(text)) => nearest(text, words.iter().copied()),
            (_, Value::String(text)) => nearest(text, self.word()),
            _ => None,
        }
    }
}

/// A number of either kind.
pub(super) fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    words.join(", ")
}

/// The candidate most like `text`, if one is like it at all.
pub(super) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(text, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
