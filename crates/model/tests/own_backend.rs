//! A backend from outside trains every family of network: nothing in this crate knows which
//! backends there are.

#![allow(missing_docs)]

// The backend that the tests of the compute crate hold against the conformance suite.
#[allow(dead_code)]
#[path = "../../compute/tests/common/own.rs"]
mod own;
mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_compute::{Backend, Operation, ReferenceBackend};
use autophage_corpus::DocumentSet;
use autophage_model::{
    DecoderLearner, Epochs, Family, Learner, ModelConfig, Sizes, TrainingJob, TrainingSettings,
};
use autophage_random::{Purpose, Stream};
use own::{Own, Wrong};
use support::documents;

fn network(family: &'static Family) -> ModelConfig {
    ModelConfig::new(family, &Sizes::new(13, 16, 2, 4, 24)).unwrap()
}

/// The file of weights of a model trained on `texts`.
fn weights<B: Backend>(backend: &Arc<B>, network: ModelConfig, texts: &DocumentSet) -> Vec<u8> {
    let settings = TrainingSettings {
        sequences_per_step: 2,
        context: 24,
        learning_rate: 1e-2,
        ..TrainingSettings::default()
    };
    let learner = DecoderLearner::new(Arc::clone(backend), network, settings).unwrap();
    let job = TrainingJob {
        training: texts,
        validation: texts,
        end_of_text: 0,
        initialization: Stream::new(3, Purpose::Initialization, 1),
        shuffle: Stream::new(3, Purpose::Shuffle, 1),
        epochs: Epochs::Fixed(2),
        start_from: None,
    };
    let trained = learner
        .train(&job, &mut |_| ControlFlow::Continue(()))
        .unwrap()
        .expect("nobody broke off");
    let directory = tempfile::tempdir().unwrap();
    trained.model.save(directory.path()).unwrap();
    std::fs::read(directory.path().join("model.safetensors")).unwrap()
}

#[test]
fn a_backend_from_outside_trains_every_family() {
    let directory = tempfile::tempdir().unwrap();
    let texts: Vec<Vec<u32>> = (0..4)
        .map(|text| (0..20).map(|i| 1 + (text + i) % 12).chain([0]).collect())
        .collect();
    let texts = documents(directory.path(), 13, &texts);
    for family in Family::all() {
        let name = family.model_type();
        let expected = weights(&Arc::new(ReferenceBackend), network(family), &texts);
        let own = Arc::new(Own::new(Wrong::Nothing));
        assert!(
            weights(&own, network(family), &texts) == expected,
            "{name}: the backend computes as the reference does"
        );
        assert!(
            own.calls().contains_key(&Operation::AttentionBackward),
            "{name}: computed elsewhere than on the backend from outside"
        );

        let wrong = Arc::new(Own::new(Wrong::Computes(Operation::AttentionBackward)));
        assert!(
            weights(&wrong, network(family), &texts) != expected,
            "{name}: the weights do not depend on what the backend computes"
        );
    }
}
