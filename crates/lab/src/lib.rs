//! The experiment file, the generation loop and the run directory.
//!
//! An [`Experiment`] says everything that a run does. [`run`] makes its generations in a directory:
//! tokenize once, then train, generate and measure, generation after generation. [`Run`] reads what
//! is there, also while it grows.

#![forbid(unsafe_code)]

mod baseline;
mod by_stage;
mod composer;
mod curation;
mod curve;
mod cycle;
mod error;
mod experiment;
mod forecast;
mod generation;
mod layout;
mod learner;
mod lineage;
mod lock;
mod manifest;
mod measurement;
mod metrics;
mod observer;
mod open;
mod prepared;
mod provenance;
mod record;
mod remedy;
mod reporter;
mod run;
mod scratch;
mod selfcheck;
mod stage;
mod timing;
mod volumes;

pub use by_stage::ByStage;
pub use composer::{Composer, TrainingSet};
pub use curation::{CurationInput, Curator, Everything, Pool, SELECTION_VERSION, Selection};
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
pub use layout::{GenerationLayout, Layout};
pub use learner::{Vocabulary, build_learner, cpu_backend, load_model, network};
pub use lineage::{ErrorSummary, GenerationErrors};
pub use metrics::{
    Baseline, GeneratedMetrics, METRICS_VERSION, Metrics, ProbeMetrics, ProbeTruth, TrainingMetrics,
};
pub use observer::{Event, Observer};
pub use open::Run;
pub use provenance::{Provenance, Shortfall, SourceShare};
pub use record::{FORMAT_VERSION, RunRecord};
pub use reporter::Status;
pub use run::{Equipment, LearnerFactory, Outcome, run, run_with};
pub use selfcheck::{Check, Z_LIMIT, selfcheck};
pub use stage::Stage;
pub use timing::{StageTiming, TIMING_VERSION, Timing};
pub use volumes::{Sizes, Volumes};
