//! Everything that can be wrong with a run gets an error that says what, where, and what to do.

mod common;

use std::fs;

use autophage_lab::{Event, LabError, Run, run};
use common::{Bench, once};

fn refused(result: Result<impl Sized, LabError>, fragments: &[&str]) {
    let error = result.err().expect("must be refused").to_string();
    for fragment in fragments {
        assert!(error.contains(fragment), "{fragment:?} is not in: {error}");
    }
}

/// A run with one finished generation.
fn stopped(bench: &Bench) {
    let mut observer = once(|event| matches!(event, Event::GenerationFinished { .. }));
    run(&bench.experiment(&[]), &bench.path("run"), &mut observer).unwrap();
}

#[test]
fn another_experiment_in_the_directory_is_named_by_its_keys() {
    let bench = Bench::new();
    stopped(&bench);
    let other = bench.experiment(&["seed=9", "training.learning_rate=0.5", "compute.threads=1"]);
    refused(
        bench.run(&other, "run"),
        &[
            "seed is 1 there and 9 here",
            "training.learning_rate is 0.01",
            "choose another directory",
        ],
    );
}

#[test]
fn directories_that_are_no_runs_are_left_alone() {
    let bench = Bench::new();
    let experiment = bench.experiment(&[]);
    fs::create_dir(bench.path("photos")).unwrap();
    fs::write(bench.path("photos/cat.jpg"), b"cat").unwrap();
    refused(
        bench.run(&experiment, "photos"),
        &["photos", "cat.jpg", "not a run"],
    );
    assert_eq!(fs::read_dir(bench.path("photos")).unwrap().count(), 1);
    refused(
        bench.run(&experiment, "stories.jsonl/run"),
        &["stories.jsonl/run"],
    );
    refused(
        Run::open(&bench.path("photos")),
        &["photos", "experiment.toml"],
    );
    refused(Run::open(&bench.path("nowhere")), &["nowhere"]);
}

#[test]
fn nothing_is_written_where_something_is_wrong_beforehand() {
    let bench = Bench::new();
    fs::write(bench.path("empty.jsonl"), b"").unwrap();
    fs::write(bench.path("config.json"), b"{}").unwrap();
    let pretrained = format!("model.pretrained={}", bench.directory.path().display());
    for (overrides, fragment) in [
        (
            vec!["corpus.path=/nowhere/stories.jsonl"],
            "/nowhere/stories.jsonl",
        ),
        (
            vec!["tokenizer.kind=file", "tokenizer.path=/nowhere/t.json"],
            "/nowhere/t.json",
        ),
    ] {
        refused(bench.run(&bench.experiment(&overrides), "run"), &[fragment]);
        assert!(!bench.path("run").exists(), "{overrides:?}");
    }
    let text = format!("[corpus]\npath = {:?}\n", bench.path("stories.jsonl"));
    let read = |overrides: &[String]| {
        autophage_lab::Experiment::from_toml(&text, &bench.path("x.toml"), overrides)
    };
    // Without a kind the family is looked up, and the directory does not say it.
    let error = read(std::slice::from_ref(&pretrained)).unwrap_err();
    assert!(error.to_string().contains("has no model_type"), "{error}");
    // With a family, and nothing but that in config.json.
    fs::write(bench.path("config.json"), br#"{"model_type": "gpt_neo"}"#).unwrap();
    let experiment = read(&[pretrained, "model.kind=gpt-neo".to_owned()]).unwrap();
    refused(
        bench.run(&experiment, "run"),
        &["model.pretrained", "config.json"],
    );
    assert!(!bench.path("run").exists());
    let mut experiment = bench.experiment(&[]);
    experiment.corpus.path = bench.path("empty.jsonl").display().to_string();
    refused(bench.run(&experiment, "run"), &["empty.jsonl"]);
}

#[test]
fn a_tokenizer_that_is_not_the_models_is_refused() {
    let bench = Bench::new();
    bench
        .run(&bench.experiment(&["generations=1"]), "run")
        .unwrap();
    let overrides = [
        format!(
            "model.pretrained={}",
            bench.path("run/generations/001").display()
        ),
        "tokenizer.kind=gpt2".to_owned(),
    ];
    let text = format!(
        "[corpus]\npath = {:?}\n[training]\ncontext = 16\n",
        bench.path("stories.jsonl")
    );
    let experiment =
        autophage_lab::Experiment::from_toml(&text, &bench.path("x.toml"), &overrides).unwrap();
    refused(
        bench.run(&experiment, "other"),
        &["tokenizer", "50257", "model.pretrained"],
    );
    let overrides = [
        format!(
            "model.pretrained={}",
            bench.path("run/generations/001").display()
        ),
        "tokenizer.kind=file".to_owned(),
        format!(
            "tokenizer.path={}",
            bench.path("run/tokenizer/tokenizer.json").display()
        ),
        "training.context=17".to_owned(),
    ];
    let experiment =
        autophage_lab::Experiment::from_toml(&text, &bench.path("x.toml"), &overrides).unwrap();
    refused(
        bench.run(&experiment, "other"),
        &["training.context", "17", "at most 16"],
    );
}

#[test]
fn a_run_is_worked_on_by_one_process_at_a_time() {
    let bench = Bench::new();
    let experiment = bench.experiment(&["generations=1"]);
    let mut tried = 0;
    let mut observer = once(|event| {
        if matches!(event, Event::StageStarted { .. }) {
            refused(
                bench.run(&experiment, "run"),
                &["in use by another process"],
            );
            assert!(Run::open(&bench.path("run")).unwrap().is_in_progress());
            tried += 1;
        }
        false
    });
    run(&experiment, &bench.path("run"), &mut observer).unwrap();
    drop(observer);
    assert_eq!(tried, 4);
}

#[test]
fn damaged_artefacts_are_found_and_the_way_out_works() {
    for (file, remedy) in [
        ("generations/001/model.safetensors", "generations/001"),
        ("generations/001/corpus.bin", "generations/001"),
        ("generations/001/metrics.json", "generations/001"),
        ("tokens/train.bin", "remove"),
        ("tokenizer/tokenizer.json", "remove"),
    ] {
        let bench = Bench::new();
        stopped(&bench);
        let path = bench.path("run").join(file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let experiment = bench.experiment(&["generations=2"]);
        refused(bench.run(&experiment, "run"), &[file, "is damaged", remedy]);
        fs::remove_file(&path).unwrap();
        refused(bench.run(&experiment, "run"), &[file]);
        if remedy == "remove" {
            fs::remove_dir_all(bench.path("run")).unwrap();
        } else {
            fs::remove_dir_all(bench.path("run").join(remedy)).unwrap();
        }
        bench.run(&experiment, "run").unwrap();
        bench.run(&experiment, "whole").unwrap();
        common::assert_same_artefacts(&bench.path("run"), &bench.path("whole"));
    }
}

#[test]
fn readers_are_told_of_damage_too() {
    let bench = Bench::new();
    stopped(&bench);
    let read = Run::open(&bench.path("run")).unwrap();
    let weights = bench.path("run/generations/001/model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() - 1]).unwrap();
    refused(
        read.model(1),
        &["model.safetensors", "damaged", "run the same command again"],
    );
    fs::write(bench.path("run/generations/001/metrics.json"), b"{}").unwrap();
    refused(read.metrics(1), &["metrics.json", "damaged"]);
    refused(read.model(2), &["no generation 2"]);
}

#[test]
fn formats_of_other_versions_are_refused() {
    let bench = Bench::new();
    stopped(&bench);
    let path = bench.path("run/run.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("\"format_version\":1", "\"format_version\":2"),
    )
    .unwrap();
    refused(
        Run::open(&bench.path("run")),
        &["run.json", "version 2", "version 1"],
    );
    refused(bench.run(&bench.experiment(&[]), "run"), &["version 2"]);
}

#[test]
fn sizes_that_cannot_be_had_are_refused_before_training() {
    let bench = Bench::new();
    for (overrides, fragments) in [
        (
            &["corpus.tokens=1000000"][..],
            &["corpus.tokens", "1000000"][..],
        ),
        (
            &["generation.tokens=10"],
            &["generation.tokens", "generation 2"],
        ),
        (
            &[
                "corpus.tokens=1500",
                "paradigm.kind=fresh-share",
                "paradigm.share=0.9",
                "generations=9",
            ],
            &["corpus.tokens", "fresh", "fewer generations"],
        ),
        (
            &[
                "training.tokens=1000000",
                "paradigm.kind=fixed-share",
                "paradigm.share=0.5",
            ],
            &["training.tokens", "real tokens"],
        ),
    ] {
        let mut trained = false;
        let mut observer = once(|event| {
            trained |= matches!(event, Event::Progress { loss: Some(_), .. });
            false
        });
        let name = format!("{overrides:?}").replace(['/', '"'], "");
        let result = run(
            &bench.experiment(overrides),
            &bench.path(&name),
            &mut observer,
        );
        refused(result, fragments);
        drop(observer);
        assert!(!trained);
    }
}
