//! Memory and disk that an experiment needs, from the sizes of its model.

use autophage_compute::{CpuBackend, Precision};
use autophage_lab::{ByStage, Stage};
use autophage_model::{Architecture, TrainingSettings};
use serde::Serialize;

/// Bytes of a number.
const NUMBER: u64 = 4;
/// Rows of a pass that scores or slides.
const ROWS: usize = 4096;
/// What the program needs besides: its code, tokenizer, working memory of operations, file buffers.
const PROGRAM: u64 = 100 << 20;

/// The most memory that each stage of a run of a network needs, in bytes. Training: weights, gradients
/// and two moments, and the activations of a micro-batch. Writing text: weights, and the keys and
/// values of the batch. Measuring: weights, activations, and the distributions of the tracked contexts.
pub(crate) fn of_network(
    architecture: &Architecture,
    training: &TrainingSettings,
    keeps_best: bool,
    backend: &CpuBackend,
    sampling: &SamplingMemory,
    tracked: u64,
) -> ByStage<u64> {
    let parameters = NUMBER * architecture.parameter_count() as u64;
    let [embedding, layers] = packed_bytes(architecture, backend.precision());
    // Weights, gradients, two moments, and the weights of the best epoch.
    let copies = if keeps_best { 5 } else { 4 };
    let rows = training.micro_batch_tokens.max(training.context);
    let cache = architecture.cache_len(backend, sampling.batch, sampling.capacity);
    let passes = |rows| NUMBER * architecture.pass_numbers(rows) as u64;
    let sliding = if sampling.slides {
        passes(sampling.context * (ROWS / sampling.context).max(1))
    } else {
        0
    };
    let weights = parameters + embedding + layers;
    let activations = NUMBER * architecture.training_numbers(rows) as u64;
    let training = copies * parameters + embedding + 2 * layers + activations;
    let writing = weights + NUMBER * cache as u64 + passes(sampling.batch) + sliding;
    let measuring = weights + passes(ROWS) + distributions(architecture, tracked);
    by_stage(PROGRAM + training, PROGRAM + writing, PROGRAM + measuring)
}

/// The same of a model that is counted: the training set, sorted, and its counts.
pub(crate) fn of_counts(order: u32, training_tokens: u64) -> ByStage<u64> {
    let counts = PROGRAM + 24 * u64::from(order) * training_tokens;
    by_stage(counts, counts, counts)
}

fn by_stage(train: u64, generate: u64, measure: u64) -> ByStage<u64> {
    [
        (Stage::TRAIN, train),
        (Stage::GENERATE, generate),
        (Stage::MEASURE, measure),
    ]
    .into_iter()
    .collect()
}

/// What sampling needs to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SamplingMemory {
    /// Documents side by side.
    pub(crate) batch: usize,
    /// Positions of each in the cache.
    pub(crate) capacity: usize,
    /// Tokens of a context.
    pub(crate) context: usize,
    /// Whether documents are computed anew beyond it.
    pub(crate) slides: bool,
}

/// The copies of weights that matrix products read, packed in their precision: of the embedding, which
/// is the head, and of the matrices of all layers. The backward pass reads another copy of the
/// latter.
fn packed_bytes(architecture: &Architecture, precision: Precision) -> [u64; 2] {
    let (hidden, attention) = (architecture.hidden, &architecture.attention);
    let projections = 2 * attention.channels() + 2 * attention.key_value_channels();
    let maps = if architecture.mlp.gated { 3 } else { 2 };
    let layer = hidden * (projections + maps * architecture.mlp.intermediate);
    [
        architecture.vocabulary * hidden,
        architecture.layers * layer,
    ]
    .map(|numbers| (precision.bytes() * numbers) as u64)
}

/// Distributions after the tracked contexts: those of this generation and of an earlier one, in
/// double precision where they are compared, and once as they are written.
fn distributions(architecture: &Architecture, tracked: u64) -> u64 {
    5 * NUMBER * tracked * architecture.vocabulary as u64
}

/// What a run leaves on disk, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// Tokens of the corpus and the tokenizer, once.
    pub corpus: u64,
    /// Weights, text and measurements of all generations.
    pub generations: u64,
}

impl Disk {
    /// All together.
    pub fn total(&self) -> u64 {
        self.corpus + self.generations
    }
}

/// Bytes of a token store of so many tokens in documents of `mean` tokens.
pub(crate) fn store_bytes(vocabulary: usize, tokens: u64, mean: f64) -> u64 {
    let token = if vocabulary > 65_536 { 4 } else { 2 };
    token * tokens + (8.0 * tokens as f64 / mean.max(1.0)) as u64
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use autophage_compute::{CpuBackend, Profiled};
    use autophage_model::{
        Family, Form, GenerationRequest, LanguageModel, Limit, ModelConfig, Overflow,
        SamplingFilter, Sizes, Trainer,
    };
    use autophage_random::{Purpose, Stream};

    use super::*;
    use crate::workload::initialize;

    fn backend() -> Arc<Profiled<CpuBackend>> {
        Arc::new(Profiled::new(CpuBackend::new(Some(1))))
    }

    /// A network of every family.
    fn configs() -> impl Iterator<Item = ModelConfig> {
        let sizes = Sizes::new(300, 32, 3, 4, 512);
        let families = Family::all().iter();
        families.map(move |family| ModelConfig::new(family, &sizes).unwrap())
    }

    fn architecture() -> Architecture {
        configs().next().unwrap().architecture
    }

    /// Numbers that a model holds: its parameters, and its table of rotations where it has one.
    fn model_bytes(config: &ModelConfig) -> u64 {
        use autophage_model::PositionEncoding;
        let architecture = &config.architecture;
        let table = match &architecture.position_encoding {
            PositionEncoding::Learned { .. } => 0,
            PositionEncoding::Rotary(rotary) => architecture.positions * rotary.dimension,
        };
        NUMBER * (architecture.parameter_count() + table) as u64
    }

    /// The estimate against what is really allocated.
    #[test]
    fn a_trainer_allocates_what_is_estimated() {
        for config in configs() {
            let backend = backend();
            let model = initialize(&backend, config.clone()).unwrap();
            let parameters = NUMBER * config.architecture.parameter_count() as u64;
            assert_eq!(backend.take().allocated_bytes(), model_bytes(&config));
            let settings = TrainingSettings {
                micro_batch_tokens: 640,
                context: 64,
                ..TrainingSettings::default()
            };
            let trainer = Trainer::new(model, settings).unwrap();
            let activations = NUMBER * config.architecture.training_numbers(640) as u64;
            let allocated = backend.take().allocated_bytes();
            assert_eq!(
                allocated,
                3 * parameters + activations,
                "{:?}",
                config.family
            );
            drop(trainer);
        }
    }

    #[test]
    fn sampling_allocates_what_is_estimated() {
        for config in configs() {
            let backend = backend();
            let model = initialize(&backend, config.clone()).unwrap();
            backend.take();
            let request = GenerationRequest {
                form: Form::Stream { tokens: 20 },
                filter: SamplingFilter::default(),
                context: 16,
                overflow: Overflow::Hop,
                end_of_text: 0,
                vocabulary: None,
                prompt: vec![],
                random: Stream::new(1, Purpose::Sampling, 1),
                limit: Limit::Documents(7),
                batch: 7,
            };
            model
                .generate(&request, &mut |_, _| ControlFlow::Continue(()))
                .unwrap();
            let cache = config.architecture.cache_len(backend.as_ref(), 7, 16);
            let expected = NUMBER * (cache + config.architecture.pass_numbers(7)) as u64;
            assert_eq!(
                backend.take().allocated_bytes(),
                expected,
                "{:?}",
                config.family
            );
        }
    }

    #[test]
    fn the_stage_that_needs_the_most_decides() {
        let sampling = SamplingMemory {
            batch: 64,
            capacity: 100,
            context: 100,
            slides: false,
        };
        let settings = TrainingSettings {
            micro_batch_tokens: 4096,
            ..TrainingSettings::default()
        };
        let cpu = CpuBackend::new(Some(1));
        let memory = |keeps_best, sampling| {
            of_network(&architecture(), &settings, keeps_best, &cpu, sampling, 10)
        };
        let train = |memory: &ByStage<u64>| *memory.get("train").unwrap();
        let (with, without) = (memory(true, &sampling), memory(false, &sampling));
        let more = train(&with) - train(&without);
        assert_eq!(more, 4 * architecture().parameter_count() as u64);
        assert_eq!(without.values().max(), without.get("train"));
        let wide = SamplingMemory {
            batch: 100_000,
            ..sampling
        };
        let memory = memory(false, &wide);
        assert_eq!(memory.values().max(), memory.get("generate"));
    }
}
