//! Auto-regressive language models: training, generation, scoring.

#![forbid(unsafe_code)]

mod error;
mod language_model;

pub use autophage_compute::SamplingFilter;
pub use error::ModelError;
pub use language_model::{
    Epochs, Form, GeneratedDocument, GenerationRequest, LanguageModel, Learner, Limit, Overflow,
    Trained, TrainingEvent, TrainingJob,
};
