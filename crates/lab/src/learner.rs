//! The one place that knows which models there are: from an experiment to its learner.

use std::path::Path;
use std::sync::Arc;

use autophage_compute::{Backend, CpuBackend, CpuSettings, Isa, PrecisionError, ReferenceBackend};
use autophage_corpus::Tokenizer;
use autophage_model::{
    AttentionKind, GptNeo, GptNeoConfig, GptNeoLearner, LanguageModel, Learner, NGram,
};

use crate::experiment::family;
use crate::{
    BackendKind, ComputeSection, Experiment, LabError, ModelSettings, TransformerKind,
    TransformerSettings,
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
    let failed = LabError::model(format!("model in {}", directory.display()));
    if directory.join(NGram::FILE).exists() {
        return Ok(Box::new(NGram::load(directory).map_err(failed)?));
    }
    match compute.backend {
        BackendKind::Reference => {
            let backend = Arc::new(ReferenceBackend);
            Ok(Box::new(GptNeo::load(backend, directory).map_err(failed)?))
        }
        BackendKind::Cpu => {
            let backend = Arc::new(cpu_backend(compute)?);
            Ok(Box::new(GptNeo::load(backend, directory).map_err(failed)?))
        }
    }
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

/// The learner of a family of transformers.
fn transformer<B: Backend + 'static>(
    experiment: &Experiment,
    settings: &TransformerSettings,
    backend: B,
    vocabulary: Vocabulary,
) -> Result<Box<dyn Learner>, LabError> {
    check_family(settings)?;
    match settings.family {
        TransformerKind::GptNeo => gpt_neo(experiment, settings, backend, vocabulary),
        family => Err(LabError::plan(
            "model.kind",
            format!(
                "{:?}, and this version trains {:?} and \"ngram\" alone",
                family.name(),
                TransformerKind::GptNeo.name()
            ),
        )),
    }
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

fn gpt_neo<B: Backend + 'static>(
    experiment: &Experiment,
    settings: &TransformerSettings,
    backend: B,
    vocabulary: Vocabulary,
) -> Result<Box<dyn Learner>, LabError> {
    let backend = Arc::new(backend);
    let config = match &settings.pretrained {
        None => settings.gpt_neo(vocabulary),
        Some(pretrained) => {
            let model = GptNeo::load(backend.clone(), pretrained)
                .map_err(LabError::model("model.pretrained"))?;
            check_pretrained(experiment, model.config(), vocabulary)?;
            model.config().clone()
        }
    };
    let learner = GptNeoLearner::new(backend, config, experiment.training.settings.clone())
        .map_err(LabError::model("model"))?;
    Ok(Box::new(learner))
}

impl TransformerSettings {
    /// The GPT-Neo network of these sizes that speaks `vocabulary`.
    pub fn gpt_neo(&self, vocabulary: Vocabulary) -> GptNeoConfig {
        let kinds = [AttentionKind::Global, AttentionKind::Local];
        GptNeoConfig {
            attention_layers: kinds
                .into_iter()
                .cycle()
                .take(self.layers as usize)
                .collect(),
            window_size: self.window as usize,
            intermediate_size: self.intermediate_size(),
            max_position_embeddings: self.positions as usize,
            end_of_text: vocabulary.end_of_text,
            ..GptNeoConfig::new(
                vocabulary.tokens as usize,
                self.hidden as usize,
                self.layers as usize,
                self.heads as usize,
            )
        }
    }
}

/// Checks what the experiment file could not: it does not know the starting model's shape.
fn check_pretrained(
    experiment: &Experiment,
    config: &GptNeoConfig,
    vocabulary: Vocabulary,
) -> Result<(), LabError> {
    if config.vocab_size != vocabulary.tokens as usize {
        return Err(LabError::plan(
            "tokenizer",
            format!(
                "it has {} tokens and the model in model.pretrained has {}: use the tokenizer \
                 that belongs to that model",
                vocabulary.tokens, config.vocab_size
            ),
        ));
    }
    for (key, tokens) in experiment.contexts() {
        if tokens as usize > config.max_position_embeddings {
            return Err(LabError::plan(
                key,
                format!(
                    "{tokens}, but the model in model.pretrained reads at most {} tokens",
                    config.max_position_embeddings
                ),
            ));
        }
    }
    Ok(())
}
