//! `[compute]`.

use serde::{Deserialize, Serialize};

use super::words::or_all;

/// What computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComputeSection {
    /// Which implementation.
    pub backend: BackendKind,
    /// Number of threads; `None`: one for each processor.
    #[serde(with = "or_all")]
    pub threads: Option<u64>,
    /// The instruction set, or `auto`.
    pub isa: String,
    /// The precision of matrix products: `f32`, `bf16`, or `auto` for bf16 where the instruction
    /// set multiplies numbers in bf16.
    pub precision: String,
}

/// The CPU with everything chosen automatically.
impl Default for ComputeSection {
    fn default() -> Self {
        Self {
            backend: BackendKind::Cpu,
            threads: None,
            isa: "auto".to_owned(),
            precision: "auto".to_owned(),
        }
    }
}

/// An implementation of the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendKind {
    /// The fast one.
    Cpu,
    /// Plain loops: slow, and the definition of what is right.
    Reference,
}
