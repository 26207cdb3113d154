//! OPT (Zhang et al., 2022): learned positions behind two unused rows, and ReLU.

use serde_json::{Map, Value, json};

use super::family::{Family, FieldNames, SpecialTokens, Tied};
use super::fields::{Fields, OptionalSize, whole, wrong};
use super::sizes::{Dimensions, four_times};
use super::tensor_names::{Module, TensorNames};
use crate::ModelError;
use crate::architecture::{
    Activation, Architecture, AttentionLayout, Mlp, Norm, NormKind, PositionEncoding, Residual,
};

pub(super) static FAMILY: Family = Family {
    model_type: "opt",
    class: "OPTForCausalLM",
    fields: FieldNames {
        vocabulary: "vocab_size",
        hidden: "hidden_size",
        layers: "num_hidden_layers",
        heads: "num_attention_heads",
        key_value_heads: None,
        head_dimension: None,
        intermediate: OptionalSize {
            name: "ffn_dim",
            absent: Some(3072),
        },
        positions: "max_position_embeddings",
        epsilon: None,
        activation: "activation_function",
        initializer_range: "init_std",
        window: None,
    },
    tensors: TensorNames {
        prefix: "model.",
        blocks: "decoder.layers",
        outside: &[
            Module::plain("decoder.embed_tokens", &["token_embedding"]),
            Module::plain("decoder.embed_positions", &["position_embedding"]),
            Module::plain("decoder.final_layer_norm", &["final_norm"]),
        ],
        block: &[
            Module::plain("self_attn_layer_norm", &["attention_norm"]),
            Module::plain("self_attn.k_proj", &["key"]),
            Module::plain("self_attn.v_proj", &["value"]),
            Module::plain("self_attn.q_proj", &["query"]),
            Module::plain("self_attn.out_proj", &["output"]),
            Module::plain("final_layer_norm", &["mlp_norm"]),
            Module::plain("fc1", &["up"]),
            Module::plain("fc2", &["down"]),
        ],
        head: "lm_head.weight",
        head_in_class: "lm_head.weight",
        redundant: &[],
    },
    tied: Tied {
        in_files: true,
        from_scratch: true,
    },
    special_tokens: SpecialTokens {
        start: Some(2),
        end: Some(2),
    },
    intermediate: four_times,
    architecture,
    read,
    write,
    scales_residual: false,
    dropouts: &["attention_dropout", "dropout", "layerdrop"],
};

const EMBEDDING: &str = "word_embed_proj_dim";

fn architecture(sizes: &Dimensions) -> Architecture {
    Architecture {
        vocabulary: sizes.vocabulary,
        hidden: sizes.hidden,
        layers: sizes.layers,
        positions: sizes.positions,
        position_encoding: PositionEncoding::Learned { offset: 2 },
        attention: AttentionLayout {
            input_bias: true,
            output_bias: true,
            ..sizes.global_attention()
        },
        mlp: Mlp {
            intermediate: sizes.intermediate,
            activation: Activation::Relu,
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

fn read(architecture: &mut Architecture, fields: &mut Fields) -> Result<(), ModelError> {
    if let Some(value) = fields.take(EMBEDDING)
        && whole(EMBEDDING, &value)? != architecture.hidden
    {
        let problem = format!(
            "{value}, and only embeddings of hidden_size = {} are supported; OPT-350m is the only \
             published size that has others: take another one",
            architecture.hidden
        );
        return Err(wrong(EMBEDDING, problem));
    }
    let other = "OPT-350m is the only published size that differs: take another one";
    fields.only("do_layer_norm_before", true, other)?;
    fields.only("_remove_final_layer_norm", false, other)?;
    let published = "all published sizes have it";
    fields.only("enable_bias", true, published)?;
    fields.only("layer_norm_elementwise_affine", true, published)
}

fn write(architecture: &Architecture, fields: &mut Map<String, Value>) {
    fields.insert(EMBEDDING.to_owned(), json!(architecture.hidden));
}
