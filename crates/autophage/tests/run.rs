//! `autophage run`: what it prints and where, and that a run is the same however it came about.

mod common;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use common::{Answer, Bench};

const RUN: [&str; 4] = ["run", "network.toml", "--out", "run"];

#[test]
fn the_table_goes_to_stdout_and_progress_to_stderr() {
    let bench = Bench::new();
    let answer = bench.call(&RUN);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    for word in ["perplexity", "there→was", "distinct-2", "real text"] {
        assert!(answer.out.contains(word), "{}", answer.out);
    }
    assert!(!answer.err.contains("there→was"), "{}", answer.err);
    assert!(answer.out.contains("gen. 1"), "{}", answer.out);
    assert!(answer.out.contains("gen. 2"), "{}", answer.out);
    for line in ["generation 1 of 2", "generation 2 of 2", "tokens/s"] {
        assert!(answer.err.contains(line), "{}", answer.err);
    }
    for file in ["experiment.toml", "metrics.jsonl", "generations/002"] {
        assert!(answer.out.contains(file), "{}", answer.out);
        assert!(bench.path("run").join(file).exists(), "{file}");
    }
    for text in [&answer.out, &answer.err] {
        assert!(!text.contains(['\x1b', '\r']), "{text:?}");
    }
}

#[test]
fn json_is_all_metrics() {
    let bench = Bench::new();
    let metrics = bench.json(&[&RUN[..], &["--json"]].concat());
    let metrics = metrics.as_array().unwrap();
    assert_eq!(metrics.len(), 2);
    for (index, entry) in metrics.iter().enumerate() {
        assert_eq!(entry["generation"], index + 1);
        assert!(entry["perplexity"]["perplexity"].as_f64().unwrap() > 1.0);
    }
    let lines = fs::read_to_string(bench.path("run/metrics.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(&lines, metrics);
}

#[test]
fn the_same_command_again_changes_nothing_and_says_so() {
    let bench = Bench::new();
    let first = bench.call(&RUN);
    let before = bench.files("run");
    let again = bench.call(&RUN);
    assert_eq!(again.status, Some(0), "{}", again.err);
    assert_eq!(bench.files("run"), before);
    assert_eq!(table(&again.out), table(&first.out));
    assert!(again.err.contains("generation 2"), "{}", again.err);
    assert!(again.err.contains("on disk"), "{}", again.err);
    assert!(!again.err.contains("tokens/s"), "{}", again.err);
}

#[test]
fn more_generations_go_on_from_the_last() {
    let bench = Bench::new();
    bench.succeed(&RUN);
    let more = [&RUN[..], &["--set", "generations=3"]].concat();
    let answer = bench.call(&more);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    assert!(answer.err.contains("after generation 2"), "{}", answer.err);

    let whole = Bench::new();
    whole.succeed(&more);
    assert_eq!(
        bench.files("run/generations"),
        whole.files("run/generations")
    );
    bench.refuse(1, &RUN, &["3 finished", "at least 3"]);
}

/// Killed at different moments, a run ends as one that was left alone.
#[test]
fn a_killed_run_goes_on_to_the_same_result() {
    let whole = Bench::new();
    whole.succeed(&[&RUN[..], &["--set", "generations=6"]].concat());
    for delay in [0, 30] {
        let bench = Bench::new();
        let command = [&RUN[..], &["--set", "generations=6"]].concat();
        let mut child = bench
            .command(&command)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !bench.path("run/generations/001").exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!bench.path("run/generations/006").exists());
        bench.succeed(&command);
        let (killed, uninterrupted) = (bench.files("run"), whole.files("run"));
        assert_eq!(
            killed.keys().collect::<Vec<_>>(),
            uninterrupted.keys().collect::<Vec<_>>()
        );
        for (name, content) in &uninterrupted {
            if name.as_os_str() != "experiment.toml" {
                assert!(&killed[name] == content, "{} differs", name.display());
            }
        }
    }
}

/// The part of the output that does not tell the time.
fn table(out: &str) -> &str {
    out.split("generations took").next().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_table_and_another_seed_another() {
    let outputs: Vec<String> = ["1", "1", "2"]
        .iter()
        .map(|seed| {
            let seed = format!("seed={seed}");
            Bench::new().succeed(&[&RUN[..], &["--set", &seed]].concat())
        })
        .collect();
    assert_eq!(table(&outputs[0]), table(&outputs[1]));
    assert_ne!(table(&outputs[0]), table(&outputs[2]));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let metrics: Vec<String> = ["1", "2"]
        .iter()
        .map(|threads| {
            let bench = Bench::new();
            let threads = format!("compute.threads={threads}");
            bench.succeed(&[&RUN[..], &["--set", &threads]].concat());
            fs::read_to_string(bench.path("run/metrics.jsonl")).unwrap()
        })
        .collect();
    assert_eq!(metrics[0], metrics[1]);
}

#[test]
fn portable_instructions_are_enough() {
    let bench = Bench::new();
    let answer = Answer::of(bench.command(&RUN).env("AUTOPHAGE_ISA", "portable"));
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    assert!(answer.out.contains("perplexity"));
}

#[test]
fn a_dry_run_prints_an_experiment_that_says_the_same() {
    let bench = Bench::new();
    let text = bench.succeed(&["run", "network.toml", "--dry-run", "--set", "seed=7"]);
    assert!(text.contains("seed = 7"), "{text}");
    assert!(text.contains("temperature"), "{text}");
    bench.write("explicit.toml", &text);
    assert_eq!(bench.succeed(&["run", "explicit.toml", "--dry-run"]), text);
    assert!(!bench.path("runs").exists());
}

#[test]
fn without_an_out_directory_the_run_is_below_runs() {
    let bench = Bench::new();
    bench.succeed(&["run", "ngram.toml"]);
    assert!(bench.path("runs/counts/metrics.jsonl").exists());
}
