//! Which families there are.

use super::{Family, gpt_neo, gpt_neox, gpt2, llama, opt, qwen2, qwen3};
use crate::ModelError;

static FAMILIES: [&Family; 7] = [
    &gpt_neo::FAMILY,
    &gpt2::FAMILY,
    &opt::FAMILY,
    &gpt_neox::FAMILY,
    &llama::FAMILY,
    &qwen2::FAMILY,
    &qwen3::FAMILY,
];

impl Family {
    /// All families.
    pub fn all() -> &'static [&'static Family] {
        &FAMILIES
    }

    /// The family that `config.json` calls `model_type`.
    ///
    /// # Errors
    /// A name that no family has; the error lists those that there are.
    pub fn named(model_type: &str) -> Result<&'static Family, ModelError> {
        let family = FAMILIES
            .iter()
            .find(|family| family.model_type() == model_type);
        family.copied().ok_or_else(|| ModelError::Architecture {
            field: "model_type",
            problem: format!("{model_type:?} is not supported; {}", Self::supported()),
        })
    }

    /// Which there are, for messages.
    pub(crate) fn supported() -> String {
        let names: Vec<&str> = FAMILIES.iter().map(|family| family.model_type()).collect();
        format!("supported are {}", names.join(", "))
    }
}
