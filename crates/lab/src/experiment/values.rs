//! The values of an experiment by the names of their keys, in the order of the file.

use ciborium::Value as Any;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::tree::{Node, Value};

/// Keys with their values, in order; sections within sections are taken apart.
#[derive(Debug)]
pub(super) struct Values(pub(super) Vec<(String, Any)>);

impl Values {
    /// Puts the values into a tree where it has none.
    pub(super) fn insert_into(&self, root: &mut Node) {
        for (path, node) in self.nodes() {
            root.insert(path, node.value);
        }
    }

    /// Those of `section`, whose name is `name`; empty for a whole experiment.
    pub(super) fn of(name: &str, section: &impl Serialize) -> Self {
        // Every number and text has a form; nothing that is written refuses.
        let value = Any::serialized(section).unwrap_or(Any::Null);
        let mut found = Vec::new();
        take_apart(name, value, &mut found);
        Self(found)
    }

    /// The value of a key.
    pub(super) fn get(&self, path: &str) -> Option<&Any> {
        let found = self.0.iter().find(|(key, _)| key == path);
        found.map(|(_, value)| value)
    }

    /// The value of a key whose values are words or paths.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Any::as_text)
    }

    /// All of them, as if a file had them.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&str, Node)> {
        self.0.iter().map(|(path, value)| (&path[..], node(value)))
    }

    /// The value of a key as TOML.
    pub(super) fn toml(&self, path: &str) -> Option<String> {
        self.get(path).map(toml_of)
    }

    /// The keys with their values as TOML.
    pub(super) fn into_toml(self) -> impl Iterator<Item = (String, String)> {
        let entries = self.0.into_iter();
        entries.map(|(path, value)| (path, toml_of(&value)))
    }
}

fn toml_of(value: &Any) -> String {
    match toml::Value::try_from(Written(value)) {
        Ok(value) => value.to_string(),
        // An integer beyond those of TOML, which a valid experiment does not have.
        Err(_) => node(value).value.to_string(),
    }
}

fn take_apart(prefix: &str, value: Any, found: &mut Vec<(String, Any)>) {
    let Any::Map(entries) = value else {
        found.push((prefix.to_owned(), value));
        return;
    };
    for (key, value) in entries {
        let key = key.as_text().unwrap_or_default();
        match prefix {
            "" => take_apart(key, value, found),
            prefix => take_apart(&format!("{prefix}.{key}"), value, found),
        }
    }
}

fn node(value: &Any) -> Node {
    Node {
        value: match value {
            Any::Bool(value) => Value::Boolean(*value),
            Any::Integer(value) => Value::Integer((*value).into()),
            Any::Float(value) => Value::Float(*value),
            Any::Text(text) => Value::String(text.clone()),
            Any::Array(items) => Value::Array(items.iter().map(node).collect()),
            Any::Map(entries) => Value::Table(
                entries
                    .iter()
                    .map(|(key, value)| (key.as_text().unwrap_or_default().into(), node(value)))
                    .collect(),
            ),
            _ => Value::Table(Default::default()),
        },
        origin: None,
    }
}

/// Serialises the values as sections again.
impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sections {
            prefix: "",
            values: &self.0,
        }
        .serialize(serializer)
    }
}

/// The keys whose names begin with `prefix`, which stand next to each other.
struct Sections<'a> {
    prefix: &'a str,
    values: &'a [(String, Any)],
}

impl Serialize for Sections<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut rest = self.values;
        while let Some((path, value)) = rest.first() {
            let name = &path[self.prefix.len()..];
            let Some((section, _)) = name.split_once('.') else {
                map.serialize_entry(name, &Written(value))?;
                rest = &rest[1..];
                continue;
            };
            let prefix = &path[..self.prefix.len() + section.len() + 1];
            let within = rest.partition_point(|(path, _)| path.starts_with(prefix));
            let values = &rest[..within];
            map.serialize_entry(section, &Sections { prefix, values })?;
            rest = &rest[within..];
        }
        map.end()
    }
}

/// A value with its numbers in full: as they are serialised by [`Any`] itself, those that a single
/// precision number can hold would be written with the digits of one.
struct Written<'a>(&'a Any);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Any::Float(number) => serializer.serialize_f64(*number),
            Any::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Written(item))?;
                }
                seq.end()
            }
            Any::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Written(value))?;
                }
                map.end()
            }
            other => other.serialize(serializer),
        }
    }
}
