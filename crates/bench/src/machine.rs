//! What measures and is measured.

use autophage_compute::CpuBackend;
use serde::Serialize;

/// The processor and what is used of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// What the processor calls itself; `None` where the system does not say.
    pub processor: Option<String>,
    /// The instruction set.
    pub isa: String,
    /// The precision of matrix products.
    pub precision: String,
    /// Number of threads.
    pub threads: usize,
}

impl Machine {
    /// The machine at hand, as `backend` uses it.
    pub(crate) fn of(backend: &CpuBackend) -> Self {
        Self {
            processor: processor(),
            isa: backend.isa().to_string(),
            precision: backend.precision().to_string(),
            threads: backend.threads(),
        }
    }
}

/// The processor's name as Linux tells it.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, name) = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == "model name")?;
    Some(name.trim().to_owned())
}
