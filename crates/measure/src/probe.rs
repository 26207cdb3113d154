//! Probes: the probability of a continuation after a context, in a model and in a corpus.

use std::collections::HashMap;

use autophage_corpus::{ContextCounts, DocumentSet, count_contexts};
use autophage_model::LanguageModel;
use autophage_theory::{Interval, wilson};
use serde::{Deserialize, Serialize};

use crate::MeasureError;

/// A context and continuations of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Probe {
    /// Tokens of the context. May be empty, which asks for the beginning of a text.
    pub context: Vec<u32>,
    /// The continuations, each of one or several tokens.
    pub next: Vec<Vec<u32>>,
}

/// What a model is given before the tokens of a context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conditioning {
    /// The start-of-text token, unless the context already begins with it.
    ///
    /// The default, because a model trained on documents has never been without it: each of its
    /// training sequences begins so, and a network asked without it answers from positions and states
    /// that no training step ever touched. The context is then read as the beginning of a text, while
    /// a corpus is counted at every place: of a model that looks further back than the context, this
    /// is a question about beginnings.
    #[default]
    StartOfText,
    /// Nothing: the context alone. Right for count models, whose probability after a short context
    /// *is* the frequency over all places, and for models trained on text cut anywhere.
    Bare,
}

impl Conditioning {
    /// What the model is conditioned on for `context`.
    pub fn apply(self, context: &[u32], end_of_text: u32) -> Vec<u32> {
        let start = match self {
            // Without any token there would be nothing to condition on.
            _ if context.is_empty() => true,
            Self::StartOfText => context[0] != end_of_text,
            Self::Bare => false,
        };
        let mut sequence = Vec::with_capacity(context.len() + 1);
        sequence.extend(start.then_some(end_of_text));
        sequence.extend_from_slice(context);
        sequence
    }
}

/// A model's answer to a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelAnswer {
    /// Probability of each continuation.
    pub probabilities: Vec<f64>,
}

/// A corpus' answer to a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorpusAnswer {
    /// Occurrences of the context that are followed by a token: c(x).
    pub context_count: u64,
    /// What is known of each continuation.
    pub next: Vec<Frequency>,
}

/// How often a continuation follows a context.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frequency {
    /// Occurrences of the context with the continuation.
    pub count: u64,
    /// The share of continuations; `null` if the context never occurs.
    ///
    /// For a continuation of several tokens the product of the shares of each token after the ones
    /// before it, as for a model. It is `count / context_count` wherever no document breaks off in
    /// the midst of the continuation.
    pub probability: Option<f64>,
    /// 95 % Wilson interval of a probability with `count` successes in `context_count` trials;
    /// `null` if the context never occurs.
    pub interval_95: Option<Interval>,
}

/// The probabilities of every probe's continuations under `model`, all in one question to it.
///
/// A continuation v₁ … v_k has the probability `Π p̂(v_i | context v₁ … v_{i−1})`.
///
/// # Errors
/// A probe without a continuation or with an empty one, a context that is too long for the model, or
/// a token outside its vocabulary.
pub fn probe_model(
    model: &dyn LanguageModel,
    probes: &[Probe],
    end_of_text: u32,
    conditioning: Conditioning,
) -> Result<Vec<ModelAnswer>, MeasureError> {
    check(probes)?;
    for (index, probe) in probes.iter().enumerate() {
        let outside = |&token: &u32| token as usize >= model.vocabulary();
        if probe
            .context
            .iter()
            .chain(probe.next.iter().flatten())
            .any(outside)
        {
            return Err(MeasureError::Probe {
                index,
                problem: "a token is outside the model's vocabulary; encode the probe with the \
                          model's own tokenizer",
            });
        }
    }
    let mut contexts = Contexts::default();
    for probe in probes {
        let context = conditioning.apply(&probe.context, end_of_text);
        probe
            .next
            .iter()
            .for_each(|next| contexts.add(&context, next));
    }
    let rows = model
        .next_token_log_probabilities(&contexts.list)
        .map_err(MeasureError::model("probes"))?;
    if rows.len() != contexts.list.len() || rows.iter().any(|row| row.len() != model.vocabulary()) {
        return Err(MeasureError::Answer {
            what: "probes".to_owned(),
            found: format!("{} rows", rows.len()),
            expected: format!(
                "{} rows of {} numbers",
                contexts.list.len(),
                model.vocabulary()
            ),
        });
    }
    let answer = |probe: &Probe| {
        let context = conditioning.apply(&probe.context, end_of_text);
        let probability = |next: &Vec<u32>| {
            contexts
                .steps(&context, next)
                .map(|(row, token)| f64::from(rows[row][token as usize]))
                .sum::<f64>()
                .exp()
        };
        ModelAnswer {
            probabilities: probe.next.iter().map(probability).collect(),
        }
    };
    Ok(probes.iter().map(answer).collect())
}

/// The frequencies of every probe's continuations in `documents`, in one pass over them.
///
/// A context of a probe may begin with the end-of-text token, which then stands for the start of a
/// text. Matches never reach from one document into the next.
///
/// # Errors
/// A probe without a continuation or with an empty one.
pub fn probe_corpus(
    documents: &DocumentSet,
    probes: &[Probe],
) -> Result<Vec<CorpusAnswer>, MeasureError> {
    check(probes)?;
    let mut contexts = Contexts::default();
    // As for a model, the empty context asks for the beginning of a text.
    let beginning =
        |probe: &Probe| Conditioning::Bare.apply(&probe.context, documents.end_of_text());
    for probe in probes {
        let context = beginning(probe);
        probe
            .next
            .iter()
            .for_each(|next| contexts.add(&context, next));
    }
    let counts = count_contexts(documents, &contexts.list);
    let answer = |probe: &Probe| {
        let context = beginning(probe);
        let context_count = counts[contexts.numbers[&context]].total;
        let frequency = |next: &Vec<u32>| {
            let steps: Vec<(&ContextCounts, u32)> = contexts
                .steps(&context, next)
                .map(|(number, token)| (&counts[number], token))
                .collect();
            frequency(context_count, &steps)
        };
        CorpusAnswer {
            context_count,
            next: probe.next.iter().map(frequency).collect(),
        }
    };
    Ok(probes.iter().map(answer).collect())
}

/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// From the counts after the context and after each longer beginning of the continuation.
fn frequency(context_count: u64, steps: &[(&ContextCounts, u32)]) -> Frequency {
    let count_of =
        |&(counts, token): &(&ContextCounts, u32)| counts.next.get(&token).copied().unwrap_or(0);
    let count = steps.last().map_or(0, count_of);
    let probability = (context_count > 0).then(|| {
        steps
            .iter()
            .map(|step| match count_of(step) {
                0 => 0.0,
                count => count as f64 / step.0.total as f64,
            })
            // A step that is impossible decides, whatever (nothing) is known after it.
            .product()
    });
    Frequency {
        count,
        probability,
        // The only error is an interval of no trials.
        interval_95: wilson(count, context_count, LEVEL).ok(),
    }
}

fn check(probes: &[Probe]) -> Result<(), MeasureError> {
    for (index, probe) in probes.iter().enumerate() {
        if probe.next.is_empty() || probe.next.iter().any(Vec::is_empty) {
            return Err(MeasureError::Probe {
                index,
                problem: "a probe needs at least one continuation, and a continuation at least one \
                          token",
            });
        }
    }
    Ok(())
}

/// The different contexts that a set of probes needs, in the order of first use.
#[derive(Default)]
struct Contexts {
    list: Vec<Vec<u32>>,
    numbers: HashMap<Vec<u32>, usize>,
}

impl Contexts {
    /// Adds the contexts of all tokens of `next` after `context`.
    fn add(&mut self, context: &[u32], next: &[u32]) {
        for length in 0..next.len() {
            let context = [context, &next[..length]].concat();
            if !self.numbers.contains_key(&context) {
                self.numbers.insert(context.clone(), self.list.len());
                self.list.push(context);
            }
        }
    }

    /// The number of its context and the token, for every token of `next` after `context`.
    fn steps(&self, context: &[u32], next: &[u32]) -> impl Iterator<Item = (usize, u32)> {
        next.iter().enumerate().map(move |(length, &token)| {
            let context = [context, &next[..length]].concat();
            (self.numbers[&context], token)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{END, constant, corpus, random_documents, whole_context};

    fn probe(context: &[u32], next: &[&[u32]]) -> Probe {
        Probe {
            context: context.to_vec(),
            next: next.iter().map(|next| next.to_vec()).collect(),
        }
    }

    #[test]
    fn a_models_answer_is_the_chain_rule() {
        let model = whole_context(5);
        let probes = [
            probe(&[1, 2], &[&[3], &[3, 4], &[4]]),
            probe(&[0, 1], &[&[0]]),
        ];
        let p = |context: &[u32], token: usize| {
            f64::from((model.ln_probabilities)(context)[token]).exp()
        };
        let close = |answer: &ModelAnswer, expected: &[f64]| {
            assert_eq!(answer.probabilities.len(), expected.len());
            for (a, b) in answer.probabilities.iter().zip(expected) {
                assert!((a - b).abs() < 1e-9, "{answer:?} {expected:?}");
            }
        };
        let answers = probe_model(&model, &probes, END, Conditioning::Bare).unwrap();
        let three = p(&[1, 2], 3);
        close(
            &answers[0],
            &[three, three * p(&[1, 2, 3], 4), p(&[1, 2], 4)],
        );
        let answers = probe_model(&model, &probes, END, Conditioning::StartOfText).unwrap();
        let three = p(&[0, 1, 2], 3);
        close(
            &answers[0],
            &[three, three * p(&[0, 1, 2, 3], 4), p(&[0, 1, 2], 4)],
        );
        // A context that begins with the start of text does not get a second one.
        close(&answers[1], &[p(&[0, 1], 0)]);
    }

    #[test]
    fn all_continuations_of_a_length_sum_to_one() {
        let model = whole_context(3);
        let pairs: Vec<Vec<u32>> = (0..9).map(|i| vec![i / 3, i % 3]).collect();
        let probe = Probe {
            context: Vec::new(),
            next: pairs,
        };
        let answers = probe_model(&model, &[probe], END, Conditioning::Bare).unwrap();
        assert!((answers[0].probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_corpus_answers_with_counts() {
        let documents = corpus(
            6,
            &[
                vec![1, 2, 3, 0],
                vec![1, 2, 4, 0],
                vec![2, 3, 5, 0],
                vec![1, 2],
            ],
        );
        let probes = [
            probe(&[1, 2], &[&[3], &[5]]),
            probe(&[2], &[&[3], &[3, 5], &[5, 1]]),
            probe(&[], &[&[1], &[1, 2, 3]]),
            probe(&[5, 5], &[&[1]]),
        ];
        let answers = probe_corpus(&documents, &probes).unwrap();
        // The last document breaks off after "1 2", which counts nowhere as a context.
        assert_eq!(answers[0].context_count, 2);
        assert_eq!(answers[0].next[0].probability, Some(0.5));
        assert_eq!(
            (answers[0].next[1].count, answers[0].next[1].probability),
            (0, Some(0.0))
        );
        assert_eq!(answers[1].context_count, 3);
        assert_eq!(answers[1].next[0].count, 2);
        assert_eq!(
            (answers[1].next[1].count, answers[1].next[1].probability),
            (1, Some(1.0 / 3.0))
        );
        assert_eq!(answers[1].next[2].probability, Some(0.0));
        // The beginning of a text: 3 of 4 begin with 1; then 2 always, then 3 or 4.
        assert_eq!(answers[2].context_count, 4);
        assert_eq!(answers[2].next[0].probability, Some(0.75));
        assert_eq!(answers[2].next[1].probability, Some(0.75 * 0.5));
        assert_eq!(answers[3].next[0].probability, None);
        assert_eq!(answers[3].next[0].interval_95, None);
        let interval = answers[1].next[0].interval_95.unwrap();
        assert!(interval.low < 2.0 / 3.0 && 2.0 / 3.0 < interval.high);
    }

    #[test]
    fn continuations_of_whole_documents_are_plain_shares() {
        let stored = random_documents(200, 12, 4, 9);
        let probes = [probe(&[1], &[&[2, 3], &[2, 0], &[3, 3, 3]])];
        let answer = &probe_corpus(&corpus(4, &stored), &probes).unwrap()[0];
        for (next, frequency) in probes[0].next.iter().zip(&answer.next) {
            let pattern = [&[1], &next[..]].concat();
            let found = |d: &Vec<u32>| d.windows(pattern.len()).filter(|w| *w == pattern).count();
            assert_eq!(
                frequency.count,
                stored.iter().map(found).sum::<usize>() as u64
            );
            let share = frequency.count as f64 / answer.context_count as f64;
            assert!((frequency.probability.unwrap() - share).abs() < 1e-12);
        }
    }

    #[test]
    fn bad_probes_are_refused_by_number() {
        let model = constant(vec![0.5; 2]);
        let good = probe(&[1], &[&[1]]);
        for bad in [
            probe(&[1], &[]),
            probe(&[1], &[&[]]),
            probe(&[7], &[&[1]]),
            probe(&[1], &[&[2]]),
        ] {
            let error = probe_model(&model, &[good.clone(), bad], END, Conditioning::default());
            assert!(error.unwrap_err().to_string().starts_with("probe 1:"));
        }
    }
}
