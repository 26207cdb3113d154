//! The network, its gradients, the optimizer and the files against Hugging Face Transformers.

#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use autophage_compute::{Backend, CpuBackend, CpuSettings, Isa, Precision, ReferenceBackend};
use autophage_model::{Decoder, LanguageModel, Trainer, TrainingSequence, TrainingSettings};
use support::{distance, distances, fixture, input_ids, relative_distance, tensors};

fn model<B: Backend>(backend: B) -> Decoder<B> {
    Decoder::load(Arc::new(backend), &fixture()).unwrap()
}

fn cpu() -> CpuBackend {
    CpuBackend::new(Some(2))
}

fn logits_agree<B: Backend>(backend: B) {
    let expected = tensors("outputs.safetensors");
    let logits = model(backend).logits(&input_ids()).unwrap().concat();
    let worst = distance(&logits, &expected["logits"]);
    assert!(worst < 1e-4, "{worst}");
}

fn losses_agree<B: Backend>(backend: B) {
    let expected = tensors("outputs.safetensors");
    let losses = model(backend)
        .token_losses(&input_ids(), 64)
        .unwrap()
        .concat();
    assert!(distance(&losses, &expected["nll"]) < 5e-5);
    let mean = losses.iter().copied().map(f64::from).sum::<f64>() / losses.len() as f64;
    assert!((mean - expected["loss"][0]).abs() < 1e-5, "{mean}");
}

fn sequences() -> Vec<TrainingSequence> {
    input_ids().into_iter().map(TrainingSequence::new).collect()
}

fn settings(micro_batch_tokens: usize) -> TrainingSettings {
    TrainingSettings {
        micro_batch_tokens,
        context: 64,
        ..TrainingSettings::default()
    }
}

fn gradients_agree<B: Backend>(backend: B, micro_batch_tokens: usize) {
    let expected = tensors("grads.safetensors");
    let mut trainer = Trainer::new(model(backend), settings(micro_batch_tokens)).unwrap();
    // Gradients of an earlier call must not remain.
    for _ in 0..2 {
        let loss = trainer.accumulate_gradients(&sequences()).unwrap();
        assert!((loss - tensors("outputs.safetensors")["loss"][0]).abs() < 1e-5);
    }
    let gradients = trainer.gradients();
    assert_eq!(gradients.len(), expected.len());
    for (name, _, gradient) in gradients {
        let error = relative_distance(&gradient, &expected[&name]);
        assert!(error < 1e-5, "{name}: {error}");
    }
}

fn five_steps_agree<B: Backend>(backend: B) {
    let expected = tensors("adamw5.safetensors");
    let mut trainer = Trainer::new(model(backend), settings(96)).unwrap();
    for (loss, norm) in expected["losses"].iter().zip(&expected["grad_norms"]) {
        let report = trainer.step(&sequences(), 5e-4).unwrap();
        assert!((report.loss - loss).abs() < 1e-5, "{report:?}");
        assert!(
            (report.gradient_norm / norm - 1.0).abs() < 1e-5,
            "{report:?}"
        );
    }
    assert_eq!(expected["losses"].len(), 5);
    for (name, _, weights) in trainer.into_model().weights() {
        let error = relative_distance(&weights, &expected[&name]);
        assert!(error < 2e-6, "{name}: {error}");
        // A few elements have gradients that cross zero within rounding, where a step of AdamW
        // depends on the sign alone.
        let far = distances(&weights, &expected[&name]).filter(|&distance| distance > 1e-5);
        assert!(far.count() <= 1, "{name}");
    }
}

#[test]
fn logits() {
    logits_agree(ReferenceBackend);
    logits_agree(cpu());
}

#[test]
fn losses() {
    losses_agree(ReferenceBackend);
    losses_agree(cpu());
}

#[test]
fn gradients() {
    gradients_agree(ReferenceBackend, 96);
    gradients_agree(cpu(), 96);
}

#[test]
fn gradients_over_micro_batches() {
    gradients_agree(ReferenceBackend, 50);
    gradients_agree(cpu(), 1);
}

#[test]
fn gradients_in_bf16_are_within_two_percent() {
    let expected = tensors("grads.safetensors");
    let backend = CpuBackend::with_settings(CpuSettings {
        threads: Some(2),
        isa: Isa::best(),
        precision: Some(Precision::Bf16),
    });
    let mut trainer = Trainer::new(model(backend.unwrap()), settings(96)).unwrap();
    let loss = trainer.accumulate_gradients(&sequences()).unwrap();
    assert!((loss - tensors("outputs.safetensors")["loss"][0]).abs() < 1e-2);
    let (mut all, mut all_expected) = (Vec::new(), Vec::new());
    for (name, _, gradient) in trainer.gradients() {
        let error = relative_distance(&gradient, &expected[&name]);
        assert!(error < 5e-2, "{name}: {error}");
        all.extend(gradient);
        all_expected.extend(&expected[&name]);
    }
    let error = relative_distance(&all, &all_expected);
    assert!(error < 2e-2, "{error}");
}

#[test]
fn five_adamw_steps() {
    five_steps_agree(ReferenceBackend);
    five_steps_agree(cpu());
}

#[test]
fn saving_what_was_loaded_gives_the_same_weight_file() {
    let directory = tempfile::tempdir().unwrap();
    let model = model(ReferenceBackend);
    model.save(directory.path()).unwrap();
    let ours = std::fs::read(directory.path().join("model.safetensors")).unwrap();
    let theirs = std::fs::read(fixture().join("model.safetensors")).unwrap();
    assert!(ours == theirs, "{} bytes and {}", ours.len(), theirs.len());
    let again = Decoder::load(Arc::new(ReferenceBackend), directory.path()).unwrap();
    assert_eq!(again.config(), model.config());
}
