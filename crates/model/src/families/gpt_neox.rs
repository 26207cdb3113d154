//! GPT-NeoX (Black et al., 2022), Pythia: attention and MLP side by side, rotary positions in a share
//! of each head, and a head of its own.

use serde_json::{Map, Value, json};

use super::family::{Family, FieldNames, SpecialTokens, Tied};
use super::fields::{Fields, OptionalSize};
use super::rotary::RotaryFields;
use super::sizes::{Dimensions, four_times};
use super::tensor_names::{Module, TensorNames};
use crate::ModelError;
use crate::architecture::{
    Activation, Architecture, AttentionLayout, Mlp, Norm, NormKind, PositionEncoding, Residual,
    Rotary, RotaryScaling,
};

pub(super) static FAMILY: Family = Family {
    model_type: "gpt_neox",
    class: "GPTNeoXForCausalLM",
    fields: FieldNames {
        vocabulary: "vocab_size",
        hidden: "hidden_size",
        layers: "num_hidden_layers",
        heads: "num_attention_heads",
        key_value_heads: None,
        head_dimension: None,
        intermediate: OptionalSize {
            name: "intermediate_size",
            absent: Some(24_576),
        },
        positions: "max_position_embeddings",
        epsilon: Some("layer_norm_eps"),
        activation: "hidden_act",
        initializer_range: "initializer_range",
        window: None,
    },
    tensors: TensorNames {
        prefix: "gpt_neox.",
        blocks: "layers",
        outside: &[
            Module::plain("embed_in", &["token_embedding"]),
            Module::plain("final_layer_norm", &["final_norm"]),
        ],
        block: &[
            Module::plain("input_layernorm", &["attention_norm"]),
            Module::by_head("attention.query_key_value", &["query", "key", "value"]),
            Module::plain("attention.dense", &["output"]),
            Module::plain("post_attention_layernorm", &["mlp_norm"]),
            Module::plain("mlp.dense_h_to_4h", &["up"]),
            Module::plain("mlp.dense_4h_to_h", &["down"]),
        ],
        head: "embed_out.weight",
        head_in_class: "lm_head.weight",
        redundant: &[
            ".attention.bias",
            ".attention.masked_bias",
            ".rotary_emb.inv_freq",
        ],
    },
    tied: Tied {
        in_files: false,
        from_scratch: false,
    },
    special_tokens: SpecialTokens {
        start: Some(0),
        end: Some(2),
    },
    intermediate: four_times,
    architecture,
    read,
    write,
    scales_residual: false,
    dropouts: &["attention_dropout", "hidden_dropout"],
};

const ROTARY: RotaryFields = RotaryFields {
    base: "rotary_emb_base",
    share: Some("rotary_pct"),
};
const BIAS: &str = "attention_bias";
const PARALLEL: &str = "use_parallel_residual";

fn architecture(sizes: &Dimensions) -> Architecture {
    Architecture {
        vocabulary: sizes.vocabulary,
        hidden: sizes.hidden,
        layers: sizes.layers,
        positions: sizes.positions,
        position_encoding: PositionEncoding::Rotary(Rotary {
            // A quarter, to the even number below, but a pair at least.
            dimension: (sizes.head_dimension / 8 * 2).max(2),
            base: 10_000.0,
            scaling: RotaryScaling::Default,
        }),
        attention: AttentionLayout {
            input_bias: true,
            output_bias: true,
            ..sizes.global_attention()
        },
        mlp: Mlp {
            intermediate: sizes.intermediate,
            activation: Activation::Gelu,
            gated: false,
            bias: true,
        },
        norm: Norm {
            kind: NormKind::Layer,
            epsilon: 1e-5,
        },
        residual: Residual::Parallel,
        tied: false,
    }
}

fn read(architecture: &mut Architecture, fields: &mut Fields) -> Result<(), ModelError> {
    let attention = &mut architecture.attention;
    if let PositionEncoding::Rotary(rotary) = &mut architecture.position_encoding {
        ROTARY.read(fields, attention.head_dimension, rotary)?;
    }
    if let Some(bias) = fields.flag(BIAS)? {
        (attention.input_bias, attention.output_bias) = (bias, bias);
    }
    if fields.flag(PARALLEL)? == Some(false) {
        architecture.residual = Residual::Sequential;
    }
    Ok(())
}

fn write(architecture: &Architecture, fields: &mut Map<String, Value>) {
    let attention = &architecture.attention;
    if let PositionEncoding::Rotary(rotary) = &architecture.position_encoding {
        ROTARY.write(rotary, attention.head_dimension, fields);
    }
    fields.insert(BIAS.to_owned(), json!(attention.input_bias));
    let parallel = architecture.residual == Residual::Parallel;
    fields.insert(PARALLEL.to_owned(), json!(parallel));
}
