//! What is known before the first generation: the initial corpus, measured.

use autophage_corpus::DocumentSet;
use autophage_measure::diversity::{Reference, diversity};
use autophage_measure::perplexity::Unigram;
use autophage_measure::probe::probe_corpus;

use crate::measurement;
use crate::prepared::Prepared;
use crate::{Baseline, Experiment, LabError, METRICS_VERSION, ProbeTruth};

/// Measures the initial corpus.
pub(crate) fn baseline(
    experiment: &Experiment,
    prepared: &Prepared,
    initial: &DocumentSet,
    reference: &Reference,
) -> Result<Baseline, LabError> {
    let measure = || LabError::measure(0);
    let probes = measurement::probes(experiment, &prepared.tokenizer)?;
    let truths = probe_corpus(initial, &probes).map_err(measure())?;
    Ok(Baseline {
        version: METRICS_VERSION,
        initial_documents: initial.len() as u64,
        initial_tokens: initial.tokens(),
        validation_documents: prepared.validation.len() as u64,
        validation_tokens: prepared.validation.tokens(),
        vocabulary: prepared.tokenizer.vocabulary(),
        unigram: Unigram::new(initial)
            .perplexity(&prepared.validation)
            .and_then(|losses| losses.summary(Some(prepared.validation_bytes)))
            .map_err(measure())?,
        probes: experiment
            .measure
            .probe
            .iter()
            .zip(truths)
            .map(|(probe, truth)| ProbeTruth {
                context: probe.context.clone(),
                next: probe.next.clone(),
                truth,
            })
            .collect(),
        diversity: diversity(
            initial,
            reference,
            None,
            &measurement::diversity_settings(experiment, 0),
        )
        .map_err(measure())?,
    })
}
