//! The sections of an experiment, each a plain type with its defaults.

mod compute;
mod corpus;
mod generation;
mod measure;
mod model;
mod training;
mod transformer;
mod words;

pub use compute::{BackendKind, ComputeSection};
pub use corpus::CorpusSettings;
pub use generation::{FormKind, GenerationSection, OverflowKind};
pub use measure::{MeasureSection, ProbeSettings};
pub use model::{InterpolationKind, ModelSettings, NGramSettings};
pub use training::{EpochCount, TrainingSection};
pub use transformer::{Initialise, TransformerKind, TransformerSettings};
