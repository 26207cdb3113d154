//! Training a GPT-Neo model: from documents to sequences, to gradients, to weights.

mod learner;
mod sequences;
mod settings;
mod trainer;

pub use learner::GptNeoLearner;
pub use sequences::TrainingSequence;
pub use settings::{Schedule, TrainingSettings};
pub use trainer::{StepReport, Trainer};
