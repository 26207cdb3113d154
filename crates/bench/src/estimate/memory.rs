//! Memory and disk that an experiment needs, from the sizes of its model.

use autophage_compute::{CpuBackend, Precision};
use autophage_lab::{ByStage, Stage};
use autophage_model::{GptNeoConfig, TrainingSettings};
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
    config: &GptNeoConfig,
    training: &TrainingSettings,
    keeps_best: bool,
    backend: &CpuBackend,
    sampling: &SamplingMemory,
    tracked: u64,
) -> ByStage<u64> {
    let parameters = NUMBER * config.parameter_count() as u64;
    let [embedding, layers] = packed_bytes(config, backend.precision());
    // Weights, gradients, two moments, and the weights of the best epoch.
    let copies = if keeps_best { 5 } else { 4 };
    let rows = training.micro_batch_tokens.max(training.context);
    let cache = config.cache_len(backend, sampling.batch, sampling.capacity);
    let passes = |rows| result_bytes(config, rows);
    let sliding = if sampling.slides {
        passes(sampling.context * (ROWS / sampling.context).max(1))
    } else {
        0
    };
    let weights = parameters + embedding + layers;
    let training = copies * parameters + embedding + 2 * layers + training_bytes(config, rows);
    let writing = weights + NUMBER * cache as u64 + passes(sampling.batch) + sliding;
    let measuring = weights + passes(ROWS) + distributions(config, tracked);
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
fn packed_bytes(config: &GptNeoConfig, precision: Precision) -> [u64; 2] {
    let (hidden, inner) = (config.hidden_size, config.intermediate_size);
    let layer = 4 * hidden * hidden + 2 * hidden * inner;
    [config.vocab_size * hidden, config.num_layers() * layer]
        .map(|numbers| (precision.bytes() * numbers) as u64)
}

/// Activations that the backward pass reads, and what it writes, for so many rows.
///
/// With C the hidden size, I the intermediate size and H the heads, a block keeps 7C + 2I + H + 4
/// numbers a row; the residual stream has C before each block and after the last; the final
/// normalisation keeps C + 2; the backward pass works in 5C + I.
pub(crate) fn training_bytes(config: &GptNeoConfig, rows: usize) -> u64 {
    let (hidden, inner) = (config.hidden_size as u64, config.intermediate_size as u64);
    let layers = config.num_layers() as u64;
    let stream = (layers + 1) * hidden + hidden + 2;
    let backward = 5 * hidden + inner;
    NUMBER * rows as u64 * (layers * block(config) + stream + backward)
}

/// Activations of a pass of which only the result is wanted: one block, two residual streams, the
/// chosen rows and the final normalisation.
pub(crate) fn result_bytes(config: &GptNeoConfig, rows: usize) -> u64 {
    let stream = 4 * config.hidden_size as u64 + 2;
    NUMBER * rows as u64 * (block(config) + stream)
}

/// Numbers that a block keeps for a row.
fn block(config: &GptNeoConfig) -> u64 {
    let (hidden, inner) = (config.hidden_size as u64, config.intermediate_size as u64);
    7 * hidden + 2 * inner + config.num_heads as u64 + 4
}

/// Distributions after the tracked contexts: those of this generation and of an earlier one, in
/// double precision where they are compared, and once as they are written.
fn distributions(config: &GptNeoConfig, tracked: u64) -> u64 {
    5 * NUMBER * tracked * config.vocab_size as u64
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
        Form, GenerationRequest, GptNeo, LanguageModel, Limit, Overflow, SamplingFilter, Trainer,
    };
    use autophage_random::{Purpose, Stream};

    use super::*;

    fn backend() -> Arc<Profiled<CpuBackend>> {
        Arc::new(Profiled::new(CpuBackend::new(Some(1))))
    }

    fn config() -> GptNeoConfig {
        GptNeoConfig::new(300, 24, 3, 4)
    }

    /// The formulas against what is really allocated.
    #[test]
    fn a_trainer_allocates_what_the_formula_says() {
        let backend = backend();
        let model = GptNeo::initialize(backend.clone(), config(), 1, 1).unwrap();
        let parameters = 4 * config().parameter_count() as u64;
        assert_eq!(backend.take().allocated_bytes(), parameters);
        let settings = TrainingSettings {
            micro_batch_tokens: 640,
            context: 64,
            ..TrainingSettings::default()
        };
        let trainer = Trainer::new(model, settings).unwrap();
        let expected = 3 * parameters + training_bytes(&config(), 640);
        assert_eq!(backend.take().allocated_bytes(), expected);
        drop(trainer);
    }

    #[test]
    fn sampling_allocates_what_the_formula_says() {
        let backend = backend();
        let model = GptNeo::initialize(backend.clone(), config(), 1, 1).unwrap();
        backend.take();
        let request = GenerationRequest {
            form: Form::Stream { tokens: 20 },
            filter: SamplingFilter::default(),
            context: 16,
            overflow: Overflow::Hop,
            end_of_text: 0,
            prompt: vec![],
            random: Stream::new(1, Purpose::Sampling, 1),
            limit: Limit::Documents(7),
            batch: 7,
        };
        model
            .generate(&request, &mut |_, _| ControlFlow::Continue(()))
            .unwrap();
        let cache = config().cache_len(backend.as_ref(), 7, 16);
        let expected = NUMBER * cache as u64 + result_bytes(&config(), 7);
        assert_eq!(backend.take().allocated_bytes(), expected);
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
        let memory =
            |keeps_best, sampling| of_network(&config(), &settings, keeps_best, &cpu, sampling, 10);
        let train = |memory: &ByStage<u64>| *memory.get("train").unwrap();
        let (with, without) = (memory(true, &sampling), memory(false, &sampling));
        let more = train(&with) - train(&without);
        assert_eq!(more, 4 * config().parameter_count() as u64);
        assert_eq!(without.values().max(), without.get("train"));
        let wide = SamplingMemory {
            batch: 100_000,
            ..sampling
        };
        let memory = memory(false, &wide);
        assert_eq!(memory.values().max(), memory.get("generate"));
    }
}
