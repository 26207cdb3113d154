//! Whether values are right one by one, wherever they come from.

use serde::Serialize;

use super::accepts::real;
use super::selection::Selection;
use super::tree::{Node, Value};
use super::values::Values;
use super::{Experiment, ExperimentError, Key};

/// Checks the value of a key that is used.
pub(super) fn value(key: &'static Key, node: &Node) -> Result<(), ExperimentError> {
    if is_missing(key, Some(node)) {
        return Err(missing(key));
    }
    if !key.accepts.contains(&node.value) {
        return Err(ExperimentError::Value {
            key: key.path.to_owned(),
            origin: node.origin.clone().map(Box::new),
            value: node.value.to_string(),
            expected: key.accepts.to_string(),
            nearest: key.accepts.nearest(&node.value),
        });
    }
    let Value::Array(items) = &node.value else {
        return Ok(());
    };
    for item in items {
        for within in Key::of_section(key.path) {
            match item.at(within.name()) {
                Some(node) => value(within, node)?,
                None if is_missing(within, None) => return Err(missing(within)),
                None => {}
            }
        }
    }
    Ok(())
}

/// Checks that every key without a default is there.
pub(super) fn required(
    selection: &Selection,
    find: impl Fn(&str) -> bool,
) -> Result<(), ExperimentError> {
    // Those of an array's tables are checked with each table.
    let in_tables = |key: &Key| Key::named(key.section()).is_some();
    match Key::ALL.iter().find(|key| {
        key.required.is_some() && !in_tables(key) && selection.uses(key) && !find(key.path)
    }) {
        Some(key) => Err(missing(key)),
        None => Ok(()),
    }
}

/// Checks the values of `section`, whose name is `name`; empty for a whole experiment.
pub(super) fn section(name: &str, section: &impl Serialize) -> Result<(), ExperimentError> {
    let values = Values::of(name, section);
    let selection = Selection::of_values(&values);
    let usual = Values::of("", &Experiment::default());
    for (path, node) in values.nodes() {
        let Some(key) = Key::named(path) else {
            continue;
        };
        if selection.uses(key) {
            value(key, &node)?;
        } else if !usual
            .nodes()
            .any(|(other, usual)| other == path && same(&usual, &node))
        {
            return Err(unused(key, &node, &selection));
        }
    }
    Ok(())
}

/// The error of a key that is not used.
pub(super) fn unused(key: &'static Key, node: &Node, selection: &Selection) -> ExperimentError {
    let origin = node.origin.clone().map(Box::new);
    match key.condition {
        Some(condition) if !selection.has(key) => {
            let used: Vec<&str> = selection.used(key.section()).map(Key::name).collect();
            let section = key.section();
            ExperimentError::Unused {
                key: key.path.to_owned(),
                origin,
                selector: condition.key,
                kind: selection
                    .value(condition.key)
                    .unwrap_or_default()
                    .to_owned(),
                used: match &used[..] {
                    [] => format!("that kind uses no key of [{section}]"),
                    used => format!("of [{section}] that kind uses {}", used.join(", ")),
                },
            }
        }
        _ => ExperimentError::Conflict {
            key: key.path.to_owned(),
            origin,
            value: node.value.to_string(),
            conflict: "but with model.pretrained the shape comes from that directory: leave it out"
                .to_owned(),
        },
    }
}

/// Whether two values are the same, however their numbers are written.
pub(super) fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (one, other) => real(one).is_some() && real(one) == real(other),
    }
}

/// Whether a key without a default is not there: an empty text or list is none.
pub(super) fn is_missing(key: &Key, node: Option<&Node>) -> bool {
    key.required.is_some()
        && match node.map(|node| &node.value) {
            None => true,
            Some(Value::String(text)) => {
                text.is_empty() && !matches!(key.accepts, super::accepts::Accepts::Text)
            }
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        }
}

fn missing(key: &Key) -> ExperimentError {
    let required = key.required.unwrap_or(super::key::Required {
        purpose: "it has no default",
        example: "…",
    });
    ExperimentError::Missing {
        key: key.path.to_owned(),
        purpose: required.purpose,
        example: required.example,
    }
}
