//! The fast backend: vector instructions chosen at run time, and threads.
//!
//! Every operation is cut into tasks whose partition, or at least the order of whose sums, does not
//! depend on the number of threads. Unsafe code is confined to vector intrinsics, the microkernel's
//! pointers, and parts of one output that several threads write.

#[cfg(target_arch = "x86_64")]
mod amx;
mod attention;
mod attention_backward;
mod attention_cached;
mod attention_narrow;
mod attention_narrow_backward;
mod attention_tile;
mod backend;
mod ceiling;
mod elementwise;
mod embedding;
mod engine;
mod format;
mod head;
mod head_loss;
mod head_sample;
mod isa;
mod last_level_cache;
mod layer_norm;
mod linear;
mod math;
mod matmul;
mod microkernel;
mod pack;
mod pool;
mod scratch;
mod simd;

pub use backend::{CpuBackend, CpuSettings};
pub use ceiling::Ceilings;
pub use isa::{Isa, IsaError};
