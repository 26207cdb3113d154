//! The n-gram model against naive counting, its samples against its probabilities, its file.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStoreWriter};
use autophage_model::{
    Epochs, Form, GenerationRequest, Interpolation, LanguageModel, Learner, Limit, ModelError,
    NGramLearner, Overflow, SamplingFilter, TrainingJob,
};
use autophage_random::{Purpose, Stream};
use proptest::prelude::*;

const END: u32 = 0;

const JELINEK_MERCER: Interpolation = Interpolation::JelinekMercer { weight: 0.7 };

fn learner(order: usize, interpolation: Interpolation, full_support: bool) -> NGramLearner {
    NGramLearner {
        order,
        interpolation,
        full_support,
    }
}

fn documents(vocabulary: u32, documents: &[Vec<u32>]) -> DocumentSet {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.bin");
    let mut writer = TokenStoreWriter::create(path, vocabulary, END).unwrap();
    for document in documents {
        writer.push(document).unwrap();
    }
    DocumentSet::whole(Arc::new(writer.finish().unwrap()))
}

fn job<'a>(training: &'a DocumentSet, start_from: Option<&'a Path>) -> TrainingJob<'a> {
    TrainingJob {
        training,
        validation: training,
        end_of_text: END,
        initialization: Stream::new(1, Purpose::Initialization, 1),
        shuffle: Stream::new(1, Purpose::Shuffle, 1),
        epochs: Epochs::Fixed(3),
        start_from,
    }
}

fn train(learner: NGramLearner, training: &DocumentSet) -> Box<dyn LanguageModel> {
    let job = job(training, None);
    let trained = learner.train(&job, &mut |_| ControlFlow::Continue(()));
    trained.unwrap().expect("nobody broke off").model
}

/// Some text with structure: token v is often followed by v + 1.
fn text(vocabulary: u32, lengths: &[usize], seed: u64) -> Vec<Vec<u32>> {
    let random = Stream::new(seed, Purpose::Simulation, 0);
    let document = |(i, &length): (usize, &usize)| {
        let mut tokens: Vec<u32> = Vec::new();
        for position in 0..length {
            let drawn = random.below(u64::from(vocabulary), i as u64, position as u64) as u32;
            let follows = random.uniform(i as u64, (position + length) as u64) < 0.6;
            tokens.push(match tokens.last() {
                Some(&last) if follows => (last + 1) % vocabulary,
                _ => drawn,
            });
        }
        tokens
    };
    lengths.iter().enumerate().map(document).collect()
}

/// The definition, by scanning the whole text for every context.
fn naive(learner: NGramLearner, text: &[Vec<u32>], vocabulary: u32, context: &[u32]) -> Vec<f64> {
    let mut probabilities = vec![1.0 / f64::from(vocabulary); vocabulary as usize];
    for length in 0..learner.order.min(context.len() + 1) {
        let suffix = &context[context.len() - length..];
        let mut counts = BTreeMap::new();
        for document in text {
            let read: Vec<u32> = [END].iter().chain(document).copied().collect();
            for target in length.max(1)..read.len() {
                if &read[target - length..target] == suffix {
                    *counts.entry(read[target]).or_insert(0.0) += 1.0;
                }
            }
        }
        let total: f64 = counts.values().sum();
        if total == 0.0 {
            break;
        }
        let own = match learner.interpolation {
            _ if length == 0 && !learner.full_support => 1.0,
            Interpolation::None => 1.0,
            Interpolation::WittenBell => total / (total + counts.len() as f64),
            Interpolation::JelinekMercer { weight } => weight,
        };
        for (token, probability) in probabilities.iter_mut().enumerate() {
            let count = counts.get(&(token as u32)).copied().unwrap_or(0.0);
            *probability = own * count / total + (1.0 - own) * *probability;
        }
    }
    probabilities
}

fn request(form: Form, limit: Limit) -> GenerationRequest {
    GenerationRequest {
        form,
        filter: SamplingFilter::default(),
        context: 1024,
        overflow: Overflow::Slide,
        end_of_text: END,
        vocabulary: None,
        prompt: Vec::new(),
        random: Stream::new(3, Purpose::Sampling, 1),
        limit,
        batch: 64,
    }
}

fn generate(model: &dyn LanguageModel, request: &GenerationRequest) -> Vec<Vec<u32>> {
    let mut documents = Vec::new();
    model
        .generate(request, &mut |number, document| {
            assert_eq!(number, documents.len() as u64);
            documents.push(document.tokens);
            ControlFlow::Continue(())
        })
        .unwrap();
    documents
}

/// Pearson's chi-square of counts against probabilities, with categories of few expected counts
/// together, and the number of categories.
fn chi_square(counts: &[f64], probabilities: &[f64]) -> (f64, usize) {
    let total: f64 = counts.iter().sum();
    let (mut sum, mut categories) = (0.0, 0);
    let mut rest = (0.0, 0.0);
    for (count, probability) in counts.iter().zip(probabilities) {
        let expected = total * probability;
        if expected < 10.0 {
            rest = (rest.0 + count, rest.1 + expected);
            continue;
        }
        sum += (count - expected).powi(2) / expected;
        categories += 1;
    }
    if rest.1 > 10.0 {
        sum += (rest.0 - rest.1).powi(2) / rest.1;
        categories += 1;
    } else {
        assert!(rest.0 <= rest.1 + 30.0, "{rest:?}");
    }
    (sum, categories)
}

fn any_learner() -> impl Strategy<Value = NGramLearner> {
    let settings = prop_oneof![
        Just((Interpolation::None, false)),
        Just((Interpolation::WittenBell, false)),
        Just((Interpolation::WittenBell, true)),
        Just((JELINEK_MERCER, false)),
        Just((JELINEK_MERCER, true)),
    ];
    (1usize..6, settings).prop_map(|(order, (interpolation, full_support))| {
        learner(order, interpolation, full_support)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn probabilities_are_those_of_naive_counting(
        learner in any_learner(),
        text in prop::collection::vec(prop::collection::vec(0u32..5, 0..30), 1..8),
        contexts in prop::collection::vec(prop::collection::vec(0u32..6, 1..8), 1..10),
    ) {
        prop_assume!(text.iter().any(|document| !document.is_empty()));
        // Token 5 never occurs in the text.
        let model = train(learner, &documents(6, &text));
        let rows = model.next_token_log_probabilities(&contexts).unwrap();
        for (context, row) in contexts.iter().zip(&rows) {
            let expected = naive(learner, &text, 6, context);
            let sum: f64 = row.iter().map(|ln| f64::from(*ln).exp()).sum();
            prop_assert!((sum - 1.0).abs() < 1e-6);
            for (token, (ln, expected)) in row.iter().zip(&expected).enumerate() {
                let probability = f64::from(*ln).exp();
                prop_assert!((probability - expected).abs() < 1e-6, "{} {}", probability, expected);
                prop_assert!(!learner.full_support || probability > 0.0);
                // The loss of the same token, with the context as long as it is.
                let mut sequence = context.clone();
                sequence.push(token as u32);
                let losses = model.token_losses(&[sequence], context.len()).unwrap();
                prop_assert_eq!(losses[0].len(), context.len());
                let loss = losses[0][context.len() - 1];
                prop_assert!(loss == -ln || (loss + ln).abs() < 1e-5, "{} {}", loss, ln);
            }
        }
    }

    #[test]
    fn a_file_gives_the_same_model_back(
        learner in any_learner(),
        text in prop::collection::vec(prop::collection::vec(0u32..5, 1..30), 1..8),
    ) {
        let model = train(learner, &documents(6, &text));
        let directory = tempfile::tempdir().unwrap();
        model.save(directory.path()).unwrap();
        let read = learner.load(directory.path()).unwrap();
        // Debug shows every count.
        prop_assert_eq!(format!("{read:?}"), format!("{model:?}"));
    }
}

#[test]
fn losses_look_back_as_far_as_the_context() {
    let text = text(8, &[200, 300], 1);
    let model = train(
        learner(4, Interpolation::WittenBell, true),
        &documents(8, &text),
    );
    let sequence = text[0].clone();
    for context in [1, 2, 3, 50] {
        let losses = &model
            .token_losses(std::slice::from_ref(&sequence), context)
            .unwrap()[0];
        assert_eq!(losses.len(), sequence.len() - 1);
        for target in 1..sequence.len() {
            let window = sequence[target.saturating_sub(context)..target].to_vec();
            let row = &model.next_token_log_probabilities(&[window]).unwrap()[0];
            let expected = -row[sequence[target] as usize];
            assert!((losses[target - 1] - expected).abs() < 1e-5);
        }
    }
}

#[test]
fn samples_have_the_frequencies_of_the_probabilities() {
    let text = text(12, &[400; 5], 2);
    for (interpolation, full_support) in [
        (Interpolation::None, false),
        (Interpolation::WittenBell, true),
        (JELINEK_MERCER, true),
    ] {
        let model = train(
            learner(3, interpolation, full_support),
            &documents(12, &text),
        );
        let mut request = request(Form::Stream { tokens: 3 }, Limit::Documents(40_000));
        request.prompt = vec![3, 4];
        for filter in [
            SamplingFilter::default(),
            SamplingFilter {
                temperature: 0.7,
                top_k: Some(6),
                top_p: None,
            },
        ] {
            request.filter = filter;
            let mut counts = vec![0.0; 12];
            for document in generate(&*model, &request) {
                assert_eq!(document[..2], [3, 4]);
                counts[document[2] as usize] += 1.0;
            }
            let row = &model
                .next_token_log_probabilities(&[vec![END, 3, 4]])
                .unwrap()[0];
            let mut weights: Vec<f64> = row
                .iter()
                .map(|ln| (f64::from(*ln) / f64::from(filter.temperature)).exp())
                .collect();
            if let Some(kept) = filter.top_k {
                // Of equals the lower token is kept.
                let mut order: Vec<usize> = (0..12).collect();
                order.sort_by(|&left, &right| weights[right].total_cmp(&weights[left]));
                for &token in &order[kept..] {
                    weights[token] = 0.0;
                }
            }
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= sum);
            let (chi_square, categories) = chi_square(&counts, &weights);
            // Four deviations above the mean of the distribution.
            let freedom = categories as f64 - 1.0;
            let bound = freedom + 4.0 * (2.0 * freedom).sqrt() + 3.0;
            assert!(
                chi_square < bound,
                "{interpolation:?}: {chi_square} of {freedom}"
            );
        }
    }
}

#[test]
fn a_unigram_stream_is_resampling() {
    let text = text(6, &[500], 4);
    let model = train(NGramLearner::UNIGRAM, &documents(6, &text));
    let tokens = generate(
        &*model,
        &request(Form::Stream { tokens: 20_000 }, Limit::Documents(2)),
    );
    assert!(tokens.iter().all(|document| document.len() == 20_000));
    let count = |tokens: &[u32]| {
        let mut counts = vec![0.0; 6];
        tokens
            .iter()
            .for_each(|&token| counts[token as usize] += 1.0);
        counts
    };
    let frequencies: Vec<f64> = count(&text[0]).iter().map(|c| c / 500.0).collect();
    for document in &tokens {
        let (chi_square, categories) = chi_square(&count(document), &frequencies);
        assert_eq!(categories, 6);
        // The 0.9999 quantile for 5 degrees of freedom.
        assert!(chi_square < 25.7, "{chi_square}");
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn text_does_not_depend_on_batch_threads_or_limit() {
    let text = text(12, &[100; 20], 5);
    let model = train(
        learner(3, Interpolation::WittenBell, false),
        &documents(12, &text),
    );
    let form = Form::Documents { max_tokens: 40 };
    let all = generate(&*model, &request(form, Limit::Documents(100)));
    for batch in [1, 7, 256] {
        for threads in [1, 3] {
            let mut request = request(form, Limit::Documents(60));
            request.batch = batch;
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let documents = pool.install(|| generate(&*model, &request));
            assert_eq!(documents, all[..60]);
        }
    }
    for limit in [1, 39, 40, 1000] {
        let documents = generate(&*model, &request(form, Limit::Tokens(limit)));
        let tokens = |documents: &[Vec<u32>]| documents.iter().map(Vec::len).sum::<usize>() as u64;
        assert!(tokens(&documents) >= limit);
        assert!(tokens(&documents[..documents.len() - 1]) < limit);
        assert_eq!(documents, all[..documents.len()]);
    }
    assert!(generate(&*model, &request(form, Limit::Tokens(0))).is_empty());
    let mut taken = 0;
    model
        .generate(&request(form, Limit::Unlimited), &mut |_, _| {
            taken += 1;
            if taken == 5 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!(taken, 5);
}

#[test]
fn documents_end_where_they_should() {
    let text = text(12, &[100; 20], 6);
    let model = train(
        learner(2, Interpolation::WittenBell, false),
        &documents(12, &text),
    );
    let form = Form::Documents { max_tokens: 30 };
    let documents = generate(&*model, &request(form, Limit::Documents(200)));
    let ended = |document: &&Vec<u32>| document.last() == Some(&END);
    assert!(documents.iter().any(|document| ended(&document)));
    for document in &documents {
        assert!(document.len() == 30 || ended(&document), "{document:?}");
        assert!(document.len() <= 30);
        assert!(
            document[..document.len() - 1]
                .iter()
                .all(|&token| token != END)
        );
    }
}

#[test]
fn a_short_context_hides_what_is_before_it() {
    // Periodic text: after two tokens the next is certain, after one it is not.
    let text = vec![[1, 2, 1, 3].repeat(50)];
    let model = train(learner(3, Interpolation::None, false), &documents(4, &text));
    let periodic = |context, overflow| {
        let mut request = request(Form::Stream { tokens: 200 }, Limit::Documents(1));
        request.prompt = vec![1, 2];
        request.context = context;
        request.overflow = overflow;
        let document = generate(&*model, &request).remove(0);
        document
            .windows(4)
            .all(|window| window[1] == 1 || window[1] != window[3])
    };
    assert!(periodic(2, Overflow::Slide));
    assert!(!periodic(1, Overflow::Slide));
    assert!(periodic(4, Overflow::Hop));
    assert!(!periodic(3, Overflow::Hop));
}

#[test]
fn what_cannot_be_is_refused() {
    let text = documents(4, &[vec![1, 2, 3]]);
    let refused = |learner: NGramLearner| {
        learner
            .train(&job(&text, None), &mut |_| ControlFlow::Continue(()))
            .unwrap_err()
    };
    for bad in [
        learner(0, Interpolation::None, false),
        learner(2, Interpolation::JelinekMercer { weight: 1.0 }, false),
        learner(2, Interpolation::JelinekMercer { weight: f64::NAN }, false),
        learner(2, Interpolation::None, true),
    ] {
        assert!(
            matches!(refused(bad), ModelError::Training { .. }),
            "{bad:?}"
        );
    }
    let learner = NGramLearner::UNIGRAM;
    let start = job(&text, Some(Path::new("elsewhere")));
    assert!(
        learner
            .train(&start, &mut |_| ControlFlow::Continue(()))
            .is_err()
    );
    let empty = documents(4, &[vec![]]);
    assert!(matches!(
        learner.train(&job(&empty, None), &mut |_| ControlFlow::Continue(())),
        Err(ModelError::EmptyTrainingSet)
    ));
    let model = train(learner, &text);
    assert!(model.next_token_log_probabilities(&[vec![]]).is_err());
    assert!(model.next_token_log_probabilities(&[vec![4]]).is_err());
    assert!(model.token_losses(&[vec![1, 9]], 2).is_err());
    assert!(model.token_losses(&[vec![1, 2]], 0).is_err());
    let mut zero = request(Form::Stream { tokens: 3 }, Limit::Documents(1));
    zero.context = 0;
    assert!(
        model
            .generate(&zero, &mut |_, _| ControlFlow::Continue(()))
            .is_err()
    );
}

#[test]
fn damaged_files_are_refused_at_every_byte() {
    let learner = learner(3, JELINEK_MERCER, true);
    let model = train(learner, &documents(5, &text(5, &[20, 30], 7)));
    let directory = tempfile::tempdir().unwrap();
    model.save(directory.path()).unwrap();
    let path = directory.path().join("ngram.bin");
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        matches!(
            learner.load(directory.path()),
            Err(ModelError::Damaged { .. })
        )
    };
    for length in 0..whole.len() {
        assert!(refused(&whole[..length]), "cut off at {length}");
    }
    for byte in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x10;
        assert!(refused(&damaged), "damaged at {byte}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        learner.load(directory.path()),
        Err(ModelError::File { .. })
    ));
}

/// A file whose checksum fits but whose contents are nonsense must not lead to a panic.
#[test]
fn contradictory_counts_are_refused_or_harmless() {
    let learner = learner(3, Interpolation::WittenBell, false);
    let model = train(learner, &documents(5, &text(5, &[20, 30], 8)));
    let directory = tempfile::tempdir().unwrap();
    model.save(directory.path()).unwrap();
    let path = directory.path().join("ngram.bin");
    let whole = fs::read(&path).unwrap();
    let contents = whole.len() - 8;
    for byte in 0..contents {
        for bit in [0, 3, 7] {
            let mut forged = whole.clone();
            forged[byte] ^= 1 << bit;
            let checksum = autophage_durable::Checksum::of(&forged[..contents]);
            forged[contents..].copy_from_slice(&checksum.to_le_bytes());
            fs::write(&path, &forged).unwrap();
            if let Ok(model) = learner.load(directory.path())
                && model.vocabulary() < 1_000_000
            {
                model
                    .next_token_log_probabilities(&[vec![END, 1, 2], vec![3, 4]])
                    .unwrap();
                generate(
                    &*model,
                    &request(Form::Stream { tokens: 50 }, Limit::Documents(3)),
                );
            }
        }
    }
}

#[test]
fn another_learners_file_is_refused() {
    let text = documents(5, &[vec![1, 2, 3, 0]]);
    let saved = learner(2, Interpolation::WittenBell, false);
    let directory = tempfile::tempdir().unwrap();
    train(saved, &text).save(directory.path()).unwrap();
    assert!(saved.load(directory.path()).is_ok());
    for other in [
        learner(3, Interpolation::WittenBell, false),
        learner(2, JELINEK_MERCER, false),
        learner(2, Interpolation::WittenBell, true),
    ] {
        assert!(matches!(
            other.load(directory.path()),
            Err(ModelError::OtherArchitecture { .. })
        ));
    }
}
