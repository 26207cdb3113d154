//! What several tests need: the fixture, and token stores made of given documents.

#![allow(dead_code, unreachable_pub, missing_docs)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStoreWriter};
use safetensors::SafeTensors;

pub mod fixtures;

pub fn fixture() -> PathBuf {
    fixtures::gpt_neo()
}

/// The tensors of a fixture file by name; integers become floats.
pub fn tensors(file: &str) -> BTreeMap<String, Vec<f64>> {
    let bytes = std::fs::read(fixture().join(file)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, tensor)| {
            let values = match tensor.dtype() {
                safetensors::Dtype::F32 => tensor
                    .data()
                    .chunks_exact(4)
                    .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())))
                    .collect(),
                safetensors::Dtype::I64 => tensor
                    .data()
                    .chunks_exact(8)
                    .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64)
                    .collect(),
                other => panic!("{name} is {other:?}"),
            };
            (name.to_owned(), values)
        })
        .collect()
}

/// The sequences of the fixture.
pub fn input_ids() -> Vec<Vec<u32>> {
    let bytes = std::fs::read(fixture().join("outputs.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let length = file.tensor("input_ids").unwrap().shape()[1];
    tensors("outputs.safetensors")["input_ids"]
        .chunks(length)
        .map(|row| row.iter().map(|&id| id as u32).collect())
        .collect()
}

/// Absolute differences.
pub fn distances(ours: &[f32], theirs: &[f64]) -> impl Iterator<Item = f64> {
    assert_eq!(ours.len(), theirs.len());
    ours.iter()
        .zip(theirs)
        .map(|(&a, &b)| (f64::from(a) - b).abs())
}

/// Largest absolute difference.
pub fn distance(ours: &[f32], theirs: &[f64]) -> f64 {
    distances(ours, theirs).fold(0.0, f64::max)
}

/// ‖ours − theirs‖ / ‖theirs‖.
pub fn relative_distance(ours: &[f32], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let difference: f64 = ours
        .iter()
        .zip(theirs)
        .map(|(&a, &b)| (f64::from(a) - b).powi(2))
        .sum();
    let norm: f64 = theirs.iter().map(|b| b * b).sum();
    (difference / norm).sqrt()
}

/// Documents in a token store of their own; token 0 starts and ends a text.
pub fn documents(directory: &std::path::Path, vocabulary: u32, texts: &[Vec<u32>]) -> DocumentSet {
    let name = format!("{}.bin", std::fs::read_dir(directory).unwrap().count());
    let mut writer = TokenStoreWriter::create(directory.join(name), vocabulary, 0).unwrap();
    for text in texts {
        writer.push(text).unwrap();
    }
    DocumentSet::whole(Arc::new(writer.finish().unwrap()))
}
