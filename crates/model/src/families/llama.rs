//! Llama (Touvron et al., 2023), SmolLM2, TinyLlama: RMS normalisation, rotary positions, SwiGLU,
//! grouped heads of keys and values. Qwen2 and Qwen3 are described by what they do differently.

use serde_json::{Map, Value, json};

use super::family::{Family, FieldNames, SpecialTokens, Tied};
use super::fields::{Fields, OptionalSize, wrong};
use super::rotary::RotaryFields;
use super::sizes::{Dimensions, eight_thirds};
use super::tensor_names::{Module, TensorNames};
use crate::ModelError;
use crate::architecture::{
    Activation, Architecture, Mlp, Norm, NormKind, PositionEncoding, Residual, Rotary,
    RotaryScaling,
};

pub(super) static FAMILY: Family = Family {
    model_type: "llama",
    class: "LlamaForCausalLM",
    fields: FieldNames {
        key_value_heads: Some(OptionalSize {
            name: "num_key_value_heads",
            absent: None,
        }),
        head_dimension: Some(OptionalSize {
            name: "head_dim",
            absent: None,
        }),
        intermediate: OptionalSize {
            name: "intermediate_size",
            absent: Some(11_008),
        },
        ..FIELDS
    },
    tensors: TENSORS,
    tied: TIED,
    special_tokens: SpecialTokens {
        start: Some(1),
        end: Some(2),
    },
    intermediate: eight_thirds,
    architecture,
    read,
    write,
    scales_residual: false,
    dropouts: &["attention_dropout"],
};

/// The fields that Llama and its relatives share; they differ in what they take for those that are
/// not there.
pub(super) const FIELDS: FieldNames = FieldNames {
    vocabulary: "vocab_size",
    hidden: "hidden_size",
    layers: "num_hidden_layers",
    heads: "num_attention_heads",
    key_value_heads: None,
    head_dimension: None,
    intermediate: OptionalSize {
        name: "intermediate_size",
        absent: None,
    },
    positions: "max_position_embeddings",
    epsilon: Some("rms_norm_eps"),
    activation: "hidden_act",
    initializer_range: "initializer_range",
    window: None,
};

/// The tensors of Llama and its relatives; those that an architecture does not have are not there.
pub(super) const TENSORS: TensorNames = TensorNames {
    prefix: "model.",
    blocks: "layers",
    outside: &[
        Module::plain("embed_tokens", &["token_embedding"]),
        Module::plain("norm", &["final_norm"]),
    ],
    block: &[
        Module::plain("input_layernorm", &["attention_norm"]),
        Module::plain("self_attn.k_proj", &["key"]),
        Module::plain("self_attn.v_proj", &["value"]),
        Module::plain("self_attn.q_proj", &["query"]),
        Module::plain("self_attn.q_norm", &["query_norm"]),
        Module::plain("self_attn.k_norm", &["key_norm"]),
        Module::plain("self_attn.o_proj", &["output"]),
        Module::plain("post_attention_layernorm", &["mlp_norm"]),
        Module::plain("mlp.gate_proj", &["gate"]),
        Module::plain("mlp.up_proj", &["up"]),
        Module::plain("mlp.down_proj", &["down"]),
    ],
    head: "lm_head.weight",
    head_in_class: "lm_head.weight",
    redundant: &[".rotary_emb.inv_freq"],
};

/// A file must say that the head is the token embedding; new networks, which are small, have it so,
/// as SmolLM2 and the smaller Qwens do.
pub(super) const TIED: Tied = Tied {
    in_files: false,
    from_scratch: true,
};

const ROTARY: RotaryFields = RotaryFields {
    base: "rope_theta",
    share: None,
};
pub(super) const ATTENTION_BIAS: &str = "attention_bias";
const MLP_BIAS: &str = "mlp_bias";
const TENSOR_PARALLEL: &str = "pretraining_tp";

pub(super) fn architecture(sizes: &Dimensions) -> Architecture {
    Architecture {
        vocabulary: sizes.vocabulary,
        hidden: sizes.hidden,
        layers: sizes.layers,
        positions: sizes.positions,
        position_encoding: PositionEncoding::Rotary(Rotary {
            dimension: sizes.head_dimension,
            base: 10_000.0,
            scaling: RotaryScaling::Default,
        }),
        attention: sizes.global_attention(),
        mlp: Mlp {
            intermediate: sizes.intermediate,
            activation: Activation::Silu,
            gated: true,
            bias: false,
        },
        norm: Norm {
            kind: NormKind::RootMeanSquare,
            epsilon: 1e-6,
        },
        residual: Residual::Sequential,
        tied: true,
    }
}

fn read(architecture: &mut Architecture, fields: &mut Fields) -> Result<(), ModelError> {
    read_rotary(architecture, fields)?;
    read_attention_bias(architecture, fields)?;
    if let Some(bias) = fields.flag(MLP_BIAS)? {
        architecture.mlp.bias = bias;
    }
    match fields.get(TENSOR_PARALLEL) {
        Some(value) if value.as_u64() != Some(1) => Err(wrong(
            TENSOR_PARALLEL,
            format!(
                "{value}, and only 1 is supported: set it to 1 in config.json; the network is the \
                 same up to rounding"
            ),
        )),
        _ => Ok(()),
    }
}

fn write(architecture: &Architecture, fields: &mut Map<String, Value>) {
    write_rotary(architecture, fields);
    let attention = &architecture.attention;
    fields.insert(ATTENTION_BIAS.to_owned(), json!(attention.input_bias));
    fields.insert(MLP_BIAS.to_owned(), json!(architecture.mlp.bias));
}

/// Reads the rotary positions, and refuses attention that is local.
pub(super) fn read_rotary(
    architecture: &mut Architecture,
    fields: &mut Fields,
) -> Result<(), ModelError> {
    let way_out = "if no text is longer than the window, remove it from config.json";
    fields.only("use_sliding_window", false, way_out)?;
    let full = |kind: &Value| kind.as_str() == Some("full_attention");
    match fields.get("layer_types") {
        Some(Value::Array(types)) if types.iter().all(full) => {}
        Some(types) => {
            return Err(wrong(
                "layer_types",
                format!("{types}, and only \"full_attention\" is supported: {way_out}"),
            ));
        }
        None => {}
    }
    match &mut architecture.position_encoding {
        PositionEncoding::Rotary(rotary) => {
            ROTARY.read(fields, architecture.attention.head_dimension, rotary)
        }
        PositionEncoding::Learned { .. } => Ok(()),
    }
}

/// Writes the rotary positions.
pub(super) fn write_rotary(architecture: &Architecture, fields: &mut Map<String, Value>) {
    if let PositionEncoding::Rotary(rotary) = &architecture.position_encoding {
        ROTARY.write(rotary, architecture.attention.head_dimension, fields);
    }
}

/// Reads whether the projections of attention, that of the output too, have a bias.
pub(super) fn read_attention_bias(
    architecture: &mut Architecture,
    fields: &mut Fields,
) -> Result<(), ModelError> {
    if let Some(bias) = fields.flag(ATTENTION_BIAS)? {
        let attention = &mut architecture.attention;
        (attention.input_bias, attention.output_bias) = (bias, bias);
    }
    Ok(())
}
