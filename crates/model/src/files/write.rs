//! Weights into one file, tensor by tensor.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use autophage_durable::AtomicFile;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::ModelError;
use crate::config::ModelConfig;
use crate::families::StoredTensor;
use crate::parameters::Parameters;

/// Writes the weights of a network as `path`, whole or not at all.
///
/// # Errors
/// A file that cannot be written, and numbers too large for the format that `config` wants.
pub(super) fn write(
    path: &Path,
    config: &ModelConfig,
    weights: &Parameters<Vec<f32>>,
) -> Result<(), ModelError> {
    let values: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    let mut tensors = config.family.stored_tensors(&config.architecture);
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let format = config.weight_format;
    let file = ModelError::file;
    let mut out = AtomicFile::create(path).map_err(file(path))?;
    let header = header(config, &tensors).map_err(file(path))?;
    out.write_all(&(header.len() as u64).to_le_bytes())
        .and_then(|()| out.write_all(&header))
        .map_err(file(path))?;
    for tensor in &tensors {
        let parts: Vec<&[f32]> = tensor.parameters().map(|index| values[index]).collect();
        let bytes =
            format
                .encode(&tensor.merge(&parts))
                .map_err(|element| ModelError::TensorOverflow {
                    path: path.to_owned(),
                    tensor: tensor.name.clone(),
                    format: format.name(),
                    element,
                })?;
        out.write_all(&bytes).map_err(file(path))?;
    }
    out.commit().map_err(file(path))
}

/// The header of a weight file, padded so that the numbers are aligned.
fn header(config: &ModelConfig, tensors: &[StoredTensor]) -> io::Result<Vec<u8>> {
    let mut end = 0;
    let infos: Vec<(String, TensorInfo)> = tensors
        .iter()
        .map(|tensor| {
            let start = end;
            end += tensor.shape.iter().product::<usize>() * config.weight_format.bytes();
            let info = TensorInfo {
                dtype: config.weight_format.dtype(),
                shape: tensor.shape.clone(),
                data_offsets: (start, end),
            };
            (tensor.name.clone(), info)
        })
        .collect();
    // What wrote the file: Transformers refuses one that does not say "pt".
    let written_by = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let metadata = Metadata::new(Some(written_by), infos).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&metadata)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}
