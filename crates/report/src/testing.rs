//! Runs for the tests.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

use autophage_lab::{Event, Experiment};
use tempfile::TempDir;

use crate::{RunData, RunState};

const EXPERIMENT: &str = r#"
name = "small"
generations = 4
[corpus]
path = "stories.jsonl"
validation = 0.2
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
next = [" was", " were"]
[[measure.probe]]
context = "One"
next = [" day"]
"#;

/// Makes a run of n-gram models in a directory of its own.
pub(crate) fn make() -> (TempDir, RunData) {
    let directory = tempfile::tempdir().unwrap();
    let stories = directory.path().join("stories.jsonl");
    let lines: String = (0..60)
        .map(|i| {
            let verb = if i % 5 == 0 {
                "were two birds"
            } else {
                "was a dog"
            };
            format!(
                "{{\"text\": \"One day there {verb}. Tom saw it {} times.\"}}\n",
                i % 7
            )
        })
        .collect();
    std::fs::write(&stories, lines).unwrap();
    let text = EXPERIMENT.replace("stories.jsonl", stories.to_str().unwrap());
    let experiment = Experiment::from_toml(&text, Path::new("small.toml"), &[]).unwrap();
    let run = directory.path().join("run");
    let mut observer = |_: &Event<'_>| ControlFlow::Continue(());
    autophage_lab::run(&experiment, &run, &mut observer).unwrap();
    let data = RunData::read(&run).unwrap();
    (directory, data)
}

/// A finished run of four generations; its directory is gone.
pub(crate) fn run() -> RunData {
    static RUN: OnceLock<RunData> = OnceLock::new();
    RUN.get_or_init(|| make().1).clone()
}

/// A run with so many generations, its own four over and over.
pub(crate) fn long_run(generations: u32) -> RunData {
    let mut run = run();
    let own = run.generations.clone();
    run.generations = (0..generations)
        .map(|place| {
            let mut generation = own[place as usize % own.len()].clone();
            generation.number = place + 1;
            generation
        })
        .collect();
    run.experiment.generations = generations;
    run.state = RunState::Complete;
    run
}
