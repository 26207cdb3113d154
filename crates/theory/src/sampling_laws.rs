//! Exact laws of the loop when the model is nothing but the counts of its training set, so that
//! sampling is the only error.
//!
//! Generation 1 is the initial corpus itself; every *step* samples N tokens from a generation.
//! Heterozygosity is `H = 1 − Σ p_i²`, the probability that two independent tokens differ.

use std::f64::consts::PI;

use crate::Rate;

/// `1 − Σ p_i²` of relative frequencies.
pub fn heterozygosity(frequencies: &[f64]) -> f64 {
    1.0 - frequencies.iter().map(|p| p * p).sum::<f64>()
}

/// Expected heterozygosity after `steps` under Replace with N = `samples`, as a part of the
/// initial one: `(1 − 1/N)^steps`.
pub fn replace_heterozygosity(samples: u64, steps: u32) -> f64 {
    (f64::from(steps) * f64::ln_1p(-1.0 / samples as f64)).exp()
}

/// Expected heterozygosity of the corpus after `steps` under Accumulate (N = `samples` drawn from
/// the whole corpus and added to it), as a part of the initial one:
/// `Π_{k=1..steps} (1 − 1/(N (k+1)²))`.
pub fn accumulate_heterozygosity(samples: u64, steps: u32) -> f64 {
    (1..=steps)
        .map(|k| 1.0 - 1.0 / (samples as f64 * (f64::from(k) + 1.0).powi(2)))
        .product()
}

/// The limit of [`accumulate_heterozygosity`] after infinitely many steps, which is positive: by
/// Euler's product for the sine, `sin(πx)/(πx (1 − x²))` with `x = 1/√N`; 1/2 for N = 1.
pub fn accumulate_heterozygosity_limit(samples: u64) -> f64 {
    if samples == 1 {
        return 0.5;
    }
    let x = 1.0 / (samples as f64).sqrt();
    (PI * x).sin() / (PI * x * (1.0 - x * x))
}

/// Expected heterozygosity of the corpus after `steps` under Accumulate-Subsample (N = `samples`
/// drawn from the corpus as a training set, then rate·N drawn from that and added), as a part of
/// the initial one.
///
/// The first step trains on the initial corpus itself: factor `1 − u_1²/(γN)`. Every later one has
/// the factor `1 − u_n² (1/N + (1 − 1/N)/(γN))`, with `u_n = γ/(1 + nγ)`.
pub fn accumulate_subsample_heterozygosity(samples: u64, rate: Rate, steps: u32) -> f64 {
    let (n, gamma) = (samples as f64, rate.get());
    (1..=steps)
        .map(|step| {
            let new_part = gamma / (1.0 + f64::from(step) * gamma);
            let drawn = 1.0 / (gamma * n);
            let variance = if step == 1 {
                drawn
            } else {
                1.0 / n + (1.0 - 1.0 / n) * drawn
            };
            1.0 - new_part * new_part * variance
        })
        .product()
}

/// Probability that a type with `count` tokens in the initial corpus still occurs after `steps`
/// under Replace: `1 − exp(−count·g)` with `g_1 = 1` and `g_{k+1} = 1 − exp(−g_k)`. Counts are taken
/// as Poisson numbers, which they are as N grows.
pub fn survival(count: f64, steps: u32) -> f64 {
    -(-count * survival_rate(steps)).exp_m1()
}

/// `g_steps` of [`survival`]; without a step nothing is lost.
fn survival_rate(steps: u32) -> f64 {
    if steps == 0 {
        return f64::INFINITY;
    }
    (1..steps).fold(1.0, |g: f64, _| -(-g).exp_m1())
}

/// Expected number of types that still occur after `steps` under Replace, from the count of each
/// type in the initial corpus: the sum of [`survival`]. Types that never occurred stay away.
pub fn expected_distinct_types(counts: &[f64], steps: u32) -> f64 {
    let rate = survival_rate(steps);
    counts
        .iter()
        .filter(|count| **count > 0.0)
        .map(|count| -(-count * rate).exp_m1())
        .sum()
}

/// Mean number of steps under Replace until only one type is left, in the diffusion limit:
/// `−2N Σ (1 − p_i) ln(1 − p_i)`.
pub fn mean_time_to_total_collapse(frequencies: &[f64], samples: u64) -> f64 {
    let sum: f64 = frequencies
        .iter()
        .filter(|p| **p < 1.0)
        .map(|p| (1.0 - p) * f64::ln_1p(-p))
        .sum();
    -2.0 * samples as f64 * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paradigm::tests::rate;
    use autophage_random::{Purpose, Stream};

    const REPLICATES: u64 = 10_000;
    const START: [f64; 5] = [0.4, 0.25, 0.2, 0.1, 0.05];

    /// A source of random numbers for one replicate.
    struct Draws {
        stream: Stream,
        replicate: u64,
        position: u64,
    }

    impl Draws {
        fn new(replicate: u64) -> Self {
            Self {
                stream: Stream::new(5, Purpose::Simulation, 0),
                replicate,
                position: 0,
            }
        }

        /// Relative frequencies of `samples` tokens drawn from `frequencies`.
        fn sample(&mut self, frequencies: &[f64], samples: u64) -> Vec<f64> {
            let mut drawn = vec![0.0; frequencies.len()];
            for _ in 0..samples {
                let mut left = self.stream.uniform(self.replicate, self.position);
                self.position += 1;
                let mut chosen = frequencies.iter().rposition(|p| *p > 0.0).unwrap();
                for (type_, p) in frequencies.iter().enumerate() {
                    if left < *p {
                        chosen = type_;
                        break;
                    }
                    left -= p;
                }
                drawn[chosen] += 1.0 / samples as f64;
            }
            drawn
        }
    }

    /// Mean of `outcome` over the replicates, checked against `expected` within 4.5 standard errors.
    fn check(expected: f64, what: &str, outcome: impl Fn(&mut Draws) -> f64) {
        let values: Vec<f64> = (0..REPLICATES)
            .map(|r| outcome(&mut Draws::new(r)))
            .collect();
        let count = REPLICATES as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let z = (mean - expected) / (variance / count).sqrt();
        assert!(
            z.abs() < 4.5,
            "{what}: mean {mean}, expected {expected}, z {z}"
        );
    }

    /// `x` moved by `part` towards `y`.
    fn blend(x: &[f64], y: &[f64], part: f64) -> Vec<f64> {
        x.iter().zip(y).map(|(x, y)| x + part * (y - x)).collect()
    }

    #[test]
    fn replace_against_simulation() {
        for (samples, steps) in [(20, 1), (20, 10), (5, 4)] {
            let expected = heterozygosity(&START) * replace_heterozygosity(samples, steps);
            check(expected, "Replace", |draws| {
                let drift = |p: Vec<f64>, _| draws.sample(&p, samples);
                heterozygosity(&(0..steps).fold(START.to_vec(), drift))
            });
        }
        assert_eq!(replace_heterozygosity(1, 1), 0.0);
        assert_eq!(replace_heterozygosity(7, 0), 1.0);
    }

    #[test]
    fn accumulate_against_simulation() {
        for (samples, steps) in [(20, 1), (4, 6)] {
            let expected = heterozygosity(&START) * accumulate_heterozygosity(samples, steps);
            check(expected, "Accumulate", |draws| {
                let mut corpus = START.to_vec();
                for k in 1..=steps {
                    let new = draws.sample(&corpus, samples);
                    corpus = blend(&corpus, &new, 1.0 / f64::from(k + 1));
                }
                heterozygosity(&corpus)
            });
        }
    }

    #[test]
    fn accumulate_subsample_against_simulation() {
        for (gamma, steps) in [(0.5, 1), (0.5, 6), (1.0, 4), (2.0, 4)] {
            let samples = 10;
            let expected = heterozygosity(&START)
                * accumulate_subsample_heterozygosity(samples, rate(gamma), steps);
            check(expected, "Accumulate-Subsample", |draws| {
                let mut corpus = START.to_vec();
                for step in 1..=steps {
                    let model = match step {
                        1 => corpus.clone(),
                        _ => draws.sample(&corpus, samples),
                    };
                    let new = draws.sample(&model, (gamma * samples as f64) as u64);
                    corpus = blend(&corpus, &new, gamma / (1.0 + f64::from(step) * gamma));
                }
                heterozygosity(&corpus)
            });
        }
    }

    #[test]
    fn accumulate_has_a_positive_limit() {
        for samples in [1, 2, 3, 10, 1000] {
            let limit = accumulate_heterozygosity_limit(samples);
            let far = accumulate_heterozygosity(samples, 1_000_000);
            assert!((far - limit).abs() < 2e-6, "N {samples}: {far} {limit}");
        }
    }

    #[test]
    fn survival_against_simulation() {
        // 1,000 tokens, so that multinomial counts are close to Poisson; the type watched has 3.
        let start = [0.003, 0.997];
        let steps = 5;
        let values = (0..4_000).map(|replicate| {
            let mut draws = Draws::new(replicate);
            let end = (0..steps).fold(start.to_vec(), |p, _| draws.sample(&p, 1_000));
            f64::from(u8::from(end[0] > 0.0))
        });
        let alive = values.sum::<f64>() / 4_000.0;
        let expected = survival(3.0, steps);
        assert!((alive - expected).abs() < 0.03, "{alive} {expected}");
        assert_eq!(survival(2.0, 0), 1.0);
        assert!((survival(2.0, 1) - (1.0 - (-2.0f64).exp())).abs() < 1e-15);
        // g_k ≈ 2/k.
        assert!((survival_rate(10_000) * 5_000.0 - 1.0).abs() < 2e-3);
    }

    #[test]
    fn distinct_types_add_up() {
        let counts = [0.0, 1.0, 5.0, 100.0];
        assert_eq!(expected_distinct_types(&counts, 0), 3.0);
        let sum: f64 = counts.iter().map(|count| survival(*count, 7)).sum();
        assert!((expected_distinct_types(&counts, 7) - sum).abs() < 1e-12);
    }

    #[test]
    fn total_collapse_against_simulation_and_published_figures() {
        let uniform = [0.1; 10];
        for (samples, published) in [(10, 19.0), (100, 190.0), (1_000, 1_896.0)] {
            let time = mean_time_to_total_collapse(&uniform, samples);
            assert!((time - published).abs() < 0.5, "{time}");
        }
        let samples = 40;
        let replicates = 2_000;
        let total: u32 = (0..replicates)
            .map(|replicate| {
                let mut draws = Draws::new(replicate);
                let mut corpus = uniform.to_vec();
                let mut steps = 0;
                while corpus.iter().filter(|p| **p > 0.0).count() > 1 {
                    corpus = draws.sample(&corpus, samples);
                    steps += 1;
                }
                steps
            })
            .sum();
        let mean = f64::from(total) / replicates as f64;
        let expected = mean_time_to_total_collapse(&uniform, samples);
        assert!((mean / expected - 1.0).abs() < 0.06, "{mean} {expected}");
        assert_eq!(mean_time_to_total_collapse(&[1.0], 10), 0.0);
    }
}
