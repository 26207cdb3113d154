//! `autophage bench`: what it prints, and what it refuses.

mod common;

use common::Bench;

#[test]
fn rates_as_a_table_of_eighty_columns_and_as_json() {
    let bench = Bench::new();
    let quick = ["bench", "--quick", "--models", "demo", "--threads", "2"];
    let out = bench.succeed(&quick);
    for words in [
        "2 threads",
        "ceilings",
        "train",
        "sample",
        "score",
        "linear",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    for line in out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let json = bench.json(&[&quick[..], &["--isa", "portable", "--json"]].concat());
    assert_eq!(json["version"], 1);
    assert_eq!(json["machine"]["isa"], "portable");
    assert_eq!(json["models"][0]["name"], "demo");
}

#[test]
fn models_and_instruction_sets_that_do_not_exist() {
    let bench = Bench::new();
    bench.refuse(
        2,
        &["bench", "--models", "demo,7b"],
        &["`7b`", "`demo`", "`1m`", "`33m`"],
    );
    bench.refuse(
        2,
        &["bench", "--isa", "sse9"],
        &["unknown instruction set `sse9`", "`portable`"],
    );
    bench.refuse(
        2,
        &["bench", "--tasks", "train,dream"],
        &["unknown task `dream`", "`score`"],
    );
    bench.refuse(
        2,
        &["bench", "--precision", "fp8"],
        &["unknown precision `fp8`", "`bf16`"],
    );
    let mut command = bench.command(&["bench", "--models", "demo"]);
    let answer = common::Answer::of(command.env("AUTOPHAGE_ISA", "sse9"));
    assert_eq!(answer.status, Some(2), "{}", answer.err);
    assert!(answer.err.contains("sse9"), "{}", answer.err);
}

#[test]
fn estimates_of_a_network_and_of_counts() {
    let bench = Bench::new();
    for file in ["network.toml", "ngram.toml"] {
        let out = bench.succeed(&["bench", "--estimate", file]);
        for words in ["train", "generate", "measure", "memory", "disk", "Between"] {
            assert!(out.contains(words), "{words}: {out}");
        }
        let json = bench.json(&["bench", "--estimate", file, "--json"]);
        assert_eq!(json["version"], 1);
        assert_eq!(json["corpus"]["exact"], true);
        let seconds = |key: &str| json[key].as_f64().unwrap();
        assert!(0.0 < seconds("low_seconds"));
        assert!(seconds("low_seconds") < seconds("total_seconds"));
        assert!(seconds("total_seconds") < seconds("high_seconds"));
        assert!(!bench.path("runs").exists(), "an estimate writes nothing");
    }
    let grown = [
        "bench",
        "--estimate",
        "ngram.toml",
        "--set",
        "paradigm.kind=accumulate",
        "--json",
    ];
    let json = bench.json(&grown);
    let tokens = |key: &str| json[key].as_u64().unwrap();
    assert_eq!(
        tokens("last_training_tokens"),
        3 * tokens("first_training_tokens")
    );
}

#[test]
fn estimates_that_cannot_be_made() {
    let bench = Bench::new();
    bench.refuse(2, &["bench", "--estimate", "dmo"], &["demo"]);
    bench.refuse(
        2,
        &[
            "bench",
            "--estimate",
            "network.toml",
            "--set",
            "compute.backend=reference",
        ],
        &["compute.backend=cpu"],
    );
    bench.refuse(
        1,
        &[
            "bench",
            "--estimate",
            "network.toml",
            "--set",
            "corpus.path=none.jsonl",
        ],
        &["none.jsonl"],
    );
}
