//! Where the channels of a head lie, and what its queries see.

use std::ops::Range;

use crate::Sequences;
use crate::cpu::engine::{Engine, Shared};
use crate::operation::AttentionShape;

/// One head of one sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadShape {
    /// Rows of the sequence.
    pub(super) len: usize,
    /// Channels of the head.
    pub(super) dimension: usize,
    /// As in [`AttentionShape::scale`].
    pub(super) scale: f32,
    /// As in [`AttentionShape::window`].
    pub(super) window: Option<usize>,
}

impl HeadShape {
    /// The first key that the query at `position` sees.
    #[inline(always)]
    pub(super) fn first_key(&self, position: usize) -> usize {
        self.window
            .map_or(0, |window| (position + 1).saturating_sub(window))
    }
}

/// The channels of one head in the rows of one sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadRows<'a> {
    /// From the first channel in the first row on.
    pub(super) values: &'a [f32],
    /// Numbers from one row to the next.
    pub(super) stride: usize,
}

impl<'a> HeadRows<'a> {
    /// The first `len` channels of a row.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, len: usize) -> &'a [f32] {
        &self.values[row * self.stride..][..len]
    }
}

/// [`HeadRows`] that are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadTarget<'a> {
    /// The whole matrix.
    matrix: Shared<'a>,
    /// Where the first channel in the first row is.
    start: usize,
    /// Numbers from one row to the next.
    pub(super) stride: usize,
}

impl<'a> HeadTarget<'a> {
    /// The first `len` channels of a row.
    ///
    /// # Safety
    /// While they are in use, nothing else may access them.
    #[inline(always)]
    pub(super) unsafe fn row(&self, row: usize, len: usize) -> &'a mut [f32] {
        let start = self.start + row * self.stride;
        // SAFETY: what the caller promises.
        unsafe { self.matrix.part(start..start + len) }
    }

    /// Writes the first channel of a row.
    ///
    /// # Safety
    /// Nothing else may access it meanwhile.
    #[inline(always)]
    pub(super) unsafe fn set(&self, row: usize, value: f32) {
        // SAFETY: what the caller promises.
        unsafe { self.matrix.set(self.start + row * self.stride, value) };
    }

    /// The address of a channel of a row, for kernels that write several rows at once.
    ///
    /// # Safety
    /// The channel must be in the matrix; what is written through the address, nothing else may access
    /// meanwhile.
    #[inline(always)]
    pub(super) unsafe fn at(&self, row: usize, channel: usize) -> *mut f32 {
        // SAFETY: what the caller promises.
        unsafe { self.matrix.at(self.start + row * self.stride + channel) }
    }
}

/// Which head of which sequence a task computes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The first row of the sequence.
    row: usize,
    /// Which head.
    pub(super) head: usize,
    pub(super) shape: HeadShape,
}

impl Place {
    /// Head `head` in a matrix of `heads` heads of `width` numbers a row.
    pub(super) fn rows<'a>(
        &self,
        matrix: &'a [f32],
        [head, heads]: [usize; 2],
        width: usize,
    ) -> HeadRows<'a> {
        HeadRows {
            values: &matrix[(self.row * heads + head) * width..],
            stride: heads * width,
        }
    }

    /// As [`rows`](Self::rows), to be written.
    pub(super) fn target<'a>(
        &self,
        matrix: Shared<'a>,
        [head, heads]: [usize; 2],
        width: usize,
    ) -> HeadTarget<'a> {
        HeadTarget {
            matrix,
            start: (self.row * heads + head) * width,
            stride: heads * width,
        }
    }
}

/// What one head of one sequence is computed from, and where its results go.
#[derive(Clone, Copy)]
pub(super) struct ForwardHead<'a> {
    pub(super) shape: HeadShape,
    pub(super) queries: HeadRows<'a>,
    pub(super) keys: HeadRows<'a>,
    pub(super) values: HeadRows<'a>,
    pub(super) out: HeadTarget<'a>,
    /// One number a row.
    pub(super) log_sums: HeadTarget<'a>,
}

/// What the gradients of the query heads that read one head of keys and values are computed from,
/// and where they go.
#[derive(Clone, Copy)]
pub(super) struct BackwardGroup<'a> {
    pub(super) shape: HeadShape,
    pub(super) keys: HeadRows<'a>,
    pub(super) values: HeadRows<'a>,
    pub(super) d_keys: HeadTarget<'a>,
    pub(super) d_values: HeadTarget<'a>,
    pub(super) query_heads: &'a [QueryHead<'a>],
}

/// The side of the queries of one head in [`BackwardGroup`].
#[derive(Clone, Copy)]
pub(super) struct QueryHead<'a> {
    pub(super) queries: HeadRows<'a>,
    pub(super) out: HeadRows<'a>,
    pub(super) d_out: HeadRows<'a>,
    /// One number a row.
    pub(super) log_sums: HeadRows<'a>,
    pub(super) d_queries: HeadTarget<'a>,
}

/// Runs `task` for each of `heads` heads of every sequence.
pub(super) fn for_each_head(
    engine: &Engine,
    shape: AttentionShape,
    sequences: &Sequences,
    heads: usize,
    task: impl Fn(Place) + Send + Sync,
) {
    // Long sequences first would balance better, but their number is large next to the threads'.
    engine.for_each(sequences.count() * heads, |i| {
        let (sequence, head) = (i / heads, i % heads);
        let rows: Range<usize> = sequences.range(sequence);
        if !rows.is_empty() && shape.head_dimension > 0 {
            task(Place {
                row: rows.start,
                head,
                shape: HeadShape {
                    len: rows.len(),
                    dimension: shape.head_dimension,
                    scale: shape.scale,
                    window: shape.window,
                },
            });
        }
    });
}
