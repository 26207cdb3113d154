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

/// The logistic function 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(super) fn sigmoid<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    let one = s.splat(1.0);
    s.div(one, s.add(one, exp(s, s.sub(s.splat(0.0), x))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{CheckedIsa, Isa};
    use crate::cpu::simd::Kernel;

    /// Applies a function to every number.
    struct Map<'a, const SIGMOID: bool>(&'a mut [f32]);

    impl<const SIGMOID: bool> Kernel for Map<'_, SIGMOID> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            for chunk in self.0.chunks_mut(S::LANES) {
                let x = s.load_front(chunk);
                s.store_front(chunk, if SIGMOID { sigmoid(s, x) } else { exp(s, x) });
            }
        }
    }

    fn on_every_isa<const SIGMOID: bool>(x: &[f32], check: impl Fn(Isa, f32, f32)) {
        for isa in Isa::available() {
            let mut y = x.to_vec();
            CheckedIsa::new(isa).unwrap().run(Map::<SIGMOID>(&mut y));
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
            on_every_isa::<false>(&grid(first, last), |isa, x, y| {
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
        on_every_isa::<false>(&x, |isa, x, y| {
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
        on_every_isa::<true>(&grid(-80.0, 80.0), |isa, x, y| {
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(y) / exact - 1.0).abs();
            assert!(
                error <= 4e-7,
                "{isa}: sigmoid({x}) = {y}, relative error {error:e}"
            );
        });
    }
}
