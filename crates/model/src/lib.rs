//! Auto-regressive language models: training, generation, scoring.

#![forbid(unsafe_code)]

mod architecture;
#[allow(dead_code)] // until the decoder reads and writes it
mod config;
mod error;
#[allow(dead_code)] // until the decoder shows gradients by them
mod families;
#[allow(dead_code, unused_imports)] // until the decoder reads and writes them
mod files;
#[cfg(test)]
#[path = "../tests/support/fixtures.rs"]
mod fixtures;
mod gpt_neo;
mod language_model;
mod ngram;
#[allow(dead_code)] // until the decoder is built of them
mod parameters;
mod presets;
mod request;
mod training;

pub use architecture::{
    Activation, Architecture, AttentionLayout, Mlp, Norm, NormKind, PositionEncoding, Residual,
    Rotary, RotaryScaling,
};
pub use autophage_compute::SamplingFilter;
pub use config::ModelConfig;
pub use error::ModelError;
pub use families::{Family, Sizes};
pub use files::WeightFormat;
pub use gpt_neo::{AttentionKind, GptNeo, GptNeoConfig};
pub use language_model::{
    Epochs, Form, GeneratedDocument, GenerationRequest, LanguageModel, Learner, Limit, Overflow,
    Trained, TrainingEvent, TrainingJob,
};
pub use ngram::{Interpolation, NGram, NGramLearner};
pub use training::{
    GptNeoLearner, Schedule, StepReport, Trainer, TrainingSequence, TrainingSettings,
};
