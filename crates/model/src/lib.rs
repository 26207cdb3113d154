//! Auto-regressive language models: training, generation, scoring.

#![forbid(unsafe_code)]

mod architecture;
mod config;
mod decoder;
mod error;
mod families;
mod files;
#[cfg(test)]
#[path = "../tests/support/fixtures.rs"]
mod fixtures;
mod kind;
mod language_model;
mod ngram;
mod parameters;
mod presets;
mod request;
mod training;

pub use architecture::{
    Activation, Architecture, AttentionLayout, Mlp, Norm, NormKind, PositionEncoding, Residual,
    Rotary, RotaryScaling,
};
pub use autophage_compute::operation::SamplingFilter;
pub use config::ModelConfig;
pub use decoder::Decoder;
pub use error::ModelError;
pub use families::{Family, Sizes};
pub use files::WeightFormat;
pub use kind::ModelKind;
pub use language_model::{
    Epochs, Form, GeneratedDocument, GenerationRequest, LanguageModel, Learner, Limit, Overflow,
    Progress, Trained, Training, TrainingEvent, TrainingJob,
};
pub use ngram::{Interpolation, NGram, NGramLearner};
pub use training::{
    DecoderLearner, Schedule, StepReport, Trainer, TrainingSequence, TrainingSettings,
};
