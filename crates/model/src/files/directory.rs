//! The directory of a model.

use std::path::Path;

use autophage_durable::write_atomically;

use super::shards::{Shards, WHOLE};
use super::{read, write};
use crate::ModelError;
use crate::config::ModelConfig;
use crate::parameters::Parameters;

/// The file that says what the network is.
pub(crate) const CONFIG: &str = "config.json";
const GENERATION_CONFIG: &str = "generation_config.json";

/// Writes the files of a model to an existing directory. Readers of `directory` never see half a
/// file.
///
/// # Errors
/// A file that cannot be written, and numbers too large for the format that `config` wants.
pub(crate) fn save(
    directory: &Path,
    config: &ModelConfig,
    weights: &Parameters<Vec<f32>>,
) -> Result<(), ModelError> {
    config.validate()?;
    write::write(&directory.join(WHOLE), config, weights)?;
    let text = |name: &str, text: String| {
        let path = directory.join(name);
        write_atomically(&path, text.as_bytes()).map_err(ModelError::file(path))
    };
    text(CONFIG, config.to_json())?;
    text(GENERATION_CONFIG, config.generation_json())
}

impl ModelConfig {
    /// The configuration of the model in a directory, as its files together say it.
    ///
    /// # Errors
    /// As for [`Decoder::load`](crate::Decoder::load): the weights are read as well, since they may
    /// say more than `config.json`.
    pub fn load(directory: &Path) -> Result<Self, ModelError> {
        load(directory).map(|(config, _)| config)
    }
}

/// Reads what [`save`], or Hugging Face Transformers, wrote.
///
/// # Errors
/// Files that are missing, damaged, of a kind of network that is not supported, or that do not fit
/// each other.
pub(crate) fn load(directory: &Path) -> Result<(ModelConfig, Parameters<Vec<f32>>), ModelError> {
    let path = directory.join(CONFIG);
    if !path.exists() {
        // Weights of another program have no such file: they are what is wrong then.
        Shards::open(directory)?;
    }
    let text = std::fs::read_to_string(&path).map_err(ModelError::file(&path))?;
    let (mut config, says_tied) = ModelConfig::read_json(&text, &path)?;
    let path = directory.join(GENERATION_CONFIG);
    if path.exists() {
        let text = std::fs::read_to_string(&path).map_err(ModelError::file(&path))?;
        config.read_generation(&text, &path)?;
    }
    let weights = read::read(directory, &mut config, says_tied)?;
    Ok((config, weights))
}
