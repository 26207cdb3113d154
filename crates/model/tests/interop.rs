//! A saved model opened by Hugging Face Transformers: the same tokens, the same logits, and text that
//! goes on as ours would.

#![allow(missing_docs)]

#[path = "support/transformers.rs"]
mod transformers;

use std::sync::Arc;

use autophage_compute::ReferenceBackend;
use autophage_corpus::Tokenizer;
use autophage_model::{GptNeo, GptNeoConfig, LanguageModel};

const TEXT: &str = "Once upon a time there was a girl.\n\nShe said: \"I'm 3!\" – and ran.";
const TOLERANCE: f32 = 1e-4;

#[test]
fn transformers_opens_a_saved_model_and_computes_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let stories = [TEXT, "Once there was a boy.", "The end of time, once more."];
    let tokenizer = Tokenizer::train_bpe(stories, 300).unwrap();
    tokenizer.save_pretrained(directory.path()).unwrap();
    let config = GptNeoConfig {
        window_size: 6,
        max_position_embeddings: 40,
        initializer_range: 0.2,
        end_of_text: tokenizer.end_of_text(),
        ..GptNeoConfig::new(tokenizer.vocabulary() as usize, 24, 3, 3)
    };
    let model = GptNeo::initialize(Arc::new(ReferenceBackend), config, 4, 1).unwrap();
    model.save(directory.path()).unwrap();

    let vocabulary = model.vocabulary();
    let sequences: Vec<Vec<u32>> = [1, 17, 40]
        .iter()
        .map(|&length| {
            (0..length)
                .map(|i| (7 * i * i + length) % vocabulary as u32)
                .collect()
        })
        .collect();
    let Some(opened) = transformers::open(directory.path(), &sequences, Some(TEXT)) else {
        return;
    };
    let logits = model.logits(&sequences).unwrap();
    let difference = transformers::largest_difference(&opened.logits, &logits, vocabulary);
    assert!(difference < TOLERANCE, "{difference}");

    assert_eq!(opened.encoded, Some(tokenizer.encode(TEXT).unwrap()));
    assert_eq!(opened.decoded.as_deref(), Some(TEXT));

    // Each token that was added is the one to which we, too, give the largest logit.
    let (start, generated) = (&sequences[0], opened.generated);
    assert!(generated.len() > start.len(), "{generated:?}");
    assert_eq!(&generated[..start.len()], start);
    let logits = &model.logits(std::slice::from_ref(&generated)).unwrap()[0];
    for place in start.len()..generated.len() {
        let row = &logits[(place - 1) * vocabulary..place * vocabulary];
        let largest = row.iter().copied().fold(f32::MIN, f32::max);
        let chosen = row[generated[place] as usize];
        assert!(chosen > largest - TOLERANCE, "token {place}");
    }
}
