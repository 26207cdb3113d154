//! The operations of a transformer on device buffers.
//!
//! [`Backend`] names about twenty operations, each with its backward pass where training needs one.
//! They know shapes and numbers; what a language model is, they do not know. The arguments of each are
//! a struct of [`operation`], which also says what it computes.
//!
//! [`ReferenceBackend`] is their definition, [`CpuBackend`] computes them fast.

mod backend;
mod check;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cpu;
mod device;
mod host;
mod memory;
pub mod operation;
mod precision;
mod profile;
mod reference;
mod sampling;
mod sequences;
mod uploaded;
mod work;

pub use backend::Backend;
pub use cpu::{Ceilings, CpuBackend, CpuSettings, Isa, IsaError};
pub use device::{Buffer, Device, Hardware, IndexArray, Totals};
pub use host::{HostBuffer, HostIndices, HostMemory, HostTotals};
pub use memory::{Array, Indices, Memory, OutOfMemory};
pub use precision::{Precision, PrecisionError};
pub use profile::{CACHES, Noted, Operation, Profile, Profiled};
pub use reference::ReferenceBackend;
pub use sampling::draw;
pub use sequences::Sequences;
pub use uploaded::{CacheEntries, CacheEntry, KeyValueCache, Packed};
pub use work::Work;
