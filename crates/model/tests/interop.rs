//! A saved model opened by Hugging Face Transformers: the same tokens, the same logits, and text that
//! goes on as ours would.

#![allow(missing_docs)]

#[path = "support/transformers.rs"]
mod transformers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_compute::ReferenceBackend;
use autophage_corpus::Tokenizer;
use autophage_model::{Decoder, Family, LanguageModel, ModelConfig, Sizes};
use autophage_random::{Purpose, Stream};

const TEXT: &str = "Once upon a time there was a girl.\n\nShe said: \"I'm 3!\" – and ran.";
const TOLERANCE: f32 = 1e-4;

/// A network of `family` with random weights in a directory of its own, with its tokenizer.
fn saved(
    root: &Path,
    family: &'static Family,
    tokenizer: &Tokenizer,
) -> (PathBuf, Decoder<ReferenceBackend>) {
    let directory = root.join(family.model_type());
    std::fs::create_dir(&directory).unwrap();
    tokenizer.save_pretrained(&directory).unwrap();
    let mut sizes = Sizes::new(tokenizer.vocabulary() as usize, 32, 3, 4, 40);
    sizes.window = (family.model_type() == "gpt_neo").then_some(6);
    let mut config = ModelConfig::new(family, &sizes).unwrap();
    config.initializer_range = 0.2;
    config.start_of_text = Some(tokenizer.end_of_text());
    config.end_of_text = vec![tokenizer.end_of_text()];
    let random = Stream::new(4, Purpose::Initialization, 1);
    let model = Decoder::initialize(Arc::new(ReferenceBackend), config, &random).unwrap();
    model.save(&directory).unwrap();
    (directory, model)
}

#[test]
fn family_transformers_opens_a_saved_model_and_computes_the_same() {
    let root = tempfile::tempdir().unwrap();
    let stories = [TEXT, "Once there was a boy.", "The end of time, once more."];
    let tokenizer = Tokenizer::train_bpe(stories, 300).unwrap();
    let (directories, models): (Vec<PathBuf>, Vec<_>) = Family::all()
        .iter()
        .map(|family| saved(root.path(), family, &tokenizer))
        .unzip();
    let vocabulary = tokenizer.vocabulary() as usize;
    let sequences: Vec<Vec<u32>> = [1, 17, 40]
        .iter()
        .map(|&length| {
            (0..length)
                .map(|i| (7 * i * i + length) % vocabulary as u32)
                .collect()
        })
        .collect();
    let Some(opened) = transformers::open(&directories, &sequences, Some(TEXT)) else {
        return;
    };
    assert_eq!(opened.len(), models.len());
    for (model, opened) in models.iter().zip(opened) {
        let family = model.config().family.model_type();
        let logits = model.logits(&sequences).unwrap();
        let difference = transformers::largest_difference(&opened.logits, &logits, vocabulary);
        assert!(difference < TOLERANCE, "{family}: {difference}");

        assert_eq!(opened.encoded, Some(tokenizer.encode(TEXT).unwrap()));
        assert_eq!(opened.decoded.as_deref(), Some(TEXT));

        // Each token that was added is the one to which we, too, give the largest logit.
        let (start, generated) = (&sequences[0], opened.generated);
        assert!(generated.len() > start.len(), "{family}: {generated:?}");
        assert_eq!(&generated[..start.len()], start);
        let logits = &model.logits(std::slice::from_ref(&generated)).unwrap()[0];
        for place in start.len()..generated.len() {
            let row = &logits[(place - 1) * vocabulary..place * vocabulary];
            let largest = row.iter().copied().fold(f32::MIN, f32::max);
            let chosen = row[generated[place] as usize];
            assert!(chosen > largest - TOLERANCE, "{family}: token {place}");
        }
    }
}
