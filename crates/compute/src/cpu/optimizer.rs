//! Sums, and the optimizer's step.

use super::elementwise::{CHUNK, for_each_chunk};
use super::engine::{Engine, Shared};
use super::simd::{Kernel, Simd};
use crate::HostMemory;
use crate::operation::{AdamW, AdamWSettings, Clip, Sum, SumOfSquares};

/// On one thread: the order of the sum is part of its definition.
pub(super) fn sum(_: &Engine, o: Sum<'_, HostMemory>) {
    o.totals.get_mut()[o.index] += o.x[..o.len].iter().map(|&x| f64::from(x)).sum::<f64>();
}

pub(super) fn sum_of_squares(engine: &Engine, o: SumOfSquares<'_, HostMemory>) {
    let x: &[f32] = o.x;
    let mut sums = vec![0.0; x.len().div_ceil(CHUNK)];
    let shared = Shared::new(&mut sums);
    engine.for_each(x.len().div_ceil(CHUNK), |i| {
        let chunk = &x[i * CHUNK..x.len().min((i + 1) * CHUNK)];
        let sum = engine.run(Squares(chunk));
        // SAFETY: every task has an element of its own.
        unsafe { shared.set(i, sum) };
    });
    o.totals.get_mut()[o.index] += sums.iter().sum::<f64>();
}

/// The sum of the squares of some numbers.
struct Squares<'a>(&'a [f32]);

impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> f64 {
        // Independent sums, which the compiler turns into lanes of 64-bit numbers.
        const SUMS: usize = 32;
        let mut sums = [0.0f64; SUMS];
        let mut chunks = self.0.chunks_exact(SUMS);
        for chunk in &mut chunks {
            for (sum, &x) in sums.iter_mut().zip(chunk) {
                *sum += f64::from(x) * f64::from(x);
            }
        }
        for (sum, &x) in sums.iter_mut().zip(chunks.remainder()) {
            *sum += f64::from(x) * f64::from(x);
        }
        sums.iter().sum()
    }
}

pub(super) fn adamw(engine: &Engine, o: AdamW<'_, HostMemory>) {
    let squares = o.clip.squares.get()[o.clip.index];
    let Some(factor) = Clip::<HostMemory>::factor(o.clip.norm, squares) else {
        return;
    };
    let factors = Factors::new(o.settings, factor);
    let gradient: &[f32] = o.gradient;
    let moments = [o.first_moment, o.second_moment].map(|moment| Shared::new(moment));
    for_each_chunk(engine, o.parameter, |start, parameter| {
        let range = start..start + parameter.len();
        let gradient = &gradient[range.clone()];
        // SAFETY: the chunks of different tasks do not overlap.
        let [first_moment, second_moment] =
            moments.map(|moment| unsafe { moment.part(range.clone()) });
        engine.run(Step {
            factors,
            parameter,
            gradient,
            first_moment,
            second_moment,
        });
    });
}

/// The numbers of [`AdamWSettings`] that all elements share, computed in 64 bits.
#[derive(Clone, Copy)]
struct Factors {
    /// 1 − lr · decay.
    decay: f32,
    gradient_scale: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    /// lr / (1 − β₁ᵗ).
    rate: f32,
    /// 1 / (1 − β₂ᵗ).
    correction2: f32,
    epsilon: f32,
}

impl Factors {
    fn new(settings: AdamWSettings, gradient_scale: f32) -> Self {
        let [rate, beta1, beta2, decay] = [
            settings.learning_rate,
            settings.beta1,
            settings.beta2,
            settings.weight_decay,
        ]
        .map(f64::from);
        let step = settings.step as f64;
        Self {
            decay: (1.0 - rate * decay) as f32,
            gradient_scale,
            beta1: settings.beta1,
            one_minus_beta1: (1.0 - beta1) as f32,
            beta2: settings.beta2,
            one_minus_beta2: (1.0 - beta2) as f32,
            rate: (rate / (1.0 - beta1.powf(step))) as f32,
            correction2: (1.0 / (1.0 - beta2.powf(step))) as f32,
            epsilon: settings.epsilon,
        }
    }
}

struct Step<'a> {
    factors: Factors,
    parameter: &'a mut [f32],
    gradient: &'a [f32],
    first_moment: &'a mut [f32],
    second_moment: &'a mut [f32],
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let f = self.factors;
        let chunks = self
            .parameter
            .chunks_mut(S::LANES)
            .zip(self.gradient.chunks(S::LANES))
            .zip(self.first_moment.chunks_mut(S::LANES))
            .zip(self.second_moment.chunks_mut(S::LANES));
        for (((parameter, gradient), first), second) in chunks {
            let g = s.mul(s.load_front(gradient), s.splat(f.gradient_scale));
            let m = s.mul(s.load_front(first), s.splat(f.beta1));
            let m = s.mul_add(g, s.splat(f.one_minus_beta1), m);
            let v = s.mul(s.load_front(second), s.splat(f.beta2));
            let v = s.mul_add(s.mul(g, g), s.splat(f.one_minus_beta2), v);
            let root = s.sqrt(s.mul(v, s.splat(f.correction2)));
            let step = s.div(s.mul(m, s.splat(f.rate)), s.add(root, s.splat(f.epsilon)));
            let decayed = s.mul(s.load_front(parameter), s.splat(f.decay));
            s.store_front(parameter, s.sub(decayed, step));
            s.store_front(first, m);
            s.store_front(second, v);
        }
    }
}
