//! The few special functions that intervals and asymptotics need.
//!
//! `ln Γ` and the quantiles of the normal distribution are those of [`statrs`]. The incomplete beta
//! function and its inverse are computed here, because intervals of probabilities that are known by
//! millions of counts need large parameters: `statrs` 0.19 ends its continued fraction after 140
//! terms, so that its `I_½(a, a)`, which is 1/2, is wrong by 3e-7 at a = 10⁵ and by 0.29 at a = 10⁷,
//! where the tests allow 1e-9.

use std::f64::consts::SQRT_2;

use statrs::function::erf::erfc_inv;
pub(crate) use statrs::function::gamma::ln_gamma;

/// The regularised incomplete beta function `I_x(a, b)` for a, b > 0 and x in [0, 1]: the
/// distribution function of a beta distribution.
pub(crate) fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else if x < (a + 1.0) / (a + b + 2.0) {
        ln_beta_power(a, b, x, 1.0 - x).exp() * beta_fraction(a, b, x) / a
    } else {
        // The continued fraction converges fast below the mean; above it, by symmetry.
        1.0 - ln_beta_power(b, a, 1.0 - x, x).exp() * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// `ln( x^a y^b / B(a, b) )`
fn ln_beta_power(a: f64, b: f64, x: f64, y: f64) -> f64 {
    a * x.ln() + b * y.ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)
}

/// The continued fraction of the incomplete beta function (NIST Digital Library of Mathematical
/// Functions, 8.17.22) by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    // It takes about √max(a, b) terms.
    let terms = 200 + 10 * a.max(b).sqrt() as u64;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = denominator;
    for m in 1..terms {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator = 1.0 / away_from_zero(1.0 + coefficient * denominator);
            numerator = away_from_zero(1.0 + coefficient / numerator);
            change = denominator * numerator;
            value *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The x with `I_x(a, b) = probability`: Newton's method, kept within a shrinking bracket.
pub(crate) fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0f64, 1.0f64);
    let mut x = a / (a + b);
    for _ in 0..200 {
        let excess = incomplete_beta(a, b, x) - probability;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = (ln_beta_power(a, b, x, 1.0 - x).exp()) / (x * (1.0 - x));
        let newton = x - excess / density;
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - x).abs() <= 1e-15 * x {
            return next;
        }
        x = next;
    }
    x
}

/// The z > 0 that a standard normal variable exceeds with `probability` < 1/2.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    SQRT_2 * erfc_inv(2.0 * probability)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use proptest::prelude::*;

    /// The probability that a standard normal variable exceeds 1.
    const NORMAL_TAIL_AT_1: f64 = 0.158_655_253_931_457_05;

    #[test]
    fn gamma_at_known_points() {
        assert!(ln_gamma(1.0).abs() < 1e-14 && ln_gamma(2.0).abs() < 1e-14);
        assert!((ln_gamma(0.5) - 0.5 * PI.ln()).abs() < 1e-14);
        let factorial: f64 = (1..=20).map(f64::from).product();
        assert!((ln_gamma(21.0) - factorial.ln()).abs() < 1e-13);
    }

    #[test]
    fn normal_quantile_at_known_points() {
        for (z, tail) in [
            (1.0, NORMAL_TAIL_AT_1),
            (1.959_963_984_540_054, 0.025),
            (3.0, 1.349_898_031_630_094_6e-3),
            (6.0, 9.865_876_450_376_98e-10),
        ] {
            assert!((normal_quantile(tail) / z - 1.0).abs() < 1e-12, "{z}");
        }
    }

    #[test]
    fn large_parameters() {
        // Symmetric at one half, and close to the normal distribution one deviation above it.
        let n = 1e9;
        assert!((incomplete_beta(n, n, 0.5) - 0.5).abs() < 1e-5);
        let deviation = 0.5 / (2.0 * n + 1.0).sqrt();
        let above = incomplete_beta(n, n, 0.5 + deviation);
        assert!((above - (1.0 - NORMAL_TAIL_AT_1)).abs() < 1e-4, "{above}");
    }

    proptest! {
        #[test]
        fn gamma_recurrence(x in 0.01..1e6f64) {
            let difference = ln_gamma(x + 1.0) - ln_gamma(x) - x.ln();
            prop_assert!(difference.abs() < 1e-13 * (1.0 + ln_gamma(x + 1.0).abs()));
        }

        #[test]
        fn beta_of_whole_numbers_is_a_binomial_tail(successes in 1u32..40, more in 0u32..40, x in 0.0..1.0f64) {
            // I_x(k, n − k + 1) = P(at least k of n succeed).
            let trials = successes + more;
            let mut tail = 0.0;
            for k in successes..=trials {
                let ways: f64 = (0..k).map(|i| f64::from(trials - i) / f64::from(k - i)).product();
                tail += ways * x.powi(k as i32) * (1.0 - x).powi((trials - k) as i32);
            }
            let beta = incomplete_beta(f64::from(successes), f64::from(more) + 1.0, x);
            prop_assert!((beta - tail).abs() < 1e-12, "{} {}", beta, tail);
        }

        #[test]
        fn beta_with_one_parameter_1_is_a_power(a in 0.1..1000.0f64, x in 0.0..1.0f64) {
            prop_assert!((incomplete_beta(a, 1.0, x) - x.powf(a)).abs() < 1e-12);
            prop_assert!((incomplete_beta(1.0, a, x) - (1.0 - (1.0 - x).powf(a))).abs() < 1e-12);
        }

        #[test]
        fn quantile_inverts(a in 0.5..1e4f64, b in 0.5..1e4f64, probability in 1e-6..(1.0 - 1e-6)) {
            let x = beta_quantile(a, b, probability);
            prop_assert!((incomplete_beta(a, b, x) - probability).abs() < 1e-10);
        }
    }
}
