//! One generation of an n-gram lineage on the story sample: counting, and sampling as much again.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStoreWriter, Tokenizer};
use autophage_model::{
    Epochs, Form, GenerationRequest, Interpolation, LanguageModel, Learner, Limit, NGramLearner,
    Overflow, SamplingFilter, TrainingJob,
};
use autophage_random::{Purpose, Stream};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The story sample, with a byte-pair vocabulary of 2,048 tokens.
fn stories() -> DocumentSet {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/assets/tinystories-sample.jsonl");
    let text = std::fs::read_to_string(path).expect("the bundled sample");
    let stories: Vec<String> = text
        .lines()
        .map(|line| {
            let story: serde_json::Value = serde_json::from_str(line).expect("JSON");
            story["text"].as_str().expect("a text").to_owned()
        })
        .collect();
    let tokenizer = Tokenizer::train_bpe(stories.iter().map(String::as_str), 2048).unwrap();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("tokens.bin");
    let end = tokenizer.end_of_text();
    let mut writer = TokenStoreWriter::create(path, tokenizer.vocabulary(), end).unwrap();
    for mut story in tokenizer.encode_batch(&stories).unwrap() {
        story.push(end);
        writer.push(&story).unwrap();
    }
    DocumentSet::whole(Arc::new(writer.finish().unwrap()))
}

fn train(order: usize, training: &DocumentSet) -> Box<dyn LanguageModel> {
    let learner = NGramLearner {
        order,
        interpolation: Interpolation::WittenBell,
        full_support: false,
    };
    let job = TrainingJob {
        training,
        validation: training,
        end_of_text: training.end_of_text(),
        initialization: Stream::new(0, Purpose::Initialization, 1),
        shuffle: Stream::new(0, Purpose::Shuffle, 1),
        epochs: Epochs::Fixed(1),
        start_from: None,
    };
    let trained = learner.train(&job, &mut |_| ControlFlow::Continue(()));
    trained.unwrap().expect("nobody broke off").model
}

fn sample(model: &dyn LanguageModel, like: &DocumentSet) -> u64 {
    let request = GenerationRequest {
        form: Form::Documents { max_tokens: 1024 },
        filter: SamplingFilter::default(),
        context: 256,
        overflow: Overflow::Slide,
        end_of_text: like.end_of_text(),
        vocabulary: None,
        prompt: Vec::new(),
        random: Stream::new(0, Purpose::Sampling, 1),
        limit: Limit::Tokens(like.tokens()),
        batch: 256,
    };
    let mut tokens = 0;
    let mut sink = |_, document: autophage_model::GeneratedDocument| {
        tokens += document.tokens.len() as u64;
        ControlFlow::Continue(())
    };
    model.generate(&request, &mut sink).unwrap();
    tokens
}

fn ngram(criterion: &mut Criterion) {
    let stories = stories();
    let mut group = criterion.benchmark_group("ngram");
    group.sample_size(20);
    group.throughput(Throughput::Elements(stories.tokens()));
    for order in [1, 3, 5] {
        group.bench_function(format!("count, order {order}"), |bencher| {
            bencher.iter(|| black_box(train(order, &stories)));
        });
        let model = train(order, &stories);
        group.bench_function(format!("sample, order {order}"), |bencher| {
            bencher.iter(|| black_box(sample(&*model, &stories)));
        });
    }
    group.finish();
}

criterion_group!(benches, ngram);
criterion_main!(benches);
