//! Qwen2 (Yang et al., 2024): a Llama whose queries, keys and values have biases.

use super::family::{Family, FieldNames, SpecialTokens};
use super::fields::OptionalSize;
use super::llama;
use super::sizes::{Dimensions, eight_thirds};
use crate::architecture::Architecture;

pub(super) static FAMILY: Family = Family {
    model_type: "qwen2",
    class: "Qwen2ForCausalLM",
    fields: FieldNames {
        key_value_heads: Some(OptionalSize {
            name: "num_key_value_heads",
            absent: Some(32),
        }),
        head_dimension: Some(OptionalSize {
            name: "head_dim",
            absent: None,
        }),
        intermediate: OptionalSize {
            name: "intermediate_size",
            absent: Some(22_016),
        },
        ..llama::FIELDS
    },
    tensors: llama::TENSORS,
    tied: llama::TIED,
    special_tokens: SpecialTokens {
        start: None,
        end: None,
    },
    intermediate: eight_thirds,
    architecture,
    read: llama::read_rotary,
    write: llama::write_rotary,
    scales_residual: false,
    dropouts: &["attention_dropout"],
};

fn architecture(sizes: &Dimensions) -> Architecture {
    let mut architecture = llama::architecture(sizes);
    architecture.attention.input_bias = true;
    architecture
}
