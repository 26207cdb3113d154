//! What can be wrong with an experiment file.

use std::path::PathBuf;

use super::Origin;

/// An error of an experiment file or of an override: what, where, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// The file cannot be read.
    #[error("cannot read the experiment file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Neither a file nor a preset.
    #[error(
        "there is no experiment file and no preset {name:?}{}; the presets are {presets}, an experiment file ends in .toml",
        suggest(.nearest)
    )]
    NoSuchSpecification {
        /// What was asked for.
        name: String,
        /// The preset that was perhaps meant.
        nearest: Option<String>,
        /// The names of all presets.
        presets: String,
    },
    /// The text is not TOML.
    #[error("{origin}: not TOML: {message}")]
    Syntax {
        /// Where.
        origin: Box<Origin>,
        /// What the parser says.
        message: String,
    },
    /// An override that is not `key=value`.
    #[error("--set {text}: {reason}")]
    Override {
        /// The override.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that means nothing.
    #[error("{}there is no key `{key}`{}; valid here: {valid}", place(.origin), suggest(.nearest))]
    UnknownKey {
        /// The key with its sections, joined by dots.
        key: String,
        /// Where; `None` where a program set it.
        origin: Option<Box<Origin>>,
        /// The valid key that is most like it.
        nearest: Option<String>,
        /// All keys that are valid there.
        valid: String,
    },
    /// A value of the wrong type or outside the range.
    #[error("{}{key} is {value}, but must be {expected}{}", place(.origin), suggest(.nearest))]
    Value {
        /// The key with its sections, joined by dots.
        key: String,
        /// Where; `None` where a program set it.
        origin: Option<Box<Origin>>,
        /// The value as it was written.
        value: String,
        /// What would be right.
        expected: String,
        /// The valid word that is most like it.
        nearest: Option<String>,
    },
    /// A key without a default that is not there.
    #[error("{key} is not set: {purpose}, for example --set {key}={example}")]
    Missing {
        /// The key with its sections, joined by dots.
        key: String,
        /// What it is for.
        purpose: &'static str,
        /// A value that would be right.
        example: &'static str,
    },
    /// A key that another one leaves without a use.
    #[error("{}{key} has no use with {selector} = {kind:?}: leave it out; {used}", place(.origin))]
    Unused {
        /// The key with its sections, joined by dots.
        key: String,
        /// Where; `None` where a program set it.
        origin: Option<Box<Origin>>,
        /// The key that chooses what is used.
        selector: &'static str,
        /// Its value.
        kind: String,
        /// What is used of the section instead.
        used: String,
    },
    /// The directory of a model whose family cannot be told.
    #[error("{}model.pretrained is {path}, {problem}", place(.origin))]
    Pretrained {
        /// The directory.
        path: PathBuf,
        /// Where; `None` where a program set it.
        origin: Option<Box<Origin>>,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// Values that are right one by one and make no experiment.
    #[error("{}not an experiment: {message}", place(.origin))]
    Unreadable {
        /// Where.
        origin: Option<Box<Origin>>,
        /// What was found.
        message: String,
    },
    /// Two values that do not go together.
    #[error("{}{key} is {value}, {conflict}", place(.origin))]
    Conflict {
        /// The key with its sections, joined by dots.
        key: String,
        /// Where; `None` where the value is a default or a program set it.
        origin: Option<Box<Origin>>,
        /// Its value.
        value: String,
        /// What it does not go with, and what would be right.
        conflict: String,
    },
}

impl ExperimentError {
    /// The error with the place of its key, which `origin` finds.
    pub(super) fn placed(mut self, find: impl FnOnce(&str) -> Option<Origin>) -> Self {
        if let Self::Value { key, origin, .. }
        | Self::Unused { key, origin, .. }
        | Self::UnknownKey { key, origin, .. }
        | Self::Conflict { key, origin, .. } = &mut self
            && origin.is_none()
        {
            *origin = find(key).map(Box::new);
        }
        self
    }
}

fn suggest(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

fn place(origin: &Option<Box<Origin>>) -> String {
    origin
        .as_ref()
        .map(|origin| format!("{origin}: "))
        .unwrap_or_default()
}
