//! The laws of pure sampling that hold over many generations.

use autophage_corpus::DocumentSet;
use autophage_random::{Purpose, Stream};
use autophage_theory::{
    Paradigm, Rate, accumulate_heterozygosity, accumulate_subsample_heterozygosity, heterozygosity,
    mean_time_to_total_collapse, replace_heterozygosity, survival,
};
use rayon::prelude::*;

use super::lineage::{Lineage, Mechanism, Start};
use super::{Check, Seeds};
use crate::LabError;
use crate::volumes::Sizes;

/// Simulation numbers below this belong to the checks of single turns.
const FIRST_SIMULATION: u64 = 100;

pub(super) fn checks(seeds: &Seeds, mechanism: &Mechanism) -> Result<Vec<Check>, LabError> {
    let mut checks = vec![replace(seeds, mechanism)?];
    checks.extend(survivals(seeds, mechanism)?);
    checks.push(collapse(seeds, mechanism)?);
    checks.push(accumulate(seeds, mechanism)?);
    for (number, rate) in [(4, 0.5), (5, 2.0)] {
        let rate = Rate::new(rate).expect("a rate");
        checks.push(accumulate_subsample(
            seeds,
            FIRST_SIMULATION + number,
            rate,
            mechanism,
        )?);
    }
    Ok(checks)
}

/// A Replace or Accumulate lineage of evenly frequent types.
fn even(paradigm: Paradigm, types: u32, each: u32, document_tokens: usize) -> Start {
    Start {
        paradigm,
        counts: vec![each; types as usize],
        document_tokens,
        sizes: Sizes::default(),
        // Replace needs no plan: every generation is like the one before.
        generations: 1,
    }
}

/// One number from each of so many lineages, found in parallel.
fn samples<F>(seeds: Vec<u64>, of: F) -> Result<Vec<f64>, LabError>
where
    F: Fn(u64) -> Result<f64, LabError> + Sync + Send,
{
    seeds.into_par_iter().map(of).collect()
}

fn replace(seeds: &Seeds, mechanism: &Mechanism) -> Result<Check, LabError> {
    const STEPS: u32 = 12;
    let start = even(Paradigm::Replace, 5, 4, 1);
    let left = samples(seeds.of(FIRST_SIMULATION, 2_000), |seed| {
        let turns = Lineage::new(&start, mechanism, seed)?.turns(STEPS)?;
        Ok(turns
            .last()
            .map_or(0.0, |turn| heterozygosity(&turn.generated)))
    })?;
    let expected = heterozygosity(&start.real()) * replace_heterozygosity(20, STEPS);
    Ok(Check::mean(
        format!("replace: heterozygosity after {STEPS} samplings of 20"),
        "H₀ (1 − 1/N)^g",
        &left,
        expected,
    ))
}

/// Types that occur once each survive as a branching process with Poisson offspring does; with
/// N = 2,000 the law is right to 1/N.
fn survivals(seeds: &Seeds, mechanism: &Mechanism) -> Result<Vec<Check>, LabError> {
    const TYPES: u32 = 2_000;
    const STEPS: [u32; 3] = [1, 4, 16];
    let start = even(Paradigm::Replace, TYPES, 1, TYPES as usize);
    let survivors = seeds
        .of(FIRST_SIMULATION + 1, 120)
        .into_par_iter()
        .map(|seed| {
            let turns = Lineage::new(&start, mechanism, seed)?.turns(STEPS[2])?;
            let share = |step: u32| {
                let frequencies = &turns[step as usize - 1].generated;
                frequencies.iter().filter(|p| **p > 0.0).count() as f64 / f64::from(TYPES)
            };
            Ok(STEPS.map(share))
        })
        .collect::<Result<Vec<_>, LabError>>()?;
    Ok((0..)
        .zip(STEPS)
        .map(|(index, step): (usize, u32)| {
            let shares: Vec<f64> = survivors.iter().map(|shares| shares[index]).collect();
            Check::mean(
                format!("replace: types left of {TYPES} after {step} samplings"),
                "1 − exp(−c g_k)",
                &shares,
                survival(1.0, step),
            )
        })
        .collect())
}

/// How long 10 even types last when 100 tokens are drawn each time.
fn collapse(seeds: &Seeds, mechanism: &Mechanism) -> Result<Check, LabError> {
    let start = even(Paradigm::Replace, 10, 10, 100);
    let times = samples(seeds.of(FIRST_SIMULATION + 2, 300), |seed| {
        collapse_time(&start, mechanism, seed)
    })?;
    let expected = mean_time_to_total_collapse(&start.real(), 100);
    Ok(Check::mean(
        "replace: samplings of 100 until one of 10 types is left".to_owned(),
        "−2N Σ (1 − p) ln(1 − p), a limit",
        &times,
        expected,
    ))
}

/// Generations until the text has but one type.
fn collapse_time(start: &Start, mechanism: &Mechanism, seed: u64) -> Result<f64, LabError> {
    let mut lineage = Lineage::new(start, mechanism, seed)?;
    let mut generations = 0;
    loop {
        let turn = lineage.turn()?;
        generations += 1;
        if turn.generated.contains(&1.0) {
            return Ok(f64::from(generations));
        }
    }
}

fn accumulate(seeds: &Seeds, mechanism: &Mechanism) -> Result<Check, LabError> {
    const STEPS: u32 = 10;
    let start = Start {
        generations: STEPS,
        ..even(Paradigm::Accumulate, 5, 4, 1)
    };
    let real = start.real();
    let left = samples(seeds.of(FIRST_SIMULATION + 3, 2_000), |seed| {
        let turns = Lineage::new(&start, mechanism, seed)?.turns(STEPS)?;
        let mut pool = real.clone();
        for turn in &turns {
            pool.iter_mut()
                .zip(&turn.generated)
                .for_each(|(sum, g)| *sum += g);
        }
        pool.iter_mut().for_each(|sum| *sum /= f64::from(STEPS + 1));
        Ok(heterozygosity(&pool))
    })?;
    Ok(Check::mean(
        format!("accumulate: heterozygosity of the corpus after {STEPS} times 20"),
        "H₀ Π (1 − 1/(N (k+1)²))",
        &left,
        heterozygosity(&real) * accumulate_heterozygosity(20, STEPS),
    ))
}

/// The law draws training sets with replacement, where a run draws documents without: here the
/// draw is a sampling of its own, from a model of the whole corpus.
fn accumulate_subsample(
    seeds: &Seeds,
    simulation: u64,
    rate: Rate,
    mechanism: &Mechanism,
) -> Result<Check, LabError> {
    const STEPS: u32 = 6;
    const TOKENS: u64 = 20;
    let paradigm = Paradigm::AccumulateSubsample { rate };
    let start = even(paradigm, 5, 4, 1);
    let added = (rate.get() * TOKENS as f64).round() as u64;
    let left = samples(seeds.of(simulation, 2_000), |seed| {
        let random = |step, part| {
            Stream::new(
                Stream::new(seed, Purpose::Simulation, step).bits(part, 0),
                Purpose::Sampling,
                step,
            )
        };
        let mut pool = DocumentSet::whole(start.store()?);
        for step in 1..=STEPS {
            let training = if step == 1 {
                pool.clone()
            } else {
                DocumentSet::whole(start.resample(&pool, TOKENS, random(step, 0), mechanism)?)
            };
            let corpus = start.resample(&training, added, random(step, 1), mechanism)?;
            pool.extend(DocumentSet::whole(corpus))?;
        }
        Ok(heterozygosity(&start.frequencies(&pool)))
    })?;
    let expected =
        heterozygosity(&start.real()) * accumulate_subsample_heterozygosity(TOKENS, rate, STEPS);
    Ok(Check::mean(
        format!("{paradigm}: heterozygosity of the corpus after {STEPS} turns of {TOKENS}"),
        "H₀ Π (1 − u² (1/N + (1 − 1/N)/(γN)))",
        &left,
        expected,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published mean times to total collapse of 10 even types, which are those of the
    /// diffusion limit, within 10% with 200 replicates.
    #[test]
    fn total_collapse_takes_the_published_time() {
        let seeds = Seeds {
            stream: Stream::new(11, Purpose::Simulation, 0),
            divisor: 1,
        };
        for (each, published) in [(1, 19.0), (10, 190.0), (100, 1896.0)] {
            let start = even(Paradigm::Replace, 10, each, 10 * each as usize);
            let mechanism = Mechanism::default();
            let times = samples(seeds.of(u64::from(each), 200), |seed| {
                collapse_time(&start, &mechanism, seed)
            })
            .unwrap();
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            assert!(
                (mean / published - 1.0).abs() < 0.1,
                "{mean} for {published}"
            );
        }
    }
}
