//! Small corpora and models for the tests.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStoreWriter};
use autophage_model::{GeneratedDocument, GenerationRequest, LanguageModel, ModelError};
use autophage_random::{Purpose, Stream};

/// The end-of-text token of the tests.
pub(crate) const END: u32 = 0;

/// A corpus of these documents.
pub(crate) fn corpus(vocabulary: u32, documents: &[Vec<u32>]) -> DocumentSet {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.bin");
    let mut writer = TokenStoreWriter::create(path, vocabulary, END).unwrap();
    for document in documents {
        writer.push(document).unwrap();
    }
    // The map outlives the directory.
    DocumentSet::whole(Arc::new(writer.finish().unwrap()))
}

/// Documents that end with end of text, of lengths below `longest`.
pub(crate) fn random_documents(
    count: u64,
    longest: u64,
    vocabulary: u32,
    seed: u64,
) -> Vec<Vec<u32>> {
    let stream = Stream::new(seed, Purpose::Simulation, 0);
    (0..count)
        .map(|i| {
            let length = stream.below(longest, i, 0);
            let token = |j| 1 + stream.below(u64::from(vocabulary) - 1, i, j) as u32;
            (1..=length).map(token).chain([END]).collect()
        })
        .collect()
}

/// A model by its conditional distribution alone: ln p̂ of every token after a context.
pub(crate) struct Conditional<F> {
    pub(crate) vocabulary: usize,
    pub(crate) max_context: Option<usize>,
    pub(crate) ln_probabilities: F,
}

impl<F> std::fmt::Debug for Conditional<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conditional({})", self.vocabulary)
    }
}

impl<F: Fn(&[u32]) -> Vec<f32> + Send + Sync> LanguageModel for Conditional<F> {
    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn max_context(&self) -> Option<usize> {
        self.max_context
    }

    fn next_token_log_probabilities(
        &self,
        contexts: &[Vec<u32>],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(contexts
            .iter()
            .map(|x| (self.ln_probabilities)(x))
            .collect())
    }

    fn token_losses(
        &self,
        sequences: &[Vec<u32>],
        context: usize,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let loss = |s: &Vec<u32>, i: usize| {
            -(self.ln_probabilities)(&s[i.saturating_sub(context)..i])[s[i] as usize]
        };
        Ok(sequences
            .iter()
            .map(|s| (1..s.len()).map(|i| loss(s, i)).collect())
            .collect())
    }

    fn generate(
        &self,
        _: &GenerationRequest,
        _: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        Ok(())
    }

    fn save(&self, _: &Path) -> Result<(), ModelError> {
        Ok(())
    }
}

/// The same distribution after every context.
pub(crate) fn constant(
    probabilities: Vec<f64>,
) -> Conditional<impl Fn(&[u32]) -> Vec<f32> + Send + Sync> {
    Conditional {
        vocabulary: probabilities.len(),
        max_context: None,
        ln_probabilities: move |_: &[u32]| probabilities.iter().map(|p| p.ln() as f32).collect(),
    }
}

/// A distribution that depends on every token of the context and its place.
pub(crate) fn whole_context(
    vocabulary: usize,
) -> Conditional<impl Fn(&[u32]) -> Vec<f32> + Send + Sync> {
    let ln_probabilities = move |context: &[u32]| {
        let stream = Stream::new(5, Purpose::Simulation, context.len() as u32);
        let hash = context.iter().enumerate().fold(0u64, |hash, (i, &token)| {
            hash.wrapping_add(stream.bits(i as u64, u64::from(token)))
        });
        let logits: Vec<f64> = (0..vocabulary as u64)
            .map(|v| stream.normal(hash, v))
            .collect();
        let normaliser = logits.iter().map(|l| l.exp()).sum::<f64>().ln();
        logits.iter().map(|l| (l - normaliser) as f32).collect()
    };
    Conditional {
        vocabulary,
        max_context: None,
        ln_probabilities,
    }
}
