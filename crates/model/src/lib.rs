//! Auto-regressive language models: training, generation, scoring.

#![forbid(unsafe_code)]

mod architecture;
mod error;
mod gpt_neo;
mod language_model;
mod ngram;
#[allow(dead_code)] // until the decoder is built of them
mod parameters;
mod request;
mod training;

pub use architecture::{
    Activation, Architecture, AttentionLayout, Mlp, Norm, NormKind, PositionEncoding, Residual,
    Rotary, RotaryScaling,
};
pub use autophage_compute::SamplingFilter;
pub use error::ModelError;
pub use gpt_neo::{AttentionKind, GptNeo, GptNeoConfig};
pub use language_model::{
    Epochs, Form, GeneratedDocument, GenerationRequest, LanguageModel, Learner, Limit, Overflow,
    Trained, TrainingEvent, TrainingJob,
};
pub use ngram::{Interpolation, NGram, NGramLearner};
pub use training::{
    GptNeoLearner, Schedule, StepReport, Trainer, TrainingSequence, TrainingSettings,
};
