//! A device and its memory.

use crate::operation::AttentionShape;
use crate::{Memory, OutOfMemory};

/// A device that holds numbers.
///
/// The host need not wait for it: operations are done in the order in which they are called, and only
/// the methods whose names begin with `read` wait for their result.
pub trait Device: Send + Sync + 'static {
    /// What its memory is made of.
    type Memory: Memory;

    /// What computes, for records: backend, instruction set, precision, threads. Example: `cpu,
    /// avx512, f32, 2 threads`.
    fn description(&self) -> String;

    /// What is known of the machine for those who plan work.
    fn hardware(&self) -> Hardware;

    /// A buffer of `len` zeros.
    ///
    /// # Errors
    /// No room for it.
    fn zeros(&self, len: usize) -> Result<Buffer<Self>, OutOfMemory>;

    /// Copies `values` to the elements of `buffer` from `start` on.
    ///
    /// # Panics
    /// The buffer ends before.
    fn write(&self, buffer: &mut Buffer<Self>, start: usize, values: &[f32]);

    /// Copies the elements of `buffer` from `start` on to `values`.
    ///
    /// # Panics
    /// The buffer ends before.
    fn read(&self, buffer: &Buffer<Self>, start: usize, values: &mut [f32]);

    /// Indices with these values.
    ///
    /// # Errors
    /// No room for them.
    fn indices(&self, values: &[u32]) -> Result<IndexArray<Self>, OutOfMemory>;

    /// Copies the first indices to `values`.
    ///
    /// # Panics
    /// There are fewer.
    fn read_indices(&self, indices: &IndexArray<Self>, values: &mut [u32]);

    /// So many totals of 0.
    ///
    /// # Errors
    /// No room for them.
    fn totals(&self, len: usize) -> Result<Totals<Self>, OutOfMemory>;

    /// Replaces the totals by these values.
    ///
    /// # Panics
    /// There are not as many.
    fn write_totals(&self, totals: &mut Totals<Self>, values: &[f64]);

    /// The totals as they are.
    fn read_totals(&self, totals: &Totals<Self>) -> Vec<f64>;

    /// Numbers in the keys, or the values, of a cache of `slots` sequences of up to `capacity`
    /// positions. How they lie in it is known to `attention_cached` alone.
    fn cache_len(&self, shape: AttentionShape, slots: usize, capacity: usize) -> usize;
}

/// The numbers of a device.
pub type Buffer<D> = <<D as Device>::Memory as Memory>::Buffer;
/// The indices of a device.
pub type IndexArray<D> = <<D as Device>::Memory as Memory>::Indices;
/// The sums of a device.
pub type Totals<D> = <<D as Device>::Memory as Memory>::Totals;

/// What a device says of itself, for those who decide how much it gets at a time. No result depends
/// on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hardware {
    /// Bytes of the memory that is much faster than the main one (the last-level cache), where it is
    /// known.
    pub cache_bytes: Option<usize>,
    /// Bytes of an operand of a matrix product.
    pub operand_bytes: usize,
    /// Rows that a matrix product is best given a multiple of.
    pub row_multiple: usize,
}

impl Hardware {
    /// A device of which nothing but the width of its operands is known.
    pub fn new(operand_bytes: usize) -> Self {
        Self {
            cache_bytes: None,
            operand_bytes,
            row_multiple: 1,
        }
    }

    /// With this much fast memory.
    #[must_use]
    pub fn with_cache(self, cache_bytes: Option<usize>, row_multiple: usize) -> Self {
        Self {
            cache_bytes,
            row_multiple,
            ..self
        }
    }
}
