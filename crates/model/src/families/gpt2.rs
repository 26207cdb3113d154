//! GPT-2 (Radford et al., 2019): learned positions, and weights that are stored (inputs, outputs),
//! those of queries, keys and values in one.

use serde_json::{Map, Value};

use super::family::{Family, FieldNames, SpecialTokens, Tied};
use super::fields::{Fields, OptionalSize};
use super::sizes::{Dimensions, four_times};
use super::tensor_names::{Module, TensorNames};
use crate::ModelError;
use crate::architecture::{
    Activation, Architecture, AttentionLayout, Mlp, Norm, NormKind, PositionEncoding, Residual,
};

pub(super) static FAMILY: Family = Family {
    model_type: "gpt2",
    class: "GPT2LMHeadModel",
    fields: FieldNames {
        vocabulary: "vocab_size",
        hidden: "n_embd",
        layers: "n_layer",
        heads: "n_head",
        key_value_heads: None,
        head_dimension: None,
        intermediate: OptionalSize {
            name: "n_inner",
            absent: None,
        },
        positions: "n_positions",
        epsilon: Some("layer_norm_epsilon"),
        activation: "activation_function",
        initializer_range: "initializer_range",
        window: None,
    },
    tensors: TensorNames {
        prefix: "transformer.",
        blocks: "h",
        outside: &[
            Module::plain("wte", &["token_embedding"]),
            Module::plain("wpe", &["position_embedding"]),
            Module::plain("ln_f", &["final_norm"]),
        ],
        block: &[
            Module::plain("ln_1", &["attention_norm"]),
            Module::transposed("attn.c_attn", &["query", "key", "value"]),
            Module::transposed("attn.c_proj", &["output"]),
            Module::plain("ln_2", &["mlp_norm"]),
            Module::transposed("mlp.c_fc", &["up"]),
            Module::transposed("mlp.c_proj", &["down"]),
        ],
        head: "lm_head.weight",
        head_in_class: "lm_head.weight",
        redundant: &[".attn.bias", ".attn.masked_bias"],
    },
    tied: Tied {
        in_files: true,
        from_scratch: true,
    },
    special_tokens: SpecialTokens {
        start: Some(50_256),
        end: Some(50_256),
    },
    intermediate: four_times,
    architecture,
    read,
    write,
    scales_residual: true,
    dropouts: &["attn_pdrop", "embd_pdrop", "resid_pdrop"],
};

fn architecture(sizes: &Dimensions) -> Architecture {
    Architecture {
        vocabulary: sizes.vocabulary,
        hidden: sizes.hidden,
        layers: sizes.layers,
        positions: sizes.positions,
        position_encoding: PositionEncoding::Learned { offset: 0 },
        attention: AttentionLayout {
            input_bias: true,
            output_bias: true,
            ..sizes.global_attention()
        },
        mlp: Mlp {
            intermediate: sizes.intermediate,
            activation: Activation::GeluTanh,
            gated: false,
            bias: true,
        },
        norm: Norm {
            kind: NormKind::Layer,
            epsilon: 1e-5,
        },
        residual: Residual::Sequential,
        tied: true,
    }
}

fn read(_: &mut Architecture, fields: &mut Fields) -> Result<(), ModelError> {
    let convert = "convert the model so that its weights contain the factor";
    fields.only("scale_attn_weights", true, convert)?;
    fields.only("scale_attn_by_inverse_layer_idx", false, convert)?;
    fields.only(
        "add_cross_attention",
        false,
        "save the decoder alone, without cross attention",
    )
}

fn write(_: &Architecture, _: &mut Map<String, Value>) {}
