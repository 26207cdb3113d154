//! What the report counts in the initial corpus.

use autophage_corpus::{ContextCounts, Tokenizer, count_contexts};
use autophage_lab::{LabError, Run};
use autophage_measure::perplexity::token_counts;
use autophage_measure::probe::Conditioning;

/// The most frequent continuations of a probe's context that are shown, besides those it asks for.
const CONTINUATIONS: usize = 8;

/// What was counted in the initial corpus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InitialData {
    /// Occurrences of every token that occurs.
    pub type_counts: Vec<f64>,
    /// The contexts of the probes that occur, each once.
    pub probes: Vec<ProbeContext>,
}

/// The context of a probe, with the truth after it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeContext {
    /// The text.
    pub text: String,
    /// Its tokens; the end-of-text token stands for the start of a text.
    pub tokens: Vec<u32>,
    /// Occurrences that are followed by a token: c(x).
    pub count: u64,
    /// The most frequent continuations and those that are asked for, the most frequent first.
    pub rows: Vec<ContinuationRow>,
}

/// A token after a context.
#[derive(Clone, Debug, PartialEq)]
pub struct ContinuationRow {
    /// The token.
    pub token: u32,
    /// Its text.
    pub text: String,
    /// Its share after the context in the initial corpus: p(v | x).
    pub probability: f64,
}

impl InitialData {
    /// Counts in the initial corpus of `run`.
    pub(crate) fn read(run: &Run, tokenizer: &Tokenizer) -> Result<Self, LabError> {
        let corpus = run.initial_corpus()?;
        let mut asked: Vec<Asked> = Vec::new();
        for probe in &run.experiment().measure.probe {
            let tokens = Conditioning::Bare
                .apply(&tokenizer.encode(&probe.context)?, tokenizer.end_of_text());
            let mut next = Vec::new();
            for text in &probe.next {
                next.extend(tokenizer.encode(text)?.first());
            }
            match asked.iter_mut().find(|asked| asked.tokens == tokens) {
                Some(known) => known.next.extend(next),
                None => asked.push(Asked {
                    text: probe.context.clone(),
                    tokens,
                    next,
                }),
            }
        }
        let contexts: Vec<Vec<u32>> = asked.iter().map(|asked| asked.tokens.clone()).collect();
        let counts = count_contexts(&corpus, &contexts);
        let mut probes = Vec::new();
        for (asked, counts) in asked.into_iter().zip(&counts) {
            if counts.total > 0 {
                probes.push(ProbeContext {
                    rows: rows(&asked.next, counts, tokenizer)?,
                    text: asked.text,
                    tokens: asked.tokens,
                    count: counts.total,
                });
            }
        }
        Ok(Self {
            type_counts: token_counts(&corpus)
                .into_iter()
                .filter(|&count| count > 0)
                .map(|count| count as f64)
                .collect(),
            probes,
        })
    }
}

/// A probe's context and the first tokens of what is asked for after it.
struct Asked {
    text: String,
    tokens: Vec<u32>,
    next: Vec<u32>,
}

fn rows(
    next: &[u32],
    counts: &ContextCounts,
    tokenizer: &Tokenizer,
) -> Result<Vec<ContinuationRow>, LabError> {
    let mut order: Vec<(u32, u64)> = counts.next.iter().map(|(&v, &count)| (v, count)).collect();
    order.sort_unstable_by_key(|&(token, count)| (std::cmp::Reverse(count), token));
    order.truncate(CONTINUATIONS);
    for &token in next {
        if !order.iter().any(|&(known, _)| known == token) {
            order.push((token, counts.next.get(&token).copied().unwrap_or(0)));
        }
    }
    order
        .into_iter()
        .map(|(token, count)| {
            Ok(ContinuationRow {
                token,
                text: token_text(token, tokenizer)?,
                probability: count as f64 / counts.total as f64,
            })
        })
        .collect()
}

/// The text of a token, as a name for it.
pub(crate) fn token_text(token: u32, tokenizer: &Tokenizer) -> Result<String, LabError> {
    if token == tokenizer.end_of_text() {
        return Ok("(end of text)".to_owned());
    }
    Ok(tokenizer.decode(&[token])?)
}
