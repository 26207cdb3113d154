//! What a file and its overrides give: known keys that are used, with values that are right.

use std::collections::BTreeMap;

use super::accepts::{Accepts, nearest};
use super::selection::Selection;
use super::tree::{Node, Origin, Value};
use super::values::Values;
use super::{Experiment, ExperimentError, Key, check};

/// How strictly a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As somebody's request: a key that is not used is refused.
    Request,
    /// As what a run keeps: earlier versions wrote the values of all keys, used or not.
    Kept,
}

/// Checks `root`, and gives what is used of it.
pub(super) fn checked(
    root: &Node,
    selection: &Selection,
    reading: Reading,
) -> Result<Node, ExperimentError> {
    for key in Key::selectors() {
        if let Some(node) = root.at(key.path) {
            check::value(key, node)?;
        }
    }
    let reader = Reader {
        root,
        selection,
        reading,
        usual: Values::of("", &Experiment::default()),
    };
    let found = reader.section("", root)?;
    check::required(selection, |path| {
        let node = found.at(path);
        Key::named(path).is_some_and(|key| !check::is_missing(key, node))
    })?;
    Ok(found)
}

struct Reader<'a> {
    root: &'a Node,
    selection: &'a Selection,
    reading: Reading,
    usual: Values,
}

impl Reader<'_> {
    fn section(&self, section: &str, node: &Node) -> Result<Node, ExperimentError> {
        let Value::Table(entries) = &node.value else {
            return Err(wrong(section, node, "a section (a table of keys)"));
        };
        let mut found = BTreeMap::new();
        for (name, node) in entries {
            let path = match section {
                "" => name.clone(),
                section => format!("{section}.{name}"),
            };
            if let Some(entry) = self.entry(&path, section, name, node)? {
                found.insert(name.clone(), entry);
            }
        }
        Ok(Node {
            value: Value::Table(found),
            origin: node.origin.clone(),
        })
    }

    /// What is used of an entry; `None` where that is nothing.
    fn entry(
        &self,
        path: &str,
        section: &str,
        name: &str,
        node: &Node,
    ) -> Result<Option<Node>, ExperimentError> {
        match Key::named(path) {
            Some(key) if self.selection.uses(key) => {
                let node = self.tables(key, as_text(key, node))?;
                check::value(key, &node)?;
                Ok(Some(node))
            }
            Some(key) if self.passes_over(key, node) => Ok(None),
            // A key of another kind of the same section is none of this one's.
            Some(key) if self.selection.has(key) || !is_beside_its_selector(key) => {
                Err(check::unused(key, node, self.selection))
            }
            None if Key::is_section(path) => self.section(path, node).map(Some),
            _ => Err(self.unknown(path, section, name, node)),
        }
    }

    /// Looks for unknown keys in an array of tables.
    fn tables(&self, key: &Key, node: Node) -> Result<Node, ExperimentError> {
        let (Accepts::Tables, Value::Array(items)) = (key.accepts, &node.value) else {
            return Ok(node);
        };
        let items = items.iter().map(|item| self.section(key.path, item));
        Ok(Node {
            value: Value::Array(items.collect::<Result<_, _>>()?),
            origin: node.origin,
        })
    }

    /// Whether a key that is not used may stand there all the same.
    fn passes_over(&self, key: &Key, node: &Node) -> bool {
        let Some(condition) = key.condition.filter(|_| !self.selection.has(key)) else {
            return false;
        };
        // An override that chooses another kind leaves behind what the file says for the first.
        let selector = self.root.at(condition.key);
        let is_left_behind =
            node.is_from_file() && selector.is_some_and(|selector| !selector.is_from_file());
        // Earlier versions printed every key of other sections; one at its default asks for nothing.
        let says_nothing = node.is_from_file()
            && !is_beside_its_selector(key)
            && self
                .usual
                .nodes()
                .any(|(path, usual)| path == key.path && check::same(&usual, node));
        is_left_behind || says_nothing || self.reading == Reading::Kept
    }

    fn unknown(&self, path: &str, section: &str, name: &str, node: &Node) -> ExperimentError {
        let keys = self.selection.used(section).map(Key::name);
        let sections = super::keys::SECTIONS
            .iter()
            .filter(|other| {
                section.is_empty() && !other.name.is_empty() && !other.name.contains('.')
            })
            .map(|other| other.name);
        let valid: Vec<&str> = keys.chain(sections).collect();
        ExperimentError::UnknownKey {
            key: path.to_owned(),
            origin: node.origin.clone().map(Box::new),
            nearest: nearest(name, valid.iter().copied()),
            valid: valid.join(", "),
        }
    }
}

/// Whether the key that chooses between the kinds stands in the same section.
fn is_beside_its_selector(key: &Key) -> bool {
    key.condition
        .and_then(|condition| Key::named(condition.key))
        .is_some_and(|selector| selector.section() == key.section())
}

/// On a command line a text such as 7 has no quotes.
fn as_text(key: &Key, node: &Node) -> Node {
    let is_text = matches!(
        key.accepts,
        Accepts::Text | Accepts::TextSuch { .. } | Accepts::Path
    );
    match (&node.origin, &node.value) {
        (
            Some(Origin::Override(text)),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Date(_),
        ) if is_text => match text.split_once('=') {
            Some((path, value)) if path.trim() == key.path => Node {
                value: Value::String(value.trim().to_owned()),
                origin: node.origin.clone(),
            },
            _ => node.clone(),
        },
        _ => node.clone(),
    }
}

fn wrong(key: &str, node: &Node, expected: &str) -> ExperimentError {
    ExperimentError::Value {
        key: key.to_owned(),
        origin: node.origin.clone().map(Box::new),
        value: node.value.to_string(),
        expected: expected.to_owned(),
        nearest: None,
    }
}
