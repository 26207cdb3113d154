//! What a report shows of one generation.

use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore, Tokenizer, count_contexts};
use autophage_lab::{
    CurvePoint, ErrorSummary, GenerationErrors, LabError, Metrics, Provenance, Run, Timing,
};
use autophage_measure::retention::{ContextErrors, EventErrors};

use super::initial::token_text;
use super::{InitialData, ProbeContext, Problems};

/// Documents of each generation that can be read on the page.
const SAMPLES: usize = 8;
/// Characters that are kept of a document.
const SAMPLE_CHARACTERS: usize = 1_500;
/// Tokens that are decoded of a document; no tokenizer has so many that are shorter than a character.
const SAMPLE_TOKENS: usize = 1_500;

/// What is known of a generation.
#[derive(Clone, Debug, Default)]
pub struct GenerationData {
    /// Its number, from 1.
    pub number: u32,
    /// What was measured.
    pub metrics: Option<Metrics>,
    /// How long it took.
    pub timing: Option<Timing>,
    /// What it was trained on.
    pub provenance: Option<Provenance>,
    /// How its training went; empty for a model without steps.
    pub curve: Vec<CurvePoint>,
    /// Error terms and retention; `None` where no context is tracked.
    pub errors: Option<ErrorData>,
    /// What its model and its text say after the contexts of the probes, in the order of
    /// [`InitialData::probes`].
    pub conditionals: Vec<Conditional>,
    /// The beginnings of the first documents that it wrote.
    pub samples: Vec<Sample>,
}

/// Error terms of a generation, as far as they are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorData {
    /// Over all tracked contexts.
    pub summary: ErrorSummary,
    /// Of every token that a probe asks for.
    pub events: Vec<EventErrors>,
    /// H(p), averaged over the places of the initial corpus where a tracked context stands, in nats.
    pub entropy_nats: f64,
    /// H(p, p̂), averaged likewise.
    pub cross_entropy_nats: f64,
    /// The theorem's upper bound of it, averaged likewise.
    pub cross_entropy_bound_nats: f64,
}

/// What follows the context of a probe in one generation.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    /// Occurrences of the context that are followed by a token, in the corpus that it wrote.
    pub count: u64,
    /// The share of every row of [`ProbeContext::rows`] in that corpus; `None` where the context
    /// never occurs.
    pub generated: Option<Vec<f64>>,
    /// Their probabilities in the model.
    pub model: Vec<f64>,
    /// The most probable token that has no row, and its probability in the model.
    pub other: Option<(String, f64)>,
}

/// The beginning of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its number in the corpus, from 0.
    pub document: usize,
    /// Its text.
    pub text: String,
    /// Whether the document goes on after it.
    pub cut: bool,
}

impl GenerationData {
    pub(crate) fn read(
        run: &Run,
        n: u32,
        tokenizer: &Tokenizer,
        initial: Option<&InitialData>,
        problems: &mut Problems,
    ) -> Self {
        let corpus = problems.note(run.corpus(n));
        let probes = initial.map_or(&[][..], |initial| &initial.probes);
        Self {
            number: n,
            metrics: problems.note(run.metrics(n)),
            timing: problems.note(run.timing(n)),
            provenance: problems.note(run.provenance(n)),
            curve: problems.note(run.curve(n)).unwrap_or_default(),
            errors: problems
                .note(run.errors(n))
                .flatten()
                .and_then(ErrorData::new),
            conditionals: corpus
                .clone()
                .and_then(|corpus| problems.note(conditionals(run, n, corpus, probes, tokenizer)))
                .unwrap_or_default(),
            samples: corpus
                .and_then(|corpus| problems.note(samples(&corpus, tokenizer)))
                .unwrap_or_default(),
        }
    }
}

impl ErrorData {
    /// `None` without a context.
    fn new(errors: GenerationErrors) -> Option<Self> {
        let places: u64 = errors.contexts.iter().map(|c| c.initial_count).sum();
        let by_place = |of: &dyn Fn(&ContextErrors) -> f64| {
            let weighted = |c: &ContextErrors| of(c) * c.initial_count as f64;
            errors.contexts.iter().map(weighted).sum::<f64>() / places.max(1) as f64
        };
        Some(Self {
            summary: errors.summary()?,
            entropy_nats: by_place(&|c| c.initial_entropy_nats),
            cross_entropy_nats: by_place(&|c| c.cross_entropy_nats),
            cross_entropy_bound_nats: by_place(&|c| c.cross_entropy_bound_nats),
            events: errors.events,
        })
    }
}

fn conditionals(
    run: &Run,
    n: u32,
    corpus: Arc<TokenStore>,
    probes: &[ProbeContext],
    tokenizer: &Tokenizer,
) -> Result<Vec<Conditional>, LabError> {
    let distributions = match run.distributions(n)? {
        Some(distributions) if !probes.is_empty() => distributions,
        _ => return Ok(Vec::new()),
    };
    let contexts: Vec<Vec<u32>> = probes.iter().map(|probe| probe.tokens.clone()).collect();
    let counts = count_contexts(&DocumentSet::whole(corpus), &contexts);
    let mut conditionals = Vec::new();
    for (probe, counts) in probes.iter().zip(&counts) {
        // Every probe that occurs is tracked; a run of another version may do otherwise.
        let tracked = distributions.contexts().iter();
        let Some(place) = tracked.clone().position(|context| *context == probe.tokens) else {
            return Ok(Vec::new());
        };
        let model = distributions.probabilities(place);
        let listed = |token: usize| probe.rows.iter().any(|row| row.token as usize == token);
        let other = (0..model.len())
            .filter(|&token| !listed(token))
            .max_by(|&a, &b| model[a].total_cmp(&model[b]).then(b.cmp(&a)));
        conditionals.push(Conditional {
            count: counts.total,
            generated: (counts.total > 0).then(|| {
                let share = |token| counts.conditional(token).unwrap_or(0.0);
                probe.rows.iter().map(|row| share(row.token)).collect()
            }),
            other: match other {
                Some(token) => Some((token_text(token as u32, tokenizer)?, model[token])),
                None => None,
            },
            model: probe
                .rows
                .iter()
                .map(|row| model.get(row.token as usize).copied().unwrap_or(0.0))
                .collect(),
        });
    }
    Ok(conditionals)
}

fn samples(corpus: &TokenStore, tokenizer: &Tokenizer) -> Result<Vec<Sample>, LabError> {
    (0..corpus.documents().min(SAMPLES))
        .map(|document| {
            let mut tokens = corpus.document(document).to_vec();
            tokens.pop_if(|last| *last == corpus.end_of_text());
            let long = tokens.len() > SAMPLE_TOKENS;
            tokens.truncate(SAMPLE_TOKENS);
            let mut text = tokenizer.decode(&tokens)?;
            let end = text.char_indices().nth(SAMPLE_CHARACTERS);
            if let Some((end, _)) = end {
                text.truncate(end);
            }
            Ok(Sample {
                document,
                text,
                cut: long || end.is_some(),
            })
        })
        .collect()
}
