//! Activation functions and their derivatives, gated or not: kernels that are written once, over
//! [`Function`].

use super::elementwise::for_each_chunk;
use super::engine::{Engine, Shared};
use super::math::{Tail, sigmoid, step};
use super::simd::{Kernel, Simd};
use crate::HostMemory;
use crate::operation::{self, Activation};

/// An activation function of a vector of numbers.
trait Function: Copy + Send + Sync {
    /// f(x).
    fn value<S: Simd>(self, s: S, x: S::Vector) -> S::Vector;

    /// f(x) and f′(x).
    fn with_derivative<S: Simd>(self, s: S, x: S::Vector) -> [S::Vector; 2];
}

/// `x Φ(x)`.
#[derive(Clone, Copy)]
struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::Vector) -> S::Vector {
        self.with_derivative(s, x)[0]
    }

    #[inline(always)]
    fn with_derivative<S: Simd>(self, s: S, x: S::Vector) -> [S::Vector; 2] {
        let Tail {
            probability,
            density,
        } = Tail::new(s, x);
        let zero = s.splat(0.0);
        // x Φ(x) is −|x| Φ(−|x|) below 0, where nothing cancels, and x less as much above.
        let positive = s.max(zero, x);
        let negative = s.min(zero, x);
        let distance = s.sub(positive, negative);
        let value = s.sub(positive, s.mul(distance, probability));
        // Φ(x) is Φ(−|x|) below 0, and what is left of 1 above.
        let middle = s.sub(s.splat(1.0), s.add(probability, probability));
        let distribution = s.mul_add(step(s, x), middle, probability);
        // The limit keeps 0 · ∞ away.
        let near = s.max(s.splat(-1e4), s.min(s.splat(1e4), x));
        [value, s.mul_add(near, density, distribution)]
    }
}

/// `gelu_new`: `x · gate` with `gate = (1 + tanh u) / 2` and `u = √(2/π) (x + 0.044715 x³)`. The gate
/// is the logistic function of 2u, which does not cancel for negative x.
#[derive(Clone, Copy)]
struct GeluTanh;

impl GeluTanh {
    /// √(2/π).
    const SCALE: f32 = 0.797_884_6;
    /// The factor of the cubic term.
    const CUBIC: f32 = 0.044_715;

    #[inline(always)]
    fn gate<S: Simd>(s: S, x: S::Vector) -> S::Vector {
        let square = s.mul(x, x);
        let slope = s.mul_add(
            square,
            s.splat(2.0 * Self::SCALE * Self::CUBIC),
            s.splat(2.0 * Self::SCALE),
        );
        sigmoid(s, s.mul(x, slope))
    }
}

impl Function for GeluTanh {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::Vector) -> S::Vector {
        s.mul(x, Self::gate(s, x))
    }

    #[inline(always)]
    fn with_derivative<S: Simd>(self, s: S, x: S::Vector) -> [S::Vector; 2] {
        let gate = Self::gate(s, x);
        // The limit changes nothing, since the gate is 0 or 1 there, but keeps 0 · ∞ away.
        let square = s.min(s.splat(1e4), s.mul(x, x));
        let slope = s.mul_add(
            square,
            s.splat(6.0 * Self::SCALE * Self::CUBIC),
            s.splat(2.0 * Self::SCALE),
        );
        let value = s.mul(x, gate);
        let rising = s.mul(value, s.sub(s.splat(1.0), gate));
        [value, s.mul_add(rising, slope, gate)]
    }
}

/// `max(x, 0)`.
#[derive(Clone, Copy)]
struct Relu;

impl Function for Relu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::Vector) -> S::Vector {
        s.max(s.splat(0.0), x)
    }

    #[inline(always)]
    fn with_derivative<S: Simd>(self, s: S, x: S::Vector) -> [S::Vector; 2] {
        [self.value(s, x), step(s, x)]
    }
}

/// `x · gate` with the logistic function as the gate.
#[derive(Clone, Copy)]
struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::Vector) -> S::Vector {
        s.mul(x, sigmoid(s, x))
    }

    #[inline(always)]
    fn with_derivative<S: Simd>(self, s: S, x: S::Vector) -> [S::Vector; 2] {
        let gate = sigmoid(s, x);
        let value = s.mul(x, gate);
        [value, s.mul_add(value, s.sub(s.splat(1.0), gate), gate)]
    }
}

/// Computes with the function of an activation, whichever it is.
macro_rules! with_function {
    ($activation:expr, $function:ident => $computation:expr) => {
        match $activation {
            Activation::Gelu => {
                let $function = Gelu;
                $computation
            }
            Activation::GeluTanh => {
                let $function = GeluTanh;
                $computation
            }
            Activation::Relu => {
                let $function = Relu;
                $computation
            }
            Activation::Silu => {
                let $function = Silu;
                $computation
            }
        }
    };
}

pub(super) fn activate(engine: &Engine, o: operation::Activate<'_, HostMemory>) {
    let x: &[f32] = o.x;
    for_each_chunk(engine, &mut o.out[..o.shape.elements()], |start, out| {
        engine.run(Activate {
            activation: o.activation,
            x: &x[start..][..out.len()],
            out,
        });
    });
}

struct Activate<'a> {
    activation: Activation,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        with_function!(self.activation, function => {
            for (x, out) in self.x.chunks(S::LANES).zip(self.out.chunks_mut(S::LANES)) {
                s.store_front(out, function.value(s, s.load_front(x)));
            }
        });
    }
}

pub(super) fn activate_backward(engine: &Engine, o: operation::ActivateBackward<'_, HostMemory>) {
    let x: &[f32] = o.x;
    for_each_chunk(engine, &mut o.d[..o.shape.elements()], |start, d| {
        engine.run(ActivateBackward {
            activation: o.activation,
            x: &x[start..][..d.len()],
            d,
        });
    });
}

struct ActivateBackward<'a> {
    activation: Activation,
    x: &'a [f32],
    d: &'a mut [f32],
}

impl Kernel for ActivateBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        with_function!(self.activation, function => {
            for (x, d) in self.x.chunks(S::LANES).zip(self.d.chunks_mut(S::LANES)) {
                let [_, derivative] = function.with_derivative(s, s.load_front(x));
                s.store_front(d, s.mul(s.load_front(d), derivative));
            }
        });
    }
}

pub(super) fn gate(engine: &Engine, o: operation::Gate<'_, HostMemory>) {
    let [gate, x]: [&[f32]; 2] = [o.gate, o.x];
    for_each_chunk(engine, &mut o.out[..o.shape.elements()], |start, out| {
        engine.run(Gate {
            activation: o.activation,
            gate: &gate[start..][..out.len()],
            x: &x[start..][..out.len()],
            out,
        });
    });
}

struct Gate<'a> {
    activation: Activation,
    gate: &'a [f32],
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Gate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        with_function!(self.activation, function => {
            let chunks = self.gate.chunks(S::LANES).zip(self.x.chunks(S::LANES));
            for ((gate, x), out) in chunks.zip(self.out.chunks_mut(S::LANES)) {
                let value = function.value(s, s.load_front(gate));
                s.store_front(out, s.mul(value, s.load_front(x)));
            }
        });
    }
}

pub(super) fn gate_backward(engine: &Engine, o: operation::GateBackward<'_, HostMemory>) {
    let [gate, x]: [&[f32]; 2] = [o.gate, o.x];
    let d_gate = Shared::new(o.d_gate);
    for_each_chunk(engine, &mut o.d[..o.shape.elements()], |start, d| {
        let range = start..start + d.len();
        engine.run(GateBackward {
            activation: o.activation,
            gate: &gate[range.clone()],
            x: &x[range.clone()],
            d,
            // SAFETY: the chunks of different tasks do not overlap.
            d_gate: unsafe { d_gate.part(range) },
        });
    });
}

struct GateBackward<'a> {
    activation: Activation,
    gate: &'a [f32],
    x: &'a [f32],
    d: &'a mut [f32],
    d_gate: &'a mut [f32],
}

impl Kernel for GateBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        with_function!(self.activation, function => {
            let inputs = self.gate.chunks(S::LANES).zip(self.x.chunks(S::LANES));
            let outputs = self.d.chunks_mut(S::LANES).zip(self.d_gate.chunks_mut(S::LANES));
            for ((gate, x), (d, d_gate)) in inputs.zip(outputs) {
                let [value, derivative] = function.with_derivative(s, s.load_front(gate));
                let gradient = s.load_front(d);
                let share = s.mul(gradient, s.load_front(x));
                s.store_front(d_gate, s.mul(share, derivative));
                s.store_front(d, s.mul(gradient, value));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use crate::cpu::isa::{CheckedIsa, Isa};

    const ALL: [Activation; 4] = [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Relu,
        Activation::Silu,
    ];

    /// f(x) and f′(x) with every instruction set.
    fn for_each(x: &[f32], check: impl Fn(Activation, f32, f32, f32)) {
        for (isa, activation) in Isa::available()
            .into_iter()
            .flat_map(|i| ALL.map(|a| (i, a)))
        {
            let engine = Engine::new(CheckedIsa::new(isa).unwrap(), Precision::F32, 1);
            let (mut out, mut d) = (vec![f32::NAN; x.len()], vec![1.0; x.len()]);
            engine.run(Activate {
                activation,
                x,
                out: &mut out,
            });
            engine.run(ActivateBackward {
                activation,
                x,
                d: &mut d,
            });
            for ((&x, out), d) in x.iter().zip(out).zip(d) {
                check(activation, x, out, d);
            }
        }
    }

    #[test]
    fn far_from_0_they_are_straight() {
        for_each(
            &[1e3, 1e10, 1e30, f32::MAX],
            |activation, x, value, derivative| {
                assert_eq!((value, derivative), (x, 1.0), "{activation:?} at {x}");
            },
        );
        for_each(
            &[-1e3, -1e10, -1e30, f32::MIN],
            |activation, x, value, derivative| {
                assert_eq!((value, derivative), (0.0, 0.0), "{activation:?} at {x}");
            },
        );
    }

    #[test]
    fn at_0_they_are_0() {
        for_each(&[0.0, -0.0], |activation, _, value, derivative| {
            assert_eq!(value, 0.0, "{activation:?}");
            let expected = if activation == Activation::Relu {
                0.0
            } else {
                0.5
            };
            assert!(
                (derivative - expected).abs() < 1e-7,
                "{activation:?}: {derivative}"
            );
        });
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for_each(&[f32::NAN], |activation, _, value, derivative| {
            assert!(value.is_nan() && derivative.is_nan(), "{activation:?}");
        });
    }
}
