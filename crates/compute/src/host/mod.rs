//! What the backends that compute in the memory of the host share: their buffer, and the checks
//! between the contract of [`Backend`](crate::Backend) and operations on slices.

mod aligned;
mod buffer;
mod checked;
mod derived;
mod operations;

pub(crate) use aligned::Aligned;
pub use buffer::HostBuffer;
pub(crate) use buffer::Weight;
pub(crate) use derived::{Layout, Order};
pub(crate) use operations::HostOperations;
