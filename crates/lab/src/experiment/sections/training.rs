//! `[training]`.

use autophage_model::TrainingSettings;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::or_paradigm;

/// The default of the three contexts, in tokens.
pub(super) const CONTEXT: u32 = 256;

/// How a generation is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingSection {
    /// Sequences and optimizer.
    #[serde(flatten, deserialize_with = "settings")]
    pub settings: TrainingSettings,
    /// How often the training set is passed through.
    pub epochs: EpochCount,
    /// With early stopping: the most epochs.
    pub max_epochs: u32,
    /// With early stopping: epochs without improvement that are waited for.
    pub patience: u32,
    /// Tokens of every training set; `None`: what the paradigm says.
    #[serde(with = "or_paradigm")]
    pub tokens: Option<u64>,
}

/// What suits a small model and a small corpus.
impl Default for TrainingSection {
    fn default() -> Self {
        Self {
            settings: TrainingSettings {
                sequences_per_step: 16,
                context: CONTEXT as usize,
                ..TrainingSettings::default()
            },
            epochs: EpochCount::Fixed(3),
            max_epochs: 10,
            patience: 1,
            tokens: None,
        }
    }
}

/// Reads what is left of the section; what is not there is as in its default, which is not that of
/// [`TrainingSettings`].
fn settings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TrainingSettings, D::Error> {
    let given = toml::Table::deserialize(deserializer)?;
    let mut values = toml::Table::try_from(TrainingSection::default().settings)
        .map_err(|error| D::Error::custom(error.to_string()))?;
    values.extend(given);
    TrainingSettings::deserialize(values).map_err(|error| D::Error::custom(error.message()))
}

/// How many epochs a generation is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochCount {
    /// So many.
    Fixed(u32),
    /// Found by early stopping in generation 1, and used again in every later one.
    EarlyStopping,
}

/// The word for [`EpochCount::EarlyStopping`].
const EARLY_STOPPING: &str = "early-stopping";

impl Serialize for EpochCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(epochs) => serializer.serialize_u32(*epochs),
            Self::EarlyStopping => serializer.serialize_str(EARLY_STOPPING),
        }
    }
}

impl<'de> Deserialize<'de> for EpochCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if value.as_str() == Some(EARLY_STOPPING) {
            return Ok(Self::EarlyStopping);
        }
        let epochs = value.as_integer().and_then(|n| u32::try_from(n).ok());
        epochs.map(Self::Fixed).ok_or_else(|| {
            D::Error::custom(format!("epochs must be a number or {EARLY_STOPPING:?}"))
        })
    }
}
