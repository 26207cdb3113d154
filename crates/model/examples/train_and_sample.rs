//! Trains a small Llama on a few sentences and lets it write: `cargo run --release --example
//! train_and_sample -p autophage-model`.

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_compute::CpuBackend;
use autophage_corpus::{DocumentSet, TokenStore, Tokenizer};
use autophage_model::{
    DecoderLearner, Epochs, Family, Form, GenerationRequest, Learner, Limit, ModelConfig, Overflow,
    SamplingFilter, Sizes, TrainingJob, TrainingSettings,
};
use autophage_random::{Purpose, Stream};

fn main() -> Result<(), Box<dyn Error>> {
    let texts = [
        "The cat sat on the mat.",
        "The dog sat on the cat.",
        "The mat is flat.",
    ];
    let tokenizer = Tokenizer::train_bpe(texts, 280)?;
    let end = tokenizer.end_of_text();
    let documents = texts
        .iter()
        .map(|text| Ok([tokenizer.encode(text)?, vec![end]].concat()))
        .collect::<Result<Vec<_>, autophage_corpus::CorpusError>>()?;
    let store = TokenStore::in_memory(documents, tokenizer.vocabulary(), end)?;
    let training = DocumentSet::whole(Arc::new(store));

    let sizes = Sizes::new(tokenizer.vocabulary() as usize, 32, 2, 4, 64);
    let network = ModelConfig::new(Family::named("llama")?, &sizes)?;
    let settings = TrainingSettings {
        context: 64,
        learning_rate: 3e-3,
        ..TrainingSettings::default()
    };
    let learner = DecoderLearner::new(Arc::new(CpuBackend::new(None)), network, settings)?;
    let job = TrainingJob {
        training: &training,
        validation: &training,
        end_of_text: end,
        initialization: Stream::new(1, Purpose::Initialization, 0),
        shuffle: Stream::new(1, Purpose::Shuffle, 0),
        epochs: Epochs::Fixed(200),
        start_from: None,
    };
    let trained = learner.train(&job, &mut |_| ControlFlow::Continue(()))?;
    let model = trained.expect("nobody breaks off").model;

    let request = GenerationRequest {
        form: Form::Documents { max_tokens: 40 },
        filter: SamplingFilter::default(),
        context: 64,
        overflow: Overflow::Slide,
        end_of_text: end,
        vocabulary: None,
        prompt: vec![],
        random: Stream::new(1, Purpose::Sampling, 0),
        limit: Limit::Documents(5),
        batch: 5,
    };
    model.generate(&request, &mut |number, document| {
        let text = tokenizer.decode(&document.tokens);
        println!(
            "{number}: {}",
            text.unwrap_or_else(|error| error.to_string())
        );
        ControlFlow::Continue(())
    })?;
    Ok(())
}
