//! A directory with a small corpus and a small experiment, and the program to be called there.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod browser;
pub(crate) mod drawn;
pub(crate) mod server;
#[path = "../../../../tests/tools.rs"]
pub(crate) mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

/// Two generations of a small network on `stories.jsonl`, which trains in a fraction of a second.
pub(crate) const NETWORK: &str = r#"
name = "small"
generations = 2
[corpus]
path = "stories.jsonl"
validation = 0.1
[tokenizer]
kind = "bpe"
vocabulary = 300
[model]
hidden = 16
layers = 2
heads = 2
window = 8
[training]
context = 32
sequences_per_step = 8
learning_rate = 1e-2
epochs = 1
[generation]
max_tokens = 40
[measure]
sample_tokens = 1000
contexts = 5
[[measure.probe]]
context = " there"
next = [" was", " were"]
"#;

/// What makes an n-gram model of it.
pub(crate) const NGRAM: &str = r#"
name = "counts"
generations = 3
[corpus]
path = "stories.jsonl"
validation = 0.1
[tokenizer]
kind = "bpe"
vocabulary = 300
[model]
kind = "ngram"
order = 3
[generation]
max_tokens = 60
[measure]
sample_tokens = 1000
contexts = 5
[[measure.probe]]
context = " there"
next = [" was", " were"]
"#;

/// A directory of its own for one test.
pub(crate) struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    /// With `stories.jsonl`, `network.toml` and `ngram.toml`.
    pub(crate) fn new() -> Self {
        let bench = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let lines: String = (0..80)
            .map(|i| format!("{{\"text\": {:?}}}\n", story(i)))
            .collect();
        bench.write("stories.jsonl", lines);
        bench.write("network.toml", NETWORK);
        bench.write("ngram.toml", NGRAM);
        bench
    }

    /// The same with a finished run of n-gram models in `run`.
    pub(crate) fn with_run() -> Self {
        let bench = Self::new();
        bench.succeed(&["run", "ngram.toml", "--out", "run"]);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Cuts a file to its first `length` bytes.
    pub(crate) fn truncate(&self, name: &str, length: u64) {
        let file = fs::OpenOptions::new().write(true).open(self.path(name));
        file.unwrap().set_len(length).unwrap();
    }

    /// The program, to be called in this directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(cargo_bin!("autophage"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_remove("AUTOPHAGE_ISA")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    /// Calls the program and waits for it.
    pub(crate) fn call(&self, arguments: &[&str]) -> Answer {
        Answer::of(&mut self.command(arguments))
    }

    /// Calls the program, which must succeed, and returns what it printed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let answer = self.call(arguments);
        assert_eq!(answer.status, Some(0), "{arguments:?}: {}", answer.err);
        answer.out
    }

    /// Calls the program, which must succeed and print JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let out = self.succeed(arguments);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// Calls the program, which must fail with `status`, print nothing but a message, and say all
    /// of `words` in it.
    #[track_caller]
    pub(crate) fn refuse(&self, status: i32, arguments: &[&str], words: &[&str]) -> String {
        let answer = self.call(arguments);
        let err = answer.err;
        assert_eq!(answer.status, Some(status), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{err}");
        assert!(err.contains("error:"), "{err}");
        assert_eq!(answer.out, "", "{arguments:?}");
        for word in words {
            assert!(err.contains(word), "{word:?} is not in: {err}");
        }
        err
    }

    /// Every file of the directory `name` with its content, without those that tell the time.
    pub(crate) fn files(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.path(name);
        let mut files = BTreeMap::new();
        collect(&root, &root, &mut files);
        files
    }
}

/// Files that say when or how fast something happened, and the run's lock.
const OF_THE_MOMENT: [&str; 5] = [
    "timing.json",
    "status.json",
    "run.json",
    "report.html",
    "lock",
];

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if !OF_THE_MOMENT.contains(&path.file_name().unwrap().to_str().unwrap()) {
            let name = path.strip_prefix(root).unwrap().to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// What a call of the program gave.
pub(crate) struct Answer {
    /// `None` if a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    pub(crate) fn of(command: &mut std::process::Command) -> Self {
        let output = command.output().unwrap();
        Self {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The story of that number: "there was", seldom "there were".
pub(crate) fn story(i: usize) -> String {
    let names = ["Tom", "Lily", "Ben", "Mia", "Sam"];
    let things = ["a ball", "a dog", "two birds", "the sun"];
    let (name, thing) = (names[i % names.len()], things[i % things.len()]);
    let verb = if thing == "two birds" { "were" } else { "was" };
    format!(
        "One day there {verb} {thing}. {name} saw it {} times and said hello to it.",
        i % 7
    )
}
