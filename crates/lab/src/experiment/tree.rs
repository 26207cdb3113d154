//! The keys and values of an experiment file, each with the place where it was written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::ExperimentError;

/// More sections than any key has; deeper tables could exhaust the stack.
const DEEPEST: usize = 8;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of an experiment file.
    File {
        /// The file, or the name of a preset.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An override, as it was given: `key=value`.
    Override(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Override(text) => write!(f, "--set {text}"),
        }
    }
}

/// A value and where it was written; `None` where a program made it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Option<Origin>,
}

/// A value of TOML.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i128),
    Float(f64),
    String(String),
    Date(String),
    Array(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    /// The node at `path`, a key with its sections joined by dots.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('.')
            .try_fold(self, |node, key| match &node.value {
                Value::Table(entries) => entries.get(key),
                _ => None,
            })
    }

    /// The text at `path`, if it is one.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match &self.at(path)?.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Where the value at `path` was written.
    pub(super) fn origin_of(&self, path: &str) -> Option<Origin> {
        self.at(path)?.origin.clone()
    }

    /// Puts a value where there is none.
    pub(super) fn insert(&mut self, path: &str, value: Value) {
        if self.at(path).is_none() {
            self.replace(path, value);
        }
    }

    /// Puts another value in the place of one, whose origin it keeps.
    pub(super) fn replace(&mut self, path: &str, value: Value) {
        let (name, sections) = match path.rsplit_once('.') {
            Some((sections, name)) => (name, Some(sections)),
            None => (path, None),
        };
        let mut place = self;
        for section in sections.into_iter().flat_map(|path| path.split('.')) {
            let Value::Table(entries) = &mut place.value else {
                return;
            };
            place = entries
                .entry(section.to_owned())
                .or_insert_with(Self::empty);
        }
        if let Value::Table(entries) = &mut place.value {
            entries
                .entry(name.to_owned())
                .or_insert_with(Self::empty)
                .value = value;
        }
    }

    /// Takes away the value at `path`, a section and a key.
    pub(super) fn remove(&mut self, path: &str) {
        if let Value::Table(sections) = &mut self.value
            && let Some((section, name)) = path.split_once('.')
            && let Some(Self {
                value: Value::Table(entries),
                ..
            }) = sections.get_mut(section)
        {
            entries.remove(name);
        }
    }

    fn empty() -> Self {
        Self {
            value: Value::Table(BTreeMap::new()),
            origin: None,
        }
    }

    /// The value as the types of an experiment are read from it.
    pub(super) fn into_toml(self) -> toml::Value {
        match self.value {
            Value::Boolean(value) => value.into(),
            // Those of checked values are in the range of TOML.
            Value::Integer(value) => i64::try_from(value).unwrap_or(i64::MAX).into(),
            Value::Float(value) => value.into(),
            Value::String(text) | Value::Date(text) => text.into(),
            Value::Array(items) => {
                toml::Value::Array(items.into_iter().map(Self::into_toml).collect())
            }
            Value::Table(entries) => entries
                .into_iter()
                .map(|(name, node)| (name, node.into_toml()))
                .collect::<toml::Table>()
                .into(),
        }
    }

    /// Whether it stands in a file, rather than in an override.
    pub(super) fn is_from_file(&self) -> bool {
        matches!(self.origin, Some(Origin::File { .. }))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::String(value) => write!(f, "{value:?}"),
            Self::Date(value) => write!(f, "the date {value}"),
            Self::Array(_) => write!(f, "an array"),
            Self::Table(_) => write!(f, "a table"),
        }
    }
}

/// Parses the text of an experiment file; `path` is named in origins and errors.
pub(super) fn parse(text: &str, path: &Path) -> Result<Node, ExperimentError> {
    let lines = Lines { text, path };
    let table = DeTable::parse(text).map_err(|error| ExperimentError::Syntax {
        origin: Box::new(lines.at(error.span().map_or(0, |span| span.start))),
        message: error.message().to_owned(),
    })?;
    let origin = |start| lines.at(start);
    Ok(Node {
        value: convert_table(table.get_ref(), &origin)?,
        origin: Some(lines.at(0)),
    })
}

/// Puts the value of `text`, a `key.of.section=value`, in its place in `root`.
///
/// The value is one of TOML; what is none is taken as a string, so that words and paths need no
/// quotes.
pub(super) fn set(root: &mut Node, text: &str) -> Result<(), ExperimentError> {
    let refuse = |reason: &str| ExperimentError::Override {
        text: text.to_owned(),
        reason: reason.to_owned(),
    };
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| refuse("it has no `=`: write key=value, such as training.epochs=2"))?;
    let value = value.trim();
    let origin = Origin::Override(text.to_owned());
    let value = match DeValue::parse(value) {
        Ok(parsed) => convert(parsed.get_ref(), &|_| origin.clone())?,
        Err(error) if value.starts_with(['[', '{', '"', '\'']) => {
            return Err(refuse(&format!("its value: {}", error.message())));
        }
        Err(_) => Value::String(value.to_owned()),
    };
    if key.split('.').count() > DEEPEST {
        return Err(refuse("its key has more sections than any key has"));
    }
    let mut place = root;
    for part in key.trim().split('.') {
        if part.is_empty()
            || !part
                .chars()
                .all(|c| c.is_alphanumeric() || "_-".contains(c))
        {
            return Err(refuse(
                "its key is not a word, or words joined by dots, such as model.hidden",
            ));
        }
        if !matches!(place.value, Value::Table(_)) {
            *place = Node {
                value: Value::Table(BTreeMap::new()),
                origin: Some(origin.clone()),
            };
        }
        let Value::Table(entries) = &mut place.value else {
            unreachable!("made a table above")
        };
        place = entries.entry(part.to_owned()).or_insert_with(|| Node {
            value: Value::Table(BTreeMap::new()),
            origin: Some(origin.clone()),
        });
    }
    *place = Node {
        value,
        origin: Some(origin),
    };
    Ok(())
}

/// From positions in a text to its lines.
struct Lines<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Lines<'_> {
    fn at(&self, start: usize) -> Origin {
        let before = &self.text.as_bytes()[..start.min(self.text.len())];
        Origin::File {
            path: self.path.to_owned(),
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
        }
    }
}

fn convert_table(
    table: &DeTable<'_>,
    origin: &dyn Fn(usize) -> Origin,
) -> Result<Value, ExperimentError> {
    let mut entries = BTreeMap::new();
    for (key, value) in table {
        let mut node = node(value, origin)?;
        // The key stands where a reader looks; a table's own span may lie elsewhere.
        node.origin = Some(origin(key.span().start));
        entries.insert(key.get_ref().to_string(), node);
    }
    Ok(Value::Table(entries))
}

fn node(
    value: &Spanned<DeValue<'_>>,
    origin: &dyn Fn(usize) -> Origin,
) -> Result<Node, ExperimentError> {
    let start = value.span().start;
    let nested = |_: usize| origin(start);
    // In an array of tables every table has keys of its own, with better places.
    let places: &dyn Fn(usize) -> Origin = match value.get_ref() {
        DeValue::Array(_) | DeValue::Table(_) => origin,
        _ => &nested,
    };
    Ok(Node {
        value: convert(value.get_ref(), places)?,
        origin: Some(origin(start)),
    })
}

fn convert(
    value: &DeValue<'_>,
    origin: &dyn Fn(usize) -> Origin,
) -> Result<Value, ExperimentError> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| node(item, origin))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => convert_table(table, origin)?,
    })
}

/// An integer of any size; one beyond 128 bits is kept as a number too large for every key.
fn integer(number: &DeInteger<'_>) -> Value {
    Value::Integer(
        i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(
            if number.as_str().starts_with('-') {
                i128::MIN
            } else {
                i128::MAX
            },
        ),
    )
}
