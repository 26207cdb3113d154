//! Qwen3 (Yang et al., 2025): a Llama whose queries and keys are normalised head by head, with heads
//! of any size.

use serde_json::{Map, Value, json};

use super::family::{Family, FieldNames, SpecialTokens};
use super::fields::{Fields, OptionalSize};
use super::llama;
use super::sizes::{Dimensions, eight_thirds};
use crate::ModelError;
use crate::architecture::Architecture;

pub(super) static FAMILY: Family = Family {
    model_type: "qwen3",
    class: "Qwen3ForCausalLM",
    fields: FieldNames {
        key_value_heads: Some(OptionalSize {
            name: "num_key_value_heads",
            absent: Some(32),
        }),
        head_dimension: Some(OptionalSize {
            name: "head_dim",
            absent: Some(128),
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
    read,
    write,
    scales_residual: false,
    dropouts: &["attention_dropout"],
};

fn architecture(sizes: &Dimensions) -> Architecture {
    let mut architecture = llama::architecture(sizes);
    architecture.attention.query_key_norm = true;
    architecture
}

fn read(architecture: &mut Architecture, fields: &mut Fields) -> Result<(), ModelError> {
    llama::read_rotary(architecture, fields)?;
    llama::read_attention_bias(architecture, fields)
}

fn write(architecture: &Architecture, fields: &mut Map<String, Value>) {
    llama::write_rotary(architecture, fields);
    let bias = architecture.attention.input_bias;
    fields.insert(llama::ATTENTION_BIAS.to_owned(), json!(bias));
}
