//! What is known of a key of the experiment file, apart from its value.

use super::accepts::Accepts;

/// A key of the experiment file. [`Key::ALL`] is the one list of them: the reader's checks, the
/// comparison of runs and the reference in `docs/experiment.md` all follow it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Key {
    /// Its name with its sections, joined by dots.
    pub path: &'static str,
    /// What it means, in a sentence or a few.
    pub meaning: &'static str,
    /// The unit of its value, where it has one.
    pub unit: Option<&'static str>,
    /// The values that it accepts.
    pub accepts: Accepts,
    /// What another value changes.
    pub effect: Effect,
    /// Measurements that mean the same in two runs only if the runs agree in this key.
    pub basis_of: &'static [Measured],
    /// Where it is used; `None`: everywhere.
    pub condition: Option<Condition>,
    /// Whether it is part of the shape of a model, which with `model.pretrained` comes from there.
    pub is_shape: bool,
    /// For a key that has no default.
    pub required: Option<Required>,
    /// The key whose value it has where it is not given itself.
    pub follows: Option<&'static str>,
    /// How its default follows from other keys, in words.
    pub default_rule: Option<&'static str>,
    /// Whether it only stands for values of other keys, and is not kept itself.
    pub is_shorthand: bool,
}

/// What another value of a key changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// What the run makes.
    Results,
    /// How results are rounded: their last digits, and whatever follows from these.
    Rounding,
    /// Speed and memory alone.
    Cost,
    /// How far the run goes.
    Extent,
    /// What people call it.
    Label,
}

impl Effect {
    /// Whether runs with different values are of different experiments. They are not if they only
    /// round differently, or go on for longer, or have another name.
    pub fn distinguishes(self) -> bool {
        self == Self::Results
    }

    /// Whether a run may go on with another value: every artefact that it has stays as it is.
    pub fn may_change(self) -> bool {
        matches!(self, Self::Cost | Self::Extent)
    }
}

/// A group of measurements that mean the same in two runs under the same conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measured {
    /// The perplexity of held-out documents.
    Perplexity,
    /// The bits per byte of held-out documents, which may be set side by side for different
    /// tokenizers.
    BitsPerByte,
    /// The perplexity of generated text.
    GeneratedPerplexity,
    /// What is counted in a whole corpus of tokens.
    Corpus,
    /// What is measured on a sample of a corpus.
    Sample,
    /// The error terms and the retention of the tracked contexts.
    Retention,
    /// The probabilities that are asked for.
    Probes,
}

/// Another key must have one of these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// The other key.
    pub key: &'static str,
    /// Its values.
    pub values: &'static [&'static str],
}

/// What is said where a key without a default is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Required {
    /// What it is for.
    pub purpose: &'static str,
    /// A value that would be right.
    pub example: &'static str,
}

/// A section of the experiment file.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionText {
    /// Its name; empty for the top of the file.
    pub(super) name: &'static str,
    /// Its heading in the reference.
    pub(super) title: &'static str,
    /// What a reader should know before the keys.
    pub(super) introduction: &'static str,
}

impl Key {
    /// The name of its section, empty for a key at the top of the file.
    pub fn section(&self) -> &'static str {
        self.path
            .rsplit_once('.')
            .map_or("", |(section, _)| section)
    }

    /// Its name within its section.
    pub fn name(&self) -> &'static str {
        self.path
            .rsplit_once('.')
            .map_or(self.path, |(_, name)| name)
    }

    pub(super) const fn new(path: &'static str, accepts: Accepts, meaning: &'static str) -> Self {
        Self {
            path,
            meaning,
            unit: None,
            accepts,
            effect: Effect::Results,
            basis_of: &[],
            condition: None,
            is_shape: false,
            required: None,
            follows: None,
            default_rule: None,
            is_shorthand: false,
        }
    }

    pub(super) const fn unit(self, unit: &'static str) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    pub(super) const fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    pub(super) const fn basis_of(self, basis_of: &'static [Measured]) -> Self {
        Self { basis_of, ..self }
    }

    pub(super) const fn when(self, key: &'static str, values: &'static [&'static str]) -> Self {
        Self {
            condition: Some(Condition { key, values }),
            ..self
        }
    }

    pub(super) const fn shape(self) -> Self {
        Self {
            is_shape: true,
            ..self
        }
    }

    pub(super) const fn required(self, purpose: &'static str, example: &'static str) -> Self {
        Self {
            required: Some(Required { purpose, example }),
            ..self
        }
    }

    pub(super) const fn follows(self, key: &'static str) -> Self {
        Self {
            follows: Some(key),
            ..self
        }
    }

    pub(super) const fn default_rule(self, rule: &'static str) -> Self {
        Self {
            default_rule: Some(rule),
            ..self
        }
    }

    pub(super) const fn shorthand(self) -> Self {
        Self {
            is_shorthand: true,
            ..self
        }
    }
}
