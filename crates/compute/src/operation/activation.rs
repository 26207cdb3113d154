//! Activation functions, element by element.

use super::{Arguments, Rows};
use crate::check::long_enough;
use crate::{Memory, Work};

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `x Φ(x)`, with Φ the distribution function of the standard normal law.
    Gelu,
    /// `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`: `gelu_new` in Hugging Face's files.
    GeluTanh,
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + e⁻ˣ)`.
    Silu,
}

impl Activation {
    /// Exponentials of an element.
    fn exponentials(self) -> usize {
        usize::from(self != Self::Relu)
    }
}

/// `out = f(x)`.
#[derive(Debug)]
pub struct Activate<'a, M: Memory> {
    /// The shape of both.
    pub shape: Rows,
    /// f.
    pub activation: Activation,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (N, C).
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Activate<'_, M> {
    const NAME: &'static str = "activate";

    fn check(&self) {
        long_enough(Self::NAME, "x", self.x, self.shape.elements());
        long_enough(Self::NAME, "out", self.out, self.shape.elements());
    }

    fn work(&self) -> Work {
        let elements = self.shape.elements();
        Work::elementwise(elements, 1, 1)
            .with_exponentials(elements * self.activation.exponentials())
    }
}

/// Backward of [`Activate`], in place: multiplies `d` by the derivative at `x`.
#[derive(Debug)]
pub struct ActivateBackward<'a, M: Memory> {
    /// The shape of both.
    pub shape: Rows,
    /// f.
    pub activation: Activation,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (N, C): the gradient of the output, which becomes that of the input.
    pub d: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for ActivateBackward<'_, M> {
    const NAME: &'static str = "activate_backward";

    fn check(&self) {
        long_enough(Self::NAME, "x", self.x, self.shape.elements());
        long_enough(Self::NAME, "d", self.d, self.shape.elements());
    }

    fn work(&self) -> Work {
        let elements = self.shape.elements();
        Work::elementwise(elements, 2, 1)
            .with_exponentials(elements * self.activation.exponentials())
    }
}

/// A gated activation: `out = f(gate) · x`, element by element.
#[derive(Debug)]
pub struct Gate<'a, M: Memory> {
    /// The shape of all three.
    pub shape: Rows,
    /// f.
    pub activation: Activation,
    /// (N, C).
    pub gate: &'a M::Buffer,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (N, C).
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Gate<'_, M> {
    const NAME: &'static str = "gate";

    fn check(&self) {
        let elements = self.shape.elements();
        long_enough(Self::NAME, "gate", self.gate, elements);
        long_enough(Self::NAME, "x", self.x, elements);
        long_enough(Self::NAME, "out", self.out, elements);
    }

    fn work(&self) -> Work {
        let elements = self.shape.elements();
        Work::elementwise(elements, 2, 1)
            .with_exponentials(elements * self.activation.exponentials())
    }
}

/// Backward of [`Gate`]: `d_gate = d · x · f′(gate)`, then `d = d · f(gate)`, the gradient of `x`.
#[derive(Debug)]
pub struct GateBackward<'a, M: Memory> {
    /// The shape of all four.
    pub shape: Rows,
    /// f.
    pub activation: Activation,
    /// (N, C).
    pub gate: &'a M::Buffer,
    /// (N, C).
    pub x: &'a M::Buffer,
    /// (N, C): the gradient of the output, which becomes that of `x`.
    pub d: &'a mut M::Buffer,
    /// (N, C): the gradient of `gate`.
    pub d_gate: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for GateBackward<'_, M> {
    const NAME: &'static str = "gate_backward";

    fn check(&self) {
        let elements = self.shape.elements();
        long_enough(Self::NAME, "gate", self.gate, elements);
        long_enough(Self::NAME, "x", self.x, elements);
        long_enough(Self::NAME, "d", self.d, elements);
        long_enough(Self::NAME, "d_gate", self.d_gate, elements);
    }

    fn work(&self) -> Work {
        let elements = self.shape.elements();
        Work::elementwise(elements, 3, 2)
            .with_exponentials(elements * self.activation.exponentials())
    }
}
