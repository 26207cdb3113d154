//! Hugging Face's files of a model: `config.json`, `generation_config.json`, and the weights in
//! `model.safetensors` or in several shards.

mod directory;
mod read;
mod shards;
#[cfg(test)]
mod tests;
mod weight_format;
mod write;

pub use weight_format::WeightFormat;

pub(crate) use directory::{CONFIG, load, save};
