//! A small corpus and small experiments.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use autophage_lab::{Event, Experiment, LabError, Outcome, run};

/// A directory with a corpus, and room for runs.
pub(crate) struct Bench {
    pub(crate) directory: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let names = ["Tom", "Lily", "Ben", "Mia", "Sam"];
        let things = ["a ball", "a dog", "two birds", "the sun"];
        let story = |i: usize| {
            let (name, thing) = (names[i % names.len()], things[i % things.len()]);
            let verb = if thing == "two birds" { "were" } else { "was" };
            format!(
                "One day there {verb} {thing}. {name} saw it {} times and said hello to it.",
                i % 7
            )
        };
        let lines: String = (0..80)
            .map(|i| format!("{{\"text\": {:?}}}\n", story(i)))
            .collect();
        fs::write(directory.path().join("stories.jsonl"), lines).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A small experiment with three generations of a very small network.
    pub(crate) fn experiment(&self, overrides: &[&str]) -> Experiment {
        self.try_experiment(overrides).unwrap()
    }

    pub(crate) fn try_experiment(&self, overrides: &[&str]) -> Result<Experiment, LabError> {
        let text = r#"
            name = "small"
            generations = 3
            [corpus]
            path = "stories.jsonl"
            validation = 0.1
            [tokenizer]
            kind = "bpe"
            vocabulary = 300
            [model]
            hidden = 8
            layers = 2
            heads = 2
            window = 8
            [training]
            context = 16
            sequences_per_step = 8
            learning_rate = 1e-2
            epochs = 1
            [generation]
            max_tokens = 24
            [measure]
            sample_tokens = 500
            contexts = 5
            [[measure.probe]]
            context = " there"
            next = [" was", " were"]
        "#;
        let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
        Ok(Experiment::from_toml(
            text,
            &self.path("small.toml"),
            &overrides,
        )?)
    }

    /// Runs without looking on.
    pub(crate) fn run(&self, experiment: &Experiment, name: &str) -> Result<Outcome, LabError> {
        run(experiment, &self.path(name), &mut never())
    }
}

/// An observer that never breaks off.
pub(crate) fn never() -> impl FnMut(&Event<'_>) -> ControlFlow<()> {
    |_: &Event<'_>| ControlFlow::Continue(())
}

/// An observer that breaks off at the first event that `when` accepts.
pub(crate) fn once(
    mut when: impl FnMut(&Event<'_>) -> bool,
) -> impl FnMut(&Event<'_>) -> ControlFlow<()> {
    move |event: &Event<'_>| match when(event) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// The contents of every file below `directory`, those aside that tell of times.
pub(crate) fn artefacts(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn visit(root: &Path, directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                visit(root, &path, files);
            } else if !["timing.json", "status.json", "run.json", "lock"].contains(&name) {
                let key = path.strip_prefix(root).unwrap().to_owned();
                files.insert(key, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    visit(directory, directory, &mut files);
    files
}

/// Asserts that two runs hold the same files with the same contents.
pub(crate) fn assert_same_artefacts(left: &Path, right: &Path) {
    let (left, right) = (artefacts(left), artefacts(right));
    assert!(
        left.keys().eq(right.keys()),
        "{:?} and {:?}",
        left.keys(),
        right.keys()
    );
    for (path, contents) in &left {
        assert!(*contents == right[path], "{} differs", path.display());
    }
}
