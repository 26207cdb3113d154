//! Memory of the host, which the backends that compute on its processor share.

mod aligned;
mod buffer;
mod derived;
mod device;
mod memory;
mod operations;

pub(crate) use aligned::Aligned;
pub use buffer::HostBuffer;
pub(crate) use buffer::Weight;
pub(crate) use derived::{Layout, Order};
pub(crate) use device::host_memory;
pub use memory::{HostIndices, HostMemory, HostTotals};
pub(crate) use operations::host_operations;
