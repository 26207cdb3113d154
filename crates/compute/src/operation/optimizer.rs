//! Sums in 64 bits, and the optimizer's step.

use super::Arguments;
use crate::check::{long_enough, within};
use crate::{Array, Memory, Work};

/// `totals[index] += Σ x` of the first `len` elements, in 64 bits and in order.
#[derive(Debug)]
pub struct Sum<'a, M: Memory> {
    /// What is summed.
    pub x: &'a M::Buffer,
    /// How many elements of it.
    pub len: usize,
    /// Where the sum goes.
    pub totals: &'a mut M::Totals,
    /// Which of the totals.
    pub index: usize,
}

impl<M: Memory> Arguments for Sum<'_, M> {
    const NAME: &'static str = "sum";

    fn check(&self) {
        long_enough(Self::NAME, "x", self.x, self.len);
        within(Self::NAME, "index", self.index + 1, self.totals.len());
    }

    fn work(&self) -> Work {
        Work::elementwise(self.len, 1, 0)
    }
}

/// `totals[index] += Σ x²` of all elements, in 64 bits.
#[derive(Debug)]
pub struct SumOfSquares<'a, M: Memory> {
    /// What is squared and summed.
    pub x: &'a M::Buffer,
    /// Where the sum goes.
    pub totals: &'a mut M::Totals,
    /// Which of the totals.
    pub index: usize,
}

impl<M: Memory> Arguments for SumOfSquares<'_, M> {
    const NAME: &'static str = "sum_of_squares";

    fn check(&self) {
        within(Self::NAME, "index", self.index + 1, self.totals.len());
    }

    fn work(&self) -> Work {
        Work::elementwise(self.x.len(), 1, 0)
    }
}

/// One step of AdamW with decoupled weight decay (Loshchilov & Hutter, 2019), as PyTorch defines it.
///
/// With g the gradient times the factor of [`Clip`]:
/// `θ ← θ (1 − lr·decay)`, `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
/// `θ ← θ − lr · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// Learning rate, lr.
    pub learning_rate: f32,
    /// Decay of the first moment, β₁.
    pub beta1: f32,
    /// Decay of the second moment, β₂.
    pub beta2: f32,
    /// ε.
    pub epsilon: f32,
    /// Weight decay of this parameter.
    pub weight_decay: f32,
    /// Number of this step, t, from 1.
    pub step: u64,
}

/// How much of a gradient is used, by the norm of the gradients of all parameters. The norm stays on
/// the device.
#[derive(Debug)]
pub struct Clip<'a, M: Memory> {
    /// Totals of which one is the sum of the squares of all gradients.
    pub squares: &'a M::Totals,
    /// Which of them.
    pub index: usize,
    /// The norm that gradients are scaled down to, where theirs is greater; `inf` leaves them alone.
    pub norm: f64,
}

impl<M: Memory> Clip<'_, M> {
    /// The factor on the gradient, from the sum of squares: what `torch.nn.utils.clip_grad_norm_`
    /// computes, its 1e-6 included. `None` where the sum is not a finite number.
    pub fn factor(norm: f64, squares: f64) -> Option<f32> {
        let length = squares.sqrt();
        length
            .is_finite()
            .then(|| (norm / (length + 1e-6)).min(1.0) as f32)
    }
}

/// A step of AdamW ([`AdamWSettings`]) on all elements of `parameter` with its moments. Where the sum
/// of squares is not a finite number, everything stays as it is.
#[derive(Debug)]
pub struct AdamW<'a, M: Memory> {
    /// Rates and decays.
    pub settings: AdamWSettings,
    /// What is used of the gradient.
    pub clip: Clip<'a, M>,
    /// θ.
    pub parameter: &'a mut M::Buffer,
    /// The gradient before clipping.
    pub gradient: &'a M::Buffer,
    /// m.
    pub first_moment: &'a mut M::Buffer,
    /// v.
    pub second_moment: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for AdamW<'_, M> {
    const NAME: &'static str = "adamw";

    fn check(&self) {
        let len = self.parameter.len();
        long_enough(Self::NAME, "gradient", self.gradient, len);
        long_enough(Self::NAME, "first_moment", self.first_moment, len);
        long_enough(Self::NAME, "second_moment", self.second_moment, len);
        within(
            Self::NAME,
            "index",
            self.clip.index + 1,
            self.clip.squares.len(),
        );
    }

    fn work(&self) -> Work {
        Work::elementwise(self.parameter.len(), 4, 3)
    }
}
