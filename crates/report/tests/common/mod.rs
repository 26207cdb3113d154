//! Small runs of n-gram models, which take a fraction of a second.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use autophage_lab::{Event, Experiment, run};

/// A directory with a corpus, and room for runs.
pub(crate) struct Bench {
    pub(crate) directory: tempfile::TempDir,
}

const EXPERIMENT: &str = r#"
name = "small"
generations = 4
[corpus]
path = "stories.jsonl"
validation = 0.3
[tokenizer]
kind = "bpe"
vocabulary = 300
[model]
kind = "ngram"
order = 2
[generation]
max_tokens = 60
[measure]
sample_tokens = 1000
contexts = 4
[[measure.probe]]
context = " there"
next = [" was", " were"]
"#;

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let names = ["Tom", "Lily", "Ben", "Mia", "Sam"];
        let things = ["a ball", "a dog", "two birds", "the sun"];
        let lines: String = (0..120)
            .map(|i| {
                let (name, thing) = (names[i % names.len()], things[i % things.len()]);
                let verb = if thing == "two birds" { "were" } else { "was" };
                let more = "It was fun. ".repeat(i % 5);
                let story = format!("One day there {verb} {thing}. {more}{name} saw it {i} times.");
                format!("{{\"text\": {story:?}}}\n")
            })
            .collect();
        fs::write(directory.path().join("stories.jsonl"), lines).unwrap();
        Self { directory }
    }

    /// Makes the run of this name, with these settings.
    pub(crate) fn run(&self, name: &str, settings: &[&str]) -> PathBuf {
        let settings: Vec<String> = settings.iter().map(|&text| text.to_owned()).collect();
        let path = self.directory.path().join("small.toml");
        let experiment = Experiment::from_toml(EXPERIMENT, &path, &settings).unwrap();
        let directory = self.directory.path().join(name);
        let mut observer = |_: &Event<'_>| ControlFlow::Continue(());
        run(&experiment, &directory, &mut observer).unwrap();
        directory
    }
}
