//! The measurements on the models that runs are made of: GPT-Neo and n-grams.

use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_compute::CpuBackend;
use autophage_corpus::{DocumentSet, TokenStoreWriter};
use autophage_measure::diversity::{DiversitySettings, Reference, diversity};
use autophage_measure::perplexity::{Perplexity, PerplexitySettings, Unigram, perplexity};
use autophage_measure::probe::{Conditioning, Probe, probe_corpus, probe_model};
use autophage_model::{
    Decoder, Epochs, Family, Interpolation, LanguageModel, Learner, ModelConfig, NGramLearner,
    Sizes, TrainingJob,
};
use autophage_random::{Purpose, Stream};

const END: u32 = 0;
const VOCABULARY: u32 = 12;

fn corpus(documents: &[Vec<u32>]) -> DocumentSet {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.bin");
    let mut writer = TokenStoreWriter::create(path, VOCABULARY, END).unwrap();
    for document in documents {
        writer.push(document).unwrap();
    }
    // The map outlives the directory.
    DocumentSet::whole(Arc::new(writer.finish().unwrap()))
}

/// Documents in which every token is likely to be followed by one of a few.
fn stories(count: u64, seed: u64) -> Vec<Vec<u32>> {
    let stream = Stream::new(seed, Purpose::Simulation, 0);
    (0..count)
        .map(|i| {
            let mut story = vec![1 + stream.below(3, i, 0) as u32];
            while story.last() != Some(&END) && story.len() < 60 {
                let position = story.len() as u64;
                let step = stream.below(4, i, position) as u32;
                let next = (story[story.len() - 1] * 5 + step * step) % VOCABULARY;
                story.push(next);
            }
            story
        })
        .collect()
}

fn train(learner: NGramLearner, training: &DocumentSet, generation: u32) -> Box<dyn LanguageModel> {
    let job = TrainingJob {
        training,
        validation: training,
        end_of_text: END,
        initialization: Stream::new(1, Purpose::Initialization, generation),
        shuffle: Stream::new(1, Purpose::Shuffle, generation),
        epochs: Epochs::Fixed(1),
        start_from: None,
    };
    let trained = learner.train(&job, &mut |_| ControlFlow::Continue(()));
    trained.unwrap().expect("nobody broke off").model
}

fn measured(model: &dyn LanguageModel, documents: &DocumentSet, context: usize) -> Perplexity {
    let settings = PerplexitySettings {
        context,
        ..PerplexitySettings::default()
    };
    perplexity(model, documents, &settings, &mut |_| ())
        .unwrap()
        .summary(None)
        .unwrap()
}

/// One token at a time, each with the context that C.3 gives it.
fn naive(model: &dyn LanguageModel, documents: &[Vec<u32>], context: usize) -> f64 {
    let (mut sum, mut tokens) = (0.0, 0.0);
    for document in documents {
        let sequence = [&[END], &document[..]].concat();
        for t in 1..sequence.len() {
            let history = sequence[t.saturating_sub(context)..t].to_vec();
            let rows = model.next_token_log_probabilities(&[history]).unwrap();
            sum -= f64::from(rows[0][sequence[t] as usize]);
            tokens += 1.0;
        }
    }
    (sum / tokens).exp()
}

fn gpt_neo() -> Decoder<CpuBackend> {
    let sizes = Sizes {
        window: Some(5),
        ..Sizes::new(VOCABULARY as usize, 16, 2, 4, 32)
    };
    let mut config = ModelConfig::new(Family::named("gpt_neo").unwrap(), &sizes).unwrap();
    config.initializer_range = 0.3;
    config.end_of_text = vec![END];
    let random = Stream::new(3, Purpose::Initialization, 1);
    Decoder::initialize(Arc::new(CpuBackend::new(Some(1))), config, &random).unwrap()
}

#[test]
fn gpt_neo_has_the_perplexity_of_one_token_at_a_time() {
    let model = gpt_neo();
    let mut documents = stories(12, 1);
    assert!(documents.iter().any(|d| d.len() > 32) && documents.iter().any(|d| d.len() < 9));
    documents.push(vec![END]);
    let set = corpus(&documents);
    for context in [1, 9, 32] {
        let ratio = measured(&model, &set, context).perplexity / naive(&model, &documents, context);
        assert!((ratio - 1.0).abs() < 1e-5, "context {context}: {ratio}");
    }
}

#[test]
fn gpt_neo_answers_probes_by_the_chain_rule() {
    let probe = Probe {
        context: vec![3, 4],
        next: (0..VOCABULARY)
            .flat_map(|a| (0..VOCABULARY).map(move |b| vec![a, b]))
            .collect(),
    };
    let answers = probe_model(&gpt_neo(), &[probe], END, Conditioning::StartOfText).unwrap();
    assert!((answers[0].probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-5);
}

#[test]
fn a_context_beyond_the_model_is_an_error_that_says_so() {
    let settings = PerplexitySettings {
        context: 33,
        ..PerplexitySettings::default()
    };
    let documents = corpus(&[vec![1; 40]]);
    let error = perplexity(&gpt_neo(), &documents, &settings, &mut |_| ()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("perplexity:") && message.contains("32"),
        "{message}"
    );
}

#[test]
fn ngrams_have_the_perplexity_of_one_token_at_a_time() {
    let learner = NGramLearner {
        order: 3,
        interpolation: Interpolation::WittenBell,
        full_support: true,
    };
    let model = train(learner, &corpus(&stories(50, 2)), 1);
    let held_out = stories(10, 3);
    for context in [1, 2, 8] {
        let ratio = measured(&*model, &corpus(&held_out), context).perplexity
            / naive(&*model, &held_out, context);
        assert!((ratio - 1.0).abs() < 1e-6, "context {context}: {ratio}");
    }
}

/// Three roads to the entropy of single tokens: the unigram model's perplexity on its own training
/// set, the baseline's (but for the one that Laplace adds), and the composition of the corpus.
#[test]
fn a_unigram_model_has_the_perplexity_of_its_entropy() {
    let documents = corpus(&stories(2000, 4));
    let model = train(NGramLearner::UNIGRAM, &documents, 1);
    let loss = measured(&*model, &documents, 4).loss_nats_per_token;
    let settings = DiversitySettings {
        sample_tokens: 100,
        random: Stream::new(1, Purpose::Measurement, 1),
    };
    let result = diversity(&documents, &Reference::new(&documents), None, &settings).unwrap();
    assert!((loss - result.corpus.composition.entropy_nats).abs() < 1e-6);
    let baseline = Unigram::new(&documents).perplexity(&documents).unwrap();
    let baseline = baseline.summary(None).unwrap().loss_nats_per_token;
    assert!((loss - baseline).abs() < 1e-4);
}

#[test]
fn a_count_model_asked_bare_is_the_corpus() {
    let documents = corpus(&stories(300, 5));
    let learner = NGramLearner {
        order: 3,
        interpolation: Interpolation::None,
        full_support: false,
    };
    let model = train(learner, &documents, 1);
    let probes = [Probe {
        context: vec![5, 1],
        next: (0..VOCABULARY).map(|v| vec![v]).collect(),
    }];
    let model = &probe_model(&*model, &probes, END, Conditioning::Bare).unwrap()[0];
    let truth = &probe_corpus(&documents, &probes).unwrap()[0];
    assert!(truth.context_count > 30);
    for (p, frequency) in model.probabilities.iter().zip(&truth.next) {
        assert!((p - frequency.probability.unwrap()).abs() < 1e-6);
    }
}
