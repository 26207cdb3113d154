//! `[model]`: a transformer or an n-gram model.

use std::path::PathBuf;

use autophage_measure::probe::Conditioning;
use autophage_model::{Interpolation, NGramLearner};
use serde::{Deserialize, Serialize};

use super::{Initialise, TransformerSettings};

/// What is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum ModelSettings {
    /// An n-gram model.
    #[serde(rename = "ngram")]
    NGram(NGramSettings),
    /// A transformer, whose family is its kind.
    #[serde(untagged)]
    Transformer(TransformerSettings),
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self::Transformer(TransformerSettings::default())
    }
}

impl From<TransformerSettings> for ModelSettings {
    fn from(settings: TransformerSettings) -> Self {
        Self::Transformer(settings)
    }
}

impl From<NGramSettings> for ModelSettings {
    fn from(settings: NGramSettings) -> Self {
        Self::NGram(settings)
    }
}

impl ModelSettings {
    /// Where each generation's training starts from.
    pub fn initialise(&self) -> Initialise {
        match self {
            Self::Transformer(settings) => settings.initialise,
            Self::NGram(_) => Initialise::Scratch,
        }
    }

    /// The Hugging Face directory that the lineage starts from, if there is one.
    pub fn pretrained(&self) -> Option<&PathBuf> {
        match self {
            Self::Transformer(settings) => settings.pretrained.as_ref(),
            Self::NGram(_) => None,
        }
    }

    /// What such a model is best asked after: what its kind was trained to be asked.
    pub fn conditioning(&self) -> Conditioning {
        match self {
            Self::Transformer(_) => Conditioning::StartOfText,
            Self::NGram(_) => Conditioning::Bare,
        }
    }
}

/// An n-gram model: see [`NGramLearner`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NGramSettings {
    /// The tokens that a count spans, the next one included.
    pub order: u32,
    /// How contexts of different lengths go together.
    pub interpolation: InterpolationKind,
    /// λ of the interpolation `jelinek-mercer`.
    pub weight: f64,
    /// Whether tokens that the training set lacks have a probability.
    pub full_support: bool,
}

impl Default for NGramSettings {
    fn default() -> Self {
        Self {
            order: 3,
            interpolation: InterpolationKind::WittenBell,
            weight: 0.75,
            full_support: true,
        }
    }
}

impl NGramSettings {
    /// What counts.
    pub fn learner(&self) -> NGramLearner {
        NGramLearner {
            order: self.order as usize,
            interpolation: match self.interpolation {
                InterpolationKind::None => Interpolation::None,
                InterpolationKind::WittenBell => Interpolation::WittenBell,
                InterpolationKind::JelinekMercer => Interpolation::JelinekMercer {
                    weight: self.weight,
                },
            },
            full_support: self.full_support,
        }
    }
}

/// How an n-gram model's contexts of different lengths go together: see [`Interpolation`], which
/// carries the weight that a file keeps in a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterpolationKind {
    /// The longest context alone.
    None,
    /// By how surprising each context was.
    WittenBell,
    /// By a fixed weight.
    JelinekMercer,
}
