//! What the training sets of the six paradigms are made of.

mod common;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore, TokenStoreWriter};
use autophage_lab::{Composer, Pool, Run, Sizes, TrainingSet};
use autophage_theory::Paradigm;
use common::Bench;

/// Each document of a store is told by its first token; the longest has this many tokens.
const LONGEST: u64 = 9;
const GENERATIONS: u32 = 6;

/// A store of about `tokens` tokens whose documents begin with numbers from `first` on.
fn store(directory: &Path, first: u32, tokens: u64) -> Arc<TokenStore> {
    let path = directory.join(format!("{first}.bin"));
    let mut writer = TokenStoreWriter::create(path, 1_000_000, 0).unwrap();
    while writer.tokens() < tokens {
        let number = first + writer.documents() as u32;
        let length = 2 + (number as u64 * 7 % (LONGEST - 1));
        let mut document = vec![number; length as usize];
        document[length as usize - 1] = 0;
        writer.push(&document).unwrap();
    }
    Arc::new(writer.finish().unwrap())
}

struct Loop {
    composer: Composer,
    pools: Vec<Pool>,
    _directory: tempfile::TempDir,
}

/// First numbers of the documents of a source: 0 for the real ones.
fn first_number(source: u32) -> u32 {
    1 + source * 100_000
}

fn plan(paradigm: Paradigm, sizes: Sizes) -> Loop {
    let directory = tempfile::tempdir().unwrap();
    let real = store(directory.path(), first_number(0), 20_000);
    let composer = Composer::new(paradigm, 5, Pool::whole(real), sizes, GENERATIONS).unwrap();
    let pools = (1..GENERATIONS)
        .map(|k| {
            let tokens = composer.generated_tokens(k);
            Pool::whole(store(directory.path(), first_number(k), tokens))
        })
        .collect();
    Loop {
        composer,
        pools,
        _directory: directory,
    }
}

fn numbers(set: &DocumentSet) -> Vec<u32> {
    set.iter().map(|document| document.get(0)).collect()
}

fn of_source(set: &TrainingSet, source: u32) -> HashSet<u32> {
    let range = first_number(source)..first_number(source + 1);
    numbers(&set.documents)
        .into_iter()
        .filter(|number| range.contains(number))
        .collect()
}

fn paradigms() -> Vec<(Paradigm, Sizes)> {
    let whole = Sizes::default();
    let initial = Sizes {
        initial: Some(10_000),
        ..whole
    };
    vec![
        (Paradigm::named("replace", None, None).unwrap(), whole),
        (Paradigm::named("replace", None, None).unwrap(), initial),
        (
            Paradigm::named("accumulate-subsample", Some(0.3), None).unwrap(),
            whole,
        ),
        (
            Paradigm::named("accumulate-subsample", Some(4.0), None).unwrap(),
            initial,
        ),
        (Paradigm::named("accumulate", None, None).unwrap(), whole),
        (
            Paradigm::named("replace-grown", None, None).unwrap(),
            initial,
        ),
        (
            Paradigm::named("fixed-share", None, Some(0.2)).unwrap(),
            whole,
        ),
        (
            Paradigm::named("fresh-share", None, Some(0.15)).unwrap(),
            initial,
        ),
    ]
}

#[test]
fn shares_and_volumes_are_those_of_the_theory() {
    for (paradigm, sizes) in paradigms() {
        let plan = plan(paradigm, sizes);
        let initial = plan.composer.initial().tokens();
        for n in 1..=GENERATIONS {
            let set = plan.composer.compose(n, &plan.pools).unwrap();
            let mixture = paradigm.mixture(n);
            let volume = paradigm.volume(n) * initial as f64;
            let weights = std::iter::once(&mixture.real).chain(&mixture.generations);
            let mut sources = set.provenance.sources.iter();
            let mut total = 0;
            for (k, &weight) in (0..).zip(weights) {
                let found: u64 = set
                    .documents
                    .iter()
                    .filter(|d| (first_number(k)..first_number(k + 1)).contains(&d.get(0)))
                    .map(|d| d.len() as u64)
                    .sum();
                total += found;
                if weight == 0.0 {
                    assert_eq!(found, 0, "{paradigm} {n} {k}");
                    continue;
                }
                // A source ends with the document that reaches its share.
                let excess = found as f64 - weight * volume;
                assert!(
                    (-1.0..=LONGEST as f64).contains(&excess),
                    "{paradigm} {n} {k}: {excess}"
                );
                let source = sources.next().unwrap();
                assert_eq!((source.generation, source.weight), (k, weight));
                assert_eq!(source.tokens, found);
                assert!((source.share - weight).abs() < 0.01);
            }
            assert!(sources.next().is_none());
            assert_eq!(set.provenance.tokens, total);
            assert_eq!(set.documents.tokens(), total);
            assert_eq!(set.provenance.documents, set.documents.len() as u64);
        }
    }
}

#[test]
fn no_document_is_there_twice() {
    for (paradigm, sizes) in paradigms() {
        let plan = plan(paradigm, sizes);
        for n in 1..=GENERATIONS {
            let set = plan.composer.compose(n, &plan.pools).unwrap();
            let numbers = numbers(&set.documents);
            let different: HashSet<u32> = numbers.iter().copied().collect();
            assert_eq!(numbers.len(), different.len(), "{paradigm} {n}");
        }
    }
}

#[test]
fn the_first_generation_is_trained_on_the_initial_corpus() {
    for (paradigm, sizes) in paradigms() {
        let plan = plan(paradigm, sizes);
        let set = plan.composer.compose(1, &[]).unwrap();
        assert_eq!(numbers(&set.documents), numbers(&plan.composer.initial()));
    }
}

#[test]
fn subsamples_are_drawn_anew_in_every_generation() {
    let paradigm = Paradigm::named("accumulate-subsample", Some(1.0), None).unwrap();
    let plan = plan(paradigm, Sizes::default());
    let real = |n| of_source(&plan.composer.compose(n, &plan.pools).unwrap(), 0);
    let (two, three) = (real(2), real(3));
    assert!(!three.is_subset(&two));
    // Half and a third of the corpus, drawn independently, have a sixth of it in common.
    let all = plan.composer.initial().len() as f64;
    let common = two.intersection(&three).count() as f64 / all;
    assert!((common - 1.0 / 6.0).abs() < 0.03, "{common}");
}

#[test]
fn a_fixed_share_is_the_same_documents_each_time() {
    let paradigm = Paradigm::named("fixed-share", None, Some(0.2)).unwrap();
    let plan = plan(paradigm, Sizes::default());
    let real = |n| of_source(&plan.composer.compose(n, &plan.pools).unwrap(), 0);
    for n in 3..=GENERATIONS {
        assert_eq!(real(n), real(2));
    }
}

#[test]
fn a_fresh_share_is_never_seen_before() {
    let paradigm = Paradigm::named("fresh-share", None, Some(0.15)).unwrap();
    let sizes = Sizes {
        initial: Some(10_000),
        ..Sizes::default()
    };
    let plan = plan(paradigm, sizes);
    let mut seen: HashSet<u32> = numbers(&plan.composer.initial()).into_iter().collect();
    for n in 2..=GENERATIONS {
        for number in of_source(&plan.composer.compose(n, &plan.pools).unwrap(), 0) {
            assert!(seen.insert(number), "{number} in generation {n}");
        }
    }
}

#[test]
fn the_budget_can_be_held_fixed_while_the_composition_varies() {
    for (paradigm, sizes) in paradigms() {
        let sizes = Sizes {
            training: Some(5_000),
            ..sizes
        };
        let plan = plan(paradigm, sizes);
        for n in 1..=GENERATIONS {
            let set = plan.composer.compose(n, &plan.pools).unwrap();
            let slack = LONGEST * set.provenance.sources.len() as u64;
            let tokens = set.documents.tokens();
            assert!(
                (5_000..=5_000 + slack).contains(&tokens),
                "{paradigm} {n}: {tokens}"
            );
        }
    }
}

#[test]
fn every_paradigm_runs() {
    let bench = Bench::new();
    for overrides in [
        &["paradigm.kind=accumulate-subsample", "paradigm.rate=0.5"][..],
        &["paradigm.kind=accumulate"],
        &["paradigm.kind=replace-grown"],
        &["paradigm.kind=fixed-share", "paradigm.share=0.3"],
        &[
            "paradigm.kind=fresh-share",
            "paradigm.share=0.3",
            "corpus.tokens=1000",
        ],
    ] {
        let experiment = bench.experiment(overrides);
        let name = experiment.paradigm.name();
        bench.run(&experiment, name).unwrap();
        let run = Run::open(&bench.path(name)).unwrap();
        for n in 1..=3 {
            let provenance = run.provenance(n).unwrap();
            let mixture = experiment.paradigm.mixture(n);
            let weights = std::iter::once(&mixture.real)
                .chain(&mixture.generations)
                .filter(|weight| **weight > 0.0);
            assert!(
                provenance
                    .sources
                    .iter()
                    .map(|source| &source.weight)
                    .eq(weights)
            );
            assert_eq!(run.training_set(n).unwrap().tokens(), provenance.tokens);
            assert_eq!(
                run.metrics(n).unwrap().training.set_tokens,
                provenance.tokens
            );
        }
    }
}
