//! Operations element by element: GELU, the residual sum, AdamW, and the sum of squares.

use super::engine::{Engine, Shared};
use super::math::sigmoid;
use super::simd::{Kernel, Simd};
use crate::AdamW;

/// Elements of a task.
const CHUNK: usize = 1 << 14;

/// √(2/π).
const SCALE: f32 = 0.797_884_6;
/// The factor of the cubic term of `gelu_new`.
const CUBIC: f32 = 0.044_715;

/// Splits a slice into the chunks of the tasks and runs `task(first element, chunk)` on each.
fn for_each_chunk(engine: &Engine, x: &mut [f32], task: impl Fn(usize, &mut [f32]) + Send + Sync) {
    let len = x.len();
    let shared = Shared::new(x);
    engine.for_each(len.div_ceil(CHUNK), |i| {
        let range = i * CHUNK..len.min((i + 1) * CHUNK);
        // SAFETY: the chunks of different tasks do not overlap.
        task(range.start, unsafe { shared.part(range) });
    });
}

pub(super) fn gelu(engine: &Engine, x: &[f32], out: &mut [f32]) {
    for_each_chunk(engine, out, |start, out| {
        engine.run(Gelu {
            x: &x[start..][..out.len()],
            out,
        });
    });
}

struct Gelu<'a> {
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (x, out) in self.x.chunks(S::LANES).zip(self.out.chunks_mut(S::LANES)) {
            let x = s.load_front(x);
            s.store_front(out, s.mul(x, gate(s, x)));
        }
    }
}

/// (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³): the logistic function of 2u, which does not
/// cancel for negative x.
#[inline(always)]
fn gate<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    let square = s.mul(x, x);
    let slope = s.mul_add(square, s.splat(2.0 * SCALE * CUBIC), s.splat(2.0 * SCALE));
    sigmoid(s, s.mul(x, slope))
}

pub(super) fn gelu_backward(engine: &Engine, x: &[f32], d: &mut [f32]) {
    for_each_chunk(engine, d, |start, d| {
        engine.run(GeluBackward {
            x: &x[start..][..d.len()],
            d,
        });
    });
}

struct GeluBackward<'a> {
    x: &'a [f32],
    d: &'a mut [f32],
}

impl Kernel for GeluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (x, d) in self.x.chunks(S::LANES).zip(self.d.chunks_mut(S::LANES)) {
            let x = s.load_front(x);
            let gate = gate(s, x);
            // The limit changes nothing, since the gate is 0 or 1 there, but keeps 0 · ∞ away.
            let square = s.min(s.splat(1e4), s.mul(x, x));
            let slope = s.mul_add(square, s.splat(6.0 * SCALE * CUBIC), s.splat(2.0 * SCALE));
            let rising = s.mul(s.mul(x, gate), s.sub(s.splat(1.0), gate));
            let derivative = s.mul_add(rising, slope, gate);
            s.store_front(d, s.mul(s.load_front(d), derivative));
        }
    }
}

pub(super) fn add(engine: &Engine, x: &[f32], out: &mut [f32]) {
    for_each_chunk(engine, out, |start, out| {
        engine.run(Add {
            x: &x[start..][..out.len()],
            out,
        });
    });
}

/// `out += x`.
pub(super) struct Add<'a> {
    pub(super) x: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (x, out) in self.x.chunks(S::LANES).zip(self.out.chunks_mut(S::LANES)) {
            s.store_front(out, s.add(s.load_front(out), s.load_front(x)));
        }
    }
}

pub(super) fn sum_of_squares(engine: &Engine, x: &[f32]) -> f64 {
    let mut sums = vec![0.0; x.len().div_ceil(CHUNK)];
    let shared = Shared::new(&mut sums);
    engine.for_each(x.len().div_ceil(CHUNK), |i| {
        let chunk = &x[i * CHUNK..x.len().min((i + 1) * CHUNK)];
        let sum = engine.run(SumOfSquares(chunk));
        // SAFETY: every task has an element of its own.
        unsafe { shared.set(i, sum) };
    });
    sums.iter().sum()
}

struct SumOfSquares<'a>(&'a [f32]);

impl Kernel for SumOfSquares<'_> {
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

pub(super) fn adamw(
    engine: &Engine,
    settings: AdamW,
    parameter: &mut [f32],
    gradient: &[f32],
    first_moment: &mut [f32],
    second_moment: &mut [f32],
) {
    let factors = Factors::new(settings);
    let first_moment = Shared::new(first_moment);
    let second_moment = Shared::new(second_moment);
    for_each_chunk(engine, parameter, |start, parameter| {
        let range = start..start + parameter.len();
        engine.run(Step {
            factors,
            parameter,
            gradient: &gradient[range.clone()],
            // SAFETY: the chunks of different tasks do not overlap.
            first_moment: unsafe { first_moment.part(range.clone()) },
            // SAFETY: as above.
            second_moment: unsafe { second_moment.part(range) },
        });
    });
}

/// The numbers of [`AdamW`] that all elements share, computed in 64 bits.
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
    fn new(settings: AdamW) -> Self {
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
            gradient_scale: settings.gradient_scale,
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
