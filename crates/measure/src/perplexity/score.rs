//! The losses of documents under a model, in batches.

use autophage_corpus::DocumentSet;
use autophage_model::LanguageModel;

use super::{DocumentLoss, DocumentLosses};
use crate::MeasureError;

/// How documents are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerplexitySettings {
    /// L: the most tokens that a token is conditioned on, the start of text included.
    pub context: usize,
    /// Documents are handed to the model until they have this many tokens. Affects speed and memory
    /// only; a document that is longer makes a batch of its own.
    pub batch_tokens: usize,
}

impl Default for PerplexitySettings {
    /// The paper's context of 512 tokens, and batches of 65,536.
    fn default() -> Self {
        Self {
            context: 512,
            batch_tokens: 1 << 16,
        }
    }
}

/// How far a measurement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Documents that are done.
    pub documents_done: u64,
    /// Documents in all.
    pub documents: u64,
    /// Tokens that are done.
    pub tokens_done: u64,
    /// Tokens in all.
    pub tokens: u64,
}

/// The losses of `documents` under `model`.
///
/// A document is read as the start-of-text token followed by its stored tokens. Each stored token is
/// a target, the first one and the end-of-text token included; the start of text is none. The loss of
/// the target at position t of the sequence (the start of text is position 0) is
///
/// ```text
/// −ln p̂(s_t | s_{max(0, t−L)} … s_{t−1})
/// ```
///
/// that is, all previous tokens where these are at most L, and else exactly the last L: no stride, no
/// approximation. `progress` hears of every finished batch.
///
/// # Errors
/// Documents without a token, a context of 0, a model that refuses the context or a token, or a loss
/// that is not a number.
pub fn perplexity(
    model: &dyn LanguageModel,
    documents: &DocumentSet,
    settings: &PerplexitySettings,
    progress: &mut dyn FnMut(Progress),
) -> Result<DocumentLosses, MeasureError> {
    if settings.context == 0 {
        return Err(MeasureError::Setting {
            key: "context",
            value: "0".to_owned(),
            expected: "a token needs at least one token of context, the start of text",
        });
    }
    if documents.tokens() == 0 {
        return Err(MeasureError::NothingToMeasure { what: "perplexity" });
    }
    let mut losses = Vec::with_capacity(documents.len());
    let mut state = Progress {
        documents_done: 0,
        documents: documents.len() as u64,
        tokens_done: 0,
        tokens: documents.tokens(),
    };
    while losses.len() < documents.len() {
        let begin = losses.len();
        let mut sequences = Vec::new();
        let mut tokens = 0;
        while begin + sequences.len() < documents.len() && tokens < settings.batch_tokens.max(1) {
            let sequence = documents.sequence(begin + sequences.len());
            tokens += sequence.len();
            sequences.push(sequence);
        }
        let answer = model
            .token_losses(&sequences, settings.context)
            .map_err(MeasureError::model("perplexity"))?;
        check_shape(&sequences, &answer, begin)?;
        for row in &answer {
            losses.push(sum(row, losses.len())?);
        }
        state.documents_done = losses.len() as u64;
        state.tokens_done += answer.iter().map(|row| row.len() as u64).sum::<u64>();
        progress(state);
    }
    Ok(DocumentLosses {
        context_tokens: Some(settings.context as u64),
        documents: losses,
    })
}

/// Every sequence of n tokens must have n − 1 losses.
fn check_shape(
    sequences: &[Vec<u32>],
    answer: &[Vec<f32>],
    begin: usize,
) -> Result<(), MeasureError> {
    let wrong = |what: String, found: String, expected: String| MeasureError::Answer {
        what,
        found,
        expected,
    };
    if answer.len() != sequences.len() {
        return Err(wrong(
            "perplexity".to_owned(),
            format!("{} sequences", answer.len()),
            format!("{}", sequences.len()),
        ));
    }
    for (i, (sequence, row)) in sequences.iter().zip(answer).enumerate() {
        if row.len() != sequence.len() - 1 {
            return Err(wrong(
                format!("perplexity of document {}", begin + i),
                format!("{} token losses", row.len()),
                format!("{}", sequence.len() - 1),
            ));
        }
    }
    Ok(())
}

fn sum(row: &[f32], document: usize) -> Result<DocumentLoss, MeasureError> {
    if let Some(position) = row.iter().position(|loss| loss.is_nan()) {
        return Err(MeasureError::Answer {
            what: format!("perplexity of document {document}, token {position}"),
            found: "NaN".to_owned(),
            expected: "a loss".to_owned(),
        });
    }
    Ok(DocumentLoss {
        loss_nats: row.iter().map(|&loss| f64::from(loss)).sum(),
        tokens: row.len() as u64,
    })
}
