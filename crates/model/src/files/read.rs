//! Weights from files: which tensor is which, and what there must be.

use std::collections::BTreeMap;
use std::path::Path;

use super::WeightFormat;
use super::shards::{Shards, Stored, WHOLE};
use crate::ModelError;
use crate::config::ModelConfig;
use crate::families::StoredTensor;
use crate::parameters::Parameters;

/// Reads the weights of a directory, tensor by tensor. `config` takes up what only the weights say:
/// their number format, and a stored head where `config.json` leaves it to the family whether there
/// is one (`says_tied` is false).
///
/// # Errors
/// Files that are missing, damaged, of other numbers, or that do not fit `config`.
pub(super) fn read(
    directory: &Path,
    config: &mut ModelConfig,
    says_tied: bool,
) -> Result<Parameters<Vec<f32>>, ModelError> {
    let shards = Shards::open(directory)?;
    let mut tensors = by_name(&shards, config)?;
    let mut head = stored_head(&shards, config, &mut tensors, says_tied)?;
    let expected = config.family.stored_tensors(&config.architecture);
    check(directory, &shards, &expected, &tensors)?;

    let mut weights = Parameters::of(&config.architecture).map(|_| Vec::new());
    let mut places: Vec<&mut Vec<f32>> = weights.iter_mut().collect();
    let mut format: Option<WeightFormat> = None;
    for tensor in &expected {
        let stored = &tensors[&tensor.name];
        let own = shards.format(stored)?;
        format = Some(format.map_or(own, |format| format.join(own)));
        let is_head = tensor.name == config.family.tensor_names().head;
        let values = match head.take_if(|_| is_head) {
            Some(values) => values,
            None => shards.read(stored)?,
        };
        for (parameter, values) in tensor.parameters().zip(tensor.split(values)) {
            *places[parameter] = values;
        }
    }
    config.weight_format = format.unwrap_or(config.weight_format);
    Ok(weights)
}

/// The stored tensors that say something about the network, by their names with the prefix.
fn by_name(shards: &Shards, config: &ModelConfig) -> Result<BTreeMap<String, Stored>, ModelError> {
    let names = config.family.tensor_names();
    let mut tensors = BTreeMap::new();
    for tensor in shards.tensors() {
        if names.is_redundant(&tensor.name) {
            continue;
        }
        if let Some(twice) = tensors.insert(names.canonical(&tensor.name), tensor) {
            return Err(unexpected(shards, &twice));
        }
    }
    Ok(tensors)
}

/// What becomes of a head that is stored although it should be the token embedding: nothing if it
/// is; if it differs, it is used, unless `config.json` says that it is the embedding.
fn stored_head(
    shards: &Shards,
    config: &mut ModelConfig,
    tensors: &mut BTreeMap<String, Stored>,
    says_tied: bool,
) -> Result<Option<Vec<f32>>, ModelError> {
    if !config.architecture.tied {
        return Ok(None);
    }
    let head_name = config.family.tensor_names().head;
    let expected = config.family.stored_tensors(&config.architecture);
    // The first parameter of every network is the token embedding.
    let embedding = expected
        .iter()
        .find(|tensor| tensor.parameters().eq([0]))
        .and_then(|tensor| tensors.get(&tensor.name));
    let (Some(embedding), Some(head)) = (embedding, tensors.get(head_name)) else {
        return Ok(None);
    };
    let values = shards.read(head)?;
    if embedding.shape == head.shape && values == shards.read(embedding)? {
        tensors.remove(head_name);
        return Ok(None);
    }
    if !says_tied {
        config.architecture.tied = false;
        return Ok(Some(values));
    }
    Err(ModelError::HeadDiffers {
        path: shards.path(head).to_owned(),
        tensor: head.name.clone(),
        embedding: embedding.name.clone(),
    })
}

/// Checks that there are the tensors that there must be, of the right shapes, and no others.
fn check(
    directory: &Path,
    shards: &Shards,
    expected: &[StoredTensor],
    tensors: &BTreeMap<String, Stored>,
) -> Result<(), ModelError> {
    let mut others = tensors.clone();
    for tensor in expected {
        let Some(stored) = others.remove(&tensor.name) else {
            return Err(ModelError::MissingTensor {
                path: directory.join(WHOLE),
                tensor: tensor.name.clone(),
                expected: tensor.shape.clone(),
            });
        };
        if stored.shape != tensor.shape {
            return Err(ModelError::TensorShape {
                path: shards.path(&stored).to_owned(),
                tensor: stored.name.clone(),
                expected: tensor.shape.clone(),
                found: format!("{:?}", stored.shape),
            });
        }
        shards.format(&stored)?;
    }
    match others.values().next() {
        None => Ok(()),
        Some(other) => Err(unexpected(shards, other)),
    }
}

fn unexpected(shards: &Shards, tensor: &Stored) -> ModelError {
    ModelError::UnexpectedTensor {
        path: shards.path(tensor).to_owned(),
        tensor: tensor.name.clone(),
    }
}
