//! Token losses and next-token probabilities against a computation of one token at a time.

#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use autophage_compute::{Backend, CpuBackend, ReferenceBackend};
use autophage_model::{Decoder, Family, LanguageModel, ModelConfig, ModelError, Sizes};
use support::fixture;

fn text(length: usize, salt: u32) -> Vec<u32> {
    (0..length as u32)
        .map(|i| (i * i + salt * i + 3) % 97)
        .collect()
}

/// The loss of the last row's softmax, from the logits of a context alone.
fn naive_loss<B: Backend>(model: &Decoder<B>, context: &[u32], target: u32) -> f64 {
    let logits = model.logits(&[context.to_vec()]).unwrap().remove(0);
    let last: Vec<f64> = logits[logits.len() - 97..]
        .iter()
        .map(|&x| f64::from(x))
        .collect();
    let sum: f64 = last.iter().map(|x| x.exp()).sum();
    sum.ln() - last[target as usize]
}

fn losses_are_exact<B: Backend>(backend: B) {
    let model = Decoder::load(Arc::new(backend), &fixture()).unwrap();
    let sequences = [1, 2, 9, 10, 11, 64, 90].map(|length| text(length, length as u32));
    for context in [1, 10, 64] {
        let losses = model.token_losses(&sequences, context).unwrap();
        for (sequence, losses) in sequences.iter().zip(&losses) {
            assert_eq!(losses.len(), sequence.len() - 1);
            for (i, &loss) in (1..).zip(losses) {
                let begin = usize::saturating_sub(i, context);
                let expected = naive_loss(&model, &sequence[begin..i], sequence[i]);
                let error = (f64::from(loss) - expected).abs();
                assert!(error < 5e-5, "token {i} of {}: {error}", sequence.len());
            }
        }
    }
}

#[test]
fn token_losses_equal_those_of_one_token_at_a_time() {
    losses_are_exact(ReferenceBackend);
    losses_are_exact(CpuBackend::new(Some(2)));
}

#[test]
fn what_is_scored_together_does_not_show() {
    let model = Decoder::load(Arc::new(CpuBackend::new(Some(2))), &fixture()).unwrap();
    // More rows than one pass has, prefixes and windows both.
    let sequences: Vec<Vec<u32>> = (0..150).map(|i| text(1 + i % 75, i as u32)).collect();
    let together = model.token_losses(&sequences, 50).unwrap();
    for (sequence, losses) in sequences.iter().zip(&together) {
        let alone = model
            .token_losses(std::slice::from_ref(sequence), 50)
            .unwrap();
        assert_eq!(&alone[0], losses);
    }
    let contexts: Vec<Vec<u32>> = (0..100).map(|i| text(1 + i % 64, i as u32)).collect();
    let together = model.next_token_log_probabilities(&contexts).unwrap();
    for (context, row) in contexts.iter().zip(&together) {
        let alone = model
            .next_token_log_probabilities(std::slice::from_ref(context))
            .unwrap();
        assert_eq!(&alone[0], row);
    }
}

#[test]
fn next_token_probabilities_are_those_of_the_losses() {
    let model = Decoder::load(Arc::new(ReferenceBackend), &fixture()).unwrap();
    let contexts = [text(1, 1), text(40, 2), text(64, 3)];
    let rows = model.next_token_log_probabilities(&contexts).unwrap();
    for (context, row) in contexts.iter().zip(rows) {
        let total: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
        assert!((total - 1.0).abs() < 1e-5, "{total}");
        for target in [0, 13, 96] {
            let expected = naive_loss(&model, context, target);
            assert!((f64::from(row[target as usize]) + expected).abs() < 5e-5);
        }
    }
}

#[test]
fn questions_that_cannot_be_answered() {
    let model = Decoder::load(Arc::new(ReferenceBackend), &fixture()).unwrap();
    assert_eq!(model.max_context(), Some(64));
    type Kind = fn(&ModelError) -> bool;
    let empty: Kind = |e| matches!(e, ModelError::EmptyContext);
    let long: Kind = |e| {
        matches!(
            e,
            ModelError::ContextTooLong {
                length: 65,
                limit: 64
            }
        )
    };
    let foreign: Kind = |e| matches!(e, ModelError::TokenOutsideVocabulary { token: 97, .. });
    for (context, kind) in [(vec![], empty), (text(65, 1), long), (vec![3, 97], foreign)] {
        let error = model.next_token_log_probabilities(&[context]).unwrap_err();
        assert!(kind(&error), "{error:?}");
    }
    for (sequence, context, kind) in [
        (vec![], 5, empty),
        (vec![1, 2], 0, empty),
        (vec![1, 2], 65, long),
        (vec![1, 97], 5, foreign),
    ] {
        let error = model.token_losses(&[sequence], context).unwrap_err();
        assert!(kind(&error), "{error:?}");
    }
    assert!(model.token_losses(&[], 5).unwrap().is_empty());
}

#[test]
fn networks_that_cannot_be_built() {
    let family = Family::named("gpt_neo").unwrap();
    let error = ModelConfig::new(family, &Sizes::new(10, 9, 2, 2, 16)).unwrap_err();
    assert!(
        error.to_string().contains("not divisible by num_heads = 2"),
        "{error}"
    );
}
