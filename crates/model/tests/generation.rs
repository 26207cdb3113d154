//! Sampling: the right distribution, and the same text whatever the batch.

#![allow(missing_docs)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_compute::{Backend, CpuBackend, ReferenceBackend};
use autophage_model::{
    Decoder, Family, Form, GenerationRequest, LanguageModel, Limit, ModelConfig, ModelError,
    Overflow, SamplingFilter, Sizes,
};
use autophage_random::{Purpose, Stream};
use support::fixture;

fn model<B: Backend>(backend: B) -> Decoder<B> {
    Decoder::load(Arc::new(backend), &fixture()).unwrap()
}

fn request(form: Form) -> GenerationRequest {
    GenerationRequest {
        form,
        filter: SamplingFilter::default(),
        context: 64,
        overflow: Overflow::Slide,
        end_of_text: 0,
        vocabulary: None,
        prompt: vec![],
        random: Stream::new(5, Purpose::Sampling, 1),
        limit: Limit::Unlimited,
        batch: 7,
    }
}

/// The documents of a request, at most `most`.
fn generate(model: &dyn LanguageModel, request: &GenerationRequest, most: usize) -> Vec<Vec<u32>> {
    let mut documents = Vec::new();
    model
        .generate(request, &mut |index, document| {
            assert_eq!(index, documents.len() as u64);
            documents.push(document.tokens);
            if documents.len() == most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    documents
}

/// Document `index` of a request, one token at a time from the probabilities of whole contexts.
fn naive(model: &dyn LanguageModel, request: &GenerationRequest, index: u64) -> Vec<u32> {
    let mut tokens = request.prompt.clone();
    let mut window = 0;
    loop {
        let all: Vec<u32> = std::iter::once(request.end_of_text)
            .chain(tokens.iter().copied())
            .collect();
        if all.len() - window > request.context {
            window = match request.overflow {
                Overflow::Slide => all.len() - request.context,
                Overflow::Hop => all.len() - request.context / 2,
            };
        }
        let row = model
            .next_token_log_probabilities(&[all[window..].to_vec()])
            .unwrap()
            .remove(0);
        let uniform = request.random.uniform(index, tokens.len() as u64);
        let mut sum = 0.0;
        let next = row
            .iter()
            .position(|&log| {
                sum += f64::from(log).exp();
                sum > uniform
            })
            .unwrap_or(row.len() - 1) as u32;
        tokens.push(next);
        let complete = match request.form {
            Form::Documents { max_tokens } => next == 0 || tokens.len() == max_tokens,
            Form::Stream { tokens: length } => tokens.len() == length,
        };
        if complete {
            return tokens;
        }
    }
}

fn equals_naive_sampling<B: Backend>(backend: B) {
    let model = model(backend);
    for (form, context, overflow, prompt) in [
        (
            Form::Documents { max_tokens: 40 },
            64,
            Overflow::Slide,
            vec![],
        ),
        (
            Form::Documents { max_tokens: 63 },
            64,
            Overflow::Slide,
            vec![5, 6],
        ),
        (Form::Stream { tokens: 30 }, 12, Overflow::Slide, vec![]),
        (Form::Stream { tokens: 30 }, 12, Overflow::Hop, vec![8]),
        (
            Form::Stream { tokens: 30 },
            5,
            Overflow::Slide,
            vec![1, 2, 3, 4, 5, 6, 7],
        ),
        (
            Form::Stream { tokens: 30 },
            5,
            Overflow::Hop,
            vec![1, 2, 3, 4, 5, 6, 7],
        ),
        (Form::Stream { tokens: 12 }, 12, Overflow::Hop, vec![]),
    ] {
        let request = GenerationRequest {
            context,
            overflow,
            prompt,
            ..request(form)
        };
        for (index, document) in generate(&model, &request, 5).iter().enumerate() {
            let expected = naive(&model, &request, index as u64);
            assert_eq!(document, &expected, "document {index} of {request:?}");
        }
    }
}

#[test]
fn sampling_equals_a_naive_loop_over_whole_contexts() {
    equals_naive_sampling(ReferenceBackend);
    equals_naive_sampling(CpuBackend::new(Some(2)));
}

#[test]
fn the_text_does_not_depend_on_batch_or_threads() {
    for (form, overflow) in [
        (Form::Documents { max_tokens: 50 }, Overflow::Slide),
        (Form::Stream { tokens: 40 }, Overflow::Hop),
    ] {
        let of = |threads, batch| {
            let request = GenerationRequest {
                batch,
                context: 24,
                overflow,
                ..request(form)
            };
            generate(&model(CpuBackend::new(Some(threads))), &request, 40)
        };
        let first = of(1, 1);
        assert_eq!(first, of(1, 7));
        assert_eq!(first, of(2, 64));
        assert_eq!(first, of(5, 7));
        assert_eq!(first, of(2, 256));
    }
}

#[test]
fn limits_take_a_prefix_of_the_same_documents() {
    let model = model(ReferenceBackend);
    let form = Form::Documents { max_tokens: 30 };
    let all = generate(&model, &request(form), 60);
    assert!(
        all.iter().any(|document| document.len() < 30),
        "some end early"
    );
    let lengths: Vec<u64> = all.iter().map(|document| document.len() as u64).collect();
    for (limit, expected) in [
        (Limit::Documents(0), 0),
        (Limit::Documents(20), 20),
        (Limit::Tokens(0), 0),
        (Limit::Tokens(1), 1),
        (Limit::Tokens(lengths[..20].iter().sum()), 20),
        (Limit::Tokens(lengths[..20].iter().sum::<u64>() + 1), 21),
    ] {
        for batch in [1, 8, 64] {
            let request = GenerationRequest {
                limit,
                batch,
                ..request(form)
            };
            let documents = generate(&model, &request, usize::MAX);
            assert_eq!(documents, all[..expected], "{limit:?}, batch {batch}");
        }
    }
}

#[test]
fn documents_end_where_they_should() {
    let model = model(ReferenceBackend);
    let documents = generate(&model, &request(Form::Documents { max_tokens: 30 }), 200);
    let ended = documents.iter().filter(|d| d.last() == Some(&0)).count();
    assert!(ended > 3, "{ended} of 200 documents ended by themselves");
    for document in &documents {
        let end = document.iter().position(|&token| token == 0);
        assert_eq!(document.len(), end.map_or(30, |end| end + 1));
    }
    let streams = generate(&model, &request(Form::Stream { tokens: 30 }), 200);
    assert!(streams.iter().all(|stream| stream.len() == 30));
    assert!(streams.iter().any(|stream| stream[..29].contains(&0)));
}

/// The first two tokens of many documents against the softmax of whole contexts.
#[test]
fn sampled_frequencies_are_those_of_the_softmax() {
    const DOCUMENTS: usize = 20_000;
    let family = Family::named("gpt_neo").unwrap();
    let mut config = ModelConfig::new(family, &Sizes::new(11, 8, 2, 2, 64)).unwrap();
    config.initializer_range = 0.4;
    let random = Stream::new(1, Purpose::Initialization, 1);
    let model = Decoder::initialize(Arc::new(CpuBackend::new(Some(2))), config, &random).unwrap();
    let request = GenerationRequest {
        context: 16,
        batch: 256,
        limit: Limit::Documents(DOCUMENTS as u64),
        ..request(Form::Stream { tokens: 2 })
    };
    let mut counts = [[0u32; 11]; 11];
    for document in generate(&model, &request, usize::MAX) {
        counts[document[0] as usize][document[1] as usize] += 1;
    }
    let first = model
        .next_token_log_probabilities(&[vec![0]])
        .unwrap()
        .remove(0);
    let contexts: Vec<Vec<u32>> = (0..11).map(|token| vec![0, token]).collect();
    let second = model.next_token_log_probabilities(&contexts).unwrap();
    let mut chi_square = 0.0;
    let mut cells = 0;
    for (i, row) in counts.iter().enumerate() {
        for (j, &count) in row.iter().enumerate() {
            let expected = DOCUMENTS as f64 * f64::from(first[i] + second[i][j]).exp();
            if expected >= 5.0 {
                chi_square += (f64::from(count) - expected).powi(2) / expected;
                cells += 1;
            }
        }
    }
    assert!(cells > 60, "{cells} cells with enough draws");
    // Four and a half standard deviations above the mean of chi-square with that many cells.
    let bound = f64::from(cells) + 4.5 * f64::from(2 * cells).sqrt();
    assert!(
        chi_square < bound,
        "chi-square {chi_square} over {cells} cells"
    );
}

#[test]
fn filters_restrict_the_tokens() {
    let model = model(CpuBackend::new(Some(2)));
    let greedy = GenerationRequest {
        filter: SamplingFilter {
            top_k: Some(1),
            ..SamplingFilter::default()
        },
        ..request(Form::Stream { tokens: 20 })
    };
    let documents = generate(&model, &greedy, 3);
    assert!(documents.iter().all(|document| document == &documents[0]));
    let mut context = vec![0];
    for &token in &documents[0] {
        let row = model
            .next_token_log_probabilities(&[context.clone()])
            .unwrap()
            .remove(0);
        let best = row.iter().copied().fold(f32::MIN, f32::max);
        assert!(row[token as usize] >= best - 1e-5);
        context.push(token);
    }
}

#[test]
fn requests_that_do_not_fit() {
    let model = model(ReferenceBackend);
    let good = request(Form::Documents { max_tokens: 10 });
    type Change = fn(&mut GenerationRequest);
    let cases: [(&str, Change); 9] = [
        ("context", |r| r.context = 0),
        ("context", |r| r.context = 65),
        ("max_tokens", |r| r.form = Form::Documents { max_tokens: 0 }),
        ("max_tokens", |r| r.prompt = vec![1; 10]),
        ("tokens", |r| r.form = Form::Stream { tokens: 0 }),
        ("batch", |r| r.batch = 0),
        ("temperature", |r| r.filter.temperature = 0.0),
        ("top_k", |r| r.filter.top_k = Some(0)),
        ("top_p", |r| r.filter.top_p = Some(1.5)),
    ];
    for (field, change) in cases {
        let mut request = good.clone();
        change(&mut request);
        let error = model
            .generate(&request, &mut |_, _| unreachable!("nothing is sampled"))
            .unwrap_err();
        let ModelError::Request { field: found, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(found, field);
    }
    let mut foreign = good;
    foreign.prompt = vec![97];
    assert!(matches!(
        model.generate(&foreign, &mut |_, _| ControlFlow::Continue(())),
        Err(ModelError::TokenOutsideVocabulary { token: 97, .. })
    ));
}
