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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perplexity::{Perplexity, Unigram};
    use crate::testing::{Conditional, constant, corpus, random_documents, whole_context};

    fn measure(model: &dyn LanguageModel, documents: &DocumentSet, context: usize) -> Perplexity {
        let settings = PerplexitySettings {
            context,
            batch_tokens: 40,
        };
        perplexity(model, documents, &settings, &mut |_| ())
            .unwrap()
            .summary(Some(1000))
            .unwrap()
    }

    /// Token after token, with the definition's context spelled out: documents shorter, as long as
    /// and longer than the context.
    #[test]
    fn equal_to_one_token_at_a_time() {
        let documents = random_documents(30, 40, 7, 1);
        let model = whole_context(7);
        for context in [1, 2, 13, 100] {
            let (mut sum, mut tokens) = (0.0, 0.0);
            for document in &documents {
                for t in 0..document.len() {
                    let mut history = vec![0];
                    history.extend(&document[..t]);
                    if history.len() > context {
                        history.drain(..history.len() - context);
                    }
                    let row = (model.ln_probabilities)(&history);
                    sum -= f64::from(row[document[t] as usize]);
                    tokens += 1.0;
                }
            }
            let measured = measure(&model, &corpus(7, &documents), context);
            assert_eq!(measured.tokens as f64, tokens);
            assert!((measured.loss_nats_per_token - sum / tokens).abs() < 1e-12);
            assert!((measured.perplexity / (sum / tokens).exp() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_uniform_model_has_the_perplexity_of_its_vocabulary() {
        let documents = corpus(50, &random_documents(20, 30, 50, 2));
        let measured = measure(&constant(vec![0.02; 50]), &documents, 8);
        assert!((measured.perplexity - 50.0).abs() < 1e-4);
        assert!(measured.perplexity_standard_error.unwrap() < 1e-4);
        assert!((measured.document_perplexity.p95 - 50.0).abs() < 1e-4);
        // log2 50 bits a token.
        let bits = measured.tokens as f64 * 50f64.log2() / 1000.0;
        assert!((measured.bits_per_byte.unwrap() - bits).abs() < 1e-6);
    }

    #[test]
    fn the_true_distribution_has_the_perplexity_of_its_entropy() {
        // Frequencies 1/2, 1/4, 1/8, 1/8 exactly: entropy 1.75 bits.
        let document = vec![1, 1, 2, 1, 3, 2, 1, 0];
        let documents = corpus(4, &[document.clone(), document]);
        let model = constant(vec![0.125, 0.5, 0.25, 0.125]);
        let measured = measure(&model, &documents, 3);
        assert!((measured.perplexity - 1.75f64.exp2()).abs() < 1e-6);
    }

    #[test]
    fn batches_do_not_matter_and_progress_reaches_the_end() {
        let documents = corpus(7, &random_documents(50, 20, 7, 3));
        let model = whole_context(7);
        let run = |batch_tokens| {
            let settings = PerplexitySettings {
                context: 5,
                batch_tokens,
            };
            let mut heard = Vec::new();
            let losses = perplexity(&model, &documents, &settings, &mut |p| heard.push(p));
            assert!(heard.is_sorted_by_key(|p| p.tokens_done));
            let last = heard.last().unwrap();
            assert_eq!(
                (last.documents_done, last.tokens_done),
                (50, documents.tokens())
            );
            (losses.unwrap(), heard.len())
        };
        let (one, pieces) = run(1);
        assert_eq!(pieces, 50);
        assert_eq!(run(1 << 20), (one, 1));
    }

    #[test]
    fn impossible_tokens_make_it_infinite_and_json_says_null() {
        let documents = corpus(3, &[vec![1, 2, 0], vec![1, 0]]);
        let measured = measure(&constant(vec![0.5, 0.5, 0.0]), &documents, 4);
        assert_eq!(measured.perplexity, f64::INFINITY);
        assert_eq!(measured.perplexity_standard_error, None);
        assert_eq!(measured.bits_per_byte, None);
        let json = serde_json::to_string(&measured).unwrap();
        assert!(json.contains("\"perplexity\":null"), "{json}");
        assert_eq!(serde_json::from_str::<Perplexity>(&json).unwrap(), measured);
    }

    #[test]
    fn the_unigram_baseline_by_hand() {
        // Counts 0: 2, 1: 2, 2: 1 of N = 5, V = 4: probabilities 3/9, 3/9, 2/9, 1/9.
        let baseline = Unigram::new(&corpus(4, &[vec![1, 2, 0], vec![1, 0]]));
        let losses = baseline
            .perplexity(&corpus(4, &[vec![1, 0], vec![3, 2, 0]]))
            .unwrap();
        let expected =
            |numerators: &[f64]| -> f64 { numerators.iter().map(|n| (9.0 / n).ln()).sum() };
        assert!((losses.documents[0].loss_nats - expected(&[3.0, 3.0])).abs() < 1e-12);
        assert!((losses.documents[1].loss_nats - expected(&[1.0, 2.0, 3.0])).abs() < 1e-12);
        assert_eq!(losses.summary(None).unwrap().context_tokens, None);
        assert!(baseline.perplexity(&corpus(5, &[vec![1]])).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        let model = constant(vec![0.5; 2]);
        let documents = corpus(2, &[vec![1, 0]]);
        let with = |model: &dyn LanguageModel, documents: &DocumentSet, context| {
            let settings = PerplexitySettings {
                context,
                batch_tokens: 0,
            };
            perplexity(model, documents, &settings, &mut |_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(with(&model, &documents, 0).contains("context = 0"));
        assert!(with(&model, &corpus(2, &[]), 1).contains("no token"));
        let broken = Conditional {
            vocabulary: 2,
            max_context: None,
            ln_probabilities: |_: &[u32]| vec![f32::NAN; 2],
        };
        assert!(with(&broken, &documents, 1).contains("document 0, token 0"));
    }
}
