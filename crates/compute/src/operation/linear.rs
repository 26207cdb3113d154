//! Linear layers.

use super::Arguments;
use crate::check::long_enough;
use crate::work::product;
use crate::{Memory, Work};

/// A linear layer: (N, inputs) × (outputs, inputs)ᵀ → (N, outputs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearShape {
    /// Number of rows, N.
    pub rows: usize,
    /// Numbers in an input row.
    pub inputs: usize,
    /// Numbers in an output row.
    pub outputs: usize,
    /// Whether operands keep their 32 bits whatever the backend's [`Precision`](crate::Precision):
    /// for results that are amplified afterwards.
    pub exact: bool,
}

impl LinearShape {
    fn multiply_adds(self) -> u64 {
        product(&[self.rows, self.inputs, self.outputs])
    }

    fn x(self) -> usize {
        self.rows * self.inputs
    }

    fn weight(self) -> usize {
        self.outputs * self.inputs
    }

    fn out(self) -> usize {
        self.rows * self.outputs
    }
}

/// `out = x · weightᵀ + bias`.
#[derive(Debug)]
pub struct Linear<'a, M: Memory> {
    /// The sizes.
    pub shape: LinearShape,
    /// (N, inputs).
    pub x: &'a M::Buffer,
    /// (outputs, inputs).
    pub weight: &'a M::Buffer,
    /// (outputs), where there is one.
    pub bias: Option<&'a M::Buffer>,
    /// (N, outputs).
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Linear<'_, M> {
    const NAME: &'static str = "linear";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        long_enough(Self::NAME, "x", self.x, self.shape.x());
        long_enough(Self::NAME, "weight", self.weight, self.shape.weight());
        if let Some(bias) = self.bias {
            long_enough(Self::NAME, "bias", bias, self.shape.outputs);
        }
        long_enough(Self::NAME, "out", self.out, self.shape.out());
    }

    fn work(&self) -> Work {
        let shape = self.shape;
        Work::new(
            shape.multiply_adds(),
            shape.x() + shape.weight(),
            shape.out(),
        )
    }
}

/// Gradient of [`Linear`] with respect to its input: `d_x = d_out · weight`.
#[derive(Debug)]
pub struct LinearBackwardInput<'a, M: Memory> {
    /// The sizes.
    pub shape: LinearShape,
    /// (outputs, inputs).
    pub weight: &'a M::Buffer,
    /// (N, outputs).
    pub d_out: &'a M::Buffer,
    /// Whether the gradient is *added* to `d_x`: for several layers that read the same input.
    pub accumulate: bool,
    /// (N, inputs).
    pub d_x: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for LinearBackwardInput<'_, M> {
    const NAME: &'static str = "linear_backward_input";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        long_enough(Self::NAME, "weight", self.weight, self.shape.weight());
        long_enough(Self::NAME, "d_out", self.d_out, self.shape.out());
        long_enough(Self::NAME, "d_x", self.d_x, self.shape.x());
    }

    fn work(&self) -> Work {
        let shape = self.shape;
        // What is added to is read first.
        let before = if self.accumulate { shape.x() } else { 0 };
        Work::new(
            shape.multiply_adds(),
            shape.out() + shape.weight() + before,
            shape.x(),
        )
    }
}

/// Gradient of [`Linear`] with respect to its parameters: `d_weight += d_outᵀ · x`, `d_bias +=` the
/// sum of the rows of `d_out`.
#[derive(Debug)]
pub struct LinearBackwardWeight<'a, M: Memory> {
    /// The sizes.
    pub shape: LinearShape,
    /// (N, inputs).
    pub x: &'a M::Buffer,
    /// (N, outputs).
    pub d_out: &'a M::Buffer,
    /// (outputs, inputs), added to.
    pub d_weight: &'a mut M::Buffer,
    /// (outputs), added to, where there is a bias.
    pub d_bias: Option<&'a mut M::Buffer>,
}

impl<M: Memory> Arguments for LinearBackwardWeight<'_, M> {
    const NAME: &'static str = "linear_backward_weight";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        long_enough(Self::NAME, "x", self.x, self.shape.x());
        long_enough(Self::NAME, "d_out", self.d_out, self.shape.out());
        long_enough(Self::NAME, "d_weight", self.d_weight, self.shape.weight());
        if let Some(d_bias) = &self.d_bias {
            long_enough(Self::NAME, "d_bias", *d_bias, self.shape.outputs);
        }
    }

    fn work(&self) -> Work {
        let shape = self.shape;
        Work::new(
            shape.multiply_adds(),
            shape.x() + shape.out() + shape.weight(),
            shape.weight(),
        )
    }
}
