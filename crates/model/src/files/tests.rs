//! Files against Transformers' own, round trips, and what is refused.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{WeightFormat, load, save};
use crate::ModelError;
use crate::config::ModelConfig;
use crate::families::{Family, Sizes};
use crate::fixtures;
use crate::parameters::{Description, Parameters};

const WHOLE: &str = "model.safetensors";

type Weights = Parameters<Vec<f32>>;
/// Tensors by name: number type, shape, bytes.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// Numbers that all formats hold and that tell every element from its neighbours.
fn weights(config: &ModelConfig) -> Weights {
    let mut next = 0;
    Parameters::of(&config.architecture).map(|description| {
        (0..description.len())
            .map(|_| {
                next = (next * 5 + 3) % 256;
                next as f32 / 64.0 - 2.0
            })
            .collect()
    })
}

fn tiny(family: &str) -> ModelConfig {
    let sizes = Sizes::new(11, 16, 2, 2, 9);
    ModelConfig::new(Family::named(family).unwrap(), &sizes).unwrap()
}

fn saved(config: &ModelConfig) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    save(directory.path(), config, &weights(config)).unwrap();
    directory
}

fn tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let tensor = (view.dtype(), view.shape().to_vec(), view.data().to_vec());
            (name.to_owned(), tensor)
        })
        .collect()
}

fn write_tensors(path: &Path, tensors: &Tensors) {
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        let view = TensorView::new(*dtype, shape.clone(), data).unwrap();
        (name, view)
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// Changes the weight file of a directory.
fn change_tensors(directory: &Path, change: impl FnOnce(&mut Tensors)) {
    let path = directory.join(WHOLE);
    let mut all = tensors(&path);
    change(&mut all);
    write_tensors(&path, &all);
}

fn change_config(
    directory: &Path,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) {
    let path = directory.join("config.json");
    let mut fields = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut fields);
    std::fs::write(&path, serde_json::to_vec(&fields).unwrap()).unwrap();
}

fn refusal(directory: &Path) -> String {
    load(directory).unwrap_err().to_string()
}

fn all_fixtures() -> Vec<std::path::PathBuf> {
    let mut directories = vec![fixtures::gpt_neo()];
    directories.extend(fixtures::FAMILIES.map(fixtures::family));
    directories
}

#[test]
fn family_fixtures_are_read_and_saved_as_the_same_bytes() {
    for theirs in all_fixtures() {
        let (config, weights) = load(&theirs).unwrap();
        let ours = tempfile::tempdir().unwrap();
        save(ours.path(), &config, &weights).unwrap();
        let bytes = |directory: &Path| std::fs::read(directory.join(WHOLE)).unwrap();
        assert!(bytes(ours.path()) == bytes(&theirs), "{}", theirs.display());
        let (again, _) = load(ours.path()).unwrap();
        assert_eq!(again.architecture, config.architecture);
        assert_eq!(again.end_of_text, config.end_of_text);
        // Whatever Transformers says about the network is still there, with the same value.
        let fields = |directory: &Path| -> serde_json::Map<String, serde_json::Value> {
            let text = std::fs::read(directory.join("config.json")).unwrap();
            serde_json::from_slice(&text).unwrap()
        };
        let written = fields(ours.path());
        for (field, value) in fields(&theirs) {
            // Transformers reads null as four times the hidden size, and we write that.
            if field == "n_inner" && value.is_null() {
                continue;
            }
            let kept = &written[&field];
            assert!(
                *kept == value || (kept.as_f64().is_some() && kept.as_f64() == value.as_f64()),
                "{field}: {value} became {kept}"
            );
        }
    }
}

#[test]
fn family_fixtures_have_the_parameters_that_transformers_counts() {
    for family in fixtures::FAMILIES {
        let directory = fixtures::family(family);
        let (config, weights) = load(&directory).unwrap();
        let report = std::fs::read(directory.join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let count = config.architecture.parameter_count();
        assert_eq!(report["parameters"], count, "{family}");
        assert_eq!(weights.iter().map(Vec::len).sum::<usize>(), count);
        assert_eq!(config.family.model_type(), family);
    }
}

#[test]
fn family_tensors_have_the_names_and_shapes_of_the_class() {
    for directory in all_fixtures() {
        let (config, weights) = load(&directory).unwrap();
        let gradients = tensors(&directory.join("grads.safetensors"));
        let shown = config.in_class(&weights);
        assert_eq!(shown.len(), gradients.len());
        for (name, shape, values) in shown {
            assert_eq!(gradients[&name].1, shape, "{name}");
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}");
        }
    }
}

#[test]
fn family_weights_shown_are_the_stored_ones() {
    for directory in all_fixtures() {
        let (config, weights) = load(&directory).unwrap();
        let stored = tensors(&directory.join(WHOLE));
        for (name, _, values) in config.in_class(&weights) {
            let head = name == "lm_head.weight" && config.family.model_type() == "gpt_neox";
            let (_, _, bytes) = &stored[if head { "embed_out.weight" } else { &name }];
            assert!(WeightFormat::F32.decode(bytes) == values, "{name}");
        }
    }
}

#[test]
fn family_fused_tensors_are_taken_apart_by_their_definition() {
    // GPT-2: columns of the stored matrix are queries, keys, values.
    let directory = fixtures::family("gpt2");
    let (config, weights) = load(&directory).unwrap();
    let stored = tensors(&directory.join(WHOLE));
    let fused = WeightFormat::F32.decode(&stored["transformer.h.1.attn.c_attn.weight"].2);
    let hidden = config.architecture.hidden;
    let block = &weights.blocks[1];
    for (part, ours) in [&block.query, &block.key, &block.value].iter().enumerate() {
        for output in 0..hidden {
            for input in 0..hidden {
                let theirs = fused[input * 3 * hidden + part * hidden + output];
                assert_eq!(ours.weight[output * hidden + input], theirs);
            }
        }
    }
    // GPT-NeoX: rows are heads, then queries, keys, values, then the channels of the head.
    let directory = fixtures::family("gpt_neox");
    let (config, weights) = load(&directory).unwrap();
    let stored = tensors(&directory.join(WHOLE));
    let module = "gpt_neox.layers.1.attention.query_key_value";
    let fused = WeightFormat::F32.decode(&stored[&format!("{module}.weight")].2);
    let biases = WeightFormat::F32.decode(&stored[&format!("{module}.bias")].2);
    let hidden = config.architecture.hidden;
    let channels = config.architecture.attention.head_dimension;
    let block = &weights.blocks[1];
    for (part, ours) in [&block.query, &block.key, &block.value].iter().enumerate() {
        for row in 0..hidden {
            let (head, channel) = (row / channels, row % channels);
            let stored_row = (head * 3 + part) * channels + channel;
            assert_eq!(ours.bias.as_ref().unwrap()[row], biases[stored_row]);
            assert_eq!(
                ours.weight[row * hidden..][..hidden],
                fused[stored_row * hidden..][..hidden]
            );
        }
    }
}

#[test]
fn family_files_saved_from_the_base_class_are_read() {
    for family in Family::all() {
        let config = tiny(family.model_type());
        let directory = saved(&config);
        let prefix = config.family.tensor_names().prefix;
        change_tensors(directory.path(), |tensors| {
            *tensors = std::mem::take(tensors)
                .into_iter()
                .map(|(name, tensor)| (name.replacen(prefix, "", 1), tensor))
                .collect();
            assert!(!tensors.keys().any(|name| name.starts_with(prefix)));
        });
        let (_, read) = load(directory.path()).unwrap();
        assert!(read == weights(&config), "{family:?}");
    }
}

#[test]
fn family_masks_and_frequencies_of_earlier_versions_are_passed_over() {
    let names = [
        ("gpt_neo", "transformer.h.0.attn.attention.bias"),
        ("gpt_neo", "transformer.h.1.attn.attention.masked_bias"),
        ("gpt2", "h.0.attn.bias"),
        ("gpt2", "h.1.attn.masked_bias"),
        ("gpt_neox", "gpt_neox.layers.0.attention.bias"),
        ("gpt_neox", "gpt_neox.layers.1.attention.masked_bias"),
        (
            "gpt_neox",
            "gpt_neox.layers.0.attention.rotary_emb.inv_freq",
        ),
        ("llama", "model.layers.1.self_attn.rotary_emb.inv_freq"),
        ("qwen2", "model.rotary_emb.inv_freq"),
    ];
    for (family, name) in names {
        let config = tiny(family);
        let directory = saved(&config);
        change_tensors(directory.path(), |tensors| {
            tensors.insert(name.to_owned(), (Dtype::BOOL, vec![1, 1, 2, 2], vec![1; 4]));
        });
        let (_, read) = load(directory.path()).unwrap();
        assert!(read == weights(&config), "{name}");
    }
}

#[test]
fn family_heads_stored_beside_the_embedding_are_passed_over_used_or_refused() {
    let embeddings = [
        ("gpt_neo", "transformer.wte.weight"),
        ("gpt2", "transformer.wte.weight"),
        ("opt", "model.decoder.embed_tokens.weight"),
        ("llama", "model.embed_tokens.weight"),
    ];
    for (family, embedding) in embeddings {
        let config = tiny(family);
        let directory = saved(&config);
        let path = directory.path();
        change_tensors(path, |tensors| {
            tensors.insert("lm_head.weight".to_owned(), tensors[embedding].clone());
        });
        let (read, _) = load(path).unwrap();
        assert!(read.architecture.tied, "{family}");

        change_tensors(path, |tensors| {
            let head = &mut tensors.get_mut("lm_head.weight").unwrap().2;
            head[..4].copy_from_slice(&0.5f32.to_le_bytes());
        });
        let error = refusal(path);
        for word in ["lm_head.weight", embedding, "tie_word_embeddings"] {
            assert!(error.contains(word), "{error}");
        }

        // Where nobody says that they are the same, the stored head is the head.
        change_config(path, |fields| {
            fields.remove("tie_word_embeddings");
        });
        let (read, values) = load(path).unwrap();
        assert!(!read.architecture.tied);
        let head = values.head.clone().unwrap();
        assert_eq!(head[0], 0.5);
        assert_eq!(head[1..], values.token_embedding[1..]);
        save(path, &read, &values).unwrap();
        assert!(load(path).unwrap() == (read, values));
    }
}

#[test]
fn family_head_is_read_under_both_names_of_gpt_neox() {
    let config = tiny("gpt_neox");
    let directory = saved(&config);
    change_tensors(directory.path(), |tensors| {
        let head = tensors.remove("embed_out.weight").unwrap();
        tensors.insert("lm_head.weight".to_owned(), head);
    });
    assert!(load(directory.path()).unwrap().1 == weights(&config));
}

/// Cuts the weight file into two, with an index.
fn cut_into_shards(directory: &Path) {
    let all = tensors(&directory.join(WHOLE));
    std::fs::remove_file(directory.join(WHOLE)).unwrap();
    let mut parts = [Tensors::new(), Tensors::new()];
    let mut map = serde_json::Map::new();
    for (number, (name, tensor)) in all.into_iter().enumerate() {
        let part = number % 2;
        let file = format!("model-0000{}-of-00002.safetensors", part + 1);
        map.insert(name.clone(), file.into());
        parts[part].insert(name, tensor);
    }
    for (part, tensors) in parts.iter().enumerate() {
        let file = format!("model-0000{}-of-00002.safetensors", part + 1);
        write_tensors(&directory.join(file), tensors);
    }
    let index = serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map});
    std::fs::write(
        directory.join("model.safetensors.index.json"),
        index.to_string(),
    )
    .unwrap();
}

#[test]
fn family_shards_are_read_as_one() {
    for family in Family::all() {
        let config = tiny(family.model_type());
        let directory = saved(&config);
        cut_into_shards(directory.path());
        assert!(load(directory.path()).unwrap() == (config.clone(), weights(&config)));
    }
}

#[test]
fn family_shards_that_are_missing_or_do_not_fit_are_named() {
    let directory = saved(&tiny("llama"));
    let path = directory.path();
    cut_into_shards(path);
    let (one, two) = (
        path.join("model-00001-of-00002.safetensors"),
        path.join("model-00002-of-00002.safetensors"),
    );
    let second = tensors(&two);
    let name = second.keys().next().unwrap();
    let mut less = second.clone();
    less.remove(name);
    write_tensors(&two, &less);
    let error = refusal(path);
    assert!(
        error.contains(name) && error.contains("00002-of"),
        "{error}"
    );

    std::fs::remove_file(&two).unwrap();
    assert!(matches!(
        load(path).unwrap_err(),
        ModelError::MissingShard { shard, .. } if shard == "model-00002-of-00002.safetensors"
    ));

    write_tensors(&two, &second);
    let bytes = std::fs::read(&one).unwrap();
    std::fs::write(&one, &bytes[..bytes.len() - 1]).unwrap();
    assert!(refusal(path).contains("model-00001-of-00002.safetensors"));

    let index = path.join("model.safetensors.index.json");
    std::fs::write(
        &index,
        r#"{"weight_map": {"a": "../elsewhere.safetensors"}}"#,
    )
    .unwrap();
    assert!(refusal(path).contains("../elsewhere.safetensors"));
}

#[test]
fn family_files_that_do_not_fit_are_refused_by_tensor() {
    let name = "model.norm.weight";
    let config = tiny("llama");
    let refused = |change: &dyn Fn(&mut Tensors)| {
        let directory = saved(&config);
        change_tensors(directory.path(), change);
        load(directory.path()).unwrap_err()
    };
    assert!(matches!(
        refused(&|tensors| drop(tensors.remove(name))),
        ModelError::MissingTensor { tensor, expected, .. } if tensor == name && expected == [16]
    ));
    let other = "model.layers.0.self_attn.q_proj.bias";
    assert!(matches!(
        refused(&|tensors| {
            tensors.insert(other.to_owned(), tensors[name].clone());
        }),
        ModelError::UnexpectedTensor { tensor, .. } if tensor == other
    ));
    assert!(matches!(
        refused(&|tensors| {
            tensors.insert("norm.weight".to_owned(), tensors[name].clone());
        }),
        ModelError::UnexpectedTensor { .. }
    ));
    assert!(matches!(
        refused(&|tensors| tensors.get_mut(name).unwrap().1 = vec![4, 4]),
        ModelError::TensorShape { tensor, expected, found, .. }
            if tensor == name && expected == [16] && found == "[4, 4]"
    ));
    assert!(matches!(
        refused(&|tensors| {
            tensors.get_mut(name).unwrap().2[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
        }),
        ModelError::TensorNotFinite { tensor, element: 2, .. } if tensor == name
    ));
    for (dtype, bytes) in [
        (Dtype::I8, 1),
        (Dtype::U8, 1),
        (Dtype::I32, 4),
        (Dtype::F64, 8),
    ] {
        assert!(matches!(
            refused(&|tensors| {
                tensors.insert(name.to_owned(), (dtype, vec![16], vec![0; 16 * bytes]));
            }),
            ModelError::TensorFormat { tensor, found, .. }
                if tensor == name && found == format!("{dtype:?}")
        ));
    }
}

#[test]
fn family_files_cut_off_anywhere_are_refused() {
    let config = tiny("gpt2");
    let directory = saved(&config);
    let path = directory.path().join(WHOLE);
    let bytes = std::fs::read(&path).unwrap();
    for end in (0..bytes.len()).step_by(61).chain([bytes.len() - 1]) {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let error = load(directory.path()).unwrap_err();
        assert!(
            matches!(error, ModelError::Damaged { .. }),
            "{end}: {error}"
        );
    }
    let longer = [&bytes[..], &[0]].concat();
    std::fs::write(&path, longer).unwrap();
    assert!(refusal(directory.path()).contains(WHOLE));
}

#[test]
fn family_directories_without_weights_that_are_read_say_what_to_do() {
    let cases = [
        ("pytorch_model.bin", "safe_serialization=True"),
        (
            "pytorch_model-00001-of-00002.bin",
            "safe_serialization=True",
        ),
        ("pytorch_model.bin.index.json", "safe_serialization=True"),
        ("smollm2-q4.gguf", "llama.cpp"),
        ("notes.txt", "model.safetensors.index.json"),
    ];
    for (name, word) in cases {
        for with_config in [true, false] {
            let directory = saved(&tiny("gpt_neo"));
            let path = directory.path();
            std::fs::remove_file(path.join(WHOLE)).unwrap();
            std::fs::write(path.join(name), "").unwrap();
            if !with_config {
                std::fs::remove_file(path.join("config.json")).unwrap();
            }
            let error = refusal(path);
            assert!(error.contains(word), "{error}");
            if name != "notes.txt" {
                assert!(error.contains(name), "{error}");
            }
            assert!(refusal(&path.join(name)).contains("not a directory"));
        }
    }
}

#[test]
fn family_generation_config_adds_tokens_that_end_a_text() {
    let directory = saved(&tiny("qwen3"));
    let path = directory.path().join("generation_config.json");
    std::fs::write(&path, r#"{"eos_token_id": [4, 10], "top_k": 20}"#).unwrap();
    let (config, weights) = load(directory.path()).unwrap();
    assert_eq!(config.end_of_text, [10, 4]);
    save(directory.path(), &config, &weights).unwrap();
    assert_eq!(load(directory.path()).unwrap().0.end_of_text, [10, 4]);
    std::fs::write(&path, r#"{"eos_token_id": 11}"#).unwrap();
    let error = refusal(directory.path());
    assert!(
        error.contains("generation_config.json") && error.contains("eos_token_id"),
        "{error}"
    );
}

#[test]
fn family_weights_of_several_formats_are_saved_in_the_one_that_holds_them_all() {
    let mut config = tiny("llama");
    config.weight_format = WeightFormat::Bf16;
    let directory = saved(&config);
    change_tensors(directory.path(), |tensors| {
        let norm = tensors.get_mut("model.norm.weight").unwrap();
        let values = WeightFormat::Bf16.decode(&norm.2);
        *norm = (
            Dtype::F32,
            norm.1.clone(),
            WeightFormat::F32.encode(&values).unwrap(),
        );
    });
    let (read, values) = load(directory.path()).unwrap();
    assert_eq!(read.weight_format, WeightFormat::F32);
    assert!(values == weights(&config));
}

#[test]
fn family_weights_too_large_for_their_format_are_refused_and_the_old_file_stays() {
    let mut config = tiny("llama");
    let directory = saved(&config);
    config.weight_format = WeightFormat::F16;
    let mut large = weights(&config);
    large.final_norm.weight[3] = 1e6;
    assert!(matches!(
        save(directory.path(), &config, &large).unwrap_err(),
        ModelError::TensorOverflow { tensor, format: "float16", element: 3, .. }
            if tensor == "model.norm.weight"
    ));
    assert!(load(directory.path()).unwrap().1 == weights(&config));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn family_weights_come_back_bit_for_bit(
        family in proptest::sample::select(Family::all().to_vec()),
        (heads, group, half) in (1usize..4, 1usize..3, 1usize..4),
        (vocabulary, layers, positions) in (1usize..20, 1usize..4, 1usize..20),
        format in proptest::sample::select(WeightFormat::ALL.to_vec()),
        tied: bool,
        bits in proptest::collection::vec(any::<u32>(), 16..64),
    ) {
        let sizes = Sizes {
            key_value_heads: ["llama", "qwen2", "qwen3"]
                .contains(&family.model_type())
                .then_some(heads),
            ..Sizes::new(vocabulary, heads * group * half * 8, layers, heads * group, positions)
        };
        let mut config = ModelConfig::new(family, &sizes).unwrap();
        config.architecture.tied = tied;
        config.weight_format = format;
        // Any numbers that the format has.
        let mut next = 0;
        let weights = Parameters::of(&config.architecture).map(|description: &Description| {
            (0..description.len())
                .map(|_| {
                    next += 1;
                    let value = f32::from_bits(bits[next % bits.len()].wrapping_mul(next as u32));
                    let value = if value.is_finite() { value } else { -0.0 };
                    format.encode(&[value]).map_or(0.0, |bytes| format.decode(&bytes)[0])
                })
                .collect::<Vec<f32>>()
        });
        let directory = tempfile::tempdir().unwrap();
        save(directory.path(), &config, &weights).unwrap();
        let (read, values) = load(directory.path()).unwrap();
        prop_assert_eq!(read, config);
        let bits = |weights: &Weights| -> Vec<u32> {
            weights.iter().flatten().map(|value| value.to_bits()).collect()
        };
        prop_assert!(bits(&values) == bits(&weights));
    }
}
