//! GPT-Neo, written once over [`autophage_compute::Backend`].

mod activations;
mod backward;
mod cache;
mod config;
mod files;
mod generate;
mod model;
mod network;
mod parameters;
mod score;

pub use config::{AttentionKind, GptNeoConfig};
pub use model::GptNeo;

pub(crate) use activations::Activations;
pub(crate) use backward::{BackwardScratch, Batch};
pub(crate) use cache::KeyValueCache;
pub(crate) use model::describe;
pub(crate) use parameters::{Description, Parameters};
