//! A decoder of any family, written once over [`autophage_compute::Backend`].

mod activations;
mod backward;
mod batch;
mod cache;
mod generate;
mod model;
mod network;
mod score;
mod shape;

pub use model::Decoder;

pub(crate) use activations::{Activations, BackwardScratch};
pub(crate) use batch::TrainingBatch;
pub(crate) use model::read_buffer;
