//! The weight files of a directory: what tensors there are, and the numbers of one of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};
use serde::Deserialize;

use super::WeightFormat;
use crate::ModelError;

/// The whole of the weights.
pub(super) const WHOLE: &str = "model.safetensors";
/// Says which part of the weights each tensor is in.
const INDEX: &str = "model.safetensors.index.json";
/// A header is not longer than this, so that a damaged length is not allocated.
const LONGEST_HEADER: u64 = 100_000_000;

/// The tensors of a directory, in one file or several. Only their descriptions are in memory.
pub(super) struct Shards {
    files: Vec<Shard>,
}

/// A weight file whose header has been read.
struct Shard {
    path: PathBuf,
    file: File,
    metadata: Metadata,
    /// Where the numbers begin.
    start: u64,
}

/// A tensor that is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Its name in the file.
    pub(super) name: String,
    /// Its shape.
    pub(super) shape: Vec<usize>,
    /// The file's place among those of the directory.
    shard: usize,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Shards {
    /// Opens the weight files of a directory.
    ///
    /// # Errors
    /// A directory without weights, or with weights of a kind that is not read; files that are
    /// missing or damaged.
    pub(super) fn open(directory: &Path) -> Result<Self, ModelError> {
        let whole = directory.join(WHOLE);
        if whole.exists() {
            let files = vec![Shard::open(whole)?];
            return Ok(Self { files });
        }
        let index = directory.join(INDEX);
        if !index.exists() {
            return Err(without_weights(directory));
        }
        let text = std::fs::read(&index).map_err(ModelError::file(&index))?;
        let damaged = |reason: String| ModelError::Damaged {
            path: index.clone(),
            reason,
        };
        let Index { weight_map } =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tensor, name) in &weight_map {
            parts.entry(name).or_default().push(tensor);
        }
        let mut files = Vec::with_capacity(parts.len());
        for (name, tensors) in parts {
            if Path::new(name).file_name() != Some(name.as_ref()) {
                return Err(damaged(format!("{name:?} is not the name of a file")));
            }
            let shard = Shard::open(directory.join(name)).map_err(|error| match error {
                ModelError::File { source, .. } if source.kind() == ErrorKind::NotFound => {
                    ModelError::MissingShard {
                        index: index.clone(),
                        shard: name.to_owned(),
                    }
                }
                error => error,
            })?;
            if let Some(absent) = tensors
                .into_iter()
                .find(|tensor| shard.metadata.info(tensor).is_none())
            {
                return Err(ModelError::Damaged {
                    path: shard.path,
                    reason: format!("{absent}, which {INDEX} says is in this file, is not"),
                });
            }
            files.push(shard);
        }
        Ok(Self { files })
    }

    /// All tensors.
    pub(super) fn tensors(&self) -> impl Iterator<Item = Stored> {
        self.files.iter().enumerate().flat_map(|(shard, file)| {
            file.metadata.offset_keys().into_iter().map(move |name| {
                let info = file.metadata.info(&name);
                let shape = info.map_or(Vec::new(), |info| info.shape.clone());
                Stored { name, shape, shard }
            })
        })
    }

    /// The file that a tensor is in.
    pub(super) fn path(&self, tensor: &Stored) -> &Path {
        &self.files[tensor.shard].path
    }

    /// The number format of a tensor.
    ///
    /// # Errors
    /// Numbers that weights are not read from.
    pub(super) fn format(&self, tensor: &Stored) -> Result<WeightFormat, ModelError> {
        let shard = &self.files[tensor.shard];
        let dtype = shard.info(&tensor.name)?.dtype;
        WeightFormat::from_dtype(dtype).ok_or_else(|| ModelError::TensorFormat {
            path: shard.path.clone(),
            tensor: tensor.name.clone(),
            found: format!("{dtype:?}"),
        })
    }

    /// The numbers of a tensor.
    ///
    /// # Errors
    /// A file that cannot be read, and numbers that are not finite.
    pub(super) fn read(&self, tensor: &Stored) -> Result<Vec<f32>, ModelError> {
        let format = self.format(tensor)?;
        let shard = &self.files[tensor.shard];
        let values = format.decode(&shard.bytes(&tensor.name)?);
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(element) => Err(ModelError::TensorNotFinite {
                path: shard.path.clone(),
                tensor: tensor.name.clone(),
                element,
            }),
        }
    }
}

impl Shard {
    fn open(path: PathBuf) -> Result<Self, ModelError> {
        let damaged = |reason: &str| ModelError::Damaged {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        let mut file = File::open(&path).map_err(ModelError::file(&path))?;
        let length = file.metadata().map_err(ModelError::file(&path))?.len();
        let mut count = [0; 8];
        if length < 8 {
            return Err(damaged("it is cut off before its header"));
        }
        file.read_exact(&mut count)
            .map_err(ModelError::file(&path))?;
        let header = u64::from_le_bytes(count);
        if header > LONGEST_HEADER || header > length - 8 {
            return Err(damaged("it is cut off inside its header, or has none"));
        }
        let mut text = vec![0; header as usize];
        file.read_exact(&mut text)
            .map_err(ModelError::file(&path))?;
        let metadata: Metadata =
            serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
        let start = 8 + header;
        let expected = start + metadata.data_len() as u64;
        if length != expected {
            return Err(damaged(&format!(
                "it has {length} bytes, and its header describes {expected}"
            )));
        }
        Ok(Self {
            path,
            file,
            metadata,
            start,
        })
    }

    fn info(&self, tensor: &str) -> Result<&TensorInfo, ModelError> {
        let info = self.metadata.info(tensor);
        info.ok_or_else(|| ModelError::Damaged {
            path: self.path.clone(),
            reason: format!("tensor {tensor} is not in the header"),
        })
    }

    fn bytes(&self, tensor: &str) -> Result<Vec<u8>, ModelError> {
        let (from, to) = self.info(tensor)?.data_offsets;
        let mut bytes = vec![0; to - from];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.start + from as u64))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(ModelError::file(&self.path))?;
        Ok(bytes)
    }
}

/// The error of a directory without weights that are read, with what can be done about those that
/// are there.
fn without_weights(directory: &Path) -> ModelError {
    if !directory.is_dir() {
        return ModelError::Weights {
            directory: directory.to_owned(),
            problem: format!("it is not a directory with config.json and {WHOLE}"),
        };
    }
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let ending = |ending: &str| names.iter().find(|name| name.ends_with(ending));
    let pickled = ending(".bin").filter(|name| name.starts_with("pytorch_model"));
    let problem = if let Some(name) = pickled.or(ending("pytorch_model.bin.index.json")) {
        format!(
            "the weights are only in {name}, which is not read because such files can run programs; \
             convert them in Transformers with model.save_pretrained(…, safe_serialization=True)"
        )
    } else if let Some(name) = ending(".gguf") {
        format!(
            "{name} is a file of llama.cpp, which is not read; take the directory that it was made \
             from, with {WHOLE}"
        )
    } else {
        format!("there are no weights: neither {WHOLE} nor {INDEX}")
    };
    ModelError::Weights {
        directory: directory.to_owned(),
        problem,
    }
}
