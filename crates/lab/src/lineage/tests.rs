//! Error terms and retention of small lineages, checked against their definitions.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{ContextCounts, DocumentSet, TokenStore, count_contexts};
use autophage_measure::probe::{Conditioning, Probe};
use autophage_measure::retention::{Distributions, Tracked};
use autophage_model::{
    Epochs, Form, GeneratedDocument, GenerationRequest, Interpolation, LanguageModel, Learner,
    Limit, ModelError, NGramLearner, Overflow, SamplingFilter, TrainingJob,
};
use autophage_random::{Purpose, Stream};
use autophage_theory::{
    ErrorTerm, Mixture, Paradigm, Rate, Share, decompose, residuals, total_error_bound,
};

use super::{GenerationErrors, LineageInputs, generation_errors};
use crate::LabError;

/// The end-of-text token.
const END: u32 = 0;
const VOCABULARY: usize = 8;

fn corpus(vocabulary: u32, documents: &[Vec<u32>]) -> DocumentSet {
    let store = TokenStore::in_memory(documents, vocabulary, END).unwrap();
    DocumentSet::whole(Arc::new(store))
}

/// Documents that end with end of text, of lengths below `longest`.
fn random_documents(count: u64, longest: u64, vocabulary: u32, seed: u64) -> Vec<Vec<u32>> {
    let stream = Stream::new(seed, Purpose::Simulation, 0);
    (0..count)
        .map(|i| {
            let length = stream.below(longest, i, 0);
            let token = |j| 1 + stream.below(u64::from(vocabulary) - 1, i, j) as u32;
            (1..=length).map(token).chain([END]).collect()
        })
        .collect()
}

/// Conditional frequencies after the last token, each with β added.
#[derive(Debug)]
struct Bigram {
    rows: Vec<Vec<f32>>,
}

impl Bigram {
    fn new(training: &DocumentSet, beta: f64) -> Self {
        let contexts: Vec<Vec<u32>> = (0..VOCABULARY as u32).map(|v| vec![v]).collect();
        let rows = count_contexts(training, &contexts)
            .iter()
            .map(|counts| {
                let count = |v| counts.next.get(&v).map_or(0.0, |&count| count as f64) + beta;
                let total: f64 = (0..VOCABULARY as u32).map(count).sum();
                (0..VOCABULARY as u32)
                    .map(|v| (count(v) / total).ln() as f32)
                    .collect()
            })
            .collect();
        Self { rows }
    }
}

impl LanguageModel for Bigram {
    fn vocabulary(&self) -> usize {
        VOCABULARY
    }

    fn max_context(&self) -> Option<usize> {
        None
    }

    fn next_token_log_probabilities(
        &self,
        contexts: &[Vec<u32>],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let row = |context: &Vec<u32>| self.rows[context[context.len() - 1] as usize].clone();
        Ok(contexts.iter().map(row).collect())
    }

    fn token_losses(&self, _: &[Vec<u32>], _: usize) -> Result<Vec<Vec<f32>>, ModelError> {
        unreachable!("error terms ask for distributions")
    }

    fn generate(
        &self,
        _: &GenerationRequest,
        _: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        unreachable!("error terms ask for distributions")
    }

    fn save(&self, _: &Path) -> Result<(), ModelError> {
        unreachable!("error terms ask for distributions")
    }
}

fn sample(model: &dyn LanguageModel, documents: u64, seed: u64) -> Vec<Vec<u32>> {
    let stream = Stream::new(seed, Purpose::Simulation, 0);
    (0..documents)
        .map(|i| {
            let mut sequence = vec![END];
            while sequence.len() < 40 && (sequence.len() == 1 || sequence.last() != Some(&END)) {
                let rows = model
                    .next_token_log_probabilities(&[sequence.clone()])
                    .unwrap();
                let mut u = stream.uniform(i, sequence.len() as u64);
                let next = rows[0].iter().position(|ln| {
                    u -= f64::from(*ln).exp();
                    u < 0.0
                });
                sequence.push(next.unwrap_or(0) as u32);
            }
            sequence[1..].to_vec()
        })
        .collect()
}

struct Lineage {
    tracked: Tracked,
    distributions: Vec<Distributions>,
    records: Vec<GenerationErrors>,
}

/// A lineage of bigram models, each trained on documents of the mixture that its paradigm says.
fn lineage(paradigm: Paradigm, generations: u32, beta: f64) -> Lineage {
    let real = random_documents(150, 15, VOCABULARY as u32, 11);
    let initial = corpus(VOCABULARY as u32, &real);
    let probe = Probe {
        context: vec![1],
        next: vec![vec![2], vec![3, 4]],
    };
    let tracked = Tracked::choose(&initial, 6, 2, &[probe]).unwrap();
    let mut sources = vec![real];
    let mut distributions: Vec<Distributions> = Vec::new();
    let mut records: Vec<GenerationErrors> = Vec::new();
    for n in 1..=generations {
        let mixture = paradigm.mixture(n);
        let mut training = Vec::new();
        for (source, weight) in sources
            .iter()
            .zip([mixture.real].iter().chain(&mixture.generations))
        {
            training.extend_from_slice(&source[..(weight * 150.0).round() as usize]);
        }
        let training = corpus(VOCABULARY as u32, &training);
        let model = Bigram::new(&training, beta);
        let current =
            Distributions::of_model(&model, tracked.contexts(), END, Conditioning::Bare).unwrap();
        let inputs = LineageInputs {
            mixture: &mixture,
            tracked: &tracked,
            training: &count_contexts(&training, tracked.contexts()),
            model: &current,
            previous: &records,
        };
        let mut asked = Vec::new();
        let record = generation_errors(&inputs, &mut |k| {
            asked.push(k);
            Ok(distributions[k as usize - 1].clone())
        })
        .unwrap();
        let needed = (1..n).filter(|k| mixture.generations[*k as usize - 1] > 0.0);
        assert!(asked.into_iter().eq(needed));
        records.push(record);
        distributions.push(current);
        sources.push(sample(&model, 150, u64::from(n)));
    }
    Lineage {
        tracked,
        distributions,
        records,
    }
}

fn paradigms() -> [Paradigm; 5] {
    [
        Paradigm::Replace,
        Paradigm::ReplaceGrown,
        Paradigm::Accumulate,
        Paradigm::AccumulateSubsample {
            rate: Rate::new(0.5).unwrap(),
        },
        Paradigm::FixedShare {
            share: Share::new(0.3).unwrap(),
        },
    ]
}

/// p̂_n = w_n p + r_n with a residual that the recursion over all a_n gives, at least 0 everywhere;
/// w* ≥ w; and the bound of the cross-entropy.
#[test]
fn the_identity_of_retention_holds_in_every_paradigm() {
    for paradigm in paradigms() {
        let lineage = lineage(paradigm, 6, 0.5);
        for (i, truth) in lineage.tracked.truth().iter().enumerate() {
            let p: Vec<f64> = (0..VOCABULARY as u32)
                .map(|v| truth.conditional(v).unwrap())
                .collect();
            // The terms once more, in full, by another road: unnormalised sums of sources.
            let rows: Vec<Vec<f64>> = lineage
                .distributions
                .iter()
                .map(|d| d.probabilities(i))
                .collect();
            let terms: Vec<ErrorTerm> = (1..)
                .zip(&rows)
                .map(|(n, row)| {
                    let mixture = paradigm.mixture(n);
                    let q: Vec<f64> = (0..VOCABULARY)
                        .map(|v| {
                            let earlier = mixture.generations.iter().zip(&rows);
                            mixture.real * p[v] + earlier.map(|(m, row)| m * row[v]).sum::<f64>()
                        })
                        .collect();
                    decompose(&q, row).unwrap()
                })
                .collect();
            let residuals = residuals(paradigm, &terms).unwrap();
            for (n, record) in lineage.records.iter().enumerate() {
                let context = &record.contexts[i];
                assert!((context.total_error - terms[n].b).abs() < 1e-9 * (1.0 + terms[n].b));
                for v in 0..VOCABULARY {
                    let r = rows[n][v] - context.retention * p[v];
                    assert!(r >= -1e-12, "{paradigm:?} {context:?}");
                    assert!(
                        (r - residuals[n][v]).abs() < 1e-9,
                        "{paradigm:?} {context:?}"
                    );
                }
                assert!(context.direct_retention >= context.retention * (1.0 - 1e-12));
                assert!(context.cross_entropy_nats <= context.cross_entropy_bound_nats + 1e-12);
                assert!(context.cross_entropy_nats >= context.initial_entropy_nats - 1e-12);
                let added: f64 = context.largest_added.iter().map(|added| added.mass).sum();
                assert!(added <= context.total_error + 1e-12);
            }
        }
    }
}

#[test]
fn events_obey_their_definitions_in_every_paradigm() {
    for paradigm in paradigms() {
        let lineage = lineage(paradigm, 5, 0.5);
        for event in lineage.records.iter().flat_map(|record| &record.events) {
            let total = event.total;
            let restored = (event.ideal_probability + total.added_to_event) / (1.0 + total.error);
            assert!(
                (restored - event.model_probability).abs() < 1e-9,
                "{event:?}"
            );
            let sum = total.added_to_event + total.added_to_others;
            assert!((sum - total.error).abs() < 1e-9);
            assert!(event.direct_retention >= event.retention * (1.0 - 1e-12));
            let (sampling, learning) = (event.sampling.unwrap(), event.learning.unwrap());
            let bound = total_error_bound(sampling.error, learning.error);
            assert!(total.error <= bound * (1.0 + 1e-9) + 1e-12);
            let interval = event.learning_error_interval_95.unwrap();
            assert!(interval.low <= learning.error && learning.error <= interval.high);
        }
    }
}

/// Where the model is the counts of its training set, all error is sampling; and what is sampled
/// from q is in its interval as often as the interval says.
#[test]
fn sampling_and_learning_are_told_apart() {
    let mut inside = (0, 0);
    let lineage = lineage(Paradigm::Replace, 30, 1e-6);
    let events = lineage.records[1..]
        .iter()
        .flat_map(|record| &record.events);
    // After more tokens than the model looks at, its answer is another question's.
    for event in events.filter(|event| event.context.len() == 1) {
        assert!(event.learning.unwrap().error < 1e-3, "{event:?}");
        let interval = event.training_interval_95.unwrap();
        inside.0 += u32::from(interval.contains(event.ideal_probability));
        inside.1 += 1;
    }
    let share = f64::from(inside.0) / f64::from(inside.1);
    assert!((0.85..=1.0).contains(&share), "{inside:?}");
}

#[test]
fn a_summary_is_of_all_contexts_and_survives_a_file() {
    let lineage = lineage(Paradigm::Replace, 3, 0.5);
    for record in &lineage.records {
        let summary = record.summary().unwrap();
        assert_eq!(summary.contexts, lineage.tracked.contexts().len() as u64);
        let rounding = 1.0 + 1e-12;
        assert!(summary.retention_by_place <= summary.direct_retention_by_place * rounding);
        let json = serde_json::to_string(record).unwrap();
        assert_eq!(
            serde_json::from_str::<GenerationErrors>(&json).unwrap(),
            *record
        );
    }
}

/// A pool that fell short changes what should have been learned, and what is left of the initial
/// corpus follows.
#[test]
fn the_mixture_is_that_of_what_there_is() {
    let lineage = lineage(Paradigm::Accumulate, 3, 0.5);
    let (tracked, previous) = (&lineage.tracked, &lineage.records[..2]);
    let training = vec![ContextCounts::default(); tracked.contexts().len()];
    let errors = |mixture: &Mixture| {
        let inputs = LineageInputs {
            mixture,
            tracked,
            training: &training,
            model: &lineage.distributions[2],
            previous,
        };
        let mut earlier = |k: u32| Ok(lineage.distributions[k as usize - 1].clone());
        generation_errors(&inputs, &mut earlier).unwrap()
    };
    let plan = Paradigm::Accumulate.mixture(3);
    let short = Mixture {
        real: 0.5,
        generations: vec![0.1, 0.4],
    };
    let (as_planned, as_it_is) = (errors(&plan), errors(&short));
    for (i, record) in as_it_is.contexts.iter().enumerate() {
        let kept =
            0.5 + 0.1 * previous[0].contexts[i].retention + 0.4 * previous[1].contexts[i].retention;
        let expected = kept / (1.0 + record.total_error);
        assert!((record.retention - expected).abs() < 1e-12);
        let p_hat = lineage.distributions[2].probabilities(i);
        let truth = &tracked.truth()[i];
        let ratio = |v: usize| {
            let p = truth.conditional(v as u32).unwrap();
            let [first, second] = [0, 1].map(|k: usize| lineage.distributions[k].probabilities(i));
            (0.5 * p + 0.1 * first[v] + 0.4 * second[v]) / p_hat[v]
        };
        let b = (0..VOCABULARY).map(ratio).fold(0.0, f64::max) - 1.0;
        assert!((record.total_error - b).abs() < 1e-9);
    }
    assert_ne!(as_planned.contexts, as_it_is.contexts);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let lineage = lineage(Paradigm::Replace, 2, 0.5);
    let other = Tracked::choose(&corpus(8, &[vec![1, 0]]), 1, 1, &[]).unwrap();
    let training = vec![ContextCounts::default(); lineage.tracked.contexts().len()];
    let refused = |tracked, training: &[ContextCounts], previous: &[GenerationErrors], n| {
        let inputs = LineageInputs {
            mixture: &Paradigm::Replace.mixture(n),
            tracked,
            training,
            model: &lineage.distributions[0],
            previous,
        };
        generation_errors(&inputs, &mut |_| Ok(lineage.distributions[0].clone())).err()
    };
    let (tracked, records) = (&lineage.tracked, &lineage.records[..]);
    assert!(refused(tracked, &training, records, 3).is_none());
    for result in [
        refused(tracked, &training, &records[1..], 2),
        refused(&other, &training, records, 3),
        refused(tracked, &training, records, 2),
    ] {
        assert!(
            matches!(result, Some(LabError::Lineage { .. })),
            "{result:?}"
        );
    }
    let result = refused(tracked, &training[1..], &[], 1);
    assert!(
        matches!(result, Some(LabError::Measure { .. })),
        "{result:?}"
    );
}

/// A real loop of an order-3 model: train, generate, measure, with the distributions kept in files.
#[test]
fn retention_holds_on_a_real_lineage() {
    let rate = Rate::new(1.0).unwrap();
    for paradigm in [Paradigm::Replace, Paradigm::AccumulateSubsample { rate }] {
        let lineage = real_lineage(paradigm);
        assert!(lineage.tracked.contexts().len() > 40);
        for (record, distributions) in lineage.records.iter().zip(&lineage.distributions) {
            for (i, context) in record.contexts.iter().enumerate() {
                let truth = &lineage.tracked.truth()[i];
                for (v, p_hat) in (0..).zip(distributions.probabilities(i)) {
                    let residual = p_hat - context.retention * truth.conditional(v).unwrap();
                    assert!(residual >= -1e-12, "{context:?}");
                }
                assert!(context.direct_retention >= context.retention * (1.0 - 1e-12));
                assert!(context.cross_entropy_nats <= context.cross_entropy_bound_nats + 1e-12);
            }
            for event in &record.events {
                assert!(event.direct_retention >= event.retention * (1.0 - 1e-12));
            }
        }
        let records = &lineage.records;
        let retention = |n: usize| records[n].summary().unwrap().retention_by_place;
        assert!(
            retention(0) > 0.8 && retention(5) < retention(0),
            "{paradigm:?}"
        );
    }
}

const WORDS: u32 = 12;

/// Documents in which every token is likely to be followed by one of a few.
fn stories(count: u64, seed: u64) -> Vec<Vec<u32>> {
    let stream = Stream::new(seed, Purpose::Simulation, 0);
    (0..count)
        .map(|i| {
            let mut story = vec![1 + stream.below(3, i, 0) as u32];
            while story.last() != Some(&END) && story.len() < 60 {
                let position = story.len() as u64;
                let step = stream.below(4, i, position) as u32;
                let next = (story[story.len() - 1] * 5 + step * step) % WORDS;
                story.push(next);
            }
            story
        })
        .collect()
}

fn real_lineage(paradigm: Paradigm) -> Lineage {
    const DOCUMENTS: u64 = 200;
    let real = stories(DOCUMENTS, 6);
    let initial = corpus(WORDS, &real);
    let probe = Probe {
        context: vec![5],
        next: vec![vec![1], vec![2]],
    };
    let tracked = Tracked::choose(&initial, 20, 3, &[probe]).unwrap();
    let learner = NGramLearner {
        order: 3,
        interpolation: Interpolation::WittenBell,
        full_support: true,
    };
    let files = tempfile::tempdir().unwrap();
    let file = |n: u32| files.path().join(format!("{n}.bin"));
    let load = |n: u32| Distributions::load(&file(n)).map_err(LabError::measure(n));
    let mut sources = vec![real];
    let mut records: Vec<GenerationErrors> = Vec::new();
    for n in 1..=6 {
        let mixture = paradigm.mixture(n);
        let mut training = Vec::new();
        for (source, share) in sources
            .iter()
            .zip([mixture.real].iter().chain(&mixture.generations))
        {
            training.extend_from_slice(&source[..(share * DOCUMENTS as f64).round() as usize]);
        }
        let training = corpus(WORDS, &training);
        let job = TrainingJob {
            training: &training,
            validation: &training,
            end_of_text: END,
            initialization: Stream::new(1, Purpose::Initialization, n),
            shuffle: Stream::new(1, Purpose::Shuffle, n),
            epochs: Epochs::Fixed(1),
            start_from: None,
        };
        let trained = learner.train(&job, &mut |_| ControlFlow::Continue(()));
        let model = trained.unwrap().expect("nobody breaks off").model;
        let contexts = tracked.contexts();
        let current = Distributions::of_model(&*model, contexts, END, Conditioning::Bare).unwrap();
        current.save(&file(n)).unwrap();
        let inputs = LineageInputs {
            mixture: &mixture,
            tracked: &tracked,
            training: &count_contexts(&training, contexts),
            model: &current,
            previous: &records,
        };
        let record = generation_errors(&inputs, &mut |k| load(k)).unwrap();
        // A run that was stopped reads its records back: not a bit may be lost.
        let json = serde_json::to_string(&record).unwrap();
        records.push(serde_json::from_str(&json).unwrap());
        assert_eq!(records.last(), Some(&record));
        let mut generated = Vec::new();
        let request = GenerationRequest {
            form: Form::Documents { max_tokens: 60 },
            filter: SamplingFilter::default(),
            context: 8,
            overflow: Overflow::Slide,
            end_of_text: END,
            vocabulary: None,
            prompt: Vec::new(),
            random: Stream::new(1, Purpose::Sampling, n),
            limit: Limit::Documents(DOCUMENTS),
            batch: 64,
        };
        model
            .generate(&request, &mut |_, document| {
                generated.push(document.tokens);
                ControlFlow::Continue(())
            })
            .unwrap();
        sources.push(generated);
    }
    Lineage {
        tracked,
        distributions: (1..=6).map(|n| load(n).unwrap()).collect(),
        records,
    }
}
