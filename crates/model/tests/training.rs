//! Training: right gradients, a loss that falls, early stopping, and the same weights whatever the
//! number of threads.

#![allow(missing_docs)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_compute::{Backend, CpuBackend, ReferenceBackend};
use autophage_corpus::DocumentSet;
use autophage_model::{
    Decoder, DecoderLearner, Epochs, Family, LanguageModel, Learner, ModelConfig, ModelError,
    Progress, Schedule, Sizes, Trained, Trainer, TrainingEvent, TrainingJob, TrainingSequence,
    TrainingSettings,
};
use autophage_random::{Purpose, Stream};
use support::{documents, tensors};
use tempfile::TempDir;

const GO_ON: ControlFlow<()> = ControlFlow::Continue(());

fn gpt_neo(window: usize) -> ModelConfig {
    let sizes = Sizes {
        window: Some(window),
        ..Sizes::new(13, 16, 2, 4, 24)
    };
    ModelConfig::new(Family::named("gpt_neo").unwrap(), &sizes).unwrap()
}

fn config() -> ModelConfig {
    gpt_neo(5)
}

/// The random numbers of the initial weights and of the order of the sequences.
fn random(seed: u64, generation: u32) -> [Stream; 2] {
    [Purpose::Initialization, Purpose::Shuffle]
        .map(|purpose| Stream::new(seed, purpose, generation))
}

fn settings() -> TrainingSettings {
    TrainingSettings {
        sequences_per_step: 8,
        micro_batch_tokens: 64,
        context: 24,
        learning_rate: 1e-2,
        schedule: Schedule::Cosine,
        warmup_steps: 5,
        ..TrainingSettings::default()
    }
}

/// Texts that count 1, 2, … 12, 1, … from different numbers on, with an end.
fn counting(directory: &TempDir, texts: u32, length: u32) -> DocumentSet {
    let texts: Vec<Vec<u32>> = (0..texts)
        .map(|text| {
            (0..length)
                .map(|i| 1 + (text + i) % 12)
                .chain([0])
                .collect()
        })
        .collect();
    documents(directory.path(), 13, &texts)
}

fn job<'a>(
    training: &'a DocumentSet,
    validation: &'a DocumentSet,
    epochs: Epochs,
) -> TrainingJob<'a> {
    let [initialization, shuffle] = random(3, 1);
    TrainingJob {
        training,
        validation,
        end_of_text: 0,
        initialization,
        shuffle,
        epochs,
        start_from: None,
    }
}

fn train<B: Backend>(
    backend: B,
    settings: TrainingSettings,
    job: &TrainingJob<'_>,
) -> (Trained, Vec<TrainingEvent>) {
    let learner = DecoderLearner::new(Arc::new(backend), config(), settings).unwrap();
    let mut events = Vec::new();
    let trained = learner.train(job, &mut |event| {
        if matches!(
            event,
            TrainingEvent::Step { .. } | TrainingEvent::Epoch { .. }
        ) {
            events.push(*event);
        }
        ControlFlow::Continue(())
    });
    (trained.unwrap().expect("nobody broke off"), events)
}

fn weight_file(model: &dyn LanguageModel) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    model.save(directory.path()).unwrap();
    std::fs::read(directory.path().join("model.safetensors")).unwrap()
}

/// The gradient of the whole model against differences of its loss, in random directions.
#[test]
fn gradients_equal_finite_differences() {
    let directory = tempfile::tempdir().unwrap();
    let backend = Arc::new(ReferenceBackend);
    let mut config = config();
    config.initializer_range = 0.25;
    let [initialization, _] = random(2, 1);
    let model = Decoder::initialize(Arc::clone(&backend), config, &initialization).unwrap();
    model.save(directory.path()).unwrap();
    let sequences: Vec<TrainingSequence> = [20, 1, 7, 24]
        .iter()
        .map(|&length| (0..=length).map(|i| (i * i + length) % 13).collect())
        .map(TrainingSequence::new)
        .collect();
    let mut trainer = Trainer::new(model, settings()).unwrap();
    trainer.accumulate_gradients(&sequences).unwrap();
    let targets = 20 + 1 + 7 + 24;

    let path = directory.path().join("model.safetensors");
    let original = std::fs::read(&path).unwrap();
    for (name, shape, gradient) in trainer.gradients() {
        // One direction for each parameter: a third of its elements, signs as the gradient has
        // them, so that the difference stands out from the rounding of the loss.
        let direction: Vec<f32> = gradient
            .iter()
            .enumerate()
            .map(|(i, g)| if i % 3 == 0 { g.signum() } else { 0.0 })
            .collect();
        let slope: f64 = direction
            .iter()
            .zip(&gradient)
            .map(|(&d, &g)| f64::from(d) * f64::from(g))
            .sum();
        let moved: f32 = direction.iter().map(|d| d.abs()).sum();
        let distance = 0.03 / moved.sqrt();
        let mut losses = [0.0; 2];
        for (loss, sign) in losses.iter_mut().zip([1.0, -1.0]) {
            let changed = shift(&original, &name, &direction, sign * distance);
            std::fs::write(&path, changed).unwrap();
            let model = Decoder::load(Arc::clone(&backend), directory.path()).unwrap();
            let mut trainer = Trainer::new(model, settings()).unwrap();
            *loss = trainer.total_loss(&sequences).unwrap() / f64::from(targets);
        }
        let difference = (losses[0] - losses[1]) / (2.0 * f64::from(distance));
        let error = (difference - slope).abs() / slope.abs();
        assert!(error < 5e-3, "{name} {shape:?}: {slope} and {difference}");
    }
}

/// The weight file with one tensor moved along a direction.
fn shift(file: &[u8], name: &str, direction: &[f32], distance: f32) -> Vec<u8> {
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let json: serde_json::Value = serde_json::from_slice(&file[8..8 + header]).unwrap();
    let begin = 8 + header + json[name]["data_offsets"][0].as_u64().unwrap() as usize;
    let mut changed = file.to_vec();
    for (i, d) in direction.iter().enumerate() {
        let place = begin + 4 * i..begin + 4 * i + 4;
        let value = f32::from_le_bytes(changed[place.clone()].try_into().unwrap());
        changed[place].copy_from_slice(&(value + distance * d).to_le_bytes());
    }
    changed
}

#[test]
fn a_pattern_is_learned() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 48, 15);
    let none = documents(directory.path(), 13, &[]);
    let epochs = Epochs::Fixed(25);
    let (trained, events) = train(
        CpuBackend::new(Some(2)),
        settings(),
        &job(&training, &none, epochs),
    );
    assert_eq!((trained.epochs, trained.steps), (25, 25 * 6));
    assert_eq!(trained.tokens, 25 * 48 * 16);
    let text: Vec<u32> = [0]
        .into_iter()
        .chain((0..14).map(|i| 1 + (4 + i) % 12))
        .collect();
    let losses = trained.model.token_losses(&[text], 24).unwrap().remove(0);
    assert!(
        (losses[0] - 12f32.ln()).abs() < 0.1,
        "any number may come first: {losses:?}"
    );
    assert!(losses[1..].iter().all(|&loss| loss < 0.1), "{losses:?}");

    let steps: Vec<&TrainingEvent> = events
        .iter()
        .filter(|event| matches!(event, TrainingEvent::Step { .. }))
        .collect();
    assert_eq!(steps.len(), 150);
    let &TrainingEvent::Step {
        step,
        total_steps,
        tokens,
        loss,
        learning_rate,
        ..
    } = steps[0]
    else {
        unreachable!();
    };
    assert_eq!((step, total_steps, tokens), (1, 150, 8 * 16));
    assert!(
        (loss - 13f64.ln()).abs() < 0.1,
        "an untrained model knows nothing: {loss}"
    );
    assert_eq!(learning_rate, 2e-3);
    let epoch_losses: Vec<f64> = events
        .iter()
        .filter_map(|event| match event {
            TrainingEvent::Epoch {
                training_loss,
                validation_loss: None,
                ..
            } => Some(*training_loss),
            _ => None,
        })
        .collect();
    assert_eq!(epoch_losses.len(), 25);
    assert!(epoch_losses[24] < 0.2 * epoch_losses[0], "{epoch_losses:?}");
}

#[test]
fn the_weights_do_not_depend_on_the_number_of_threads() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 20, 37);
    let validation = counting(&directory, 3, 10);
    let job = job(&training, &validation, Epochs::Fixed(2));
    let of = |threads| {
        let (trained, events) = train(CpuBackend::new(Some(threads)), settings(), &job);
        (weight_file(trained.model.as_ref()), events)
    };
    let (one, events) = of(1);
    for threads in [2, 5] {
        let (file, more_events) = of(threads);
        assert!(one == file && events == more_events, "{threads} threads");
    }
}

#[test]
fn seeds_and_generations_make_different_models() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 4, 10);
    let none = documents(directory.path(), 13, &[]);
    let of = |seed, generation| {
        let [initialization, shuffle] = random(seed, generation);
        let job = TrainingJob {
            initialization,
            shuffle,
            ..job(&training, &none, Epochs::Fixed(1))
        };
        weight_file(train(ReferenceBackend, settings(), &job).0.model.as_ref())
    };
    assert!(of(1, 1) == of(1, 1));
    assert!(of(1, 1) != of(2, 1));
    assert!(of(1, 1) != of(1, 2));
}

#[test]
fn early_stopping_keeps_the_best_epoch() {
    let directory = tempfile::tempdir().unwrap();
    // Validation text that contradicts the training text: it can only get worse after a while.
    let training = counting(&directory, 24, 15);
    let backwards: Vec<Vec<u32>> = (0..4)
        .map(|text| {
            (0..15)
                .map(|i| 1 + (24 + text - i) % 12)
                .chain([0])
                .collect()
        })
        .collect();
    let validation = documents(directory.path(), 13, &backwards);
    let settings = TrainingSettings {
        schedule: Schedule::Constant,
        learning_rate: 2e-3,
        ..settings()
    };
    let stopping = Epochs::EarlyStopping {
        max: 40,
        patience: 3,
    };
    let (trained, events) = train(
        ReferenceBackend,
        settings.clone(),
        &job(&training, &validation, stopping),
    );
    let losses: Vec<f64> = events
        .iter()
        .filter_map(|event| match event {
            TrainingEvent::Epoch {
                validation_loss, ..
            } => *validation_loss,
            _ => None,
        })
        .collect();
    let best = (0..losses.len())
        .min_by(|&a, &b| losses[a].total_cmp(&losses[b]))
        .unwrap();
    assert_eq!(trained.epochs as usize, best + 1);
    assert_eq!(
        losses.len(),
        best + 1 + 3,
        "three epochs of patience: {losses:?}"
    );
    assert!(losses.len() < 40);

    // The same training, ended at the best epoch, has the same weights.
    let fixed = Epochs::Fixed(trained.epochs);
    let (again, _) = train(
        ReferenceBackend,
        settings,
        &job(&training, &validation, fixed),
    );
    assert!(weight_file(trained.model.as_ref()) == weight_file(again.model.as_ref()));
}

#[test]
fn training_goes_on_from_a_saved_model() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 24, 15);
    let none = documents(directory.path(), 13, &[]);
    let job = job(&training, &none, Epochs::Fixed(4));
    let (first, events) = train(ReferenceBackend, settings(), &job);
    let saved = directory.path().join("model");
    std::fs::create_dir(&saved).unwrap();
    first.model.save(&saved).unwrap();
    let further = TrainingJob {
        start_from: Some(&saved),
        ..job
    };
    let (_, more_events) = train(ReferenceBackend, settings(), &further);
    let first_loss = |events: &[TrainingEvent]| match events[0] {
        TrainingEvent::Step { loss, .. } => loss,
        _ => unreachable!(),
    };
    assert!(first_loss(&more_events) < 0.9 * first_loss(&events));

    let other = DecoderLearner::new(Arc::new(ReferenceBackend), gpt_neo(6), settings()).unwrap();
    let error = other.load(&saved).unwrap_err().to_string();
    assert!(
        error.contains("window_size is 5 there and 6 here"),
        "{error}"
    );
}

#[test]
fn documents_longer_than_the_context_are_split_without_loss() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 3, 60);
    let none = documents(directory.path(), 13, &[]);
    let (trained, _) = train(
        ReferenceBackend,
        settings(),
        &job(&training, &none, Epochs::Fixed(1)),
    );
    assert_eq!(trained.tokens, training.tokens());
    // 61 targets a document in pieces of 24, 24 and 13: nine sequences, two steps.
    assert_eq!(trained.steps, 2);
}

#[test]
fn trainings_that_cannot_be() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 4, 10);
    let none = documents(directory.path(), 13, &[]);
    let foreign = documents(directory.path(), 20, &[vec![3, 19, 0]]);
    let learner = DecoderLearner::new(Arc::new(ReferenceBackend), config(), settings()).unwrap();
    let error = |job: &TrainingJob<'_>| learner.train(job, &mut |_| GO_ON).unwrap_err();
    let stopping = |max, patience| Epochs::EarlyStopping { max, patience };
    assert!(matches!(
        error(&job(&none, &training, Epochs::Fixed(1))),
        ModelError::EmptyTrainingSet
    ));
    assert!(matches!(
        error(&job(&training, &none, stopping(5, 1))),
        ModelError::EmptyValidationSet
    ));
    for (epochs, name) in [
        (Epochs::Fixed(0), "epochs"),
        (stopping(0, 1), "epochs"),
        (stopping(1, 0), "patience"),
    ] {
        let error = error(&job(&training, &training, epochs)).to_string();
        assert!(error.contains(name), "{error}");
    }
    assert!(matches!(
        error(&job(&foreign, &none, Epochs::Fixed(1))),
        ModelError::TokenOutsideVocabulary {
            token: 19,
            vocabulary: 13
        }
    ));
    let mut wild = settings();
    wild.learning_rate = 1e30;
    wild.warmup_steps = 0;
    let learner = DecoderLearner::new(Arc::new(ReferenceBackend), config(), wild).unwrap();
    assert!(matches!(
        learner.train(&job(&training, &none, Epochs::Fixed(3)), &mut |_| GO_ON),
        Err(ModelError::LossNotFinite { .. } | ModelError::GradientNotFinite { .. })
    ));
}

#[test]
fn the_initial_weights_are_as_described() {
    initial_weights("gpt_neo", |_| 0.02);
    // Two maps of each of two layers are added to the residual stream.
    initial_weights("gpt2", |name| {
        if name.ends_with("c_proj.weight") {
            0.01
        } else {
            0.02
        }
    });
    assert_eq!(tensors("model.safetensors").len(), 2 + 4 * 13 + 2);
}

fn initial_weights(family: &str, deviation: impl Fn(&str) -> f64) {
    let family = Family::named(family).unwrap();
    let config = ModelConfig::new(family, &Sizes::new(500, 64, 2, 4, 256)).unwrap();
    let [initialization, _] = random(9, 1);
    let model = Decoder::initialize(Arc::new(ReferenceBackend), config, &initialization).unwrap();
    for (name, shape, values) in model.weights() {
        if shape.len() == 2 {
            let (count, deviation) = (values.len() as f64, deviation(&name));
            let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
            let square = values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
            assert!(
                mean.abs() < 5.0 * deviation / count.sqrt(),
                "{name}: {mean}"
            );
            assert!(
                (square.sqrt() / deviation - 1.0).abs() < 0.05,
                "{name}: {}",
                square.sqrt()
            );
        } else {
            let constant = if name.ends_with("bias") { 0.0 } else { 1.0 };
            assert!(values.iter().all(|&value| value == constant), "{name}");
        }
    }
}

/// A training with steps of several micro-batches, validation and early stopping.
fn stoppable() -> (DecoderLearner<CpuBackend>, TrainingSettings) {
    let settings = TrainingSettings {
        sequences_per_step: 5,
        micro_batch_tokens: 32,
        ..settings()
    };
    let backend = Arc::new(CpuBackend::new(Some(2)));
    let learner = DecoderLearner::new(backend, config(), settings.clone()).unwrap();
    (learner, settings)
}

/// Stops at every place where a training can be stopped, saves, and goes on with another learner.
#[test]
fn a_training_that_is_stopped_anywhere_goes_on_to_the_same_bits() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 12, 15);
    let validation = counting(&directory, 7, 10);
    let stopping = Epochs::EarlyStopping {
        max: 3,
        patience: 1,
    };
    for epochs in [Epochs::Fixed(2), stopping] {
        let job = job(&training, &validation, epochs);
        let (learner, _) = stoppable();
        let mut whole = Vec::new();
        let trained = learner
            .train(&job, &mut |event| {
                whole.push(*event);
                GO_ON
            })
            .unwrap()
            .unwrap();
        let expected = weight_file(trained.model.as_ref());
        assert!(
            whole
                .iter()
                .any(|e| matches!(e, TrainingEvent::MicroBatch { .. }))
        );
        assert!(
            whole
                .iter()
                .any(|e| matches!(e, TrainingEvent::Validation { .. }))
        );

        let state = directory.path().join("state");
        std::fs::create_dir_all(&state).unwrap();
        let mut events = Vec::new();
        let mut calls = 1;
        let (other, _) = stoppable();
        let mut session = learner.start(&job).unwrap();
        while session
            .advance(&mut |event| {
                events.push(*event);
                ControlFlow::Break(())
            })
            .unwrap()
            == Progress::Stopped
        {
            session.save(&state).unwrap();
            session = other.resume(&job, &state).unwrap();
            calls += 1;
        }
        assert!(calls > 15, "{calls} calls");
        let again = session.finish().unwrap();
        assert!(weight_file(again.model.as_ref()) == expected);
        assert_eq!(
            (again.epochs, again.steps, again.tokens),
            (trained.epochs, trained.steps, trained.tokens)
        );
        assert_eq!(events, whole, "everything is heard once");
    }
}

/// States that are damaged anywhere, or of another training.
#[test]
fn states_that_cannot_be_taken_up() {
    let directory = tempfile::tempdir().unwrap();
    let training = counting(&directory, 12, 15);
    let none = documents(directory.path(), 13, &[]);
    let job = job(&training, &none, Epochs::Fixed(2));
    let (learner, settings) = stoppable();
    let state = directory.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let mut session = learner.start(&job).unwrap();
    let stop = &mut |_: &TrainingEvent| ControlFlow::Break(());
    assert_eq!(session.advance(stop).unwrap(), Progress::Stopped);
    session.save(&state).unwrap();

    let path = state.join("training-state.bin");
    let good = std::fs::read(&path).unwrap();
    let refused = |learner: &DecoderLearner<CpuBackend>, job: &TrainingJob<'_>| {
        let error = learner.resume(job, &state).err().expect("refused");
        error.to_string()
    };
    for place in [0, 40, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[place] ^= 4;
        std::fs::write(&path, bad).unwrap();
        let error = refused(&learner, &job);
        assert!(error.contains("training-state.bin"), "{error}");
    }
    for length in [0, 7, 8, 1000, good.len() - 1] {
        std::fs::write(&path, &good[..length]).unwrap();
        let error = refused(&learner, &job);
        assert!(error.contains("training-state.bin"), "{error}");
    }
    std::fs::write(&path, &good).unwrap();
    let longer = TrainingJob {
        epochs: Epochs::Fixed(3),
        ..job
    };
    let error = refused(&learner, &longer);
    assert!(
        error.contains("end of training is 2 epochs there and 3 epochs here"),
        "{error}"
    );
    let faster = TrainingSettings {
        learning_rate: 2e-2,
        ..settings
    };
    let other = DecoderLearner::new(Arc::new(CpuBackend::new(Some(1))), config(), faster).unwrap();
    let error = refused(&other, &job);
    assert!(error.contains("settings"), "{error}");
    assert!(learner.resume(&job, &state).is_ok());
}
