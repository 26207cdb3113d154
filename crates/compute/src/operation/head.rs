//! The output layer: logits, and what is made of them without storing them.

use super::Arguments;
use crate::check::{long_enough, within};
use crate::work::product;
use crate::{Array, Indices, Memory, Work};

/// The output layer: (N, channels) × (vocabulary, channels)ᵀ → logits (N, vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadShape {
    /// Number of rows, N.
    pub rows: usize,
    /// Numbers in a row of hidden states.
    pub channels: usize,
    /// Number of logits of a row, V.
    pub vocabulary: usize,
}

impl HeadShape {
    fn hidden(self) -> usize {
        self.rows * self.channels
    }

    fn weight(self) -> usize {
        self.vocabulary * self.channels
    }

    fn logits(self) -> usize {
        self.rows * self.vocabulary
    }

    fn multiply_adds(self) -> u64 {
        product(&[self.rows, self.channels, self.vocabulary])
    }

    /// A pass over all logits, of which only one number a row is kept.
    fn pass(self) -> Work {
        Work::new(
            self.multiply_adds(),
            self.hidden() + self.weight(),
            self.rows,
        )
        .with_exponentials(self.logits())
    }

    #[track_caller]
    fn check_operands<B: Array>(self, operation: &str, hidden: &B, weight: &B) {
        long_enough(operation, "hidden", hidden, self.hidden());
        long_enough(operation, "weight", weight, self.weight());
    }

    #[track_caller]
    fn check_targets<I: Indices>(self, operation: &str, targets: &I) {
        long_enough(operation, "targets", targets, self.rows);
        within(operation, "targets", targets.bound(), self.vocabulary);
    }
}

/// `losses[n] = −ln softmax(hidden[n] · weightᵀ)[targets[n]]`, without storing the logits.
#[derive(Debug)]
pub struct HeadLosses<'a, M: Memory> {
    /// The sizes.
    pub shape: HeadShape,
    /// (N, C).
    pub hidden: &'a M::Buffer,
    /// (V, C).
    pub weight: &'a M::Buffer,
    /// (N), below V.
    pub targets: &'a M::Indices,
    /// (N), in nats.
    pub losses: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for HeadLosses<'_, M> {
    const NAME: &'static str = "head_losses";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        self.shape
            .check_operands(Self::NAME, self.hidden, self.weight);
        self.shape.check_targets(Self::NAME, self.targets);
        long_enough(Self::NAME, "losses", self.losses, self.shape.rows);
    }

    fn work(&self) -> Work {
        self.shape.pass()
    }
}

/// [`HeadLosses`] together with the gradients of `scale · Σ losses`.
#[derive(Debug)]
pub struct HeadLossesBackward<'a, M: Memory> {
    /// The sizes.
    pub shape: HeadShape,
    /// (N, C).
    pub hidden: &'a M::Buffer,
    /// (V, C).
    pub weight: &'a M::Buffer,
    /// (N), below V.
    pub targets: &'a M::Indices,
    /// The factor on the losses whose gradients are computed.
    pub scale: f32,
    /// (N), in nats, without the factor.
    pub losses: &'a mut M::Buffer,
    /// (N, C).
    pub d_hidden: &'a mut M::Buffer,
    /// (V, C), added to.
    pub d_weight: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for HeadLossesBackward<'_, M> {
    const NAME: &'static str = "head_losses_backward";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        self.shape
            .check_operands(Self::NAME, self.hidden, self.weight);
        self.shape.check_targets(Self::NAME, self.targets);
        long_enough(Self::NAME, "losses", self.losses, self.shape.rows);
        long_enough(Self::NAME, "d_hidden", self.d_hidden, self.shape.hidden());
        long_enough(Self::NAME, "d_weight", self.d_weight, self.shape.weight());
    }

    /// Three products: the logits, and the gradients of hidden states and weights.
    fn work(&self) -> Work {
        let shape = self.shape;
        Work::new(
            3 * shape.multiply_adds(),
            shape.hidden() + 2 * shape.weight(),
            shape.hidden() + shape.weight(),
        )
        .with_exponentials(shape.logits())
    }
}

/// The logits themselves, for the few rows of which a caller wants the distribution.
#[derive(Debug)]
pub struct HeadLogits<'a, M: Memory> {
    /// The sizes.
    pub shape: HeadShape,
    /// (N, C).
    pub hidden: &'a M::Buffer,
    /// (V, C).
    pub weight: &'a M::Buffer,
    /// (N, V).
    pub logits: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for HeadLogits<'_, M> {
    const NAME: &'static str = "head_logits";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        self.shape
            .check_operands(Self::NAME, self.hidden, self.weight);
        long_enough(Self::NAME, "logits", self.logits, self.shape.logits());
    }

    fn work(&self) -> Work {
        let shape = self.shape;
        Work::new(
            shape.multiply_adds(),
            shape.hidden() + shape.weight(),
            shape.logits(),
        )
    }
}

/// How logits become the distribution that is sampled. The default leaves the softmax as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingFilter {
    /// Logits are divided by this before the softmax. Positive.
    pub temperature: f32,
    /// Keep only this many of the most probable tokens (ties: the lower index first).
    pub top_k: Option<usize>,
    /// Then keep only the shortest prefix, by falling probability (ties: the lower index first),
    /// whose share of what `top_k` kept is at least this. In (0, 1].
    pub top_p: Option<f32>,
}

impl Default for SamplingFilter {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: None,
            top_p: None,
        }
    }
}

/// Draws a token for each row: the first index at which the running sum, in index order, of the
/// filtered probabilities exceeds `uniforms[n]` times their total.
#[derive(Debug)]
pub struct HeadSample<'a, M: Memory> {
    /// The sizes. A vocabulary of fewer tokens than `weight` has rows leaves the last ones out.
    pub shape: HeadShape,
    /// (N, C).
    pub hidden: &'a M::Buffer,
    /// (V, C).
    pub weight: &'a M::Buffer,
    /// From logits to probabilities.
    pub filter: SamplingFilter,
    /// (N), in [0, 1): on the host, where random numbers are made.
    pub uniforms: &'a [f64],
    /// (N): the tokens, on the device until somebody reads them.
    pub tokens: &'a mut M::Indices,
}

impl<M: Memory> Arguments for HeadSample<'_, M> {
    const NAME: &'static str = "head_sample";
    const MATRIX_SHARE: f64 = 1.0;

    fn check(&self) {
        assert!(
            self.shape.vocabulary > 0 || self.shape.rows == 0,
            "{}: the vocabulary is empty",
            Self::NAME
        );
        assert!(
            self.filter.temperature > 0.0,
            "{}: temperature {} is not positive",
            Self::NAME,
            self.filter.temperature
        );
        self.shape
            .check_operands(Self::NAME, self.hidden, self.weight);
        assert!(
            self.uniforms.len() >= self.shape.rows,
            "{}: {} uniforms for {} rows",
            Self::NAME,
            self.uniforms.len(),
            self.shape.rows
        );
        long_enough(Self::NAME, "tokens", self.tokens, self.shape.rows);
    }

    fn work(&self) -> Work {
        self.shape.pass()
    }
}
