//! What must hold from one turn to the next, whatever the paradigm.
//!
//! Let p be the real frequencies, g_k those of the corpus that generation k wrote, q̂_n those of its
//! training set, q_n the ideal mixture of p and the g_k, and ε_n = g_n − q̂_n the noise of sampling
//! generation n, whose mean is zero whatever came before. Three statistics have a known mean:
//!
//! * *mean*: E g_n = p, for no paradigm favours a type;
//! * *mixture*: `Σ_n Σ_v (q̂_n − q_n)(v) ε_{n−1}(v)` has mean zero, because q̂_n is drawn from its
//!   sources without regard to their noise. If a source has the wrong weight, the difference holds a
//!   multiple of g_{n−1}, hence of ε_{n−1}, and the mean is not zero;
//! * *sampling*: of M tokens drawn from q̂_n, `E H(g_n) = (1 − 1/M) H(q̂_n)`, with H = 1 − Σ p².

use autophage_theory::{Paradigm, Rate, Share, heterozygosity};
use rayon::prelude::*;

use super::lineage::{Lineage, Mechanism, Start, Turn};
use super::{Check, Seeds};
use crate::LabError;
use crate::volumes::Sizes;

const GENERATIONS: u32 = 6;
const REPLICATES: u64 = 1_200;
/// Tokens of the types in the initial corpus: uneven, so that a preference for frequent ones shows.
const COUNTS: [u32; 4] = [48, 24, 12, 12];
/// Under a fresh share, real documents for all generations: so many times the initial corpus.
const RESERVE: u32 = 6;

pub(super) fn checks(seeds: &Seeds, mechanism: &Mechanism) -> Result<Vec<Check>, LabError> {
    let mut checks = Vec::new();
    for (number, paradigm) in (0..).zip(paradigms()) {
        let start = start(paradigm);
        let statistics = seeds
            .of(number, REPLICATES)
            .into_par_iter()
            .map(|seed| statistics(&start, mechanism, seed))
            .collect::<Result<Vec<_>, LabError>>()?;
        let of = |pick: fn(&Statistics) -> f64| statistics.iter().map(pick).collect::<Vec<_>>();
        let name = |what: &str| format!("{paradigm}: {what}");
        checks.push(Check::mean(
            name("share of the most frequent type"),
            "E g_n = p",
            &of(|s| s.most_frequent),
            start.real()[0],
        ));
        checks.push(Check::mean(
            name("weights of the sources"),
            "E Σ (q̂ − q) ε = 0",
            &of(|s| s.mixture),
            0.0,
        ));
        checks.push(Check::mean(
            name("heterozygosity over one sampling"),
            "E H(g) = (1 − 1/M) H(q̂)",
            &of(|s| s.sampling),
            0.0,
        ));
    }
    Ok(checks)
}

fn paradigms() -> [Paradigm; 6] {
    let rate = Rate::new(0.5).expect("a rate");
    let share = Share::new(0.25).expect("a share");
    [
        Paradigm::Replace,
        Paradigm::AccumulateSubsample { rate },
        Paradigm::Accumulate,
        Paradigm::ReplaceGrown,
        Paradigm::FixedShare { share },
        Paradigm::FreshShare { share },
    ]
}

fn start(paradigm: Paradigm) -> Start {
    let initial: u32 = COUNTS.iter().sum();
    let fresh = matches!(paradigm, Paradigm::FreshShare { .. });
    Start {
        paradigm,
        counts: COUNTS
            .map(|count| if fresh { RESERVE * count } else { count })
            .to_vec(),
        document_tokens: 1,
        sizes: Sizes {
            initial: fresh.then_some(initial.into()),
            ..Sizes::default()
        },
        generations: GENERATIONS,
    }
}

struct Statistics {
    most_frequent: f64,
    mixture: f64,
    sampling: f64,
}

fn statistics(start: &Start, mechanism: &Mechanism, seed: u64) -> Result<Statistics, LabError> {
    let turns = Lineage::new(start, mechanism, seed)?.turns(start.generations)?;
    let real = start.real();
    Ok(Statistics {
        most_frequent: turns.last().map_or(0.0, |turn| turn.generated[0]),
        mixture: (2..)
            .zip(turns.windows(2))
            .map(|(n, pair)| {
                let ideal = ideal(start.paradigm, n, &real, &turns);
                let innovation = pair[0]
                    .generated
                    .iter()
                    .zip(&pair[0].trained)
                    .map(|(g, q)| g - q);
                let deviation = pair[1]
                    .trained
                    .iter()
                    .zip(ideal)
                    .map(|(counted, q)| counted - q);
                innovation
                    .zip(deviation)
                    .map(|(innovation, deviation)| innovation * deviation)
                    .sum::<f64>()
            })
            .sum(),
        sampling: turns
            .iter()
            .map(|turn| {
                let kept = 1.0 - 1.0 / turn.generated_tokens as f64;
                heterozygosity(&turn.generated) - kept * heterozygosity(&turn.trained)
            })
            .sum(),
    })
}

/// `q_n = m_{n,0} p + Σ_{k<n} m_{n,k} g_k`.
fn ideal(paradigm: Paradigm, n: u32, real: &[f64], turns: &[Turn]) -> Vec<f64> {
    let mixture = paradigm.mixture(n);
    let mut ideal: Vec<f64> = real.iter().map(|p| mixture.real * p).collect();
    for (weight, turn) in mixture.generations.iter().zip(turns) {
        ideal
            .iter_mut()
            .zip(&turn.generated)
            .for_each(|(q, g)| *q += weight * g);
    }
    ideal
}
