//! What a device holds: numbers, indices, and sums in 64 bits.

use std::fmt::Debug;

/// The kinds of memory of a device. Operations are written over a `Memory`, so that backends that
/// share one, such as a device and what profiles it, take the same arguments.
pub trait Memory: Debug + Sized + 'static {
    /// 32-bit floating-point numbers.
    type Buffer: Array;
    /// Whole numbers: tokens, positions, rows.
    type Indices: Indices;
    /// Sums in 64 bits that operations add to.
    type Totals: Array;
}

/// Elements on a device, whose number is known to the host.
pub trait Array: Send + Sync + Debug {
    /// Number of elements.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Indices on a device.
pub trait Indices: Array {
    /// A number that every index is below. The host knows it, so that a range is checked without
    /// waiting for the device.
    fn bound(&self) -> usize;
}

/// A device has no room for what was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for another {bytes} bytes on the device")]
pub struct OutOfMemory {
    /// What was asked for.
    pub bytes: u64,
}
