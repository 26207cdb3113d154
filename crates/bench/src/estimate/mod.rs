//! What an experiment would take on this machine.

mod lengths;
mod memory;
mod rates;
mod report;
mod survey;
mod work;

use std::sync::Arc;

use autophage_compute::{CpuBackend, Device, Profiled};
use autophage_lab::{
    BackendKind, ByStage, EpochCount, Experiment, FormKind, GenerationSection, ModelSettings,
    OverflowKind, Stage, cpu_backend, network,
};
use autophage_model::Architecture;

use crate::{BenchError, Machine};
use lengths::Lengths;
use memory::{SamplingMemory, of_counts, of_network, store_bytes};
use report::Found;
use survey::Survey;
use work::Plan;

pub use memory::Disk;
pub use rates::Rates;
pub use report::{CorpusSize, ESTIMATE_VERSION, Estimate};

/// Estimates what `experiment` would take here, from a few seconds of its own work. `progress` hears
/// of every step before it begins.
///
/// # Errors
/// A corpus or a tokenizer that cannot be used, a starting model that cannot be read, an instruction
/// set that is not there, or an experiment on the reference backend.
pub fn estimate(
    experiment: &Experiment,
    progress: &mut dyn FnMut(&str),
) -> Result<Estimate, BenchError> {
    if experiment.compute.backend == BackendKind::Reference {
        return Err(BenchError::ReferenceBackend);
    }
    let cpu = cpu_backend(&experiment.compute)?;
    progress("the corpus");
    let survey = Survey::of(experiment)?;
    progress("the work of the experiment");
    let machine = Machine::of(&cpu);
    let backend = Arc::new(Profiled::new(cpu));
    let plan = Plan::new(
        experiment,
        survey.training_tokens,
        survey.validation_tokens,
        survey.lengths.clone(),
    );
    let (rates, memory, model_bytes) = match &experiment.model {
        ModelSettings::Transformer(settings) => {
            let config = network(experiment, settings, survey.vocabulary)?;
            let rates = Rates::of_network(experiment, &survey, &config, &backend)?;
            let memory = network_memory(experiment, &config.architecture, backend.inner());
            (
                rates,
                memory,
                4 * config.architecture.parameter_count() as u64,
            )
        }
        ModelSettings::NGram(settings) => {
            let most = (1..=experiment.generations)
                .map(|n| plan.volumes.training(n))
                .max();
            let memory = of_counts(settings.order, most.unwrap_or(0));
            let rates = Rates::of_counts(experiment, &survey, settings)?;
            // A count and a token for each entry of each level, and a context.
            let model_bytes = 12 * u64::from(settings.order) * survey.training_tokens / 2;
            (rates, memory, model_bytes)
        }
    };
    let mut seconds = ByStage::default();
    *seconds.entry(Stage::TOKENIZE) = survey.tokenize_seconds;
    for n in 1..=experiment.generations {
        for (stage, of_generation) in plan.generation(n, &rates) {
            *seconds.entry(stage) += of_generation;
        }
    }
    let found = Found {
        rates,
        seconds,
        memory,
        disk: disk(experiment, &survey, &plan, model_bytes),
    };
    Ok(Estimate::new(experiment, machine, &survey, &plan, found))
}

/// Contexts whose error terms are followed: those of each length, and those of the probes.
fn tracked_contexts(experiment: &Experiment) -> u64 {
    let measure = &experiment.measure;
    let probes: usize = measure.probe.iter().map(|probe| probe.next.len()).sum();
    u64::from(measure.contexts) * u64::from(measure.context_length) + probes as u64
}

/// Documents that are sampled side by side.
fn documents_at_once(
    section: &GenerationSection,
    architecture: &Architecture,
    device: &impl Device,
) -> usize {
    let capacity = section.max_tokens.min(section.context) as usize;
    architecture.sequences_at_once(device, section.batch as usize, capacity)
}

fn network_memory(
    experiment: &Experiment,
    architecture: &Architecture,
    backend: &CpuBackend,
) -> ByStage<u64> {
    let section = &experiment.generation;
    let (longest, context) = (section.max_tokens as usize, section.context as usize);
    let sampling = SamplingMemory {
        batch: documents_at_once(section, architecture, backend),
        capacity: longest.min(context),
        context,
        slides: section.overflow == OverflowKind::Slide && longest > context,
    };
    let keeps_best = experiment.training.epochs == EpochCount::EarlyStopping;
    let tracked = tracked_contexts(experiment);
    let training = &experiment.training.settings;
    of_network(
        architecture,
        training,
        keeps_best,
        backend,
        &sampling,
        tracked,
    )
}

fn disk(experiment: &Experiment, survey: &Survey, plan: &Plan, model_bytes: u64) -> Disk {
    let vocabulary = survey.vocabulary.tokens as usize;
    let real = survey.training_tokens + survey.held_out_tokens;
    let mean = plan.written.mean();
    let tracked = tracked_contexts(experiment);
    // Distributions in single precision, and some hundred bytes of error terms for each.
    let errors = tracked * (4 * vocabulary as u64 + 500);
    let generations = (1..=experiment.generations)
        .map(|n| {
            let text = store_bytes(vocabulary, plan.volumes.generated(n), mean);
            model_bytes + survey.tokenizer_bytes + text + errors
        })
        .sum();
    Disk {
        corpus: store_bytes(vocabulary, real, plan.real.mean()) + survey.tokenizer_bytes,
        generations,
    }
}

/// Lengths of the documents that models write: those of a stream are given; others are taken to be
/// as long as real ones, as far as they may.
fn written_lengths(experiment: &Experiment, real: &Lengths) -> Lengths {
    let most = experiment.generation.max_tokens as usize;
    match experiment.generation.form {
        FormKind::Documents => real.at_most(most),
        FormKind::Stream => Lengths::of([most]),
    }
}
