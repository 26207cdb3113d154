//! Filling and adding.

use super::Arguments;
use crate::check::long_enough;
use crate::{Array, Memory, Work};

/// A matrix of activations: `rows` vectors of `channels` numbers, row-major.
///
/// A row is one token of one sequence; see [`Sequences`](crate::Sequences) for how they lie side by
/// side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Number of rows, N.
    pub rows: usize,
    /// Numbers in a row, C.
    pub channels: usize,
}

impl Rows {
    /// Numbers of the matrix.
    pub fn elements(self) -> usize {
        self.rows * self.channels
    }
}

/// Sets every element of `buffer` to `value`.
#[derive(Debug)]
pub struct Fill<'a, M: Memory> {
    /// What is filled, all of it.
    pub buffer: &'a mut M::Buffer,
    /// The value.
    pub value: f32,
}

impl<M: Memory> Arguments for Fill<'_, M> {
    const NAME: &'static str = "fill";

    fn check(&self) {}

    fn work(&self) -> Work {
        Work::elementwise(self.buffer.len(), 0, 1)
    }
}

/// `out += x`: the residual connection.
#[derive(Debug)]
pub struct Add<'a, M: Memory> {
    /// The shape of both.
    pub shape: Rows,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (N, C), added to.
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Add<'_, M> {
    const NAME: &'static str = "add";

    fn check(&self) {
        let elements = self.shape.elements();
        long_enough(Self::NAME, "x", self.x, elements);
        long_enough(Self::NAME, "out", self.out, elements);
    }

    fn work(&self) -> Work {
        Work::elementwise(self.shape.elements(), 2, 1)
    }
}
