//! Tokens per second of training, sampling and scoring, two threads.
//!
//! The models are those of the presets: the demo's (2,048 tokens, hidden 128, 4 layers) and the
//! paper's two (TinyStories 1M and 33M, 50,257 tokens).

#![allow(missing_docs)]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use autophage_compute::{CpuBackend, CpuSettings, Isa};
use autophage_model::{
    Decoder, Family, Form, GenerationRequest, LanguageModel, Limit, ModelConfig, Overflow,
    SamplingFilter, Sizes, Trainer, TrainingSequence, TrainingSettings,
};
use autophage_random::{Purpose, Stream};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Tokens of a story of TinyStories, on average.
const STORY: usize = 205;

struct Case {
    name: &'static str,
    config: ModelConfig,
    context: usize,
    /// Texts that are sampled side by side, and tokens of each.
    sampled: (u64, usize),
}

fn cases() -> [Case; 3] {
    let family = Family::named("gpt_neo").expect("a family");
    let demo = ModelConfig::new(family, &Sizes::new(2048, 128, 4, 8, 2048)).expect("valid sizes");
    let preset = |name| ModelConfig::preset(name).expect("a preset");
    [
        Case {
            name: "demo",
            config: demo,
            context: 256,
            sampled: (256, 256),
        },
        Case {
            name: "tinystories-1m",
            config: preset("tinystories-1m"),
            context: 512,
            sampled: (256, 600),
        },
        Case {
            name: "tinystories-33m",
            config: preset("tinystories-33m"),
            context: 512,
            sampled: (64, 300),
        },
    ]
}

fn model(config: &ModelConfig) -> Decoder<CpuBackend> {
    let backend = Arc::new(CpuBackend::new(Some(2)));
    let random = Stream::new(1, Purpose::Initialization, 1);
    Decoder::initialize(backend, config.clone(), &random).expect("a valid configuration")
}

/// Token `position` of text `text`: the frequencies fall as in language, by Zipf's law.
fn token(vocabulary: usize, text: u64, position: u64) -> u32 {
    let uniform = Stream::new(1, Purpose::Measurement, 1).uniform(text, position);
    ((vocabulary as f64).powf(uniform) - 1.0) as u32
}

fn texts(vocabulary: usize, count: usize, length: usize) -> Vec<Vec<u32>> {
    let text = |text| (0..length as u64).map(move |position| token(vocabulary, text, position));
    (0..count as u64)
        .map(|index| text(index).collect())
        .collect()
}

/// One optimizer step over full sequences, of 4,096 tokens.
fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("train");
    for Case {
        name,
        config,
        context,
        ..
    } in cases()
    {
        let settings = TrainingSettings {
            context,
            ..TrainingSettings::default()
        };
        let count = 4096 / context;
        let sequences: Vec<TrainingSequence> =
            texts(config.architecture.vocabulary, count, context + 1)
                .into_iter()
                .map(TrainingSequence::new)
                .collect();
        let mut trainer = Trainer::new(model(&config), settings).expect("valid settings");
        group.throughput(Throughput::Elements(4096));
        group.bench_function(name, |bencher| {
            bencher.iter(|| trainer.step(&sequences, 1e-4).expect("a finite loss"));
        });
    }
    group.finish();
}

/// Whole texts side by side, in the precision that is best here.
fn sampling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sample");
    for Case {
        name,
        config,
        context,
        sampled: (documents, tokens),
    } in cases()
    {
        let isa = Isa::from_environment().expect("an instruction set of this processor");
        let backend = CpuBackend::with_settings(CpuSettings {
            threads: Some(2),
            isa,
            precision: None,
        });
        let backend = Arc::new(backend.expect("an instruction set of this processor"));
        let random = Stream::new(1, Purpose::Initialization, 1);
        let model = Decoder::initialize(backend, config, &random).expect("a valid configuration");
        let request = GenerationRequest {
            form: Form::Stream { tokens },
            filter: SamplingFilter::default(),
            context: context.max(tokens),
            overflow: Overflow::Slide,
            end_of_text: 0,
            vocabulary: None,
            prompt: vec![],
            random: Stream::new(1, Purpose::Sampling, 1),
            limit: Limit::Documents(documents),
            batch: documents as usize,
        };
        group.throughput(Throughput::Elements(documents * tokens as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                model
                    .generate(&request, &mut |_, _| ControlFlow::Continue(()))
                    .expect("a valid request");
            });
        });
    }
    group.finish();
}

/// 20 texts of the length of a story.
fn scoring(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("score");
    for Case {
        name,
        config,
        context,
        ..
    } in cases()
    {
        let model = model(&config);
        let sequences = texts(config.architecture.vocabulary, 20, STORY + 1);
        group.throughput(Throughput::Elements(20 * STORY as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                model
                    .token_losses(&sequences, context)
                    .expect("valid texts")
            });
        });
    }
    group.finish();
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5))
}

criterion_group! {
    name = benches;
    config = settings();
    targets = training, sampling, scoring
}
criterion_main!(benches);
