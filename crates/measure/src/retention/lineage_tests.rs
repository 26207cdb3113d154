//! Error terms and retention of small lineages, checked against their definitions.

use super::{Distributions, ErrorInputs, GenerationErrors, Tracked, generation_errors};
use crate::MeasureError;
use crate::perplexity::token_counts;
use crate::probe::{Conditioning, Probe};
use crate::testing::{Conditional, END, corpus, random_documents};
use autophage_corpus::{ContextCounts, DocumentSet, count_contexts};
use autophage_model::LanguageModel;
use autophage_random::{Purpose, Stream};
use autophage_theory::{ErrorTerm, Paradigm, Rate, Share, decompose, residuals, total_error_bound};

const VOCABULARY: usize = 8;

/// Conditional frequencies after the last token, each with β added.
fn bigram(
    training: &DocumentSet,
    beta: f64,
) -> Conditional<impl Fn(&[u32]) -> Vec<f32> + Send + Sync + use<>> {
    let contexts: Vec<Vec<u32>> = (0..VOCABULARY as u32).map(|v| vec![v]).collect();
    let rows: Vec<Vec<f32>> = count_contexts(training, &contexts)
        .iter()
        .map(|counts| {
            let count = |v| counts.next.get(&v).map_or(0.0, |&count| count as f64) + beta;
            let total: f64 = (0..VOCABULARY as u32).map(count).sum();
            (0..VOCABULARY as u32)
                .map(|v| (count(v) / total).ln() as f32)
                .collect()
        })
        .collect();
    Conditional {
        vocabulary: VOCABULARY,
        max_context: None,
        ln_probabilities: move |context: &[u32]| rows[context[context.len() - 1] as usize].clone(),
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
        let model = bigram(&training, beta);
        let current =
            Distributions::of_model(&model, tracked.contexts(), END, Conditioning::Bare).unwrap();
        let inputs = ErrorInputs {
            paradigm,
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

#[test]
fn generation_one_of_a_count_model_has_its_closed_form() {
    // p̂ = (c + β)/(c(x) + βV) and q = c/c(x): 1 + b = max q/p̂ = (1 + βV/c(x)) c/(c + β), at the
    // most frequent token.
    let lineage = lineage(Paradigm::Replace, 1, 0.5);
    for (context, truth) in lineage.records[0]
        .contexts
        .iter()
        .zip(lineage.tracked.truth())
    {
        if context.context.len() > 1 {
            continue;
        }
        let most = truth.next.values().copied().max().unwrap() as f64;
        let b = (1.0 + 0.5 * VOCABULARY as f64 / truth.total as f64) * most / (most + 0.5) - 1.0;
        assert!((context.total_error - b).abs() < 1e-5, "{context:?} {b}");
        assert!((context.retention - 1.0 / (1.0 + b)).abs() < 1e-5);
        assert_eq!(context.training_count, context.initial_count);
        assert_eq!(context.sampling_error, Some(0.0));
        assert_eq!(context.learning_error, Some(context.total_error));
        assert_eq!(context.unseen_mass, Some(0.0));
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
fn a_context_that_the_training_set_lacks_has_a_total_error_only() {
    let initial = corpus(8, &[vec![1, 2, 0], vec![3, 4, 0]]);
    let tracked = Tracked::choose(&initial, 8, 1, &[]).unwrap();
    let training = corpus(8, &[vec![1, 2, 0]]);
    let model = bigram(&training, 1.0);
    let contexts = tracked.contexts();
    let model = Distributions::of_model(&model, contexts, END, Conditioning::Bare).unwrap();
    let record = generation_errors(
        &ErrorInputs {
            paradigm: Paradigm::Replace,
            tracked: &tracked,
            training: &count_contexts(&training, contexts),
            model: &model,
            previous: &[],
        },
        &mut |_| unreachable!("generation 1 has no earlier one"),
    )
    .unwrap();
    let of = |token| {
        record
            .contexts
            .iter()
            .find(|c| c.context == [token])
            .unwrap()
    };
    assert_eq!((of(3).training_count, of(3).learning_error), (0, None));
    assert_eq!(of(3).unseen_mass, None);
    // p̂(4|3) = 1/8 where p(4|3) = 1: b = 7.
    assert!((of(3).total_error - 7.0).abs() < 1e-5);
    assert_eq!(of(3).total_error_token, 4);
    // Half of the texts begin with 3, of which the training set has none.
    assert_eq!(of(0).unseen_mass, Some(0.5));
    assert_eq!(of(0).sampling_error, None);
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(
        serde_json::from_str::<GenerationErrors>(&json).unwrap(),
        record
    );
    let summary = record.summary().unwrap();
    assert_eq!(summary.contexts, contexts.len() as u64);
    let rounding = 1.0 + 1e-12;
    assert!(summary.retention_by_place <= summary.direct_retention_by_place * rounding);
}

#[test]
fn models_that_exclude_tokens_have_infinite_errors() {
    let initial = corpus(8, &[vec![1, 2, 0], vec![1, 3, 0]]);
    let probe = Probe {
        context: vec![1],
        next: vec![vec![3]],
    };
    let tracked = Tracked::choose(&initial, 8, 1, &[probe]).unwrap();
    let training = corpus(8, &[vec![1, 2, 0]]);
    assert_eq!(token_counts(&training)[3], 0);
    let model = Conditional {
        vocabulary: 8,
        max_context: None,
        ln_probabilities: |_: &[u32]| {
            let mut row = vec![f32::NEG_INFINITY; 8];
            row[2] = 0.0;
            row
        },
    };
    let contexts = tracked.contexts();
    let model = Distributions::of_model(&model, contexts, END, Conditioning::Bare).unwrap();
    let record = generation_errors(
        &ErrorInputs {
            paradigm: Paradigm::Replace,
            tracked: &tracked,
            training: &count_contexts(&training, contexts),
            model: &model,
            previous: &[],
        },
        &mut |_| unreachable!("generation 1 has no earlier one"),
    )
    .unwrap();
    let context = record.contexts.iter().find(|c| c.context == [1]).unwrap();
    assert_eq!(
        (context.total_error, context.retention),
        (f64::INFINITY, 0.0)
    );
    assert_eq!(context.learning_error, Some(0.0));
    assert_eq!(context.direct_retention, 0.0);
    assert_eq!(record.events[0].total.added_to_others, f64::INFINITY);
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(
        serde_json::from_str::<GenerationErrors>(&json).unwrap(),
        record
    );
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let lineage = lineage(Paradigm::Replace, 2, 0.5);
    let other = Tracked::choose(&corpus(8, &[vec![1, 0]]), 1, 1, &[]).unwrap();
    let training = vec![ContextCounts::default(); lineage.tracked.contexts().len()];
    let refused = |tracked, training: &[ContextCounts], previous: &[GenerationErrors]| {
        let inputs = ErrorInputs {
            paradigm: Paradigm::Replace,
            tracked,
            training,
            model: &lineage.distributions[0],
            previous,
        };
        let result = generation_errors(&inputs, &mut |_| Ok(lineage.distributions[0].clone()));
        matches!(result, Err(MeasureError::Lineage { .. }))
    };
    assert!(refused(&other, &training[..1], &[]));
    assert!(refused(&lineage.tracked, &training[1..], &[]));
    assert!(refused(&lineage.tracked, &training, &lineage.records[1..]));
    assert!(!refused(&lineage.tracked, &training, &lineage.records));
    let mut foreign = training;
    foreign[0].total = 1;
    foreign[0].next.insert(VOCABULARY as u32, 1);
    assert!(refused(&lineage.tracked, &foreign, &[]));
}
