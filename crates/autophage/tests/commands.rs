//! The commands that look at a finished run, and those that work on models and texts by themselves.

mod common;

use std::fs;

use common::{Bench, story};
use serde_json::Value;

/// How often `what` stands in all stories.
fn in_all_stories(what: &str) -> u64 {
    (0..80).map(|i| story(i).matches(what).count() as u64).sum()
}

#[test]
fn status_shows_how_far_a_run_is() {
    let bench = Bench::with_run();
    let out = bench.succeed(&["status", "run"]);
    for words in ["counts (replace)", "3 of 3", "complete", "real text"] {
        assert!(out.contains(words), "{out}");
    }
    let json = bench.json(&["status", "run", "--json"]);
    assert_eq!(json["finished"], 3);
    assert_eq!(json["in_progress"], false);
    assert_eq!(json["metrics"].as_array().unwrap().len(), 3);
    fs::remove_dir_all(bench.path("run/generations/003")).unwrap();
    let out = bench.succeed(&["status", "run"]);
    assert!(out.contains("2 of 3") && out.contains("stopped"), "{out}");
}

#[test]
fn sample_shows_what_a_generation_wrote() {
    let bench = Bench::with_run();
    let out = bench.succeed(&["sample", "run"]);
    for generation in 1..=3 {
        assert!(out.contains(&format!("generation {generation}, document 0")));
    }
    let ask = ["sample", "run", "--generation", "2", "--count", "3"];
    let json = bench.json(&[&ask[..], &["--json"]].concat());
    let excerpts = json.as_array().unwrap();
    assert_eq!(excerpts.len(), 3);
    let out = bench.succeed(&ask);
    for excerpt in excerpts {
        assert!(
            out.contains(excerpt["text"].as_str().unwrap().trim_end()),
            "{out}"
        );
    }
    let short = bench.succeed(&["sample", "run", "--generation", "2", "--length", "3"]);
    assert!(short.contains("One …"), "{short}");
    bench.refuse(1, &["sample", "run", "--first", "5000"], &["document 5000"]);
}

#[test]
fn probe_stands_beside_the_truth() {
    let bench = Bench::with_run();
    let ask = [
        "probe", "run", " there", "--next", " was", "--next", " were",
    ];
    let out = bench.succeed(&ask);
    assert!(
        out.contains("p(\" was\")") && out.contains("real text"),
        "{out}"
    );
    let json = bench.json(&[&ask[..], &["--json"]].concat());
    // The same figures as those that the run measured.
    let metrics = bench.json(&["status", "run", "--json"]);
    let generations = json["generations"].as_array().unwrap();
    assert_eq!(generations.len(), 3);
    let bare = bench.json(&[&ask[..], &["--json", "--bare"]].concat());
    for n in 0..3 {
        assert_eq!(
            bare["generations"][n]["probabilities"],
            metrics["metrics"][n]["probes"][0]["probabilities"]
        );
        let sum: f64 = generations[n]["probabilities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.as_f64().unwrap())
            .sum();
        assert!(sum > 0.5 && sum <= 1.0, "{sum}");
    }
}

#[test]
fn probe_hints_at_a_leading_space() {
    let bench = Bench::with_run();
    let out = bench.succeed(&["probe", "run", "there", "--next", " was"]);
    assert!(out.contains("\" there\""), "{out}");
    assert!(out.contains("is that what you mean"), "{out}");
    let out = bench.succeed(&["probe", "run", " there", "--next", " was"]);
    assert!(!out.contains("is that what you mean"), "{out}");
    bench.refuse(2, &["probe", "run", " there"], &["--next"]);
}

/// The count of every token that follows `context`, and their sum.
fn counts(bench: &Bench, corpus: &[&str], context: &str) -> (u64, Vec<(String, u64)>) {
    let json = bench.json(&[&["count", "--json"], corpus, &[context]].concat());
    let next = json["next"].as_array().unwrap().iter();
    let next = next.map(|next| {
        let text = next["text"].as_str().unwrap().to_owned();
        (text, next["count"].as_u64().unwrap())
    });
    (json["count"].as_u64().unwrap(), next.collect())
}

#[test]
fn count_agrees_with_the_text_of_a_token_store() {
    let bench = Bench::with_run();
    bench.succeed(&[
        "tokenize",
        "stories.jsonl",
        "--out",
        "tokens",
        "--tokenizer",
        "run/tokenizer",
        "--validation",
        "0",
    ]);
    let (total, next) = counts(&bench, &["tokens/train.bin"], " there");
    let (was, were) = (in_all_stories(" there was"), in_all_stories(" there were"));
    assert_eq!(total, was + were);
    assert_eq!(next, [(" was".to_owned(), was), (" were".to_owned(), were)]);
    // The second time the index is there already.
    assert_eq!(counts(&bench, &["tokens/train.bin"], " there").0, total);
    assert!(bench.path("tokens/train.counts").exists());
}

#[test]
fn count_knows_every_corpus_of_a_run() {
    let bench = Bench::with_run();
    let initial = counts(&bench, &["run"], " there");
    let share = initial.1.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(initial.0, share);
    // Replacing, generation 1 is trained on the initial corpus and generation 2 on its text.
    assert_eq!(counts(&bench, &["run@1", "--training"], " there"), initial);
    let written = counts(&bench, &["run@1"], " there");
    assert_ne!(written, initial);
    assert_eq!(counts(&bench, &["run@2", "--training"], " there"), written);

    let ask = [
        "count",
        "run@1",
        " there",
        "--next",
        " was",
        "--positions",
        "2",
    ];
    let out = bench.succeed(&ask);
    assert!(
        out.contains("\" was\"") && !out.contains("\" were\""),
        "{out}"
    );
    let json = bench.json(&[&ask[..], &["--json"]].concat());
    assert_eq!(json["positions"].as_array().unwrap().len(), 2);
    bench.refuse(2, &["count", "run", " there", "--training"], &["RUN@3"]);
    bench.refuse(
        2,
        &["count", "run", " there", "--next", " was a ball"],
        &["\" was a ball\"", "must be one"],
    );
}

#[test]
fn count_names_the_longest_end_that_does_occur() {
    let bench = Bench::with_run();
    let there = counts(&bench, &["run"], " there").0;
    bench.refuse(
        1,
        &["count", "run", " hello there"],
        &[
            "\" hello there\" never occurs",
            &format!("\" there\", {there} times"),
        ],
    );
}

#[test]
fn errors_are_told_by_generation_and_event() {
    let bench = Bench::with_run();
    let out = bench.succeed(&["errors", "run"]);
    for words in ["total b", "retention w", "\" there\" → \" was\""] {
        assert!(out.contains(words), "{out}");
    }
    let json = bench.json(&["errors", "run", "--json"]);
    assert_eq!(json["summary"].as_array().unwrap().len(), 3);
    let events = json["generations"][2]["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    for event in events {
        let of = |key: &str| event[key].as_f64().unwrap();
        assert!(of("direct_retention") >= of("retention") - 1e-9, "{event}");
        assert!((0.0..=1.0).contains(&of("retention")), "{event}");
    }
}

#[test]
fn errors_of_a_run_without_contexts_say_how_to_get_them() {
    let bench = Bench::new();
    let untracked = common::NGRAM.split("[[measure.probe]]").next().unwrap();
    bench.write(
        "untracked.toml",
        untracked.replace("contexts = 5", "contexts = 0"),
    );
    bench.succeed(&["run", "untracked.toml", "--out", "run"]);
    for command in ["errors", "forecast"] {
        bench.refuse(
            1,
            &[command, "run"],
            &["no error terms", "--set measure.contexts=200"],
        );
    }
}

#[test]
fn forecast_is_scored_where_the_run_went_further() {
    let bench = Bench::with_run();
    let ask = ["forecast", "run", "--from", "2", "--replicates", "50"];
    let out = bench.succeed(&ask);
    for words in ["generations 1 to 2", "below 0.5", "perplexity", "coverage"] {
        assert!(out.contains(words), "{out}");
    }
    let json = bench.json(&[&ask[..], &["--json"]].concat());
    assert_eq!(json["from"], 2);
    assert_eq!(json["retention"]["measured"].as_array().unwrap().len(), 1);
    assert_eq!(
        bench.succeed(&ask),
        out,
        "the same seed gives the same intervals"
    );
}

#[test]
fn forecasts_that_cannot_be_made() {
    let bench = Bench::with_run();
    for (arguments, words) in [
        (["--from", "9"], ["9", "3 are finished"]),
        (["--from", "1"], ["at least 2", "3 are finished"]),
        (["--until", "1"], ["1", "must come after 2"]),
        (
            ["--threshold", "1.5"],
            ["threshold is 1.5", "between 0 and 1"],
        ),
        (["--level", "2"], ["level is 2", "between 0 and 1"]),
        (["--fit", "straight"], ["`straight`", "reciprocal"]),
    ] {
        bench.refuse(2, &[&["forecast", "run"], &arguments[..]].concat(), &words);
    }
    bench.succeed(&[
        "run",
        "ngram.toml",
        "--out",
        "one",
        "--set",
        "generations=1",
    ]);
    bench.refuse(2, &["forecast", "one"], &["at least 2", "1 are finished"]);
}

#[test]
fn perplexity_of_text_and_of_its_tokens_is_the_same() {
    let bench = Bench::new();
    bench.succeed(&["run", "network.toml", "--out", "run"]);
    let tokenize = ["tokenize", "stories.jsonl", "--tokenizer", "run/tokenizer"];
    bench.succeed(&[&tokenize[..], &["--validation", "0", "--out", "tokens"]].concat());
    let mut of_text = bench.json(&["perplexity", "run@2", "stories.jsonl", "--json"]);
    let of_tokens = bench.json(&["perplexity", "run@2", "tokens/train.bin", "--json"]);
    assert!(of_text["bits_per_byte"].as_f64().unwrap() > 0.0);
    // Only of the text is it known how long it is.
    of_text["bits_per_byte"] = Value::Null;
    of_text["text_bytes"] = Value::Null;
    assert_eq!(of_text, of_tokens);

    // The held-out documents are those that the run measured.
    let held_out = bench.json(&["perplexity", "run@2", "run/tokens/validation.bin", "--json"]);
    let metrics = bench.json(&["status", "run", "--json"]);
    assert_eq!(
        held_out["perplexity"],
        metrics["metrics"][1]["perplexity"]["perplexity"]
    );
    let out = bench.succeed(&["perplexity", "run@2", "stories.jsonl"]);
    assert!(
        out.contains("nats a token") && out.contains("bits per byte"),
        "{out}"
    );
    bench.refuse(
        2,
        &["perplexity", "run@2", "stories.jsonl", "--context", "0"],
        &["context", "at least one"],
    );
    bench.refuse(
        1,
        &["perplexity", "run@2", "stories.jsonl", "--context", "1000"],
        &["1000", "32 at most"],
    );
}

#[test]
fn generate_gives_the_same_text_for_the_same_seed() {
    let bench = Bench::new();
    bench.succeed(&["run", "network.toml", "--out", "run"]);
    let ask = ["generate", "run@1", "--max-tokens", "20", "--count", "3"];
    let of = |more: &[&str]| bench.succeed(&[&ask[..], more].concat());
    let text = of(&[]);
    assert_eq!(of(&["--batch", "1"]), text);
    assert_eq!(of(&["--threads", "1"]), text);
    assert_ne!(of(&["--seed", "2"]), text);
    assert_eq!(text.matches("── document").count(), 3);

    let lines = of(&["--json", "--prompt", "One day"]);
    bench.write("generated.jsonl", &lines);
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["text"].as_str().unwrap().starts_with("One day"));
        assert!(line["tokens"].as_u64().unwrap() <= 20);
    }
    // What is written is a corpus that can be read.
    bench.succeed(&["perplexity", "run@1", "generated.jsonl"]);
}

#[test]
fn generate_refuses_settings_that_make_no_sense() {
    let bench = Bench::with_run();
    for (option, value) in [
        ("--temperature", "0"),
        ("--top-p", "2"),
        ("--top-k", "0"),
        ("--batch", "0"),
        ("--max-tokens", "0"),
    ] {
        let name = option.trim_start_matches('-').replace('-', "_");
        bench.refuse(2, &["generate", "run@1", option, value], &[&name, value]);
    }
}

#[test]
fn tokenize_with_every_tokenizer() {
    let bench = Bench::with_run();
    let ask = |tokenizer: &str, out: &str| {
        let command = ["tokenize", "stories.jsonl", "--json", "--vocabulary", "300"];
        bench.json(&[&command[..], &["--tokenizer", tokenizer, "--out", out]].concat())
    };
    let gpt2 = ask("gpt2", "gpt2");
    assert_eq!(
        (&gpt2["vocabulary"], &gpt2["end_of_text"]),
        (&50257.into(), &50256.into())
    );
    let bpe = ask("bpe", "bpe");
    assert_eq!(
        (&bpe["vocabulary"], &bpe["end_of_text"]),
        (&300.into(), &0.into())
    );
    let file = ask("bpe/tokenizer.json", "file");
    for store in ["train.bin", "train.index", "validation.bin"] {
        let read = |folder: &str| fs::read(bench.path(folder).join(store)).unwrap();
        assert_eq!(read("bpe"), read("file"), "{store}");
    }
    for report in [gpt2, bpe, file] {
        let stores = report["stores"].as_array().unwrap();
        let documents = stores
            .iter()
            .map(|store| store["documents"].as_u64().unwrap());
        assert_eq!(documents.sum::<u64>(), 80);
        for store in stores {
            let bytes = fs::metadata(bench.path(store["path"].as_str().unwrap()));
            assert_eq!(
                bytes.unwrap().len(),
                2 * store["tokens"].as_u64().unwrap(),
                "flat and of 16 bits, as nanoGPT reads it"
            );
        }
    }
}

#[test]
fn tokenize_refuses_without_a_trace() {
    let bench = Bench::new();
    for (status, arguments, words) in [
        (2, ["--validation", "1.5"], "below 1"),
        (2, ["--vocabulary", "10"], "at least 257"),
        (2, ["--format", "csv"], "parquet"),
        (1, ["--field", "story"], "the fields are \"text\""),
        (1, ["--tokenizer", "nope.json"], "nope.json"),
    ] {
        let mut command = vec!["tokenize", "stories.jsonl", "--out", "tokens"];
        if arguments[0] != "--tokenizer" {
            command.extend(["--tokenizer", "bpe"]);
        }
        command.extend(arguments);
        bench.refuse(status, &command, &[words]);
        assert!(!bench.path("tokens").exists(), "{arguments:?}");
    }
}

#[test]
fn every_preset_is_an_experiment_file() {
    let bench = Bench::new();
    let list = bench.succeed(&["presets"]);
    let names: Vec<&str> = list
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, ["demo", "tinystories-1m", "tinystories-33m"]);
    for name in names {
        bench.write("preset.toml", bench.succeed(&["presets", name]));
        let set = [
            "--dry-run",
            "--set",
            "corpus.path=\"builtin:tinystories-sample\"",
        ];
        let from_file = bench.succeed(&[&["run", "preset.toml"], &set[..]].concat());
        let by_name = bench.succeed(&[&["run", name], &set[..]].concat());
        assert_eq!(from_file, by_name);
        assert!(by_name.contains(&format!("name = {name:?}")), "{by_name}");
    }
}

#[test]
fn selfcheck_finds_every_law_obeyed() {
    let checks = Bench::new().json(&["selfcheck", "--seed", "5", "--json"]);
    let checks = checks.as_array().unwrap();
    assert!(checks.len() >= 20, "{}", checks.len());
    for check in checks {
        assert!(check["z"].as_f64().unwrap().abs() <= 4.0, "{check}");
    }
}
