//! From documents to the sequences that a model is trained on.

use autophage_corpus::DocumentSet;
use autophage_durable::Checksum;
use autophage_random::Stream;

/// A sequence of tokens, and for each the token that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingSequence {
    /// The inputs, and one token more.
    tokens: Vec<u32>,
}

impl TrainingSequence {
    /// The sequence whose inputs are all of `tokens` but the last, and whose targets are all but
    /// the first.
    pub fn new(tokens: Vec<u32>) -> Self {
        Self { tokens }
    }

    /// What the model reads.
    pub fn inputs(&self) -> &[u32] {
        &self.tokens[..self.tokens.len().saturating_sub(1)]
    }

    /// What follows each input.
    pub fn targets(&self) -> &[u32] {
        self.tokens.get(1..).unwrap_or_default()
    }
}

/// The training sequences of a set of documents: each is read as the start of text followed by its
/// tokens, and split where it is longer than the context. A piece begins with the last target of
/// the piece before, at position 0, so that every token of a document is a target exactly once.
#[derive(Debug)]
pub(crate) struct TrainingSequences<'a> {
    documents: &'a DocumentSet,
    start_of_text: u32,
    pieces: Vec<Piece>,
    targets: u64,
}

/// Where a training sequence lies.
#[derive(Clone, Copy, Debug)]
struct Piece {
    document: u32,
    /// Index of the first input, counted with the start of text as number 0.
    start: u32,
    inputs: u32,
}

impl<'a> TrainingSequences<'a> {
    /// The sequences of `documents` with at most `context` inputs each.
    pub(crate) fn new(documents: &'a DocumentSet, start_of_text: u32, context: usize) -> Self {
        let mut pieces = Vec::new();
        let mut targets = 0;
        for index in 0..documents.len() {
            let length = documents.document(index).len();
            targets += length as u64;
            for start in (0..length).step_by(context) {
                pieces.push(Piece {
                    document: index as u32,
                    start: start as u32,
                    inputs: context.min(length - start) as u32,
                });
            }
        }
        Self {
            documents,
            start_of_text,
            pieces,
            targets,
        }
    }

    /// Number of sequences.
    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Number of targets of all sequences.
    pub(crate) fn targets(&self) -> u64 {
        self.targets
    }

    /// What tells these sequences from others: how many they are, and a checksum of their tokens.
    pub(crate) fn identity(&self) -> String {
        let mut checksum = Checksum::new();
        for index in 0..self.documents.len() {
            let tokens: Vec<u32> = self.documents.document(index).iter().collect();
            let bytes: Vec<u8> = tokens
                .iter()
                .flat_map(|token| token.to_le_bytes())
                .collect();
            checksum.update(&(tokens.len() as u64).to_le_bytes());
            checksum.update(&bytes);
        }
        format!(
            "{} sequences of {} targets, {:016x}",
            self.len(),
            self.targets(),
            checksum.finish()
        )
    }

    /// The order in which the sequences are trained on in `epoch`.
    pub(crate) fn order(&self, random: &Stream, epoch: u32) -> Vec<usize> {
        random.permutation(self.len(), u64::from(epoch))
    }

    /// Sequence `index`.
    pub(crate) fn get(&self, index: usize) -> TrainingSequence {
        let Piece {
            document,
            start,
            inputs,
        } = self.pieces[index];
        let document = self.documents.document(document as usize);
        let (start, end) = (start as usize, (start + inputs) as usize);
        let mut tokens = Vec::with_capacity(end - start + 1);
        tokens.push(match start {
            0 => self.start_of_text,
            _ => document.get(start - 1),
        });
        tokens.extend(document.slice(start..end).iter());
        TrainingSequence::new(tokens)
    }
}
