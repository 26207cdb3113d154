//! Hugging Face's files of a model: `model.safetensors`, `config.json`, `generation_config.json`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use autophage_durable::write_atomically;
use safetensors::tensor::{Dtype, SafeTensors, View};

use super::GptNeoConfig;
use super::parameters::{Description, Parameters};
use crate::ModelError;

const WEIGHTS: &str = "model.safetensors";
const CONFIG: &str = "config.json";
const GENERATION_CONFIG: &str = "generation_config.json";

/// All parameters of the network are inside this part of Transformers' class; files that were saved
/// from the part alone leave it out.
const PREFIX: &str = "transformer.";

/// Writes the three files of a model to an existing directory. Readers of `directory` never see
/// half a file.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn save(
    directory: &Path,
    config: &GptNeoConfig,
    weights: &Parameters<Vec<f32>>,
) -> Result<(), ModelError> {
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        write_atomically(&path, bytes).map_err(ModelError::file(path))
    };
    write(WEIGHTS, &encode(config, weights))?;
    write(CONFIG, config.to_json().as_bytes())?;
    write(GENERATION_CONFIG, generation_config(config).as_bytes())
}

/// Reads what [`save`], or Hugging Face Transformers, wrote.
///
/// # Errors
/// Files that are missing, damaged, of another kind of network, or that do not fit each other.
pub(crate) fn load(directory: &Path) -> Result<(GptNeoConfig, Parameters<Vec<f32>>), ModelError> {
    let path = directory.join(CONFIG);
    let text = std::fs::read_to_string(&path).map_err(ModelError::file(&path))?;
    let config = GptNeoConfig::from_json(&text, &path)?;
    let path = directory.join(WEIGHTS);
    let bytes = std::fs::read(&path).map_err(ModelError::file(&path))?;
    let weights = decode(&config, &bytes, &path)?;
    Ok((config, weights))
}

/// The contents of `generation_config.json`: the model's own distribution. (Where this file says
/// nothing, Transformers samples greedily, or from the 50 most probable tokens.)
fn generation_config(config: &GptNeoConfig) -> String {
    let value = serde_json::json!({
        "bos_token_id": config.end_of_text,
        "eos_token_id": config.end_of_text,
        "do_sample": true,
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
    });
    format!("{value:#}\n")
}

/// A parameter as the `safetensors` crate wants to see it.
struct Tensor<'a> {
    description: &'a Description,
    bytes: Cow<'a, [u8]>,
}

impl View for &Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.description.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The contents of `model.safetensors`.
fn encode(config: &GptNeoConfig, weights: &Parameters<Vec<f32>>) -> Vec<u8> {
    let descriptions = Parameters::of(config);
    let tensors: Vec<Tensor<'_>> = descriptions
        .iter()
        .zip(weights.iter())
        .map(|(description, values)| Tensor {
            description,
            bytes: little_endian(values),
        })
        .collect();
    let named = tensors
        .iter()
        .map(|tensor| (&tensor.description.name, tensor));
    // What wrote the file: Transformers refuses one that does not say "pt".
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(named, Some(metadata)).expect("shapes and lengths agree")
}

fn little_endian(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        Cow::Borrowed(bytemuck::cast_slice(values))
    } else {
        Cow::Owned(
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        )
    }
}

/// Reads the contents of a `model.safetensors`; `path` is for the messages.
fn decode(
    config: &GptNeoConfig,
    bytes: &[u8],
    path: &Path,
) -> Result<Parameters<Vec<f32>>, ModelError> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| ModelError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let unexpected = |tensor: &str| ModelError::UnexpectedTensor {
        path: path.to_owned(),
        tensor: tensor.to_owned(),
    };
    let mut tensors = BTreeMap::new();
    for (name, tensor) in file.iter().filter(|(name, _)| !is_redundant(name)) {
        let known = match name.strip_prefix(PREFIX) {
            Some(_) => name.to_owned(),
            None => format!("{PREFIX}{name}"),
        };
        if tensors.insert(known, tensor).is_some() {
            return Err(unexpected(name));
        }
    }
    let weights = Parameters::of(config).try_map(|description| {
        let Some(tensor) = tensors.remove(&description.name) else {
            return Err(ModelError::MissingTensor {
                path: path.to_owned(),
                tensor: description.name.clone(),
                expected: description.shape.clone(),
            });
        };
        if tensor.dtype() != Dtype::F32 || tensor.shape() != description.shape {
            return Err(ModelError::TensorShape {
                path: path.to_owned(),
                tensor: description.name.clone(),
                expected: description.shape.clone(),
                found: format!("{:?} {:?}", tensor.dtype(), tensor.shape()),
            });
        }
        let values: Vec<f32> = tensor
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(element) => Err(ModelError::TensorNotFinite {
                path: path.to_owned(),
                tensor: description.name.clone(),
                element,
            }),
        }
    })?;
    match tensors.keys().next() {
        None => Ok(weights),
        Some(name) => Err(unexpected(name)),
    }
}

/// Whether a tensor of a file says nothing that the architecture does not: the head, which is the
/// token embedding, and the attention masks that older versions of Transformers stored.
fn is_redundant(name: &str) -> bool {
    name == "lm_head.weight"
        || name.ends_with(".attn.attention.bias")
        || name.ends_with(".attn.attention.masked_bias")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GptNeoConfig {
        GptNeoConfig::new(7, 4, 2, 2)
    }

    fn weights() -> Parameters<Vec<f32>> {
        let mut next = 0.0;
        Parameters::of(&config()).map(|description| {
            next += 1.0;
            (0..description.len()).map(|i| next + i as f32).collect()
        })
    }

    fn read(bytes: &[u8]) -> Result<Parameters<Vec<f32>>, ModelError> {
        decode(&config(), bytes, Path::new("model.safetensors"))
    }

    /// The file with every tensor name, shape and value passed through `change`.
    fn changed(change: impl Fn(&mut String, &mut Vec<usize>, &mut Vec<u8>)) -> Vec<u8> {
        let bytes = encode(&config(), &weights());
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let parts: Vec<(String, Vec<usize>, Vec<u8>)> = file
            .iter()
            .map(|(name, tensor)| {
                let mut name = name.to_owned();
                let mut shape = tensor.shape().to_vec();
                let mut data = tensor.data().to_vec();
                change(&mut name, &mut shape, &mut data);
                (name, shape, data)
            })
            .collect();
        let views = parts.iter().map(|(name, shape, data)| {
            let view = safetensors::tensor::TensorView::new(Dtype::F32, shape.clone(), data);
            (name, view.unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let read = read(&encode(&config(), &weights())).unwrap();
        assert!(read.iter().eq(weights().iter()));
    }

    #[test]
    fn files_saved_without_the_outer_class_are_read() {
        let bytes = changed(|name, _, _| *name = name.replace(PREFIX, ""));
        assert!(read(&bytes).unwrap().iter().eq(weights().iter()));
    }

    #[test]
    fn stored_heads_and_masks_are_passed_over() {
        let plain = encode(&config(), &weights());
        let file = SafeTensors::deserialize(&plain).unwrap();
        let mut tensors: Vec<(String, _)> = file
            .iter()
            .map(|(name, view)| (name.to_owned(), view))
            .collect();
        let extra = file.tensor("transformer.wte.weight").unwrap();
        for name in [
            "lm_head.weight",
            "transformer.h.0.attn.attention.bias",
            "transformer.h.1.attn.attention.masked_bias",
        ] {
            tensors.push((name.to_owned(), extra.clone()));
        }
        let bytes = safetensors::serialize(tensors, None).unwrap();
        assert!(read(&bytes).unwrap().iter().eq(weights().iter()));
    }

    #[test]
    fn files_that_do_not_fit_are_refused_by_tensor() {
        let ln_f = "transformer.ln_f.bias";
        let renamed = changed(|name, _, _| *name = name.replace(ln_f, "transformer.ln_g.bias"));
        assert!(matches!(
            read(&renamed).unwrap_err(),
            ModelError::MissingTensor { tensor, expected, .. } if tensor == ln_f && expected == [4]
        ));
        let reshaped = changed(|name, shape, _| {
            if name == ln_f {
                *shape = vec![2, 2];
            }
        });
        let error = read(&reshaped).unwrap_err().to_string();
        assert!(
            error.contains(ln_f) && error.contains("[4]") && error.contains("[2, 2]"),
            "{error}"
        );
        let not_a_number = changed(|name, _, data| {
            if name == ln_f {
                data[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
            }
        });
        assert!(matches!(
            read(&not_a_number).unwrap_err(),
            ModelError::TensorNotFinite { tensor, element: 2, .. } if tensor == ln_f
        ));
        let deeper = GptNeoConfig::new(7, 4, 3, 2);
        let path = Path::new("model.safetensors");
        let three = encode(
            &deeper,
            &Parameters::of(&deeper).map(|d| vec![0.0; d.len()]),
        );
        assert!(matches!(
            decode(&config(), &three, path).unwrap_err(),
            ModelError::UnexpectedTensor { tensor, .. } if tensor.starts_with("transformer.h.2.")
        ));
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused() {
        let bytes = encode(&config(), &weights());
        for end in (0..bytes.len()).step_by(97) {
            let error = read(&bytes[..end]).unwrap_err().to_string();
            assert!(error.contains("model.safetensors"), "{error}");
        }
    }
}
