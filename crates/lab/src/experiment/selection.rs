//! Which keys are used, by the kinds that an experiment chooses.

use std::collections::BTreeMap;

use ciborium::Value as Any;

use super::tree::{Node, Value};
use super::values::Values;
use super::{Experiment, Key};

/// The value of every key that chooses which others are used, and whether the model's shape comes
/// from a directory.
#[derive(Debug)]
pub(super) struct Selection {
    chosen: BTreeMap<&'static str, String>,
    pub(super) is_pretrained: bool,
}

impl Selection {
    /// That of a file. Values that are missing, or no words at all, are those of the default.
    pub(super) fn of_file(root: &Node) -> Self {
        let given = |path: &str| match &root.at(path)?.value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        let usual = Self::of_values(&Values::of("", &Experiment::default()));
        let chosen = usual
            .chosen
            .into_iter()
            .map(|(key, usual)| (key, given(key).unwrap_or(usual)))
            .collect();
        Self {
            chosen,
            is_pretrained: root.at("model.pretrained").is_some(),
        }
    }

    /// That of an experiment, or of a section of one.
    pub(super) fn of_values(values: &Values) -> Self {
        let chosen = |key: &'static Key| Some((key.path, values.text(key.path)?.to_owned()));
        Self {
            chosen: Key::selectors().filter_map(chosen).collect(),
            is_pretrained: values.get("model.pretrained").is_some(),
        }
    }

    /// The value of a key that chooses.
    pub(super) fn value(&self, path: &str) -> Option<&str> {
        self.chosen.get(path).map(String::as_str)
    }

    /// Whether the kind that was chosen has this key. Where the key that chooses is not there, as in
    /// a section by itself, every kind is thought possible.
    pub(super) fn has(&self, key: &Key) -> bool {
        key.condition.is_none_or(|condition| {
            self.value(condition.key)
                .is_none_or(|value| condition.values.contains(&value))
        })
    }

    /// Whether the value of this key is looked at.
    pub(super) fn uses(&self, key: &Key) -> bool {
        self.has(key) && !(key.is_shape && self.is_pretrained)
    }

    /// The keys of `section` that are used.
    pub(super) fn used(&self, section: &str) -> impl Iterator<Item = &'static Key> {
        Key::of_section(section).filter(|key| self.uses(key))
    }
}

impl Values {
    /// Those that a file with every default explicit has: what has no use is left out.
    pub(super) fn written(mut self) -> Self {
        let selection = Selection::of_values(&self);
        self.0.retain(|(path, value)| {
            Key::named(path).is_none_or(|key| selection.uses(key))
                && !is_left_out(path, value, &selection)
        });
        self
    }
}

/// GPT-Neo's feed-forward part has been four times as wide as the network since before there was a
/// key for it: where it still is, the file stays as it was, byte for byte.
fn is_left_out(path: &str, value: &Any, selection: &Selection) -> bool {
    path == "model.intermediate"
        && selection.value("model.kind") == Some("gpt-neo")
        && value.as_text() == Some("auto")
}
