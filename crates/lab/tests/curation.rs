//! Lineages of which not all text goes on.

mod common;

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use autophage_lab::{
    CurationInput, Curator, Equipment, Event, Experiment, LabError, Outcome, Run, Stage, run_with,
};
use common::{Bench, assert_same_artefacts, never, once};

/// Lets one document in `every` go on.
#[derive(Debug)]
struct Sparse {
    every: usize,
}

impl Curator for Sparse {
    fn name(&self) -> String {
        format!("one in {}", self.every)
    }

    fn curate(&self, input: &CurationInput<'_>) -> Result<Vec<u32>, Box<dyn Error + Send + Sync>> {
        let documents = input.corpus.documents() as u32;
        Ok((0..documents).step_by(self.every).collect())
    }
}

/// Answers as it was told to.
#[derive(Debug)]
struct Odd(Result<Vec<u32>, String>);

impl Curator for Odd {
    fn name(&self) -> String {
        "odd".to_owned()
    }

    fn curate(&self, _: &CurationInput<'_>) -> Result<Vec<u32>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.clone()?)
    }
}

fn equipment(curator: &dyn Curator) -> Equipment<'_> {
    let mut equipment = Equipment::default();
    equipment.curator = curator;
    equipment
}

/// A lineage of count models, which are fast.
fn experiment(bench: &Bench, overrides: &[&str]) -> Experiment {
    let text = r#"
        generations = 4
        [corpus]
        path = "stories.jsonl"
        [tokenizer]
        kind = "bpe"
        vocabulary = 300
        [model]
        kind = "ngram"
        order = 3
        [generation]
        max_tokens = 60
        [measure]
        sample_tokens = 500
        contexts = 5
        [[measure.probe]]
        context = " there"
        next = [" was"]
    "#;
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    Experiment::from_toml(text, &bench.path("counts.toml"), &overrides).unwrap()
}

fn run_curated(
    bench: &Bench,
    experiment: &Experiment,
    curator: &dyn Curator,
    name: &str,
) -> Result<Outcome, LabError> {
    let directory = bench.path(name);
    run_with(experiment, &directory, equipment(curator), &mut never())
}

#[test]
fn what_does_not_go_on_is_not_trained_on() {
    let bench = Bench::new();
    let experiment = experiment(&bench, &[]);
    let mut stages = Vec::new();
    let mut observer = |event: &Event<'_>| {
        if let Event::StageStarted {
            stage, generation, ..
        } = event
        {
            stages.push((*generation, *stage));
        }
        ControlFlow::Continue(())
    };
    let curator = Sparse { every: 3 };
    let directory = bench.path("run");
    run_with(&experiment, &directory, equipment(&curator), &mut observer).unwrap();
    let of_first: Vec<Stage> = stages
        .iter()
        .filter(|(generation, _)| *generation == 1)
        .map(|(_, stage)| *stage)
        .collect();
    assert_eq!(
        of_first,
        [Stage::TRAIN, Stage::GENERATE, Stage::CURATE, Stage::MEASURE]
    );

    let run = Run::open(&directory).unwrap();
    for n in 1..=4 {
        let corpus = run.corpus(n).unwrap();
        let pool = run.pool(n).unwrap();
        let selection = pool.selection();
        assert_eq!(selection.curator(), "one in 3");
        assert!(
            selection
                .numbers()
                .eq((0..corpus.documents() as u32).step_by(3))
        );
        assert_eq!(selection.corpus_documents(), corpus.documents() as u64);
        let tokens: usize = selection
            .numbers()
            .map(|number| corpus.document(number as usize).len())
            .sum();
        assert_eq!(selection.tokens(), tokens as u64);
        // What was written is measured, not what goes on.
        assert_eq!(run.metrics(n).unwrap().generated.tokens, corpus.tokens());
        assert!(run.timing(n).unwrap().stages.get("curate").is_some());
    }
    for n in 2..=4 {
        let trained = run.training_set(n).unwrap();
        let pool = run.pool(n - 1).unwrap().documents();
        assert_eq!(trained.len(), pool.len());
        assert!((0..trained.len()).all(|i| trained.document(i) == pool.document(i)));
        let provenance = run.provenance(n).unwrap();
        assert_eq!(provenance.tokens, trained.tokens());
        let [source] = &provenance.sources[..] else {
            panic!("{provenance:?}");
        };
        // There is nothing else to learn from, so it is all of the mixture.
        assert_eq!((source.weight, source.share), (1.0, 1.0));
        let shortfall = source.shortfall.unwrap();
        assert_eq!(shortfall.planned_weight, 1.0);
        assert_eq!(shortfall.wanted_tokens, provenance.budget_tokens);
        assert!(source.tokens < shortfall.wanted_tokens);
    }
    assert_eq!(run.provenance(1).unwrap().sources[0].shortfall, None);
}

#[test]
fn the_mixture_is_that_of_what_there_is() {
    let bench = Bench::new();
    let accumulate = experiment(&bench, &["paradigm.kind=accumulate"]);
    run_curated(&bench, &accumulate, &Sparse { every: 4 }, "run").unwrap();
    let run = Run::open(&bench.path("run")).unwrap();
    let initial = run.initial_corpus().unwrap().tokens();
    for n in 2..=4 {
        let provenance = run.provenance(n).unwrap();
        let pools: Vec<u64> = (1..n).map(|k| run.pool(k).unwrap().tokens()).collect();
        let all = (initial + pools.iter().sum::<u64>()) as f64;
        assert_eq!(provenance.tokens as f64, all);
        let mixture = provenance.mixture();
        assert!((mixture.real - initial as f64 / all).abs() < 1e-12);
        for (weight, tokens) in mixture.generations.iter().zip(&pools) {
            assert!((weight - *tokens as f64 / all).abs() < 1e-12);
        }
        // Retention follows the same mixture.
        let records: Vec<_> = (1..=n).map(|k| run.errors(k).unwrap().unwrap()).collect();
        let (last, before) = records.split_last().unwrap();
        for (i, context) in last.contexts.iter().enumerate() {
            let kept: f64 = mixture.real
                + mixture
                    .generations
                    .iter()
                    .zip(before)
                    .map(|(weight, record)| weight * record.contexts[i].retention)
                    .sum::<f64>();
            let expected = kept / (1.0 + context.total_error);
            assert!((context.retention - expected).abs() < 1e-12, "{context:?}");
        }
    }
}

#[test]
fn enough_text_is_drawn_from_as_ever() {
    let bench = Bench::new();
    // A third of what is written is more than a training set needs.
    let plenty = experiment(&bench, &["generation.tokens=9000", "training.tokens=1500"]);
    run_curated(&bench, &plenty, &Sparse { every: 3 }, "run").unwrap();
    let run = Run::open(&bench.path("run")).unwrap();
    for n in 2..=4 {
        let provenance = run.provenance(n).unwrap();
        assert_eq!(provenance.sources[0].shortfall, None);
        assert!((1500..1500 + 61).contains(&provenance.tokens));
        let corpus = run.corpus(n - 1).unwrap();
        let allowed: Vec<Vec<u32>> = (0..corpus.documents())
            .step_by(3)
            .map(|i| corpus.document(i).to_vec())
            .collect();
        let trained = run.training_set(n).unwrap();
        assert!(
            trained
                .iter()
                .all(|found| allowed.contains(&found.to_vec()))
        );
    }
}

#[test]
fn stopping_changes_nothing_and_another_curator_is_refused() {
    let bench = Bench::new();
    let experiment = experiment(&bench, &["generations=3"]);
    let curator = Sparse { every: 2 };
    run_curated(&bench, &experiment, &curator, "whole").unwrap();
    let stopped = bench.path("stopped");
    let mut observer = once(|event| matches!(event, Event::GenerationFinished { .. }));
    run_with(&experiment, &stopped, equipment(&curator), &mut observer).unwrap();

    let other = run_curated(&bench, &experiment, &Sparse { every: 3 }, "stopped");
    let none = bench.run(&experiment, "stopped");
    for (refused, name) in [(other, "one in 3"), (none, "everything")] {
        let error = refused.unwrap_err().to_string();
        for part in ["selection.json", "`one in 2`", name, "the same curator"] {
            assert!(error.contains(part), "{error}");
        }
    }
    run_curated(&bench, &experiment, &curator, "stopped").unwrap();
    assert_same_artefacts(&bench.path("whole"), &stopped);
}

#[test]
fn decisions_that_make_no_sense_end_the_run() {
    let bench = Bench::new();
    let experiment = experiment(&bench, &[]);
    for (name, answer, parts) in [
        ("missing", Ok(vec![9_999_999]), &["`odd`", "9999999"][..]),
        ("unordered", Ok(vec![1, 0]), &["`odd`", "must ascend"]),
        (
            "failed",
            Err("no classifier".to_owned()),
            &["`odd`", "generation 1", "no classifier"],
        ),
        ("empty", Ok(vec![]), &["generation 2", "no token"]),
    ] {
        let error = run_curated(&bench, &experiment, &Odd(answer), name)
            .unwrap_err()
            .to_string();
        for part in parts {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }
}

/// The selection of generation 1 of a run that was stopped after it.
fn stopped(bench: &Bench) -> PathBuf {
    let mut observer = once(|event| matches!(event, Event::GenerationFinished { .. }));
    let curator = Sparse { every: 2 };
    let directory = bench.path("run");
    let experiment = experiment(bench, &[]);
    run_with(&experiment, &directory, equipment(&curator), &mut observer).unwrap();
    directory.join("generations/001/selection.json")
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_damaged_selection_is_refused_and_the_way_out_works() {
    for (from, to) in [
        ("[0,1],[2,3]", "[0,1],[3,4]"),
        ("one in 2", "one in 3"),
        ("[0,1]", "[0,1"),
    ] {
        let bench = Bench::new();
        let path = stopped(&bench);
        replace(&path, from, to);
        let run = Run::open(&bench.path("run")).unwrap();
        let experiment = experiment(&bench, &["generations=2"]);
        let resumed = run_curated(&bench, &experiment, &Sparse { every: 2 }, "run");
        for error in [run.pool(1).unwrap_err(), resumed.unwrap_err()] {
            let error = error.to_string();
            for part in ["selection.json is damaged", "generations/001"] {
                assert!(error.contains(part), "{error}");
            }
        }
        fs::remove_dir_all(bench.path("run/generations/001")).unwrap();
        run_curated(&bench, &experiment, &Sparse { every: 2 }, "run").unwrap();
    }
}
