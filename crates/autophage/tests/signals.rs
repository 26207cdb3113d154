//! Signals end a run in every stage, soon and with word of what is kept; the same command goes on.
#![cfg(unix)]

mod common;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Bench, story};
use serde_json::Value;

/// The program ends within two seconds, 1.5 of which it waits; a busy machine gets more.
const SOON: Duration = Duration::from_secs(6);

/// Long enough for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A corpus and a network with which every stage lasts: each computes in plain loops.
fn bench() -> Bench {
    let bench = Bench::new();
    let lines: String = (0..4000)
        .map(|i| format!("{{\"text\": {:?}}}\n", story(i)))
        .collect();
    bench.write("many.jsonl", lines);
    bench
}

const SLOW: [&str; 12] = [
    "run",
    "network.toml",
    "--set",
    "corpus.path=many.jsonl",
    "--set",
    "corpus.validation=0.4",
    "--set",
    "compute.backend=reference",
    "--set",
    "corpus.tokens=20000",
    "--out",
    "run",
];

/// A process that does not outlive its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run in progress.
struct Running {
    process: Process,
    bench: Bench,
}

impl Running {
    fn start(bench: Bench, arguments: &[&str]) -> Self {
        let mut command = bench.command(arguments);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            process: Process(child),
            bench,
        }
    }

    /// Waits until the run says that it is in a stage of a generation.
    fn wait_for(&mut self, stage: &str, generation: u32) {
        let began = Instant::now();
        loop {
            let status = std::fs::read(self.bench.path("run/status.json")).unwrap_or_default();
            let status: Value = serde_json::from_slice(&status).unwrap_or_default();
            if status["stage"] == stage && status["generation"] == generation {
                return;
            }
            assert_eq!(
                self.process.0.try_wait().unwrap(),
                None,
                "ended before {stage}"
            );
            assert!(began.elapsed() < PATIENCE, "never in {stage}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends signals, one right after the other.
    fn send(&self, signals: &[&str]) {
        let sent = Command::new("sh")
            .args(["-c", r#"for signal; do kill -s "$signal" "$0"; done"#])
            .arg(self.process.0.id().to_string())
            .args(signals)
            .status();
        assert!(sent.unwrap().success());
    }

    /// The exit status, and what was said on standard error.
    fn end(mut self) -> (Bench, Option<i32>, String) {
        let mut said = String::new();
        let mut err = self.process.0.stderr.take().unwrap();
        err.read_to_string(&mut said).unwrap();
        (self.bench, self.process.0.wait().unwrap().code(), said)
    }
}

#[test]
fn a_signal_ends_a_run_in_every_stage_and_the_same_command_goes_on() {
    let mut bench = bench();
    let whole = [&SLOW[..11], &["whole"]].concat();
    bench.succeed(&whole);

    for (stage, generation, signal, number, kept) in [
        ("tokenize", 0, "INT", 2, "no generation of run is finished"),
        ("train", 1, "TERM", 15, "no generation of run is finished"),
        ("generate", 1, "HUP", 1, "no generation of run is finished"),
        ("measure", 1, "INT", 2, "no generation of run is finished"),
        ("train", 2, "INT", 2, "generation 1 of run is kept"),
    ] {
        let mut running = Running::start(bench, &SLOW);
        running.wait_for(stage, generation);
        let sent = Instant::now();
        running.send(&[signal]);
        let (left, status, said) = running.end();
        assert!(sent.elapsed() < SOON, "{stage}: {:?}", sent.elapsed());
        assert_eq!(status, Some(128 + number), "{stage}: {said}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("interrupted: "), "{stage}: {said}");
        assert!(last.contains(kept), "{stage}: {said}");
        assert!(last.contains("the same command goes on"), "{stage}: {said}");
        assert_eq!(said.matches("interrupted").count(), 1, "{said}");
        bench = left;
    }
    bench.succeed(&SLOW);
    assert_eq!(
        bench.files("run").keys().collect::<Vec<_>>(),
        bench.files("whole").keys().collect::<Vec<_>>()
    );
    for (path, contents) in bench.files("whole") {
        assert!(
            bench.files("run")[&path] == contents,
            "{} differs",
            path.display()
        );
    }
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let mut running = Running::start(bench(), &SLOW);
    running.wait_for("train", 1);
    running.send(&["INT", "TERM"]);
    let (_, status, said) = running.end();
    assert_eq!(status, Some(143), "{said}");
    // It did not take the time to say anything.
    assert!(!said.contains("interrupted"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_ignores_the_hangup_outlives_its_terminal() {
    let bench = Bench::new();
    let mut command = Command::new("nohup");
    let program = bench.command(&[]);
    command
        .arg(program.get_program())
        .args(["run", "network.toml", "--out", "run"])
        .args(["--set", "generations=5"])
        .current_dir(bench.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut running = Running {
        process: Process(command.spawn().unwrap()),
        bench,
    };
    running.wait_for("train", 1);
    running.send(&["HUP"]);
    let (bench, status, said) = running.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(bench.path("run/generations/005").is_dir());
}
