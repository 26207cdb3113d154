//! Error terms and retention of single models, checked against their definitions.

use super::{Distributions, ErrorInputs, EventErrors, Ideal, ModelErrors, Tracked, model_errors};
use crate::MeasureError;
use crate::perplexity::token_counts;
use crate::probe::{Conditioning, Probe};
use crate::retention::ContextErrors;
use crate::testing::{Conditional, END, corpus, random_documents};
use autophage_corpus::{ContextCounts, DocumentSet, count_contexts};
use autophage_model::LanguageModel;

const VOCABULARY: usize = 8;

/// Conditional frequencies after the last token, each with β added.
fn bigram(
    training: &DocumentSet,
    beta: f64,
) -> Conditional<impl Fn(&[u32]) -> Vec<f32> + Send + Sync + use<>> {
    let contexts: Vec<Vec<u32>> = (0..VOCABULARY as u32).map(|v| vec![v]).collect();
    let rows: Vec<Vec<f32>> = count_contexts(training, &contexts)
        .iter()
        .map(|counts| {
            let count = |v| counts.next.get(&v).map_or(0.0, |&count| count as f64) + beta;
            let total: f64 = (0..VOCABULARY as u32).map(count).sum();
            (0..VOCABULARY as u32)
                .map(|v| (count(v) / total).ln() as f32)
                .collect()
        })
        .collect();
    Conditional {
        vocabulary: VOCABULARY,
        max_context: None,
        ln_probabilities: move |context: &[u32]| rows[context[context.len() - 1] as usize].clone(),
    }
}

/// The errors of a model that should have learned the truth.
fn errors(tracked: &Tracked, training: &DocumentSet, model: &dyn LanguageModel) -> ModelErrors {
    let contexts = tracked.contexts();
    let model = Distributions::of_model(model, contexts, END, Conditioning::Bare).unwrap();
    model_errors(&ErrorInputs {
        tracked,
        training: &count_contexts(training, contexts),
        ideal: &Ideal::of_truth(tracked, VOCABULARY, 1.0).unwrap(),
        model: &model,
    })
    .unwrap()
}

/// A run that was stopped reads its records back: not a bit may be lost.
fn assert_survives_a_file(errors: &ModelErrors) {
    let json = serde_json::to_string(&(&errors.contexts, &errors.events)).unwrap();
    let (contexts, events): (Vec<ContextErrors>, Vec<EventErrors>) =
        serde_json::from_str(&json).unwrap();
    assert_eq!(ModelErrors { contexts, events }, *errors);
}

#[test]
fn a_count_model_has_its_closed_form() {
    // p̂ = (c + β)/(c(x) + βV) and q = c/c(x): 1 + b = max q/p̂ = (1 + βV/c(x)) c/(c + β), at the
    // most frequent token.
    let initial = corpus(
        VOCABULARY as u32,
        &random_documents(150, 15, VOCABULARY as u32, 11),
    );
    let tracked = Tracked::choose(&initial, 6, 2, &[]).unwrap();
    let errors = errors(&tracked, &initial, &bigram(&initial, 0.5));
    let pairs = errors.contexts.iter().zip(tracked.truth());
    let single = pairs.filter(|(context, _)| context.context.len() == 1);
    let mut checked = 0;
    for (context, truth) in single {
        let most = truth.next.values().copied().max().unwrap() as f64;
        let b = (1.0 + 0.5 * VOCABULARY as f64 / truth.total as f64) * most / (most + 0.5) - 1.0;
        assert!((context.total_error - b).abs() < 1e-5, "{context:?} {b}");
        assert!((context.retention - 1.0 / (1.0 + b)).abs() < 1e-5);
        assert_eq!(context.training_count, context.initial_count);
        assert_eq!(context.sampling_error, Some(0.0));
        assert_eq!(context.learning_error, Some(context.total_error));
        assert_eq!(context.unseen_mass, Some(0.0));
        checked += 1;
    }
    assert_eq!(checked, 6);
}

#[test]
fn a_context_that_the_training_set_lacks_has_a_total_error_only() {
    let initial = corpus(8, &[vec![1, 2, 0], vec![3, 4, 0]]);
    let tracked = Tracked::choose(&initial, 8, 1, &[]).unwrap();
    let training = corpus(8, &[vec![1, 2, 0]]);
    let errors = errors(&tracked, &training, &bigram(&training, 1.0));
    let of = |token| {
        errors
            .contexts
            .iter()
            .find(|c| c.context == [token])
            .unwrap()
    };
    assert_eq!((of(3).training_count, of(3).learning_error), (0, None));
    assert_eq!(of(3).unseen_mass, None);
    // p̂(4|3) = 1/8 where p(4|3) = 1: b = 7.
    assert!((of(3).total_error - 7.0).abs() < 1e-5);
    assert_eq!(of(3).total_error_token, 4);
    // Half of the texts begin with 3, of which the training set has none.
    assert_eq!(of(0).unseen_mass, Some(0.5));
    assert_eq!(of(0).sampling_error, None);
    assert_survives_a_file(&errors);
}

#[test]
fn models_that_exclude_tokens_have_infinite_errors() {
    let initial = corpus(8, &[vec![1, 2, 0], vec![1, 3, 0]]);
    let probe = Probe {
        context: vec![1],
        next: vec![vec![3]],
    };
    let tracked = Tracked::choose(&initial, 8, 1, &[probe]).unwrap();
    let training = corpus(8, &[vec![1, 2, 0]]);
    assert_eq!(token_counts(&training)[3], 0);
    let model = Conditional {
        vocabulary: 8,
        max_context: None,
        ln_probabilities: |_: &[u32]| {
            let mut row = vec![f32::NEG_INFINITY; 8];
            row[2] = 0.0;
            row
        },
    };
    let errors = errors(&tracked, &training, &model);
    let context = errors.contexts.iter().find(|c| c.context == [1]).unwrap();
    assert_eq!(
        (context.total_error, context.retention),
        (f64::INFINITY, 0.0)
    );
    assert_eq!(context.learning_error, Some(0.0));
    assert_eq!(context.direct_retention, 0.0);
    assert_eq!(errors.events[0].total.added_to_others, f64::INFINITY);
    assert_survives_a_file(&errors);
}

/// The truth is in the ideal with a share; what the model keeps of the ideal it keeps of that share.
#[test]
fn the_share_of_the_truth_goes_on_from_the_ideal_to_the_model() {
    let real = corpus(8, &random_documents(150, 15, 8, 3));
    let probe = Probe {
        context: vec![1],
        next: vec![vec![2]],
    };
    let tracked = Tracked::choose(&real, 5, 1, &[probe]).unwrap();
    let contexts = tracked.contexts();
    let ask = |model: &dyn LanguageModel| {
        Distributions::of_model(model, contexts, END, Conditioning::Bare).unwrap()
    };
    let other = ask(&bigram(&corpus(8, &random_documents(40, 15, 8, 4)), 0.5));
    let model = ask(&bigram(&real, 2.0));
    let kept = 0.4;
    let mut ideal = Ideal::of_truth(&tracked, 8, kept).unwrap();
    ideal.add(1.0 - kept, &other).unwrap();
    let training = count_contexts(&real, contexts);
    let of = |ideal: &Ideal| {
        model_errors(&ErrorInputs {
            tracked: &tracked,
            training: &training,
            ideal,
            model: &model,
        })
        .unwrap()
    };
    let errors = of(&ideal);
    for (i, context) in errors.contexts.iter().enumerate() {
        let p_hat = model.probabilities(i);
        let truth = &tracked.truth()[i];
        let ratios = (0..8).filter_map(|v| {
            let p = truth.conditional(v).unwrap();
            let q = kept * p + (1.0 - kept) * other.probabilities(i)[v as usize];
            (q > 0.0).then(|| q / p_hat[v as usize])
        });
        let b = ratios.fold(0.0, f64::max) - 1.0;
        assert!((context.total_error - b).abs() < 1e-9, "{context:?}");
        assert!((context.retention - kept / (1.0 + b)).abs() < 1e-12);
        assert!(context.retention <= context.direct_retention * (1.0 + 1e-12));
    }
    let retention = vec![0.7; contexts.len()];
    let more = of(&ideal.with_retention(retention, vec![0.9]).unwrap());
    for (less, more) in errors.contexts.iter().zip(&more.contexts) {
        assert_eq!(less.total_error, more.total_error);
        assert!((more.retention / less.retention - 0.7 / kept).abs() < 1e-12);
    }
    let event = |errors: &ModelErrors| errors.events[0].retention;
    assert!((event(&more) / event(&errors) - 0.9 / kept).abs() < 1e-12);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let initial = corpus(8, &random_documents(50, 15, 8, 11));
    let tracked = Tracked::choose(&initial, 6, 2, &[]).unwrap();
    let other = Tracked::choose(&corpus(8, &[vec![1, 0]]), 1, 1, &[]).unwrap();
    let distributions = |contexts: &[Vec<u32>]| {
        Distributions::of_model(&bigram(&initial, 0.5), contexts, END, Conditioning::Bare).unwrap()
    };
    let model = distributions(tracked.contexts());
    let ideal = Ideal::of_truth(&tracked, 8, 1.0).unwrap();
    let training = vec![ContextCounts::default(); tracked.contexts().len()];
    let refused = |tracked, training: &[ContextCounts], ideal| {
        let inputs = ErrorInputs {
            tracked,
            training,
            ideal,
            model: &model,
        };
        matches!(model_errors(&inputs), Err(MeasureError::Unrelated { .. }))
    };
    assert!(!refused(&tracked, &training, &ideal));
    assert!(refused(&other, &training[..1], &ideal));
    assert!(refused(&tracked, &training[1..], &ideal));
    let elsewhere = Ideal::of_truth(&other, 8, 1.0).unwrap();
    assert!(refused(&tracked, &training, &elsewhere));
    let wider = Ideal::of_truth(&tracked, 9, 1.0).unwrap();
    assert!(refused(&tracked, &training, &wider));
    let mut foreign = training;
    foreign[0].total = 1;
    foreign[0].next.insert(VOCABULARY as u32, 1);
    assert!(refused(&tracked, &foreign, &ideal));

    assert!(Ideal::of_truth(&tracked, 2, 1.0).is_err());
    assert!(
        ideal
            .clone()
            .add(0.5, &distributions(other.contexts()))
            .is_err()
    );
    assert!(ideal.with_retention(vec![1.0], vec![]).is_err());
}
