//! The one place that knows which models there are: from an experiment to its learner.

use std::path::Path;
use std::sync::Arc;

use autophage_compute::{
    Backend, CpuBackend, CpuSettings, Device, Isa, PrecisionError, ReferenceBackend,
};
use autophage_corpus::Tokenizer;
use autophage_model::{
    Architecture, Decoder, DecoderLearner, LanguageModel, Learner, ModelConfig, ModelKind, NGram,
};

use crate::experiment::family;
use crate::{
    BackendKind, ComputeSection, Experiment, LabError, ModelSettings, TransformerSettings,
};

/// The vocabulary that a learner's models speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Number of tokens.
    pub tokens: u32,
    /// The token that starts and ends a text.
    pub end_of_text: u32,
}

impl Vocabulary {
    /// That of a tokenizer.
    pub fn of(tokenizer: &Tokenizer) -> Self {
        Self {
            tokens: tokenizer.vocabulary(),
            end_of_text: tokenizer.end_of_text(),
        }
    }
}

/// The learner that `experiment` asks for, and a description of what computes. The number of
/// threads is no part of it, because results do not depend on it.
///
/// # Errors
/// A backend or instruction set that this machine does not have, or a starting model that cannot
/// be read or does not fit the rest of the experiment.
pub fn build_learner(
    experiment: &Experiment,
    vocabulary: Vocabulary,
) -> Result<(Box<dyn Learner>, String), LabError> {
    let settings = match &experiment.model {
        ModelSettings::Transformer(settings) => settings,
        ModelSettings::NGram(settings) => {
            let learner = settings.learner();
            learner.check().map_err(LabError::model("model"))?;
            return Ok((Box::new(learner), "counts".to_owned()));
        }
    };
    match experiment.compute.backend {
        BackendKind::Reference => {
            let backend = ReferenceBackend;
            let description = backend.description();
            let learner = transformer(experiment, settings, backend, vocabulary)?;
            Ok((learner, description))
        }
        BackendKind::Cpu => {
            let backend = cpu_backend(&experiment.compute)?;
            // Without the number of threads, which does not show in what a run makes.
            let description = format!("cpu, {}, {}", backend.isa(), backend.precision());
            let learner = transformer(experiment, settings, backend, vocabulary)?;
            Ok((learner, description))
        }
    }
}

/// Loads the model in `directory`, of whatever kind it is.
///
/// # Errors
/// A directory without a model, files that are damaged, or something to compute with that this
/// machine has not.
pub fn load_model(
    directory: &Path,
    compute: &ComputeSection,
) -> Result<Box<dyn LanguageModel>, LabError> {
    fn boxed<M: LanguageModel + 'static>(model: M) -> Box<dyn LanguageModel> {
        Box::new(model)
    }
    let failed = || LabError::model(format!("model in {}", directory.display()));
    let kind = ModelKind::of(directory).map_err(failed())?;
    let model = match (kind, compute.backend) {
        (ModelKind::NGram, _) => NGram::load(directory).map(boxed),
        (ModelKind::Decoder, BackendKind::Reference) => {
            Decoder::load(Arc::new(ReferenceBackend), directory).map(boxed)
        }
        (ModelKind::Decoder, BackendKind::Cpu) => {
            Decoder::load(Arc::new(cpu_backend(compute)?), directory).map(boxed)
        }
    };
    model.map_err(failed())
}

/// The value of `compute.isa` that leaves the choice to the environment and the processor, and of
/// `compute.precision` that leaves it to the instruction set.
const AUTOMATIC: &str = "auto";

/// The CPU as an experiment asks for it.
///
/// # Errors
/// An instruction set that this machine does not have.
pub fn cpu_backend(compute: &ComputeSection) -> Result<CpuBackend, LabError> {
    let isa = match compute.isa.as_str() {
        AUTOMATIC => Isa::from_environment(),
        name => name.parse(),
    };
    let precision = match compute.precision.as_str() {
        AUTOMATIC => None,
        name => {
            let precision = name.parse();
            Some(precision.map_err(|error: PrecisionError| {
                LabError::plan("compute.precision", error.to_string())
            })?)
        }
    };
    isa.and_then(|isa| {
        CpuBackend::with_settings(CpuSettings {
            threads: compute.threads.map(|threads| threads as usize),
            isa,
            precision,
        })
    })
    .map_err(|error| LabError::plan("compute.isa", error.to_string()))
}

/// The learner of a transformer.
fn transformer<B: Backend>(
    experiment: &Experiment,
    settings: &TransformerSettings,
    backend: B,
    vocabulary: Vocabulary,
) -> Result<Box<dyn Learner>, LabError> {
    let config = network(experiment, settings, vocabulary)?;
    let training = experiment.training.settings.clone();
    let learner = DecoderLearner::new(Arc::new(backend), config, training)
        .map_err(LabError::model("model"))?;
    Ok(Box::new(learner))
}

/// The network that an experiment trains: of the sizes that it gives, or that of its starting model.
///
/// # Errors
/// Sizes that do not go together, or a starting model that cannot be read or does not fit the rest of
/// the experiment.
pub fn network(
    experiment: &Experiment,
    settings: &TransformerSettings,
    vocabulary: Vocabulary,
) -> Result<ModelConfig, LabError> {
    check_family(settings)?;
    let Some(pretrained) = &settings.pretrained else {
        let network = settings.network(vocabulary.tokens, vocabulary.end_of_text);
        return network.map_err(LabError::model("model"));
    };
    let config = ModelConfig::load(pretrained).map_err(LabError::model("model.pretrained"))?;
    check_pretrained(experiment, &config.architecture, vocabulary)?;
    Ok(config)
}

/// Checks that the family that was given is that of the starting model. A directory that cannot be
/// read is left to the loader, which says more about it.
fn check_family(settings: &TransformerSettings) -> Result<(), LabError> {
    let found = settings.pretrained.as_deref().map(family);
    match found {
        Some(Ok(found)) if found != settings.family => Err(LabError::plan(
            "model.kind",
            format!(
                "{:?}, and the model in model.pretrained is of the family {:?}: leave model.kind out, \
                 or give that",
                settings.family.name(),
                found.name()
            ),
        )),
        _ => Ok(()),
    }
}

/// Vocabularies are padded to a multiple of some power of two: never by more than this share.
const MOST_PADDING: f64 = 1.0 / 16.0;

/// Checks what the experiment file could not: it does not know the starting model's shape.
fn check_pretrained(
    experiment: &Experiment,
    network: &Architecture,
    vocabulary: Vocabulary,
) -> Result<(), LabError> {
    let (tokens, rows) = (vocabulary.tokens as usize, network.vocabulary);
    let padding = rows as f64 - tokens as f64;
    if padding < 0.0 || padding > MOST_PADDING * rows as f64 {
        return Err(LabError::plan(
            "tokenizer",
            format!(
                "it has {tokens} tokens and the model in model.pretrained has {rows}: use the \
                 tokenizer that belongs to that model"
            ),
        ));
    }
    for (key, tokens) in experiment.contexts() {
        if tokens as usize > network.positions {
            return Err(LabError::plan(
                key,
                format!(
                    "{tokens}, but the model in model.pretrained reads at most {} tokens",
                    network.positions
                ),
            ));
        }
    }
    Ok(())
}
