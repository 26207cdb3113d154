//! Published networks that are small enough to be trained here, by name.

use crate::ModelError;
use crate::config::ModelConfig;
use crate::families::{Family, Sizes};

/// Hidden size and layers of the TinyStories models of Eldan & Li (2023). They are GPT-Neos with 16
/// heads, 2,048 positions and GPT-2's vocabulary.
const TINY_STORIES: [(usize, usize); 5] = [(64, 8), (128, 8), (256, 8), (512, 8), (768, 4)];

impl ModelConfig {
    /// The names that [`preset`](Self::preset) knows.
    pub const PRESETS: [&'static str; 5] = [
        "tinystories-1m",
        "tinystories-3m",
        "tinystories-8m",
        "tinystories-28m",
        "tinystories-33m",
    ];

    /// A published network.
    ///
    /// # Errors
    /// A name that is not among [`PRESETS`](Self::PRESETS); the error lists those.
    pub fn preset(name: &str) -> Result<Self, ModelError> {
        let found = Self::PRESETS.iter().position(|&known| known == name);
        let (hidden, layers) =
            found
                .map(|index| TINY_STORIES[index])
                .ok_or_else(|| ModelError::Architecture {
                    field: "preset",
                    problem: format!("{name:?} is not one of {}", Self::PRESETS.join(", ")),
                })?;
        let family = Family::named("gpt_neo")?;
        Self::new(family, &Sizes::new(50_257, hidden, layers, 16, 2048))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_published_sizes() {
        // By hand: 12h² + 10h for each layer, 52,305 embeddings of h, and 2h.
        let sizes = [
            ("tinystories-1m", 3_745_984),
            ("tinystories-3m", 8_278_400),
            ("tinystories-8m", 19_702_528),
            ("tinystories-28m", 51_987_968),
            ("tinystories-33m", 68_514_048),
        ];
        assert!(ModelConfig::PRESETS == sizes.map(|(name, _)| name));
        for (name, parameters) in sizes {
            let config = ModelConfig::preset(name).unwrap();
            config.validate().unwrap();
            assert_eq!(config.architecture.parameter_count(), parameters, "{name}");
        }
        let error = ModelConfig::preset("tinystories-2m").unwrap_err();
        assert!(error.to_string().contains("tinystories-33m"), "{error}");
    }
}
