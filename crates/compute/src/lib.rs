//! The operations of a transformer on device buffers.
//!
//! [`Backend`] names about twenty operations, each with its backward pass where training needs one.
//! They know shapes and numbers; what a language model is, they do not know.
//!
//! [`ReferenceBackend`] is their definition, [`CpuBackend`] computes them fast.

mod backend;
mod check;
mod cpu;
mod host;
mod precision;
mod profile;
mod reference;
mod sampling;
mod shapes;
mod work;

pub use backend::Backend;
pub use cpu::{Ceilings, CpuBackend, CpuSettings, Isa, IsaError};
pub use host::HostBuffer;
pub use precision::{Precision, PrecisionError};
pub use profile::{CACHES, Noted, Operation, Profile, Profiled};
pub use reference::ReferenceBackend;
pub use sampling::draw;
pub use shapes::{
    AdamW, Attention, CacheEntry, Cached, Head, Linear, Rows, SamplingFilter, Sequences,
};
pub use work::Work;
