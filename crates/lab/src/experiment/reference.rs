//! `docs/experiment.md`: a reference of every key, written from the table.

use std::fmt::Write;

use autophage_corpus::TokenizerChoice;

use super::accepts::Accepts;
use super::key::SectionText;
use super::keys::SECTIONS;
use super::values::Values;
use super::{
    Condition, Effect, Experiment, Key, Measured, ModelSettings, NGramSettings, TransformerKind,
    TransformerSettings,
};

const INTRODUCTION: &str = "\
# The experiment file

An experiment is a [TOML](https://toml.io) file that says everything that a run does. This page describes every key, in the order in which a
run comes to it. It is written from the table of keys in `crates/lab/src/experiment/keys.rs`, which the program itself goes by.

```toml
name = \"mine\"
generations = 5

[corpus]
path = \"stories.jsonl\"

[tokenizer]
kind = \"bpe\"

[model]
layers = 2

[[measure.probe]]
context = \" there\"
next = [\" was\", \" were\"]
```

Only `corpus.path` must be there; everything else has a default. `autophage presets demo` prints a file to start from, and
`autophage run FILE --dry-run` prints the experiment with every default explicit. On the command line, `--set training.epochs=2` goes before
what the file says. Relative paths in a file start from its folder, those on the command line from the working directory.

A key that does not exist, a value out of range, and a key that the chosen kind of model does not use are refused, with the line, the value,
what would be right, and the most similar key. An override of `model.kind` passes over what the file says for another kind.

The *effect* of a key says what another value changes:

- **results**: what the run makes. A run keeps its value.
- **rounding**: the last digits of results, and whatever follows from these; besides, speed and memory. A run keeps its value, and `compare` takes
  runs that differ in it as one experiment.
- **speed and memory**: nothing else. A run may go on with another value.
- **extent**: how far the run goes. A run may go on with another value, of at least the generations that it has.
- **label**: what tables and figures call the run. A run keeps it.

Where a key decides what a measurement means, `autophage compare` does not set runs side by side that differ in it, and its entry says in which
measurements.
";

impl Key {
    /// The text of `docs/experiment.md`: a reference of every key, in Markdown.
    pub fn reference() -> String {
        let defaults = Defaults::new();
        let mut text = INTRODUCTION.to_owned();
        for section in SECTIONS {
            write_section(section, &defaults, &mut text);
        }
        text
    }

    fn write(&self, defaults: &Defaults, text: &mut String) {
        let mut facts = vec![("default", self.default_text(defaults))];
        facts.push(("values", self.values_text()));
        facts.extend(self.unit.map(|unit| ("unit", unit.to_owned())));
        let condition = self.condition.map(condition_text);
        facts.extend(condition.map(|condition| ("only with", condition)));
        facts.push(("effect", self.effect_text()));
        let _ = writeln!(text, "\n### `{}`\n\n{}\n", self.path, self.meaning);
        for (fact, value) in facts {
            let _ = writeln!(text, "- *{fact}*: {value}");
        }
    }

    fn default_text(&self, defaults: &Defaults) -> String {
        let rule = self.default_rule.map(|rule| rule.to_owned());
        if self.required.is_some() {
            return "none; it must be given".to_owned();
        }
        let mut found = defaults.of(self);
        if let (Some(followed), Some(found)) = (self.follows, &found) {
            return format!("that of `{followed}`, or {found} where that is not used");
        }
        // A rule that is about all values needs no example of one.
        if self.path == "model.positions" {
            found = None;
        }
        match (found, rule) {
            (Some(found), Some(rule)) => format!("{found}; {rule}"),
            (Some(found), None) => found,
            (None, Some(rule)) => rule,
            (None, None) => "none".to_owned(),
        }
    }

    fn values_text(&self) -> String {
        match self.accepts {
            Accepts::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            }
            Accepts::Integer { least, most, or } => {
                let word = or.map(|word| format!(", or `{word}`")).unwrap_or_default();
                match most {
                    super::accepts::LARGEST => {
                        format!("an integer of at least {}{word}", grouped(least))
                    }
                    most => format!(
                        "an integer from {} to {}{word}",
                        grouped(least),
                        grouped(most)
                    ),
                }
            }
            other => other.to_string(),
        }
    }

    fn effect_text(&self) -> String {
        let effect = match self.effect {
            Effect::Results => "results",
            Effect::Rounding => "rounding",
            Effect::Cost => "speed and memory",
            Effect::Extent => "extent",
            Effect::Label => "label",
        };
        let measured: Vec<&str> = self
            .basis_of
            .iter()
            .map(|measured| measured.name())
            .collect();
        match &measured[..] {
            [] => effect.to_owned(),
            measured => format!(
                "{effect}; runs that differ in it are not compared by {}",
                measured.join(", ")
            ),
        }
    }
}

fn condition_text(condition: Condition) -> String {
    let is_transformers = condition.key == "model.kind"
        && TransformerKind::ALL
            .iter()
            .all(|kind| condition.values.contains(&kind.name()));
    if is_transformers {
        return "a transformer".to_owned();
    }
    let values: Vec<String> = condition
        .values
        .iter()
        .map(|value| format!("`{value}`"))
        .collect();
    format!("`{}` = {}", condition.key, values.join(" or "))
}

impl Measured {
    fn name(self) -> &'static str {
        match self {
            Self::Perplexity => "perplexity",
            Self::BitsPerByte => "bits per byte",
            Self::GeneratedPerplexity => "perplexity of generated text",
            Self::Corpus => "vocabulary and length",
            Self::Sample => "diversity",
            Self::Retention => "retention",
            Self::Probes => "probes",
        }
    }
}

fn write_section(section: &SectionText, defaults: &Defaults, text: &mut String) {
    let _ = writeln!(text, "\n## {}\n\n{}", section.title, section.introduction);
    for key in Key::of_section(section.name) {
        key.write(defaults, text);
    }
}

/// Experiments that together have every key with a default.
struct Defaults(Vec<(&'static str, Values)>);

impl Defaults {
    fn new() -> Self {
        let transformers = TransformerKind::ALL
            .map(|kind| ModelSettings::from(TransformerSettings::of(kind)))
            .map(Experiment::of);
        let counts = Experiment::of(NGramSettings::default());
        let trained = Experiment {
            tokenizer: TokenizerChoice::Bpe {
                vocabulary: TokenizerChoice::USUAL_VOCABULARY,
            },
            ..Experiment::default()
        };
        let values = |experiment| Values::of("", &experiment).written();
        let kinds = transformers.map(|experiment| ("a transformer", values(experiment)));
        let mut all = Vec::from(kinds);
        all.push(("`ngram`", values(counts)));
        all.push(("a transformer", values(trained)));
        Self(all)
    }

    /// The default of a key, or of each kind of model where they differ; `None` where it has none.
    fn of(&self, key: &Key) -> Option<String> {
        let mut found: Vec<(&str, String)> = Vec::new();
        for (kind, values) in &self.0 {
            let value = values.toml(key.path).filter(|value| value != "[]");
            let is_known = |value: &String| {
                let mut found = found.iter();
                found.any(|(of, known)| of == kind || known == value)
            };
            if let Some(value) = value
                && !is_known(&value)
            {
                found.push((kind, value));
            }
        }
        let written = |value: &str| format!("`{}`", value.trim_matches('"'));
        match &found[..] {
            [] => None,
            // The kind of model is what the kinds differ in.
            [(_, value), ..] if key.path == "model.kind" => Some(written(value)),
            [(_, value)] => Some(written(value)),
            several => {
                let each = several
                    .iter()
                    .map(|(kind, value)| format!("{} for {kind}", written(value)));
                Some(each.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// 1000000 as 1,000,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
