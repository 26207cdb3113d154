//! What this machine does: rates of work, how near they come to what the machine can do, and what
//! an experiment would take.
//!
//! [`bench()`] trains, samples and scores models of known sizes and sets the rates beside ceilings
//! that it measures in the same call. [`estimate()`] measures the work of an experiment and adds up what
//! all of it would take.

#![forbid(unsafe_code)]

mod bench;
mod ceilings;
mod error;
mod estimate;
mod machine;
mod model;
mod repeat;
mod report;
mod roofline;
mod texts;
mod workload;

pub use bench::{BenchSettings, bench};
pub use ceilings::MachineCeilings;
pub use error::BenchError;
pub use estimate::{CorpusSize, Disk, ESTIMATE_VERSION, Estimate, Rates, estimate};
pub use machine::Machine;
pub use model::BenchModel;
pub use report::{
    BenchReport, ModelReport, OperationReport, REPORT_VERSION, Spread, Task, TaskReport,
};
pub use roofline::Limit;
