//! Vectorised elementary functions.

use super::simd::Simd;

/// eˣ, with a relative error of at most 2·10⁻⁷ where the result is a normal number.
///
/// 0 for x = −∞, ∞ from 88.73 on, and not a number for what is not a number.
#[inline(always)]
pub(super) fn exp<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    // x = n ln 2 + r with |r| ≤ ln 2 / 2. The limits only keep n in the range of `scale`: beyond
    // them the result is 0 or ∞ anyway. A NaN is kept, because it is the second operand.
    let x = s.max(s.splat(-110.0), s.min(s.splat(100.0), x));
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    // ln 2 in two parts, of which the first has so few digits that n times it is exact.
    let r = s.mul_add(n, s.splat(-355.0 / 512.0), x);
    let r = s.mul_add(n, s.splat(2.121_944_4e-4), r);
    // Minimax polynomial for (eʳ − 1 − r) / r² (Moshier, Cephes).
    let mut p = s.splat(1.987_569_2e-4);
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = s.mul_add(p, r, s.splat(coefficient));
    }
    let p = s.mul_add(p, s.mul(r, r), s.add(r, s.splat(1.0)));
    s.scale(p, n)
}

/// 2ˣ for x ≤ 126, with a relative error of at most 2·10⁻⁷ where the result is a normal number; and
/// less work than [`exp`].
///
/// 0 for x = −∞, and not a number for what is not a number.
#[inline(always)]
pub(super) fn exp2<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    Exponent::new(s, x).exp2(s)
}

/// What [`exp2`] makes of its operand before the polynomial: a loop that does so one step ahead keeps
/// more of a long chain of operations in flight.
#[derive(Clone, Copy)]
pub(super) struct Exponent<S: Simd> {
    /// The nearest integer.
    integer: S::Vector,
    /// What is left, at most ½.
    fraction: S::Vector,
}

impl<S: Simd> Exponent<S> {
    #[inline(always)]
    pub(super) fn new(s: S, x: S::Vector) -> Self {
        // The limit only keeps the integer in the range of `scale`. A NaN is kept, because it is the
        // second operand.
        let x = s.max(s.splat(-160.0), x);
        let integer = s.round(x);
        Self {
            integer,
            // Exact.
            fraction: s.sub(x, integer),
        }
    }

    // One of the coefficients is near ln 2, but not it.
    #[allow(clippy::approx_constant)]
    #[inline(always)]
    pub(super) fn exp2(self, s: S) -> S::Vector {
        // Minimax polynomial for 2ʳ, |r| ≤ ½, with relative error 9.2·10⁻⁸. Its constant is exactly 1,
        // so that a factor of 2⁰ changes nothing.
        let mut p = s.splat(1.326_472_7e-3);
        for coefficient in [9.671_513e-3, 5.550_733_6e-2, 0.240_222_42, 0.693_147, 1.0] {
            p = s.mul_add(p, self.fraction, s.splat(coefficient));
        }
        s.scale(p, self.integer)
    }
}

/// The logistic function 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(super) fn sigmoid<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    let one = s.splat(1.0);
    s.div(one, s.add(one, exp(s, s.sub(s.splat(0.0), x))))
}

/// 1 for x > 0, and 0 for x ≤ 0.
#[inline(always)]
pub(super) fn step<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    // Twice, so that the smallest number that there is becomes greater than 1.
    const HUGE: f32 = 1e38;
    let x = s.mul(s.mul(x, s.splat(HUGE)), s.splat(HUGE));
    s.min(s.splat(1.0), s.max(s.splat(0.0), x))
}

/// The standard normal law beyond a distance t from its mean.
#[derive(Clone, Copy)]
pub(super) struct Tail<S: Simd> {
    /// Φ(−t): the probability of one of both tails, at most ½.
    pub(super) probability: S::Vector,
    /// e^(−t²/2) / √(2π).
    pub(super) density: S::Vector,
}

impl<S: Simd> Tail<S> {
    /// At the distance |x|, with relative errors of at most 5·10⁻⁷ where the results are normal
    /// numbers.
    ///
    /// Φ(−t) is computed as `e^(−t²/2) p(v) / (1 + t)`: with `v = (t − k) / (t + k)`, which maps all
    /// distances to an interval, what is left of the complementary error function without its
    /// exponential and its decay is so smooth that a polynomial is enough (Shepherd & Laframboise,
    /// *Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞*, 1981).
    #[inline(always)]
    pub(super) fn new(s: S, x: S::Vector) -> Self {
        const K: f32 = 3.5;
        /// 1 / √(2π).
        const DENSITY: f32 = 0.398_942_3;
        let one = s.splat(1.0);
        let t = s.max(s.sub(s.splat(0.0), x), x);
        // Beyond the limit both are 0. A NaN is kept, because it is the second operand.
        let t = s.min(s.splat(15.0), t);
        let exponential = exp_of_half_square(s, t);
        let (far, next) = (s.add(t, s.splat(K)), s.add(t, one));
        let reciprocal = s.div(one, s.mul(far, next));
        let v = s.mul(s.sub(t, s.splat(K)), s.mul(next, reciprocal));
        // Minimax polynomial for v from −1 to the image of 14.5, with relative error 1.5·10⁻⁸.
        let mut p = s.splat(1.464_693_7e-4);
        for coefficient in [
            9.323_255e-5,
            -1.388_608_8e-3,
            2.954_144_2e-4,
            1.037_224_7e-2,
            -3.026_333_3e-2,
            3.804_838e-2,
            7.873_861e-4,
            -9.771_26e-2,
            0.478_553_18,
        ] {
            p = s.mul_add(p, v, s.splat(coefficient));
        }
        Self {
            probability: s.mul(exponential, s.mul(p, s.mul(far, reciprocal))),
            density: s.mul(exponential, s.splat(DENSITY)),
        }
    }
}

/// e^(−t²/2) for 0 ≤ t ≤ 15, as accurate as [`exp`]: the square of t would be rounded by more than
/// that where it is large.
#[inline(always)]
fn exp_of_half_square<S: Simd>(s: S, t: S::Vector) -> S::Vector {
    // A part of t whose square is exact, and the rest.
    let high = s.mul(s.round(s.mul(t, s.splat(64.0))), s.splat(1.0 / 64.0));
    let rest = s.mul(s.sub(t, high), s.add(t, high));
    let square = s.mul(high, high);
    let sum = s.add(square, rest);
    let error = s.add(s.sub(square, sum), rest);
    let half = s.splat(-0.5);
    let exponential = exp(s, s.mul(sum, half));
    s.mul_add(exponential, s.mul(error, half), exponential)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{CheckedIsa, Isa};
    use crate::cpu::simd::Kernel;

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        Exp2,
        Sigmoid,
        Step,
        Probability,
        Density,
    }

    /// Applies a function to every number.
    struct Map<'a>(Function, &'a mut [f32]);

    impl Kernel for Map<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            for chunk in self.1.chunks_mut(S::LANES) {
                let x = s.load_front(chunk);
                let y = match self.0 {
                    Function::Exp => exp(s, x),
                    Function::Exp2 => exp2(s, x),
                    Function::Sigmoid => sigmoid(s, x),
                    Function::Step => step(s, x),
                    Function::Probability => Tail::new(s, x).probability,
                    Function::Density => Tail::new(s, x).density,
                };
                s.store_front(chunk, y);
            }
        }
    }

    fn on_every_isa(function: Function, x: &[f32], check: impl Fn(Isa, f32, f32)) {
        for isa in Isa::available() {
            let mut y = x.to_vec();
            CheckedIsa::new(isa).unwrap().run(Map(function, &mut y));
            for (&x, y) in x.iter().zip(y) {
                check(isa, x, y);
            }
        }
    }

    /// Numbers at equal distances.
    fn grid(first: f64, last: f64) -> Vec<f32> {
        const STEPS: usize = 300_000;
        (0..=STEPS)
            .map(|i| (first + (last - first) * i as f64 / STEPS as f64) as f32)
            .collect()
    }

    #[test]
    fn exp_is_accurate_to_two_in_ten_million() {
        for (first, last) in [(-87.3, 88.7), (-1.0, 1.0), (-1e-4, 1e-4)] {
            on_every_isa(Function::Exp, &grid(first, last), |isa, x, y| {
                let exact = f64::from(x).exp();
                let error = (f64::from(y) / exact - 1.0).abs();
                assert!(
                    error <= 2e-7,
                    "{isa}: exp({x}) = {y}, relative error {error:e}"
                );
            });
        }
    }

    #[test]
    fn exp2_is_accurate_to_two_in_ten_million() {
        for (first, last) in [(-126.0, 126.0), (-1.0, 1.0), (-1e-4, 1e-4)] {
            on_every_isa(Function::Exp2, &grid(first, last), |isa, x, y| {
                let exact = f64::from(x).exp2();
                let error = (f64::from(y) / exact - 1.0).abs();
                assert!(
                    error <= 2e-7,
                    "{isa}: exp2({x}) = {y}, relative error {error:e}"
                );
            });
        }
        // What is hidden must have no weight at all.
        let hidden = [f32::NEG_INFINITY, f32::MIN, -1e30, -200.0, -150.5];
        on_every_isa(Function::Exp2, &hidden, |isa, x, y| {
            assert_eq!(y, 0.0, "{isa}: exp2({x})");
        });
        on_every_isa(Function::Exp2, &[0.0, -0.0], |isa, x, y| {
            assert_eq!(y, 1.0, "{isa}: exp2({x})");
        });
        on_every_isa(Function::Exp2, &[f32::NAN], |isa, _, y| {
            assert!(y.is_nan(), "{isa}: {y}");
        });
    }

    #[test]
    fn exp_of_special_values() {
        let x = [
            0.0,
            -0.0,
            f32::NEG_INFINITY,
            f32::INFINITY,
            f32::MIN,
            f32::MAX,
            -200.0,
            -105.0,
            89.0,
            f32::NAN,
            f32::MIN_POSITIVE,
            -95.0,
        ];
        on_every_isa(Function::Exp, &x, |isa, x, y| {
            let exact = f64::from(x).exp() as f32;
            if exact.is_nan() {
                assert!(y.is_nan(), "{isa}: exp({x}) = {y}");
            } else if exact > 0.0 && exact < f32::MIN_POSITIVE {
                // Subnormal: as accurate as its few digits allow.
                assert!(
                    (y - exact).abs() <= 2.0 * f32::from_bits(1),
                    "{isa}: exp({x}) = {y:e}"
                );
            } else {
                assert_eq!(y, exact, "{isa}: exp({x})");
            }
        });
    }

    #[test]
    fn sigmoid_is_accurate_also_in_its_tails() {
        on_every_isa(Function::Sigmoid, &grid(-80.0, 80.0), |isa, x, y| {
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(y) / exact - 1.0).abs();
            assert!(
                error <= 4e-7,
                "{isa}: sigmoid({x}) = {y}, relative error {error:e}"
            );
        });
    }

    #[test]
    fn tails_of_the_normal_law_are_accurate_to_five_in_ten_million() {
        let half = |x: f32| 0.5 * libm::erfc(f64::from(x).abs() * std::f64::consts::FRAC_1_SQRT_2);
        let density = |x: f32| (-0.5 * f64::from(x).powi(2)).exp() / std::f64::consts::TAU.sqrt();
        for x in [grid(-12.8, 12.8), grid(-1.0, 1.0), grid(-1e-4, 1e-4)] {
            on_every_isa(Function::Probability, &x, |isa, x, y| {
                let error = (f64::from(y) / half(x) - 1.0).abs();
                assert!(
                    error <= 5e-7,
                    "{isa}: Φ(−|{x}|) = {y}, relative error {error:e}"
                );
            });
            on_every_isa(Function::Density, &x, |isa, x, y| {
                let error = (f64::from(y) / density(x) - 1.0).abs();
                assert!(
                    error <= 5e-7,
                    "{isa}: φ({x}) = {y}, relative error {error:e}"
                );
            });
        }
        for function in [Function::Probability, Function::Density] {
            let far = [f32::MIN, -1e20, 15.0, 100.0, f32::MAX, f32::INFINITY];
            on_every_isa(function, &far, |isa, x, y| assert_eq!(y, 0.0, "{isa}: {x}"));
            on_every_isa(function, &[f32::NAN], |isa, _, y| {
                assert!(y.is_nan(), "{isa}")
            });
        }
    }

    #[test]
    fn a_step_is_at_0() {
        let smallest = f32::from_bits(1);
        let above = [smallest, 1e-30, 1.0, f32::MAX, f32::INFINITY];
        let below = [0.0, -0.0, -smallest, -1.0, f32::MIN, f32::NEG_INFINITY];
        on_every_isa(Function::Step, &above, |isa, x, y| {
            assert_eq!(y, 1.0, "{isa}: {x}")
        });
        on_every_isa(Function::Step, &below, |isa, x, y| {
            assert_eq!(y, 0.0, "{isa}: {x}")
        });
    }
}
