//! Published configurations, what is refused, round trips, and that every tensor has its place.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Family, Sizes};
use crate::ModelError;
use crate::architecture::{
    Activation, Architecture, NormKind, PositionEncoding, Residual, Rotary, RotaryScaling,
};
use crate::config::ModelConfig;
use crate::files::WeightFormat;
use crate::parameters::Parameters;

fn read(text: &str) -> Result<ModelConfig, ModelError> {
    ModelConfig::from_json(text, Path::new("config.json"))
}

fn tiny(family: &str) -> ModelConfig {
    let sizes = Sizes::new(50, 32, 2, 4, 20);
    ModelConfig::new(Family::named(family).unwrap(), &sizes).unwrap()
}

/// The fields of a tiny network's file, changed.
fn changed(family: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut fields = serde_json::from_str(&tiny(family).to_json()).unwrap();
    change(&mut fields);
    Value::Object(fields).to_string()
}

fn rotary(architecture: &Architecture) -> &Rotary {
    match &architecture.position_encoding {
        PositionEncoding::Rotary(rotary) => rotary,
        PositionEncoding::Learned { .. } => panic!("positions are learned"),
    }
}

/// `config.json` of published models: what is needed of it, and fields that must not disturb.
const PUBLISHED: [(&str, usize, &str); 11] = [
    // EleutherAI/pythia-70m
    (
        "gpt_neox",
        70_426_624,
        r#"{"architectures": ["GPTNeoXForCausalLM"], "bos_token_id": 0, "eos_token_id": 0,
            "hidden_act": "gelu", "hidden_size": 512, "initializer_range": 0.02,
            "intermediate_size": 2048, "layer_norm_eps": 1e-05, "max_position_embeddings": 2048,
            "model_type": "gpt_neox", "num_attention_heads": 8, "num_hidden_layers": 6,
            "rotary_emb_base": 10000, "rotary_pct": 0.25, "tie_word_embeddings": false,
            "torch_dtype": "float16", "transformers_version": "4.24.0", "use_cache": true,
            "use_parallel_residual": true, "vocab_size": 50304}"#,
    ),
    // HuggingFaceTB/SmolLM2-135M
    (
        "llama",
        134_515_008,
        r#"{"architectures": ["LlamaForCausalLM"], "attention_bias": false,
            "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 0, "hidden_act": "silu",
            "hidden_size": 576, "initializer_range": 0.041666666666666664,
            "intermediate_size": 1536, "is_llama_config": true, "max_position_embeddings": 8192,
            "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30,
            "num_key_value_heads": 3, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
            "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000,
            "tie_word_embeddings": true, "torch_dtype": "bfloat16",
            "transformers_version": "4.40.1", "use_cache": true, "vocab_size": 49152}"#,
    ),
    // TinyLlama/TinyLlama-1.1B
    (
        "llama",
        1_100_048_384,
        r#"{"architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
            "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
            "intermediate_size": 5632, "max_position_embeddings": 2048, "model_type": "llama",
            "num_attention_heads": 32, "num_hidden_layers": 22, "num_key_value_heads": 4,
            "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null,
            "tie_word_embeddings": false, "torch_dtype": "float32",
            "transformers_version": "4.31.0.dev0", "use_cache": true, "vocab_size": 32000}"#,
    ),
    // meta-llama/Llama-3.2-1B
    (
        "llama",
        1_235_814_400,
        r#"{"architectures": ["LlamaForCausalLM"], "attention_bias": false,
            "attention_dropout": 0.0, "bos_token_id": 128000, "eos_token_id": 128001,
            "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
            "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false,
            "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16,
            "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
            "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                "original_max_position_embeddings": 8192, "rope_type": "llama3"},
            "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
            "transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256}"#,
    ),
    // Qwen/Qwen2-0.5B
    (
        "qwen2",
        494_032_768,
        r#"{"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
            "bos_token_id": 151643, "eos_token_id": 151643, "hidden_act": "silu",
            "hidden_size": 896, "initializer_range": 0.02, "intermediate_size": 4864,
            "max_position_embeddings": 131072, "max_window_layers": 24, "model_type": "qwen2",
            "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2,
            "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 131072,
            "tie_word_embeddings": true, "torch_dtype": "bfloat16",
            "transformers_version": "4.40.1", "use_cache": true, "use_sliding_window": false,
            "vocab_size": 151936}"#,
    ),
    // Qwen/Qwen3-0.6B
    (
        "qwen3",
        596_049_920,
        r#"{"architectures": ["Qwen3ForCausalLM"], "attention_bias": false,
            "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645,
            "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
            "initializer_range": 0.02, "intermediate_size": 3072,
            "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
            "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
            "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000,
            "sliding_window": null, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
            "transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false,
            "vocab_size": 151936}"#,
    ),
    // facebook/opt-125m
    (
        "opt",
        125_239_296,
        r#"{"_remove_final_layer_norm": false, "activation_dropout": 0.0,
            "activation_function": "relu", "architectures": ["OPTForCausalLM"],
            "attention_dropout": 0.0, "bos_token_id": 2, "do_layer_norm_before": true,
            "dropout": 0.1, "eos_token_id": 2, "ffn_dim": 3072, "hidden_size": 768,
            "init_std": 0.02, "layerdrop": 0.0, "max_position_embeddings": 2048,
            "model_type": "opt", "num_attention_heads": 12, "num_hidden_layers": 12,
            "pad_token_id": 1, "prefix": "</s>", "torch_dtype": "float16",
            "transformers_version": "4.21.0.dev0", "use_cache": true, "vocab_size": 50272,
            "word_embed_proj_dim": 768}"#,
    ),
    // openai-community/gpt2
    (
        "gpt2",
        124_439_808,
        r#"{"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"],
            "attn_pdrop": 0.1, "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256,
            "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
            "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024,
            "resid_pdrop": 0.1, "summary_activation": null, "summary_first_dropout": 0.1,
            "summary_proj_to_labels": true, "summary_type": "cls_index",
            "summary_use_proj": true, "task_specific_params": {"text-generation":
            {"do_sample": true, "max_length": 50}}, "vocab_size": 50257}"#,
    ),
    // roneneldan/TinyStories-1M
    (
        "gpt_neo",
        3_745_984,
        r#"{"activation_function": "gelu_new", "architectures": ["GPTNeoForCausalLM"],
            "attention_dropout": 0, "attention_layers": ["global", "local", "global", "local",
            "global", "local", "global", "local"], "attention_types": [[["global", "local"], 4]],
            "bos_token_id": 50256, "embed_dropout": 0, "eos_token_id": 50256,
            "gradient_checkpointing": false, "hidden_size": 64, "initializer_range": 0.02,
            "intermediate_size": null, "layer_norm_epsilon": 1e-05,
            "max_position_embeddings": 2048, "model_type": "gpt_neo", "num_heads": 16,
            "num_layers": 8, "resid_dropout": 0, "summary_activation": null,
            "summary_first_dropout": 0.1, "summary_proj_to_labels": true,
            "summary_type": "cls_index", "summary_use_proj": true, "torch_dtype": "float32",
            "transformers_version": "4.28.1", "use_cache": true, "vocab_size": 50257,
            "window_size": 256}"#,
    ),
    // EleutherAI/pythia-160m, as Transformers 5 writes it
    (
        "gpt_neox",
        162_322_944,
        r#"{"architectures": ["GPTNeoXForCausalLM"], "attention_bias": true, "bos_token_id": 0,
            "dtype": "float16", "eos_token_id": 0, "hidden_act": "gelu", "hidden_size": 768,
            "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-05,
            "max_position_embeddings": 2048, "model_type": "gpt_neox",
            "num_attention_heads": 12, "num_hidden_layers": 12, "rope_parameters":
            {"partial_rotary_factor": 0.25, "rope_theta": 10000, "rope_type": "default"},
            "tie_word_embeddings": false, "use_parallel_residual": true, "vocab_size": 50304}"#,
    ),
    // EleutherAI/gpt-neo-125m
    (
        "gpt_neo",
        125_198_592,
        r#"{"activation_function": "gelu_new", "architectures": ["GPTNeoForCausalLM"],
            "attention_types": [[["global", "local"], 6]], "bos_token_id": 50256,
            "eos_token_id": 50256, "hidden_size": 768, "initializer_range": 0.02,
            "intermediate_size": null, "layer_norm_epsilon": 1e-05,
            "max_position_embeddings": 2048, "model_type": "gpt_neo", "num_heads": 12,
            "num_layers": 12, "vocab_size": 50257, "window_size": 256}"#,
    ),
];

#[test]
fn family_published_configurations_have_the_published_parameters() {
    for (family, parameters, text) in PUBLISHED {
        let config = read(text).unwrap();
        assert_eq!(config.family.model_type(), family);
        assert_eq!(
            config.architecture.parameter_count(),
            parameters,
            "{family}"
        );
        // What is written describes the same model, and nothing was lost.
        let written = config.to_json();
        assert_eq!(read(&written).unwrap(), config, "{family}");
        let written: Map<String, Value> = serde_json::from_str(&written).unwrap();
        let fields: Map<String, Value> = serde_json::from_str(text).unwrap();
        for (field, value) in fields {
            let renamed = field == "torch_dtype";
            assert!(
                renamed || value.is_null() || written.contains_key(&field),
                "{field}"
            );
        }
    }
}

#[test]
fn family_published_configurations_are_what_they_are() {
    let configs = PUBLISHED.map(|(_, _, text)| read(text).unwrap());
    let [
        pythia,
        smollm,
        _,
        llama,
        qwen2,
        qwen3,
        opt,
        gpt2,
        stories,
        ..,
    ] = &configs;

    let network = &pythia.architecture;
    assert_eq!(network.residual, Residual::Parallel);
    assert_eq!(network.mlp.activation, Activation::Gelu);
    assert_eq!(rotary(network).dimension, 16);
    assert!(!network.tied && network.attention.input_bias && network.attention.output_bias);
    assert_eq!(pythia.weight_format, WeightFormat::F16);

    let network = &smollm.architecture;
    assert_eq!(network.attention.key_value_heads, 3);
    assert_eq!(network.attention.head_dimension, 64);
    assert_eq!(network.attention.scale, 0.125);
    assert_eq!(network.norm.kind, NormKind::RootMeanSquare);
    assert_eq!(network.norm.epsilon, 1e-5);
    assert_eq!(rotary(network).base, 100_000.0);
    assert!(network.tied && network.mlp.gated && !network.mlp.bias);
    assert_eq!(smollm.initializer_range, 1.0 / 24.0);
    assert_eq!(smollm.weight_format, WeightFormat::Bf16);
    assert_eq!(
        (smollm.start_of_text, &smollm.end_of_text[..]),
        (Some(0), &[0][..])
    );

    let scaling = RotaryScaling::Llama3 {
        factor: 32.0,
        low_frequency_factor: 1.0,
        high_frequency_factor: 4.0,
        original_positions: 8192,
    };
    assert_eq!(rotary(&llama.architecture).scaling, scaling);

    let attention = &qwen2.architecture.attention;
    assert!(attention.input_bias && !attention.output_bias && !attention.query_key_norm);
    assert_eq!(qwen2.architecture.norm.epsilon, 1e-6);

    let attention = &qwen3.architecture.attention;
    assert!(attention.query_key_norm && !attention.input_bias);
    assert_eq!((attention.heads, attention.head_dimension), (16, 128));

    let network = &opt.architecture;
    assert_eq!(
        network.position_encoding,
        PositionEncoding::Learned { offset: 2 }
    );
    assert_eq!((network.positions, network.position_rows()), (2048, 2050));
    assert_eq!(network.mlp.activation, Activation::Relu);

    let network = &gpt2.architecture;
    assert_eq!(network.mlp.activation, Activation::GeluTanh);
    assert_eq!(network.mlp.intermediate, 3072);
    assert!(network.tied && network.attention.input_bias);

    let attention = &stories.architecture.attention;
    assert_eq!(attention.scale, 1.0);
    assert_eq!(attention.windows[..2], [None, Some(256)]);
    assert!(!attention.input_bias && attention.output_bias);
}

#[test]
fn family_options_that_are_not_supported_are_refused_by_name() {
    let sliding = ["sliding_attention", "full_attention"];
    let yarn = json!({"rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0});
    let cases = [
        ("gpt2", "scale_attn_by_inverse_layer_idx", json!(true)),
        ("gpt2", "scale_attn_weights", json!(false)),
        ("gpt2", "add_cross_attention", json!(true)),
        ("gpt2", "activation_function", json!("quick_gelu")),
        ("gpt2", "n_head", json!(5)),
        ("gpt2", "n_head", json!(-4)),
        ("gpt2", "n_head", json!(0)),
        ("gpt2", "n_layer", json!(2.5)),
        ("gpt2", "n_layer", json!(1u64 << 60)),
        ("gpt2", "n_embd", json!(1u64 << 60)),
        ("gpt2", "n_positions", Value::Null),
        ("gpt2", "layer_norm_epsilon", json!(-1.0)),
        ("gpt2", "eos_token_id", json!(50)),
        ("gpt2", "eos_token_id", json!([3, 50])),
        ("gpt2", "bos_token_id", json!("</s>")),
        ("gpt2", "dtype", json!("int8")),
        ("gpt2", "initializer_range", json!(0)),
        (
            "gpt2",
            "quantization_config",
            json!({"quant_method": "gptq", "bits": 4}),
        ),
        (
            "gpt_neo",
            "attention_types",
            json!([[["global", "local"], 2]]),
        ),
        (
            "gpt_neo",
            "attention_types",
            json!([[["global", "strided"], 1]]),
        ),
        ("gpt_neo", "attention_types", json!("global")),
        ("gpt_neo", "attention_layers", json!(["local", "local"])),
        ("gpt_neo", "window_size", json!(0)),
        ("opt", "word_embed_proj_dim", json!(16)),
        ("opt", "do_layer_norm_before", json!(false)),
        ("opt", "_remove_final_layer_norm", json!(true)),
        ("opt", "enable_bias", json!(false)),
        ("opt", "layer_norm_elementwise_affine", json!(false)),
        ("gpt_neox", "rotary_pct", json!(0.5)),
        ("gpt_neox", "rope_parameters", yarn.clone()),
        ("llama", "pretraining_tp", json!(2)),
        ("llama", "num_key_value_heads", json!(3)),
        ("llama", "rope_parameters", yarn.clone()),
        (
            "llama",
            "rope_scaling",
            json!({"type": "linear", "factor": 2.0}),
        ),
        (
            "llama",
            "rope_scaling",
            json!({"type": "dynamic", "factor": 2.0}),
        ),
        (
            "llama",
            "rope_scaling",
            json!({"rope_type": "llama3", "factor": 2.0}),
        ),
        ("llama", "rope_theta", json!(500000.0)),
        ("llama", "partial_rotary_factor", json!(0.5)),
        (
            "llama",
            "quantization_config",
            json!({"quant_method": "bitsandbytes"}),
        ),
        ("qwen2", "use_sliding_window", json!(true)),
        ("qwen2", "layer_types", json!(sliding)),
        ("qwen3", "use_sliding_window", json!(true)),
        ("qwen3", "layer_types", json!(sliding)),
        ("qwen3", "rope_parameters", yarn),
        ("qwen3", "tie_word_embeddings", json!("yes")),
    ];
    for (family, field, value) in cases {
        let text = changed(family, |fields| {
            drop(fields.insert(field.to_owned(), value.clone()))
        });
        let error = read(&text).unwrap_err();
        let message = error.to_string();
        assert!(
            matches!(error, ModelError::Configuration { .. }),
            "{message}"
        );
        // A number of heads shows by what it does not divide.
        assert!(
            message.contains("config.json") && message.contains(field),
            "{field}: {message}"
        );
    }
}

#[test]
fn family_names_that_are_not_known_are_refused_with_those_that_are() {
    for text in [r#"{"model_type": "mamba"}"#, "{}"] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains("model_type"), "{error}");
        for family in Family::all() {
            assert!(error.contains(family.model_type()), "{error}");
        }
    }
    for text in ["", "[]", r#"{"model_type": "#] {
        assert!(matches!(
            read(text).unwrap_err(),
            ModelError::Damaged { .. }
        ));
    }
}

#[test]
fn family_fields_that_may_be_left_out_have_transformers_values() {
    let without = |family: &str, names: &[&str]| {
        let text = changed(family, |fields| {
            for name in names {
                fields.remove(*name);
            }
        });
        read(&text).unwrap()
    };
    let rope = [
        "rope_parameters",
        "rope_theta",
        "rotary_pct",
        "rotary_emb_base",
    ];
    assert!(without("gpt2", &["tie_word_embeddings"]).architecture.tied);
    assert!(!without("llama", &["tie_word_embeddings"]).architecture.tied);
    assert_eq!(rotary(&without("llama", &rope).architecture).base, 10_000.0);
    assert_eq!(
        rotary(&without("gpt_neox", &rope).architecture).dimension,
        2
    );
    assert_eq!(
        without("qwen3", &["head_dim"])
            .architecture
            .attention
            .head_dimension,
        128
    );
    let llama = without(
        "llama",
        &["head_dim", "num_key_value_heads", "eos_token_id"],
    );
    assert_eq!(llama.architecture.attention.head_dimension, 8);
    assert_eq!(llama.architecture.attention.key_value_heads, 4);
    assert_eq!(llama.end_of_text, [2]);
    assert!(without("qwen2", &["eos_token_id"]).end_of_text.is_empty());
    assert!(without("gpt2", &["eos_token_id"]).end_of_text.is_empty());
    let gpt_neo = changed("gpt_neo", |fields| {
        fields.insert("intermediate_size".to_owned(), Value::Null);
        fields.remove("window_size");
    });
    let gpt_neo = read(&gpt_neo).unwrap().architecture;
    assert_eq!(gpt_neo.mlp.intermediate, 128);
    assert_eq!(gpt_neo.attention.windows, [None, Some(256)]);
}

#[test]
fn family_several_tokens_may_end_a_text() {
    let text = changed("qwen3", |fields| {
        fields.insert("eos_token_id".to_owned(), json!([7, 3]));
    });
    let config = read(&text).unwrap();
    assert_eq!(config.end_of_text, [7, 3]);
    let written: Value = serde_json::from_str(&config.to_json()).unwrap();
    assert_eq!(written["eos_token_id"], json!([7, 3]));
}

#[test]
fn family_new_networks_have_the_usual_choices_and_no_dropout() {
    for family in Family::all() {
        let config = tiny(family.model_type());
        config.validate().unwrap();
        let written: Map<String, Value> = serde_json::from_str(&config.to_json()).unwrap();
        assert_eq!(written["architectures"], json!([family.class()]));
        for (name, value) in &written {
            let rate = ["drop", "pdrop"].iter().any(|part| name.contains(part));
            assert!(
                !rate || value.as_f64() == Some(0.0),
                "{family:?}: {name} is {value}"
            );
        }
        assert_eq!(config.end_of_text, [49]);
    }
    assert_eq!(tiny("llama").architecture.mlp.intermediate, 88);
    assert_eq!(tiny("gpt2").architecture.mlp.intermediate, 128);
    assert!(tiny("qwen2").architecture.tied && !tiny("gpt_neox").architecture.tied);
}

#[test]
fn family_sizes_that_a_family_does_not_leave_open_are_refused() {
    let sizes = Sizes::new(50, 32, 2, 4, 20);
    type Change = fn(&mut Sizes);
    let cases: [(&str, &str, Change); 9] = [
        ("gpt2", "key_value_heads", |sizes| {
            sizes.key_value_heads = Some(2)
        }),
        ("opt", "head_dimension", |sizes| {
            sizes.head_dimension = Some(16)
        }),
        ("llama", "window", |sizes| sizes.window = Some(4)),
        ("llama", "key_value_heads", |sizes| {
            sizes.key_value_heads = Some(3)
        }),
        ("llama", "hidden", |sizes| sizes.heads = 5),
        ("llama", "hidden", |sizes| sizes.heads = 0),
        ("gpt_neo", "layers", |sizes| sizes.layers = usize::MAX),
        ("gpt_neo", "vocabulary", |sizes| sizes.vocabulary = 0),
        ("gpt_neox", "rotary", |sizes| sizes.heads = 32),
    ];
    for (family, field, change) in cases {
        let mut sizes = sizes;
        change(&mut sizes);
        let family = Family::named(family).unwrap();
        let error = ModelConfig::new(family, &sizes).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    let equal = Sizes {
        key_value_heads: Some(4),
        head_dimension: Some(8),
        ..sizes
    };
    let gpt2 = Family::named("gpt2").unwrap();
    assert_eq!(ModelConfig::new(gpt2, &equal).unwrap(), tiny("gpt2"));
}

#[test]
fn family_files_can_describe_the_network_or_it_is_refused() {
    type Change = fn(&mut Architecture);
    let cases: [(&str, &str, Change); 6] = [
        ("gpt2", "residual", |network| {
            network.residual = Residual::Parallel
        }),
        ("gpt2", "scale", |network| network.attention.scale = 1.0),
        ("llama", "output_bias", |network| {
            network.attention.input_bias = true
        }),
        ("qwen2", "attention_bias", |network| {
            network.attention.input_bias = false
        }),
        ("llama", "windows", |network| {
            network.attention.windows[1] = Some(3)
        }),
        ("gpt_neo", "windows", |network| {
            network.attention.windows = vec![Some(3), Some(4)];
        }),
    ];
    for (family, field, change) in cases {
        let mut config = tiny(family);
        change(&mut config.architecture);
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains(field), "{family}: {error}");
    }
}

#[test]
fn family_differences_have_the_names_of_the_file() {
    let (one, mut other) = (tiny("gpt2"), tiny("gpt2"));
    other.end_of_text = vec![3];
    other.initializer_range = 0.5;
    assert_eq!(one.difference(&other), None);
    other.architecture.mlp.intermediate = 64;
    let (field, here, there) = one.difference(&other).unwrap();
    assert_eq!((field, &*here, &*there), ("n_inner", "128", "64"));
    let (field, ..) = one.difference(&tiny("llama")).unwrap();
    assert_eq!(field, "model_type");
}

#[test]
fn family_tensors_hold_every_parameter_once() {
    for family in Family::all() {
        for tied in [true, false] {
            let mut network = tiny(family.model_type()).architecture;
            network.tied = tied;
            let descriptions = Parameters::of(&network);
            let lengths: Vec<usize> = descriptions.iter().map(|it| it.len()).collect();
            let tensors = family.stored_tensors(&network);
            let names: BTreeSet<&str> = tensors.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names.len(), tensors.len());
            let mut held: Vec<usize> = tensors.iter().flat_map(|it| it.parameters()).collect();
            held.sort_unstable();
            assert!(held.into_iter().eq(0..lengths.len()), "{family:?}");
            for tensor in tensors {
                let parts: usize = tensor.parameters().map(|index| lengths[index]).sum();
                assert_eq!(
                    tensor.shape.iter().product::<usize>(),
                    parts,
                    "{}",
                    tensor.name
                );
            }
        }
    }
}

/// A file of a family with everything chosen that the family leaves open.
fn arbitrary_config() -> impl Strategy<Value = ModelConfig> {
    let sizes = (
        1usize..4,
        1usize..4,
        1usize..6,
        1usize..5,
        1usize..200,
        1usize..300,
    );
    let numbers = (
        prop::sample::select(vec![1e-5f32, 1e-6, 1e-12, 0.1, 3e-7]),
        1.5f64..1e7,
        1e-4f64..1.0,
        1usize..500,
    );
    let flags = prop::collection::vec(any::<bool>(), 12);
    let activations = vec![
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Relu,
        Activation::Silu,
    ];
    (
        prop::sample::select(Family::all().to_vec()),
        sizes,
        numbers,
        flags,
        prop::sample::select(activations),
        prop::sample::select(WeightFormat::ALL.to_vec()),
    )
        .prop_map(|(family, sizes, numbers, flags, activation, format)| {
            let (groups, key_value_heads, eighths, layers, vocabulary, positions) = sizes;
            let (epsilon, base, range, window) = numbers;
            let heads = groups * key_value_heads;
            let is = |names: &[&str]| names.contains(&family.model_type());
            let llama_like = is(&["llama", "qwen2", "qwen3"]);
            let mut sizes = Sizes::new(vocabulary, 8 * eighths * heads, layers, heads, positions);
            if llama_like {
                sizes.key_value_heads = Some(key_value_heads);
                sizes.head_dimension = flags[0].then_some(2 * eighths);
            }
            sizes.intermediate = flags[1].then_some(7 * eighths);
            let mut config = ModelConfig::new(family, &sizes).unwrap();
            let network = &mut config.architecture;
            network.tied = flags[2];
            network.mlp.activation = activation;
            if !is(&["opt"]) {
                network.norm.epsilon = epsilon;
            }
            if is(&["gpt_neo"]) {
                network.attention.windows = (0..layers)
                    .map(|layer| flags[3 + layer].then_some(window))
                    .collect();
            }
            if is(&["llama", "qwen3", "gpt_neox"]) {
                (network.attention.input_bias, network.attention.output_bias) =
                    (flags[3], flags[3]);
            }
            if is(&["llama"]) {
                network.mlp.bias = flags[4];
            }
            if is(&["gpt_neox"]) && flags[5] {
                network.residual = Residual::Sequential;
            }
            let channels = network.attention.head_dimension;
            if let PositionEncoding::Rotary(rotary) = &mut network.position_encoding {
                rotary.base = base;
                if is(&["gpt_neox"]) {
                    rotary.dimension = (window % (channels / 2) + 1) * 2;
                }
                if flags[6] {
                    rotary.scaling = RotaryScaling::Llama3 {
                        factor: base / 3.0,
                        low_frequency_factor: range,
                        high_frequency_factor: range + 1.25,
                        original_positions: window,
                    };
                }
            }
            config.initializer_range = range;
            config.start_of_text = flags[7].then_some(0);
            config.end_of_text = (0..vocabulary as u32).take(window % 3).collect();
            config.weight_format = format;
            config
                .rest
                .insert("more".to_owned(), json!({"a": [1, 2.5, null]}));
            config
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn family_configurations_come_back_as_they_were(config in arbitrary_config()) {
        config.validate().unwrap();
        prop_assert_eq!(read(&config.to_json()).unwrap(), config);
    }

    #[test]
    fn family_configurations_with_anything_in_them_never_panic(
        family in prop::sample::select(Family::all().to_vec()),
        field: prop::sample::Index,
        value in prop::sample::select(vec![
            json!(null), json!(0), json!(-1), json!(1e300), json!(u64::MAX), json!("x"),
            json!([]), json!({}), json!(true), json!([[[], 4]]), json!([[["local"], u64::MAX]]),
            json!({"rope_type": 3}), json!({"rope_theta": "x"}), json!({"rope_theta": 0}),
            json!({"rope_type": "llama3", "factor": 0, "low_freq_factor": 1, "high_freq_factor": 1,
                "original_max_position_embeddings": 0}),
        ]),
    ) {
        let text = changed(family.model_type(), |fields| {
            let name = field.get(&fields.keys().cloned().collect::<Vec<_>>()).clone();
            fields.insert(name, value);
        });
        if let Ok(config) = read(&text) {
            config.validate().unwrap();
            config.architecture.parameter_count();
        }
    }
}
