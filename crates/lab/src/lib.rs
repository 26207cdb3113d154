//! The experiment file, the generation loop and the run directory.
//!
//! An [`Experiment`] says everything that a run does. [`run`] makes its generations in a directory:
//! tokenize once, then train, generate and measure, generation after generation. [`Run`] reads what
//! is there, also while it grows.

#![forbid(unsafe_code)]

mod curve;
mod cycle;
mod error;
mod experiment;
mod forecast;
mod generation;
mod layout;
mod learner;
mod lock;
mod manifest;
mod metrics;
mod observer;
mod open;
mod prepare;
mod record;
mod reporter;
mod run;
mod selfcheck;
mod training_set;
mod volumes;

pub use curve::CurvePoint;
pub use error::LabError;
pub use experiment::{
    Accepts, BackendKind, ComputeSection, Condition, CorpusSettings, Difference, Effect,
    EpochCount, Experiment, ExperimentError, FormKind, GenerationSection, Initialise,
    InterpolationKind, Interval, Key, MeasureSection, Measured, ModelSettings, NGramSettings,
    Origin, OverflowKind, Preset, ProbeSettings, Required, TrainingSection, TransformerKind,
    TransformerSettings,
};
pub use forecast::{Coverage, EventForecast, ForecastSettings, RunForecast, Scored};
pub use learner::{Vocabulary, build_learner, cpu_backend, load_model};
pub use metrics::{
    Baseline, GeneratedMetrics, METRICS_VERSION, Metrics, ProbeMetrics, ProbeTruth, StageTiming,
    Timing, TrainingMetrics,
};
pub use observer::{Event, Observer, Stage};
pub use open::Run;
pub use record::{FORMAT_VERSION, RunRecord};
pub use reporter::Status;
pub use run::{LearnerFactory, Outcome, run, run_with};
pub use selfcheck::{Check, Z_LIMIT, selfcheck};
pub use training_set::{Composer, Provenance, SourceShare, TrainingSet};
pub use volumes::{Sizes, Volumes};
