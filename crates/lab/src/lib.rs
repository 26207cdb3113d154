//! The experiment file, the generation loop and the run directory.

#![forbid(unsafe_code)]

mod experiment;

pub use experiment::{
    Architecture, BackendKind, ComputeSection, CorpusFormat, CorpusSettings, Difference,
    EpochCount, Experiment, ExperimentError, FormKind, GenerationSection, GptNeoSettings,
    GptNeoSizes, Initialise, MeasureSection, ModelSettings, Origin, OverflowKind, Preset,
    ProbeSettings, Schedule, TokenizerSettings, TrainingSection,
};
