//! The fast backend: vector instructions chosen at run time, and threads.
//!
//! Every operation is cut into tasks whose partition, or at least the order of whose sums, does not
//! depend on the number of threads. Unsafe code is confined to vector intrinsics, the pointers of small
//! products, and parts of one output that several threads write.

mod activation;
#[cfg(target_arch = "x86_64")]
mod amx;
mod attention;
mod backend;
mod bf16;
mod ceiling;
mod elementwise;
mod embedding;
mod engine;
mod format;
mod head;
mod isa;
mod last_level_cache;
mod linear;
mod math;
mod matmul;
mod normalize;
mod optimizer;
mod pool;
mod product;
mod rotate;
mod scratch;
mod simd;

pub use backend::{CpuBackend, CpuSettings};
pub use ceiling::Ceilings;
pub use isa::{Isa, IsaError};
