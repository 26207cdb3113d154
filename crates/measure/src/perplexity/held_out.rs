//! The losses of one model on the held-out documents, in a file: what two runs are paired by.
//!
//! The format is described in `docs/formats.md`.

use std::path::Path;

use autophage_corpus::DocumentSet;
use autophage_durable::Checksum;

use super::{Comparison, DocumentLoss, DocumentLosses};
use crate::MeasureError;
use crate::framed::{self, Kind};

const KIND: Kind = Kind {
    magic: b"AUTOPHHL",
    version: 1,
    mismatch: "it is not a file of held-out losses",
};

/// The losses of documents under one model, and which documents they are.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOutLosses {
    /// XXH3-64 of the vocabulary, the end-of-text token and the stored tokens of all documents: equal
    /// for the same documents in the same tokens, whichever run they belong to.
    pub identity: u64,
    /// The losses.
    pub losses: DocumentLosses,
}

impl HeldOutLosses {
    /// The losses that were measured on `documents`.
    pub fn new(documents: &DocumentSet, losses: DocumentLosses) -> Self {
        Self {
            identity: identity(documents),
            losses,
        }
    }

    /// This model against `baseline`, paired over the documents.
    ///
    /// # Errors
    /// Other documents, another context, or a document that is impossible under a model.
    pub fn compare(&self, baseline: &Self) -> Result<Comparison, MeasureError> {
        let different = |difference: String| MeasureError::DifferentDocuments { difference };
        if self.losses.documents.len() == baseline.losses.documents.len()
            && self.identity != baseline.identity
        {
            return Err(different(
                "they have other texts or another tokenizer".to_owned(),
            ));
        }
        let (ours, theirs) = (self.losses.context_tokens, baseline.losses.context_tokens);
        if ours != theirs {
            let name = |context: Option<u64>| context.map_or("none".to_owned(), |c| c.to_string());
            return Err(different(format!(
                "the context is {} in one and {} in the other",
                name(ours),
                name(theirs)
            )));
        }
        self.losses.compare(&baseline.losses)
    }

    /// Writes the losses to a file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), MeasureError> {
        let documents = &self.losses.documents;
        let header = [
            documents.len() as u64,
            self.losses.context_tokens.unwrap_or(0),
            self.identity,
        ];
        let parts = [
            header.iter().flat_map(|n| n.to_le_bytes()).collect(),
            documents
                .iter()
                .flat_map(|document| document.loss_nats.to_le_bytes())
                .collect(),
            documents
                .iter()
                .flat_map(|document| document.tokens.to_le_bytes())
                .collect(),
        ];
        framed::save(path, KIND, parts.into_iter())
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or is of another version.
    pub fn load(path: &Path) -> Result<Self, MeasureError> {
        framed::load(path, parse)
    }
}

fn identity(documents: &DocumentSet) -> u64 {
    let mut sum = Checksum::new();
    sum.update(&documents.vocabulary().to_le_bytes());
    sum.update(&documents.end_of_text().to_le_bytes());
    for document in documents.iter() {
        let tokens = document.iter().flat_map(u32::to_le_bytes);
        let bytes: Vec<u8> = (document.len() as u64)
            .to_le_bytes()
            .into_iter()
            .chain(tokens)
            .collect();
        sum.update(&bytes);
    }
    sum.finish()
}

fn parse(bytes: &[u8]) -> Result<HeldOutLosses, &'static str> {
    let mut rest = framed::contents(bytes, KIND)?;
    let mut number = || framed::take(&mut rest).map(u64::from_le_bytes);
    let (count, context, identity) = (number()?, number()?, number()?);
    let (numbers, odd) = rest.as_chunks::<8>();
    if !odd.is_empty() || Some(numbers.len() as u64) != count.checked_mul(2) {
        return Err("it has another number of documents than it says");
    }
    let (losses, tokens) = numbers.split_at(numbers.len() / 2);
    let documents: Vec<DocumentLoss> = losses
        .iter()
        .zip(tokens)
        .map(|(loss, tokens)| DocumentLoss {
            loss_nats: f64::from_le_bytes(*loss),
            tokens: u64::from_le_bytes(*tokens),
        })
        .collect();
    if documents.iter().any(|document| document.loss_nats.is_nan()) {
        return Err("a loss in it is not a number");
    }
    Ok(HeldOutLosses {
        identity,
        losses: DocumentLosses {
            context_tokens: (context > 0).then_some(context),
            documents,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::perplexity::{PerplexitySettings, perplexity};
    use crate::testing::{corpus, random_documents, whole_context};
    use proptest::prelude::*;

    fn measured(seed: u64) -> HeldOutLosses {
        let documents = corpus(9, &random_documents(30, 12, 9, seed));
        let settings = PerplexitySettings::default();
        let losses = perplexity(&whole_context(9), &documents, &settings, &mut |_| ()).unwrap();
        HeldOutLosses::new(&documents, losses)
    }

    #[test]
    fn a_file_gives_back_what_was_saved() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("losses.bin");
        let mut losses = measured(1);
        losses.losses.documents[3].loss_nats = f64::INFINITY;
        for context in [None, Some(7)] {
            losses.losses.context_tokens = context;
            losses.save(&path).unwrap();
            assert_eq!(HeldOutLosses::load(&path).unwrap(), losses);
        }
        // Header, two numbers a document, checksum.
        assert_eq!(fs::read(&path).unwrap().len(), 36 + 16 * 30 + 8);
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("losses.bin");
        measured(1).save(&path).unwrap();
        framed::assert_damage_is_found(&fs::read(&path).unwrap(), parse);
        fs::write(&path, b"short").unwrap();
        let error = HeldOutLosses::load(&path).unwrap_err().to_string();
        assert!(error.contains("losses.bin"), "{error}");
    }

    #[test]
    fn only_the_same_documents_in_the_same_context_are_compared() {
        let losses = measured(1);
        let same = losses.compare(&measured(1)).unwrap();
        assert_eq!(same.loss_difference_nats_per_token, 0.0);
        let refused = |other: &HeldOutLosses, word: &str| {
            let error = losses.compare(other).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        refused(&measured(2), "other texts");
        let mut other = measured(1);
        other.losses.context_tokens = Some(3);
        refused(&other, "context is 512 in one and 3");
        other.losses.documents.pop();
        other.losses.context_tokens = Some(512);
        refused(&other, "29");
    }

    #[test]
    fn the_identity_is_of_the_documents_alone() {
        let stored = random_documents(5, 6, 9, 3);
        let of = |vocabulary, documents: &[Vec<u32>]| identity(&corpus(vocabulary, documents));
        let known = of(9, &stored);
        assert_eq!(known, of(9, &stored));
        assert_ne!(known, of(10, &stored));
        assert_ne!(known, of(9, &stored[1..]));
        // The same tokens with other borders.
        assert_ne!(of(9, &[vec![1, 2], vec![3]]), of(9, &[vec![1], vec![2, 3]]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            // The same in a frame that is right.
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("losses.bin");
            framed::save(&path, KIND, std::iter::once(bytes)).unwrap();
            let _ = HeldOutLosses::load(&path);
        }
    }
}
