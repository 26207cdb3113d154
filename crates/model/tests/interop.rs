//! A saved model opened by Hugging Face Transformers, where Python has it.
//!
//! `AUTOPHAGE_PYTHON` names the interpreter; the default is `python3`.

#![allow(missing_docs)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use autophage_compute::ReferenceBackend;
use autophage_corpus::Tokenizer;
use autophage_model::{Decoder, Family, LanguageModel, ModelConfig, Sizes};
use autophage_random::{Purpose, Stream};

const TEXT: &str = "Once upon a time there was a girl.\n\nShe said: \"I'm 3!\" – and ran.";

#[test]
fn transformers_opens_a_saved_model_and_computes_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let stories = [TEXT, "Once there was a boy.", "The end of time, once more."];
    let tokenizer = Tokenizer::train_bpe(stories, 300).unwrap();
    tokenizer.save_pretrained(directory.path()).unwrap();
    let sizes = Sizes {
        window: Some(6),
        ..Sizes::new(tokenizer.vocabulary() as usize, 24, 3, 3, 40)
    };
    let mut config = ModelConfig::new(Family::named("gpt_neo").unwrap(), &sizes).unwrap();
    config.initializer_range = 0.2;
    config.start_of_text = Some(tokenizer.end_of_text());
    config.end_of_text = vec![tokenizer.end_of_text()];
    let random = Stream::new(4, Purpose::Initialization, 1);
    let model = Decoder::initialize(Arc::new(ReferenceBackend), config, &random).unwrap();
    model.save(directory.path()).unwrap();

    let vocabulary = model.vocabulary();
    let tokens: Vec<Vec<u32>> = [1, 17, 40]
        .iter()
        .map(|&length| {
            (0..length)
                .map(|i| (7 * i * i + length) % vocabulary as u32)
                .collect()
        })
        .collect();
    let logits: Vec<Vec<Vec<f32>>> = model
        .logits(&tokens)
        .unwrap()
        .iter()
        .map(|matrix| matrix.chunks(vocabulary).map(<[f32]>::to_vec).collect())
        .collect();
    let expected = serde_json::json!({
        "tokens": tokens,
        "logits": logits,
        "text": TEXT,
        "encoded": tokenizer.encode(TEXT).unwrap(),
    });
    let expected_path = directory.path().join("expected.json");
    std::fs::write(&expected_path, expected.to_string()).unwrap();

    let python = std::env::var("AUTOPHAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/open_model.py");
    let output = match Command::new(&python)
        .arg(script)
        .arg(directory.path())
        .arg(expected_path)
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: {python} does not start: {error}");
            return;
        }
    };
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if output.status.code() == Some(2) {
        eprintln!("skipped: {python} has no PyTorch and Transformers: {err}");
        return;
    }
    println!("{out}");
    assert!(output.status.success(), "{out}\n{err}");
}
