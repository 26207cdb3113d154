//! The experiment: one TOML file that says everything that a run does.

mod error;
mod presets;
mod read;
mod read_model;
mod section;
mod settings;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use autophage_corpus::TokenizerChoice;
use autophage_theory::Paradigm;
use serde::Serialize;

pub use error::ExperimentError;
pub use presets::Preset;
pub use settings::{
    Architecture, BackendKind, ComputeSection, CorpusSettings, EpochCount, FormKind,
    GenerationSection, GptNeoSettings, GptNeoSizes, Initialise, InterpolationKind, MeasureSection,
    ModelSettings, NGramSettings, OverflowKind, ProbeSettings, TrainingSection,
};
pub use tree::Origin;

/// Everything that a run does, with every default explicit.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// Keys whose values leave every artefact as it is, or, for `generations`, only add to them: a run
/// may go on with other values.
const FREE_KEYS: [&str; 3] = ["compute.threads", "generation.batch", "generations"];

impl Experiment {
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
                nearest: section::nearest(specification, &names),
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
        let mut root = tree::parse(text, path)?;
        for text in overrides {
            tree::set(&mut root, text)?;
        }
        read::experiment(&root)
    }

    /// The experiment as a file in which nothing is left to a default.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every value of an experiment has a form in TOML")
    }

    /// The keys whose values differ between `self` (left) and `other` (right), in order.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let (left, right) = (self.flattened(), other.flattened());
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
        differences.retain(|difference| !FREE_KEYS.contains(&difference.key.as_str()));
        differences
    }

    /// Every key with its value as TOML.
    fn flattened(&self) -> BTreeMap<String, String> {
        fn visit(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
            for (key, value) in table {
                match value {
                    toml::Value::Table(table) => visit(&format!("{prefix}{key}."), table, out),
                    value => {
                        out.insert(format!("{prefix}{key}"), value.to_string());
                    }
                }
            }
        }
        let table =
            toml::Table::try_from(self).expect("every value of an experiment has a form in TOML");
        let mut out = BTreeMap::new();
        visit("", &table, &mut out);
        out
    }
}
