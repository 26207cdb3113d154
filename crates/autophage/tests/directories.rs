//! Directories that are not what a command needs, and files in them that were damaged.

mod common;

use std::fs;

use common::Bench;

const RUN: [&str; 4] = ["run", "ngram.toml", "--out", "run"];

#[test]
fn an_out_directory_that_cannot_be_made() {
    let bench = Bench::new();
    for out in ["stories.jsonl", "stories.jsonl/run"] {
        bench.refuse(1, &["run", "ngram.toml", "--out", out], &[out]);
        let tokenize = ["tokenize", "stories.jsonl", "--tokenizer", "bpe", "--out"];
        bench.refuse(1, &[&tokenize[..], &[out]].concat(), &[out]);
    }
}

#[test]
fn an_out_directory_that_is_no_run() {
    let bench = Bench::new();
    fs::create_dir(bench.path("run")).unwrap();
    bench.write("run/notes.txt", "mine");
    bench.refuse(1, &RUN, &["not a run", "notes.txt", "new or empty"]);
    assert_eq!(bench.files("run").len(), 1);
    bench.refuse(1, &["status", "run"], &["not a run", "experiment.toml"]);
    bench.refuse(1, &["status", "nowhere"], &["not a run"]);
}

#[test]
fn an_out_directory_with_another_experiment() {
    let bench = Bench::with_run();
    let before = bench.files("run");
    bench.refuse(
        1,
        &[&RUN[..], &["--set", "seed=2", "--set", "model.order=2"]].concat(),
        &[
            "another experiment",
            "seed is 1 there and 2 here",
            "model.order is 3 there and 2 here",
        ],
    );
    assert_eq!(bench.files("run"), before);
}

#[test]
fn a_corrected_experiment_may_follow_where_nothing_was_made_yet() {
    let bench = Bench::new();
    bench.refuse(
        1,
        &[&RUN[..], &["--set", "corpus.field=story"]].concat(),
        &["\"story\""],
    );
    bench.succeed(&RUN);
}

/// Cuts `file` of a finished run to `length` bytes and asks for one generation more.
#[track_caller]
fn refuse_to_go_on(file: &str, length: u64, words: &[&str]) {
    let bench = Bench::with_run();
    bench.truncate(file, length);
    let before = bench.files("run");
    let command = [&RUN[..], &["--set", "generations=4"]].concat();
    bench.refuse(1, &command, &[&[file, "damaged"], words].concat());
    let after = bench.files("run");
    for (name, content) in &before {
        if name.as_os_str() != "experiment.toml" {
            assert!(&after[name] == content, "{}", name.display());
        }
    }
    assert!(!bench.path("run/generations/004").exists());
}

#[test]
fn a_damaged_model_of_a_run() {
    refuse_to_go_on(
        "run/generations/003/ngram.bin",
        100,
        &["remove run/generations/003", "made anew"],
    );
}

#[test]
fn a_damaged_corpus_of_a_generation() {
    refuse_to_go_on(
        "run/generations/002/corpus.bin",
        100,
        &["remove run/generations/002", "made anew"],
    );
}

#[test]
fn a_damaged_token_store_of_a_run() {
    refuse_to_go_on("run/tokens/train.bin", 100, &["remove run and run again"]);
}

#[test]
fn a_damaged_record_of_a_run() {
    let bench = Bench::with_run();
    bench.truncate("run/generations/002/metrics.json", 50);
    let answer = bench.call(&["status", "run"]);
    assert_eq!(answer.status, Some(1));
    for words in ["metrics.json", "damaged", "made anew"] {
        assert!(answer.err.contains(words), "{}", answer.err);
    }
    bench.truncate("run/run.json", 20);
    bench.refuse(1, &["status", "run"], &["run.json", "damaged"]);
}

#[test]
fn a_generation_that_was_removed_is_made_anew_and_is_the_same() {
    let bench = Bench::with_run();
    let before = bench.files("run");
    bench.truncate("run/generations/003/ngram.bin", 10);
    fs::remove_dir_all(bench.path("run/generations/003")).unwrap();
    bench.succeed(&RUN);
    assert!(bench.files("run") == before);
}

#[test]
fn a_damaged_weight_file_outside_a_run() {
    let bench = Bench::new();
    bench.succeed(&["run", "network.toml", "--out", "run"]);
    let weights = "run/generations/001/model.safetensors";
    bench.truncate(weights, 1000);
    for model in ["run/generations/001", "run@1"] {
        bench.refuse(1, &["generate", model], &[weights, "damaged"]);
    }
    fs::remove_file(bench.path(weights)).unwrap();
    bench.refuse(
        1,
        &["generate", "run/generations/001"],
        &["run/generations/001"],
    );
}

#[test]
fn a_damaged_token_store_outside_a_run() {
    let bench = Bench::new();
    let tokenize = ["tokenize", "stories.jsonl", "--tokenizer", "bpe"];
    bench.succeed(&[&tokenize[..], &["--vocabulary", "300", "--out", "tokens"]].concat());
    let store = "tokens/train.bin";
    bench.truncate(store, 100);
    let err = bench.refuse(1, &["count", store, " a"], &[store, "damaged", "100 bytes"]);
    assert!(err.contains("make it again"), "{err}");
    fs::remove_file(bench.path("tokens/train.index")).unwrap();
    bench.refuse(
        1,
        &["count", store, " a"],
        &["incomplete", "train.index", "tokenize"],
    );
}

#[test]
fn a_tokenizer_that_does_not_belong_to_the_pretrained_model() {
    let bench = Bench::new();
    bench.succeed(&["run", "network.toml", "--out", "run"]);
    let sizes = "hidden = 16\nlayers = 2\nheads = 2\nwindow = 8";
    assert!(common::NETWORK.contains(sizes));
    let pretrained = common::NETWORK.replace(sizes, "pretrained = \"run/generations/001\"");
    bench.write("pretrained.toml", pretrained);
    let command = ["run", "pretrained.toml", "--out"];
    bench.refuse(
        2,
        &[
            &command[..],
            &["other", "--set", "tokenizer.vocabulary=280"],
        ]
        .concat(),
        &["tokenizer", "280", "model.pretrained", "300"],
    );
    assert!(!bench.path("other/generations").exists());
    bench.succeed(&[&command[..], &["same"]].concat());
    bench.refuse(
        2,
        &[&command[..], &["sizes", "--set", "model.layers=3"]].concat(),
        &["model.layers", "leave it out"],
    );
    bench.refuse(
        2,
        &[
            &command[..],
            &["none", "--set", "model.pretrained=\"nowhere\""],
        ]
        .concat(),
        &["model.pretrained", "nowhere"],
    );
}

#[test]
fn tokens_of_another_tokenizer() {
    let bench = Bench::with_run();
    let tokenize = ["tokenize", "stories.jsonl", "--tokenizer", "bpe"];
    bench.succeed(&[&tokenize[..], &["--vocabulary", "280", "--out", "other"]].concat());
    bench.refuse(
        1,
        &["perplexity", "run@1", "other/train.bin"],
        &["other/train.bin", "another tokenizer", "280", "300"],
    );
}

#[test]
fn models_that_are_not_there() {
    let bench = Bench::with_run();
    for (status, model, words) in [
        (1, "run@99", ["no generation 99", "3 are finished"]),
        (2, "run@last", ["\"last\"", "RUN@3"]),
        (2, "run", ["is a run", "run@1"]),
        (1, "nowhere@1", ["nowhere", "not a run"]),
        (1, "nowhere", ["nowhere", "cannot read"]),
    ] {
        bench.refuse(status, &["generate", model], &words);
        bench.refuse(status, &["perplexity", model, "stories.jsonl"], &words);
    }
    bench.refuse(1, &["count", "run@99", " there"], &["no generation 99"]);
    bench.refuse(1, &["sample", "run", "--generation", "99"], &["99"]);
}
