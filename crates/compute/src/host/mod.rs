//! What the backends that compute in the memory of the host share: their buffer, and the checks
//! between the contract of [`Backend`](crate::Backend) and operations on slices.

mod buffer;
mod checked;
mod operations;

pub use buffer::HostBuffer;
pub(crate) use operations::HostOperations;
