//! GPT-Neo (Black et al., 2021), TinyStories: layers whose attention is global and local in turns,
//! and not scaled.

use serde_json::{Map, Value, json};

use super::family::{Family, FieldNames, SpecialTokens, Tied};
use super::fields::{Fields, OptionalSize, wrong};
use super::sizes::{Dimensions, four_times};
use super::tensor_names::{Module, TensorNames};
use crate::ModelError;
use crate::architecture::{
    Activation, Architecture, AttentionLayout, MOST_LAYERS, Mlp, Norm, NormKind, PositionEncoding,
    Residual,
};

pub(super) static FAMILY: Family = Family {
    model_type: "gpt_neo",
    class: "GPTNeoForCausalLM",
    fields: FieldNames {
        vocabulary: "vocab_size",
        hidden: "hidden_size",
        layers: "num_layers",
        heads: "num_heads",
        key_value_heads: None,
        head_dimension: None,
        intermediate: OptionalSize {
            name: "intermediate_size",
            absent: None,
        },
        positions: "max_position_embeddings",
        epsilon: Some("layer_norm_epsilon"),
        activation: "activation_function",
        initializer_range: "initializer_range",
        window: Some(WINDOW),
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
            Module::plain("attn.attention.k_proj", &["key"]),
            Module::plain("attn.attention.v_proj", &["value"]),
            Module::plain("attn.attention.q_proj", &["query"]),
            Module::plain("attn.attention.out_proj", &["output"]),
            Module::plain("ln_2", &["mlp_norm"]),
            Module::plain("mlp.c_fc", &["up"]),
            Module::plain("mlp.c_proj", &["down"]),
        ],
        head: "lm_head.weight",
        head_in_class: "lm_head.weight",
        redundant: &[".attn.attention.bias", ".attn.attention.masked_bias"],
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
    scales_residual: false,
    dropouts: &["attention_dropout", "embed_dropout", "resid_dropout"],
};

const WINDOW: &str = "window_size";
const TYPES: &str = "attention_types";
const LAYERS: &str = "attention_layers";
const USUAL_WINDOW: usize = 256;

fn architecture(sizes: &Dimensions) -> Architecture {
    Architecture {
        vocabulary: sizes.vocabulary,
        hidden: sizes.hidden,
        layers: sizes.layers,
        positions: sizes.positions,
        position_encoding: PositionEncoding::Learned { offset: 0 },
        attention: AttentionLayout {
            heads: sizes.heads,
            key_value_heads: sizes.key_value_heads,
            head_dimension: sizes.head_dimension,
            scale: 1.0,
            windows: [None, Some(USUAL_WINDOW)]
                .into_iter()
                .cycle()
                .take(sizes.layers)
                .collect(),
            input_bias: false,
            output_bias: true,
            query_key_norm: false,
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

fn read(architecture: &mut Architecture, fields: &mut Fields) -> Result<(), ModelError> {
    let window = fields.optional_size(&OptionalSize {
        name: WINDOW,
        absent: None,
    })?;
    let window = window.unwrap_or(USUAL_WINDOW);
    let types = fields
        .take(TYPES)
        .ok_or_else(|| wrong(TYPES, "is missing; it says which layers see how far"))?;
    let kinds = expand(&types)?;
    if kinds.len() != architecture.layers {
        let problem = format!(
            "describes {} layers, and num_layers is {}",
            kinds.len(),
            architecture.layers
        );
        return Err(wrong(TYPES, problem));
    }
    if let Some(layers) = fields.take(LAYERS)
        && layers != json!(kinds)
    {
        let problem = format!("contradicts {TYPES}; remove it from config.json");
        return Err(wrong(LAYERS, problem));
    }
    architecture.attention.windows = kinds
        .iter()
        .map(|&kind| (kind == "local").then_some(window))
        .collect();
    Ok(())
}

/// The kind of each layer, from pairs of a pattern of kinds and how often it is repeated.
fn expand(types: &Value) -> Result<Vec<&str>, ModelError> {
    let not_pairs = || {
        let example = r#"[[["global", "local"], 4]]"#;
        wrong(
            TYPES,
            format!("{types}, and it must be pairs as in {example}"),
        )
    };
    let mut kinds = Vec::new();
    for pair in types.as_array().ok_or_else(not_pairs)? {
        let Some([Value::Array(pattern), times]) = pair.as_array().map(Vec::as_slice) else {
            return Err(not_pairs());
        };
        let pattern: Option<Vec<&str>> = pattern.iter().map(Value::as_str).collect();
        let pattern = pattern.ok_or_else(not_pairs)?;
        if let Some(kind) = pattern
            .iter()
            .find(|kind| !["global", "local"].contains(kind))
        {
            let problem = format!("{kind:?}, and the kinds of attention are global and local");
            return Err(wrong(TYPES, problem));
        }
        let times = times.as_u64().ok_or_else(not_pairs)? as usize;
        if pattern.len().saturating_mul(times) > MOST_LAYERS {
            let problem = format!("describes more than {MOST_LAYERS} layers");
            return Err(wrong(TYPES, problem));
        }
        kinds.extend(pattern.repeat(times));
    }
    Ok(kinds)
}

fn write(architecture: &Architecture, fields: &mut Map<String, Value>) {
    let windows = &architecture.attention.windows;
    let kinds: Vec<&str> = windows
        .iter()
        .map(|window| if window.is_some() { "local" } else { "global" })
        .collect();
    let window = windows.iter().flatten().next().unwrap_or(&USUAL_WINDOW);
    fields.insert(TYPES.to_owned(), json!(attention_types(&kinds)));
    fields.insert(LAYERS.to_owned(), json!(kinds));
    fields.insert(WINDOW.to_owned(), json!(window));
}

/// One pair if the layers alternate without a rest, as GPT-Neo's do; otherwise one pair for each run
/// of equals.
fn attention_types<'a>(layers: &[&'a str]) -> Vec<(Vec<&'a str>, usize)> {
    let alternates = layers.len() >= 2
        && layers.len().is_multiple_of(2)
        && layers[0] != layers[1]
        && layers.chunks(2).all(|pair| pair == &layers[..2]);
    if alternates {
        return vec![(layers[..2].to_vec(), layers.len() / 2)];
    }
    layers
        .chunk_by(|a, b| a == b)
        .map(|run| (vec![run[0]], run.len()))
        .collect()
}
