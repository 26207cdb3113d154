//! Normalisation of rows.

use super::{Arguments, Rows};
use crate::check::long_enough;
use crate::{Memory, Work};

/// How rows are normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// By which formula.
    pub kind: NormKind,
    /// ε, added under the root.
    pub epsilon: f32,
}

/// The formula of a normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// Layer normalisation: `(x − mean) / √(variance + ε)`, with the biased variance.
    Layer,
    /// Root mean square: `x / √(mean of x² + ε)`.
    RootMeanSquare,
}

/// Normalisation of each row, scaled: `out = normalised · weight + bias`.
#[derive(Debug)]
pub struct Normalize<'a, M: Memory> {
    /// The shape of `x` and `out`.
    pub shape: Rows,
    /// How.
    pub norm: Norm,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (C).
    pub weight: &'a M::Buffer,
    /// (C), where there is one.
    pub bias: Option<&'a M::Buffer>,
    /// (N, C).
    pub out: &'a mut M::Buffer,
    /// (N, 2): receives what is subtracted from each row (the mean, or 0) and what it is multiplied
    /// by (the reciprocal of the root).
    pub statistics: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Normalize<'_, M> {
    const NAME: &'static str = "normalize";

    fn check(&self) {
        let elements = self.shape.elements();
        long_enough(Self::NAME, "x", self.x, elements);
        long_enough(Self::NAME, "weight", self.weight, self.shape.channels);
        if let Some(bias) = self.bias {
            long_enough(Self::NAME, "bias", bias, self.shape.channels);
        }
        long_enough(Self::NAME, "out", self.out, elements);
        long_enough(
            Self::NAME,
            "statistics",
            self.statistics,
            2 * self.shape.rows,
        );
    }

    fn work(&self) -> Work {
        Work::elementwise(self.shape.elements(), 1, 1)
    }
}

/// Backward of [`Normalize`]. The gradient of the input is *added* to `d_x`, because a pre-normalised
/// block adds it to that of the residual stream.
#[derive(Debug)]
pub struct NormalizeBackward<'a, M: Memory> {
    /// The shape of `x`, `d_out` and `d_x`.
    pub shape: Rows,
    /// How.
    pub norm: Norm,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (C).
    pub weight: &'a M::Buffer,
    /// (N, 2), as [`Normalize`] left them.
    pub statistics: &'a M::Buffer,
    /// (N, C).
    pub d_out: &'a M::Buffer,
    /// (N, C), added to.
    pub d_x: &'a mut M::Buffer,
    /// (C), added to.
    pub d_weight: &'a mut M::Buffer,
    /// (C), added to, where there is a bias.
    pub d_bias: Option<&'a mut M::Buffer>,
}

impl<M: Memory> Arguments for NormalizeBackward<'_, M> {
    const NAME: &'static str = "normalize_backward";

    fn check(&self) {
        let Rows { rows, channels } = self.shape;
        let elements = self.shape.elements();
        long_enough(Self::NAME, "x", self.x, elements);
        long_enough(Self::NAME, "weight", self.weight, channels);
        long_enough(Self::NAME, "statistics", self.statistics, 2 * rows);
        long_enough(Self::NAME, "d_out", self.d_out, elements);
        long_enough(Self::NAME, "d_x", self.d_x, elements);
        long_enough(Self::NAME, "d_weight", self.d_weight, channels);
        if let Some(d_bias) = &self.d_bias {
            long_enough(Self::NAME, "d_bias", *d_bias, channels);
        }
    }

    fn work(&self) -> Work {
        Work::elementwise(self.shape.elements(), 3, 1)
    }
}
