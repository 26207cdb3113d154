//! The experiment: one TOML file, or one value, that says everything that a run does.

mod accepts;
mod check;
mod error;
mod fill;
mod given;
mod key;
mod keys;
mod presets;
mod pretrained;
mod reference;
mod sections;
mod selection;
mod tree;
mod validate;
mod values;

use std::path::Path;

use autophage_corpus::TokenizerChoice;
use autophage_theory::Paradigm;
use serde::{Deserialize, Serialize};

pub use accepts::{Accepts, Interval};
pub use error::ExperimentError;
pub use key::{Condition, Effect, Key, Measured, Required};
pub use presets::Preset;
pub use sections::{
    BackendKind, ComputeSection, CorpusSettings, EpochCount, FormKind, GenerationSection,
    Initialise, InterpolationKind, MeasureSection, ModelSettings, NGramSettings, OverflowKind,
    ProbeSettings, TrainingSection, TransformerKind, TransformerSettings,
};
pub use tree::Origin;

pub(crate) use pretrained::family;

use given::Reading;
use selection::Selection;
use values::Values;

/// Everything that a run does.
///
/// It can be read from a file or made in a program; [`validate`](Self::validate) checks either.
///
/// ```
/// use autophage_lab::{CorpusSettings, Experiment, NGramSettings};
///
/// let experiment = Experiment {
///     name: "counts".to_owned(),
///     generations: 3,
///     corpus: CorpusSettings::new("stories.jsonl"),
///     ..Experiment::of(NGramSettings::default())
/// };
/// experiment.validate().unwrap();
///
/// let wrong = Experiment { generations: 0, ..experiment };
/// let error = wrong.validate().unwrap_err().to_string();
/// assert!(error.starts_with("generations is 0, but must be an integer from 1"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Experiment {
    /// What people call it.
    pub name: String,
    /// From which all random numbers follow.
    pub seed: u64,
    /// Number of models that are trained, one on another.
    pub generations: u32,
    /// Where the real documents come from.
    pub corpus: CorpusSettings,
    /// How text becomes tokens.
    pub tokenizer: TokenizerChoice,
    /// What is trained.
    pub model: ModelSettings,
    /// How it is trained.
    pub training: TrainingSection,
    /// What each generation writes.
    pub generation: GenerationSection,
    /// What each generation is trained on.
    pub paradigm: Paradigm,
    /// What is measured of each generation.
    pub measure: MeasureSection,
    /// What computes.
    pub compute: ComputeSection,
}

/// A key that two experiments give different values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key with its sections, joined by dots.
    pub key: String,
    /// Its value in the first, as TOML; `None` where it has no such key.
    pub left: Option<String>,
    /// Its value in the second.
    pub right: Option<String>,
}

/// Eight generations of a small GPT-Neo. The corpus is missing: it has no default.
impl Default for Experiment {
    fn default() -> Self {
        Self {
            name: "experiment".to_owned(),
            seed: 1,
            generations: 8,
            corpus: CorpusSettings::default(),
            tokenizer: TokenizerChoice::Gpt2,
            model: ModelSettings::default(),
            training: TrainingSection::default(),
            generation: GenerationSection::default(),
            paradigm: Paradigm::Replace,
            measure: MeasureSection::default(),
            compute: ComputeSection::default(),
        }
    }
}

impl Experiment {
    /// The defaults for a model, which is asked as its kind is trained
    /// ([`ModelSettings::conditioning`]).
    pub fn of(model: impl Into<ModelSettings>) -> Self {
        let model = model.into();
        Self {
            measure: MeasureSection {
                conditioning: model.conditioning(),
                ..MeasureSection::default()
            },
            model,
            ..Self::default()
        }
    }

    /// Reads an experiment: `specification` is the path of a file or the name of a preset, and
    /// each of `overrides` a `key.of.section=value` that goes before what is written there.
    ///
    /// # Errors
    /// A file that cannot be read, or anything in it or in an override that is not right.
    pub fn load(specification: &str, overrides: &[String]) -> Result<Self, ExperimentError> {
        if let Some(preset) = Preset::named(specification) {
            let origin = format!("preset {}", preset.name);
            return Self::from_toml(preset.text, Path::new(&origin), overrides);
        }
        let path = Path::new(specification);
        if !path.exists() && path.extension().is_none() {
            let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name).collect();
            return Err(ExperimentError::NoSuchSpecification {
                name: specification.to_owned(),
                nearest: accepts::nearest(specification, names.iter().copied()),
                presets: names.join(", "),
            });
        }
        let text = std::fs::read_to_string(path).map_err(|source| ExperimentError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text, path, overrides)
    }

    /// Reads an experiment from the text of a file. `path` names the file in errors, and relative
    /// paths in it start from its folder.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn from_toml(
        text: &str,
        path: &Path,
        overrides: &[String],
    ) -> Result<Self, ExperimentError> {
        Self::read(text, path, overrides, Reading::Request)
    }

    /// Reads the experiment that a run keeps, as [`to_toml`](Self::to_toml) of this version or an
    /// earlier one wrote it. Earlier ones wrote keys that the kind of model has no use for; they are
    /// passed over.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn from_kept(text: &str, path: &Path) -> Result<Self, ExperimentError> {
        Self::read(text, path, &[], Reading::Kept)
    }

    fn read(
        text: &str,
        path: &Path,
        overrides: &[String],
        reading: Reading,
    ) -> Result<Self, ExperimentError> {
        let mut root = tree::parse(text, path)?;
        for text in overrides {
            tree::set(&mut root, text)?;
        }
        let selection = Selection::of_file(&root);
        let given = given::checked(&root, &selection, reading)?;
        let mut filled = given.clone();
        fill::fill(&mut filled, &selection)?;
        let experiment =
            Self::deserialize(filled.into_toml()).map_err(|error| ExperimentError::Unreadable {
                origin: root.origin.clone().map(Box::new),
                message: error.message().to_owned(),
            })?;
        experiment
            .check(&|path| given.at(path).is_some())
            .map_err(|error| error.placed(|path| given.origin_of(path)))?;
        Ok(experiment)
    }

    /// The experiment as a file in which nothing is left to a default.
    ///
    /// # Panics
    /// If an integer is beyond those of TOML, which [`validate`](Self::validate) refuses.
    pub fn to_toml(&self) -> String {
        let values = Values::of("", self).written();
        toml::to_string(&values).expect("every value of a valid experiment has a form in TOML")
    }

    /// The keys whose values differ between `self` (left) and `other` (right), in order.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let values = |experiment: &Self| -> std::collections::BTreeMap<String, String> {
            Values::of("", experiment).written().into_toml().collect()
        };
        let (left, right) = (values(self), values(other));
        let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        keys.into_iter()
            .filter(|key| left.get(*key) != right.get(*key))
            .map(|key| Difference {
                key: key.clone(),
                left: left.get(key).cloned(),
                right: right.get(key).cloned(),
            })
            .collect()
    }

    /// The [`differences`](Self::differences) that forbid that a run of `self` goes on as `other`.
    pub fn incompatibilities(&self, other: &Self) -> Vec<Difference> {
        let mut differences = self.differences(other);
        differences.retain(|difference| {
            Key::named(&difference.key).is_none_or(|key| !key.effect.may_change())
        });
        differences
    }
}
