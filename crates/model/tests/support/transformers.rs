//! Model directories opened by Hugging Face Transformers.

#![allow(dead_code, unreachable_pub, missing_docs)]

#[path = "../../../../tests/tools.rs"]
mod tools;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

/// What Transformers computes with the model in a directory; the fields are those that
/// `open_model.py` describes.
#[derive(Debug, Deserialize)]
pub struct Opened {
    pub logits: Vec<Vec<Vec<f32>>>,
    pub encoded: Option<Vec<u32>>,
    pub decoded: Option<String>,
    pub generated: Vec<u32>,
}

/// Opens `directories` with Transformers, one after the other; `None` where there is no Python that has it, which the
/// environment may forbid (see `tests/tools.rs`).
pub fn open(
    directories: &[PathBuf],
    sequences: &[Vec<u32>],
    text: Option<&str>,
) -> Option<Vec<Opened>> {
    let python = tools::python_with(&["torch", "transformers"])?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/open_model.py");
    let mut child = Command::new(python)
        .arg(script)
        .args(directories)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let request = serde_json::json!({ "tokens": sequences, "text": text });
    let mut input = child.stdin.take().unwrap();
    input.write_all(request.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}")))
}

/// The largest difference between logits of Transformers and ours, of which there must be as many:
/// for each sequence a matrix of `vocabulary` columns, one row after the other.
pub fn largest_difference(theirs: &[Vec<Vec<f32>>], ours: &[Vec<f32>], vocabulary: usize) -> f32 {
    assert_eq!(theirs.len(), ours.len());
    let mut largest = 0.0f32;
    for (theirs, ours) in theirs.iter().zip(ours) {
        assert_eq!(theirs.len() * vocabulary, ours.len());
        for (theirs, ours) in theirs.iter().zip(ours.chunks(vocabulary)) {
            assert_eq!(theirs.len(), vocabulary);
            for (a, b) in theirs.iter().zip(ours) {
                let difference = (a - b).abs();
                // Not `max`, which passes over a number that is none.
                assert!(difference.is_finite(), "{a} {b}");
                largest = largest.max(difference);
            }
        }
    }
    largest
}
