//! `[model]` of a transformer: its family, its sizes, and what its training starts from.

use std::fmt;
use std::path::PathBuf;

use autophage_model::{Family, ModelConfig, ModelError, Sizes};
use serde::{Deserialize, Serialize};

use super::words::or_auto;

/// A transformer and what its training starts from.
///
/// With [`pretrained`](Self::pretrained) family and sizes are those of that directory; the size
/// fields must then be left at their defaults. Sizes that a family does not have must be, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformerSettings {
    /// The family: the key `kind`.
    #[serde(rename = "kind")]
    pub family: TransformerKind,
    /// Where each generation's training starts from.
    pub initialise: Initialise,
    /// A Hugging Face directory, with `config.json` and weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<PathBuf>,
    /// Numbers in the residual stream of a token.
    pub hidden: u32,
    /// Number of blocks.
    pub layers: u32,
    /// Number of attention heads; it divides `hidden` unless `head_dimension` is given.
    pub heads: u32,
    /// The longest sequence that the model can read, in tokens.
    pub positions: u32,
    /// Tokens that local attention sees (GPT-Neo).
    pub window: u32,
    /// Numbers in the hidden layer of a block's feed-forward part; `None`: what is usual in the
    /// family, see [`Sizes::intermediate`].
    #[serde(with = "or_auto")]
    pub intermediate: Option<u32>,
    /// Number of heads of keys and values; it divides `heads`. `None`: as many as `heads` (Llama,
    /// Qwen2, Qwen3).
    #[serde(with = "or_auto")]
    pub key_value_heads: Option<u32>,
    /// Numbers in a head's queries, keys and values; `None`: `hidden / heads` (Llama, Qwen3).
    #[serde(with = "or_auto")]
    pub head_dimension: Option<u32>,
}

/// GPT-Neo of a size that trains in minutes on a CPU.
impl Default for TransformerSettings {
    fn default() -> Self {
        Self {
            family: TransformerKind::GptNeo,
            initialise: Initialise::Scratch,
            pretrained: None,
            hidden: 128,
            layers: 4,
            heads: 8,
            positions: super::training::CONTEXT,
            window: 256,
            intermediate: None,
            key_value_heads: None,
            head_dimension: None,
        }
    }
}

impl TransformerSettings {
    /// The default sizes of a family.
    pub fn of(family: TransformerKind) -> Self {
        Self {
            family,
            ..Self::default()
        }
    }

    /// A lineage in which every generation starts from the model in `directory`.
    pub fn pretrained(family: TransformerKind, directory: impl Into<PathBuf>) -> Self {
        Self {
            family,
            initialise: Initialise::Pretrained,
            pretrained: Some(directory.into()),
            ..Self::default()
        }
    }

    /// The sizes of one of the TinyStories models, such as `tinystories-1m`; `None` for a name that
    /// is not among [`ModelConfig::PRESETS`].
    pub fn preset(name: &str) -> Option<Self> {
        let network = ModelConfig::preset(name).ok()?.architecture;
        Some(Self {
            hidden: network.hidden as u32,
            layers: network.layers as u32,
            heads: network.attention.heads as u32,
            positions: network.positions as u32,
            ..Self::of(TransformerKind::GptNeo)
        })
    }

    /// The network of these sizes with a vocabulary of `tokens`, of which `end_of_text` starts and
    /// ends a text.
    ///
    /// # Errors
    /// Sizes that do not go together.
    pub fn network(&self, tokens: u32, end_of_text: u32) -> Result<ModelConfig, ModelError> {
        let size = |size: Option<u32>| size.map(|size| size as usize);
        let sizes = Sizes {
            key_value_heads: size(self.key_value_heads),
            head_dimension: size(self.head_dimension),
            intermediate: size(self.intermediate),
            window: (self.family == TransformerKind::GptNeo).then_some(self.window as usize),
            ..Sizes::new(
                tokens as usize,
                self.hidden as usize,
                self.layers as usize,
                self.heads as usize,
                self.positions as usize,
            )
        };
        let mut config = ModelConfig::new(Family::named(self.family.model_type())?, &sizes)?;
        config.start_of_text = Some(end_of_text);
        config.end_of_text = vec![end_of_text];
        Ok(config)
    }

    /// Number of heads of keys and values.
    pub fn key_value_head_count(&self) -> u32 {
        self.key_value_heads.unwrap_or(self.heads)
    }
}

/// A family of transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TransformerKind {
    /// GPT-Neo (Black et al., 2021): attention that alternates between global and local.
    GptNeo,
    /// GPT-2 (Radford et al., 2019).
    Gpt2,
    /// OPT (Zhang et al., 2022).
    Opt,
    /// GPT-NeoX (Black et al., 2022), as Pythia has it.
    #[serde(rename = "gpt-neox")]
    GptNeoX,
    /// Llama (Touvron et al., 2023), as SmolLM2 and TinyLlama have it.
    Llama,
    /// Qwen2 (2024).
    Qwen2,
    /// Qwen3 (2025).
    Qwen3,
}

impl TransformerKind {
    /// All families.
    pub const ALL: [Self; 7] = [
        Self::GptNeo,
        Self::Gpt2,
        Self::Opt,
        Self::GptNeoX,
        Self::Llama,
        Self::Qwen2,
        Self::Qwen3,
    ];

    /// The value of `model.kind`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GptNeo => "gpt-neo",
            Self::Gpt2 => "gpt2",
            Self::Opt => "opt",
            Self::GptNeoX => "gpt-neox",
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::GptNeo => "GPT-Neo",
            Self::Gpt2 => "GPT-2",
            Self::Opt => "OPT",
            Self::GptNeoX => "GPT-NeoX",
            Self::Llama => "Llama",
            Self::Qwen2 => "Qwen2",
            Self::Qwen3 => "Qwen3",
        }
    }

    /// The `model_type` of its `config.json`.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::GptNeo => "gpt_neo",
            Self::Gpt2 => "gpt2",
            Self::Opt => "opt",
            Self::GptNeoX => "gpt_neox",
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }
}

impl fmt::Display for TransformerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The weights that the training of a generation starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialise {
    /// Random ones, for every generation.
    Scratch,
    /// Those of the previous generation; generation 1 starts from `pretrained` or from scratch.
    Previous,
    /// Those in the directory `pretrained`, for every generation.
    Pretrained,
}
