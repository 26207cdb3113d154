//! Corpora, experiments and directories that are not right: what is said, and that nothing is left
//! behind.

mod common;

use std::fs;

use common::Bench;

/// Runs the n-gram experiment with `path` as its corpus, which must be refused; no run may be left
/// that could go on.
#[track_caller]
fn refuse_corpus(bench: &Bench, path: &str, settings: &[&str], words: &[&str]) {
    let path = format!("corpus.path={:?}", bench.path(path).to_str().unwrap());
    let mut arguments = vec!["run", "ngram.toml", "--out", "run", "--set", &path];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    bench.refuse(1, &arguments, words);
    assert!(!bench.path("run/metrics.jsonl").exists());
    assert!(!bench.path("run/tokens/train.bin").exists());
}

#[test]
fn a_corpus_that_is_not_there() {
    let bench = Bench::new();
    refuse_corpus(
        &bench,
        "missing.jsonl",
        &[],
        &["no corpus at", "missing.jsonl", "builtin:"],
    );
}

#[test]
fn an_empty_corpus() {
    let bench = Bench::new();
    bench.write("empty.jsonl", "");
    refuse_corpus(&bench, "empty.jsonl", &[], &["empty.jsonl", "no text"]);
}

#[test]
fn a_directory_without_corpus_files() {
    let bench = Bench::new();
    fs::create_dir(bench.path("texts")).unwrap();
    bench.write("texts/picture.png", "");
    refuse_corpus(
        &bench,
        "texts",
        &[],
        &["no corpus files in", "texts", ".jsonl", ".parquet"],
    );
}

#[test]
fn a_corpus_that_is_not_utf8() {
    let bench = Bench::new();
    bench.write("latin1.txt", b"na\xefve caf\xe9s\n\nare open");
    refuse_corpus(
        &bench,
        "latin1.txt",
        &["corpus.separator=blank-lines"],
        &["latin1.txt", "UTF-8", "iconv"],
    );
}

#[test]
fn a_line_that_is_not_json() {
    let bench = Bench::new();
    bench.write("broken.jsonl", "{\"text\": \"fine\"}\n{\"text\": \n");
    refuse_corpus(
        &bench,
        "broken.jsonl",
        &[],
        &["broken.jsonl", "2", "JSON object"],
    );
}

#[test]
fn a_field_that_is_not_there() {
    let bench = Bench::new();
    refuse_corpus(
        &bench,
        "stories.jsonl",
        &["corpus.field=story"],
        &["stories.jsonl", "\"story\"", "the fields are", "text"],
    );
}

#[test]
fn a_field_that_is_not_a_text() {
    let bench = Bench::new();
    bench.write("numbers.jsonl", "{\"text\": 5}\n");
    refuse_corpus(
        &bench,
        "numbers.jsonl",
        &[],
        &["numbers.jsonl", "\"text\"", "not a string"],
    );
}

#[test]
fn a_truncated_parquet_file() {
    let bench = Bench::new();
    bench.write("stories.parquet", b"PAR1\x15\x04\x15\x20\x15\x24L\x15\x04");
    refuse_corpus(
        &bench,
        "stories.parquet",
        &[],
        &["stories.parquet", "truncated"],
    );
}

#[test]
fn a_truncated_compressed_file() {
    let bench = Bench::new();
    bench.write("stories.jsonl.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\xff");
    refuse_corpus(
        &bench,
        "stories.jsonl.gz",
        &[],
        &["stories.jsonl.gz", "truncated"],
    );
}

#[test]
fn a_corpus_too_small_to_split() {
    let bench = Bench::new();
    bench.write("one.txt", "a single document");
    refuse_corpus(&bench, "one.txt", &[], &["split", "Set a separator"]);
}

/// Experiment files with one line that is wrong; the message has the file and the line.
#[track_caller]
fn refuse_experiment(from: &str, to: &str, words: &[&str]) {
    let bench = Bench::new();
    assert!(common::NETWORK.contains(from));
    bench.write("wrong.toml", common::NETWORK.replacen(from, to, 1));
    let err = bench.refuse(2, &["run", "wrong.toml", "--out", "run"], words);
    assert!(err.contains("wrong.toml"), "{err}");
    assert!(!bench.path("run").exists());
}

#[test]
fn an_unknown_key() {
    refuse_experiment(
        "learning_rate",
        "learnin_rate",
        &["training.learnin_rate", "did you mean `learning_rate`"],
    );
}

#[test]
fn an_unknown_section() {
    refuse_experiment("[training]", "[trainig]", &["trainig", "`training`"]);
}

#[test]
fn a_value_of_the_wrong_type() {
    refuse_experiment(
        "hidden = 16",
        "hidden = \"many\"",
        &["model.hidden", "\"many\"", "must be"],
    );
}

#[test]
fn a_negative_learning_rate() {
    refuse_experiment(
        "learning_rate = 1e-2",
        "learning_rate = -1e-2",
        &["training.learning_rate", "-0.01", "must be"],
    );
}

#[test]
fn a_context_of_nothing() {
    refuse_experiment(
        "context = 32",
        "context = 0",
        &["training.context", "0", "must be"],
    );
}

#[test]
fn heads_that_do_not_divide_the_width() {
    refuse_experiment("heads = 2", "heads = 3", &["heads", "3", "hidden", "16"]);
}

#[test]
fn a_word_that_is_not_known() {
    refuse_experiment(
        "kind = \"bpe\"",
        "kind = \"bpf\"",
        &["tokenizer.kind", "did you mean `bpe`"],
    );
}

#[test]
fn a_file_that_is_not_toml() {
    refuse_experiment("[model]", "[model", &["not TOML"]);
}

#[test]
fn an_override_that_is_not_one() {
    let bench = Bench::new();
    let run = ["run", "network.toml", "--dry-run", "--set"];
    bench.refuse(2, &[&run[..], &["seed"]].concat(), &["--set seed"]);
    bench.refuse(
        2,
        &[&run[..], &["training.epoch=2"]].concat(),
        &["training.epoch", "`epochs`"],
    );
}

#[test]
fn an_unknown_preset() {
    let bench = Bench::new();
    bench.refuse(
        2,
        &["run", "dem"],
        &["\"dem\"", "`demo`", "tinystories-33m", ".toml"],
    );
    bench.refuse(2, &["presets", "dem"], &["\"dem\"", "demo"]);
    bench.refuse(2, &["run", "dem.toml"], &["cannot read", "dem.toml"]);
    assert!(!bench.path("runs").exists());
}

#[test]
fn a_preset_without_its_corpus() {
    let bench = Bench::new();
    bench.refuse(
        2,
        &["run", "tinystories-1m"],
        &["corpus.path", "--set corpus.path="],
    );
    assert!(!bench.path("runs").exists());
}
