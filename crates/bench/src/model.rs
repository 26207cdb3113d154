//! The models whose speed is measured.

use std::str::FromStr;

use autophage_model::{Family, ModelConfig, ModelError, Sizes};

use crate::BenchError;

/// A model whose speed is measured, and what a measurement asks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BenchModel {
    /// The model of the preset `demo`.
    Demo,
    /// The model of the preset `tinystories-1m`.
    TinyStories1M,
    /// The model of the preset `tinystories-33m`.
    TinyStories33M,
    /// A Llama of the demo's sizes.
    DemoLlama,
    /// SmolLM2-135M (Allal et al., 2025), a Llama.
    SmolLm2,
}

impl BenchModel {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Demo,
        Self::TinyStories1M,
        Self::TinyStories33M,
        Self::DemoLlama,
        Self::SmolLm2,
    ];

    /// Those that are measured where none are named, the smallest first.
    pub const USUAL: [Self; 3] = [Self::Demo, Self::TinyStories1M, Self::TinyStories33M];

    /// What it is called in reports: the name of its preset, where it has one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::TinyStories1M => "tinystories-1m",
            Self::TinyStories33M => "tinystories-33m",
            Self::DemoLlama => "demo-llama",
            Self::SmolLm2 => "smollm2-135m",
        }
    }

    /// What it may be called for short.
    fn short(self) -> &'static str {
        let name = self.name();
        name.strip_prefix("tinystories-").unwrap_or(name)
    }

    /// The names that are understood, for messages.
    pub(crate) fn known() -> String {
        Self::ALL
            .map(|model| format!("`{}`", model.short()))
            .join(", ")
    }

    /// Its network.
    pub(crate) fn config(self) -> Result<ModelConfig, ModelError> {
        let demo = Sizes::new(2048, 128, 4, 8, 2048);
        match self {
            Self::Demo => ModelConfig::new(Family::named("gpt_neo")?, &demo),
            Self::TinyStories1M | Self::TinyStories33M => ModelConfig::preset(self.name()),
            Self::DemoLlama => ModelConfig::new(Family::named("llama")?, &demo),
            Self::SmolLm2 => {
                let sizes = Sizes {
                    key_value_heads: Some(3),
                    intermediate: Some(1536),
                    ..Sizes::new(49_152, 576, 30, 9, 8192)
                };
                ModelConfig::new(Family::named("llama")?, &sizes)
            }
        }
    }

    /// Tokens that a token is conditioned on at most, in training and scoring.
    pub(crate) fn context(self) -> usize {
        match self {
            Self::Demo | Self::DemoLlama => 256,
            Self::TinyStories1M | Self::TinyStories33M | Self::SmolLm2 => 512,
        }
    }

    /// Tokens of a sampled text.
    pub(crate) fn sampled_tokens(self) -> usize {
        match self {
            Self::Demo | Self::DemoLlama => 256,
            Self::TinyStories1M => 600,
            Self::TinyStories33M => 300,
            Self::SmolLm2 => 100,
        }
    }

    /// Texts that are sampled side by side.
    pub(crate) fn sampled_texts(self) -> usize {
        match self {
            Self::SmolLm2 => 64,
            _ => 200,
        }
    }

    /// Texts that are scored.
    pub(crate) fn scored_texts(self) -> usize {
        match self {
            Self::SmolLm2 => 20,
            _ => 100,
        }
    }
}

/// Reads the name of a preset, or what is left of it without `tinystories-`.
impl FromStr for BenchModel {
    type Err = BenchError;

    fn from_str(name: &str) -> Result<Self, BenchError> {
        Self::ALL
            .into_iter()
            .find(|model| [model.name(), model.short()].contains(&name))
            .ok_or_else(|| BenchError::UnknownModel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_full_and_short() {
        for model in BenchModel::ALL {
            assert_eq!(model.name().parse::<BenchModel>().unwrap(), model);
            assert_eq!(model.short().parse::<BenchModel>().unwrap(), model);
            assert!(model.config().unwrap().validate().is_ok());
        }
        assert_eq!(
            "2m".parse::<BenchModel>().unwrap_err().to_string(),
            "unknown model `2m`: choose among `demo`, `1m`, `33m`, `demo-llama`, `smollm2-135m`"
        );
    }
}
