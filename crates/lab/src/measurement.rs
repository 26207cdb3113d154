//! What an experiment asks to be measured, as settings of the measurements.

use autophage_corpus::{DocumentSet, Tokenizer};
use autophage_measure::diversity::DiversitySettings;
use autophage_measure::perplexity::PerplexitySettings;
use autophage_measure::probe::Probe;
use autophage_measure::retention::Tracked;
use autophage_random::{Purpose, Stream};

use crate::{Experiment, LabError};

/// The probes of an experiment as tokens.
pub(crate) fn probes(
    experiment: &Experiment,
    tokenizer: &Tokenizer,
) -> Result<Vec<Probe>, LabError> {
    experiment
        .measure
        .probe
        .iter()
        .map(|probe| {
            Ok(Probe {
                context: tokenizer.encode(&probe.context)?,
                next: probe
                    .next
                    .iter()
                    .map(|text| tokenizer.encode(text))
                    .collect::<Result<_, _>>()?,
            })
        })
        .collect()
}

/// The contexts that an experiment follows through all generations.
pub(crate) fn tracked(
    experiment: &Experiment,
    initial: &DocumentSet,
    probes: &[Probe],
) -> Result<Tracked, LabError> {
    let longest = match experiment.measure.contexts {
        0 => 0,
        _ => experiment.measure.context_length,
    };
    let per_length = experiment.measure.contexts as usize;
    Tracked::choose(initial, per_length, longest as usize, probes).map_err(LabError::measure(0))
}

/// How the diversity of the text of `generation` is measured; 0 stands for the initial corpus.
pub(crate) fn diversity_settings(experiment: &Experiment, generation: u32) -> DiversitySettings {
    DiversitySettings {
        sample_tokens: experiment.measure.sample_tokens,
        random: Stream::new(experiment.seed, Purpose::Measurement, generation),
    }
}

/// How perplexity is measured.
pub(crate) fn perplexity_settings(experiment: &Experiment) -> PerplexitySettings {
    PerplexitySettings {
        context: experiment.measure.context as usize,
        ..PerplexitySettings::default()
    }
}
