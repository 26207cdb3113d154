//! Training a decoder: from documents to sequences, to gradients, to weights.

mod course;
mod learner;
mod sequences;
mod session;
mod settings;
mod state;
mod trainer;

pub use learner::DecoderLearner;
pub use sequences::TrainingSequence;
pub use settings::{Schedule, TrainingSettings};
pub use trainer::{StepReport, Trainer};
