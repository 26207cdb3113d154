//! The loop against exact laws.
//!
//! With relative frequencies in place of a network, the loop is a sampling process of which much is
//! known exactly. [`selfcheck`] turns the very [`Cycle`](crate::cycle::Cycle) that runs are made of,
//! many times over, and compares what comes with what must come.

mod check;
mod closed_forms;
mod lineage;
mod sampling_laws;
mod turns;

use autophage_model::SamplingFilter;
use autophage_random::{Purpose, Stream};

pub use check::{Check, Z_LIMIT};
use lineage::Mechanism;

use crate::LabError;

/// Runs all checks. The same seed gives the same figures.
///
/// # Errors
/// A loop that does not run at all.
pub fn selfcheck(seed: u64) -> Result<Vec<Check>, LabError> {
    checks(seed, 1, &Mechanism::default())
}

/// All checks with a part of the replicates.
fn checks(seed: u64, divisor: u64, mechanism: &Mechanism) -> Result<Vec<Check>, LabError> {
    let seeds = Seeds {
        stream: Stream::new(seed, Purpose::Simulation, 0),
        divisor,
    };
    let mut checks = turns::checks(&seeds, mechanism)?;
    checks.extend(sampling_laws::checks(&seeds, mechanism)?);
    checks.extend(closed_forms::checks()?);
    Ok(checks)
}

/// Seeds for the replicates of every simulation.
struct Seeds {
    stream: Stream,
    /// Fewer replicates by this factor.
    divisor: u64,
}

impl Seeds {
    /// The seeds of simulation number `simulation`.
    fn of(&self, simulation: u64, replicates: u64) -> Vec<u64> {
        (0..replicates / self.divisor)
            .map(|replicate| self.stream.bits(simulation, replicate))
            .collect()
    }
}

impl Default for Mechanism {
    fn default() -> Self {
        Self {
            filter: SamplingFilter::default(),
            compose: |composer, n, pools| Ok(composer.compose(n, pools)?.documents),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use autophage_corpus::{DocumentSet, TokenStore};

    use super::*;

    fn worst(mechanism: &Mechanism) -> f64 {
        let checks = checks(3, 2, mechanism).unwrap();
        checks.iter().map(|check| check.z.abs()).fold(0.0, f64::max)
    }

    /// One in 16,000 honest checks is beyond the limit: ten seeds with some thirty checks each are
    /// a test, and their seeds are fixed.
    #[test]
    fn the_loop_obeys_every_law_with_ten_seeds() {
        for seed in 0..10 {
            for check in checks(seed, 8, &Mechanism::default()).unwrap() {
                assert!(check.z.abs() <= Z_LIMIT, "seed {seed}: {check:?}");
            }
        }
    }

    #[test]
    fn sampling_at_temperature_0_9_is_found_out() {
        let filter = SamplingFilter {
            temperature: 0.9,
            ..SamplingFilter::default()
        };
        assert!(
            worst(&Mechanism {
                filter,
                ..Mechanism::default()
            }) > Z_LIMIT
        );
    }

    #[test]
    fn a_wrong_weight_is_found_out() {
        let mechanism = Mechanism {
            // The latest corpus twice, where there is one.
            compose: |composer, n, pools| {
                let mut documents = composer.compose(n, pools)?.documents;
                if let Some(latest) = pools.last() {
                    documents.extend(latest.documents())?;
                }
                Ok(documents)
            },
            ..Mechanism::default()
        };
        assert!(worst(&mechanism) > Z_LIMIT);
    }

    #[test]
    fn a_dropped_source_is_found_out() {
        let mechanism = Mechanism {
            // Without the real documents, which come first.
            compose: |composer, n, pools| {
                let set = composer.compose(n, pools)?;
                let real = set
                    .provenance
                    .sources
                    .iter()
                    .find(|source| source.generation == 0);
                match real {
                    Some(real) if n > 1 && real.documents < set.provenance.documents => {
                        Ok(without_first(&set.documents, real.documents as usize))
                    }
                    _ => Ok(set.documents),
                }
            },
            ..Mechanism::default()
        };
        assert!(worst(&mechanism) > Z_LIMIT);
    }

    fn without_first(documents: &DocumentSet, count: usize) -> DocumentSet {
        let rest = documents
            .iter()
            .skip(count)
            .map(|document| document.to_vec());
        let (vocabulary, end_of_text) = (documents.vocabulary(), documents.end_of_text());
        let store = TokenStore::in_memory(rest, vocabulary, end_of_text).unwrap();
        DocumentSet::whole(Arc::new(store))
    }
}
