//! `autophage compare` and `autophage export` from outside.

mod common;

use std::fs;

use common::Bench;

/// With the runs `replace` and `accumulate`, and `other`, which differs only in its seed.
fn bench() -> Bench {
    let bench = Bench::new();
    let run = |out: &str, setting: &str| {
        bench.succeed(&["run", "ngram.toml", "--out", out, "--set", setting]);
    };
    run("replace", "seed=1");
    run("accumulate", "paradigm.kind=accumulate");
    run("other", "seed=2");
    bench
}

#[test]
fn runs_are_set_against_the_first() {
    let bench = bench();
    let text = bench.succeed(&["compare", "replace", "accumulate"]);
    for words in [
        "A  replace (replace, seed 1)",
        "B  accumulate (accumulate, seed 1)",
        "paradigm.kind: A \"replace\"; B \"accumulate\"",
        "B against A: perplexity on real text",
        "B / A",
        "held-out documents)",
        "B against A in generation 3",
        "there→was",
        "retention w",
        "distinct-2",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let json = bench.json(&["compare", "replace", "accumulate", "--json"]);
    assert_eq!(json["generations"], 3);
    let csv = bench.succeed(&["compare", "replace", "accumulate", "--csv"]);
    assert_eq!(
        csv.lines().count() - 1,
        json["rows"].as_array().unwrap().len()
    );

    let early = ["compare", "replace", "accumulate", "--generation", "2"];
    let early = bench.succeed(&early);
    assert!(early.contains("B against A in generation 2"), "{early}");
}

#[test]
fn seeds_are_grouped_unless_each_is_asked_for() {
    let bench = bench();
    let all = ["compare", "replace", "other", "accumulate"];
    let text = bench.succeed(&all);
    assert!(text.contains("   other (replace, seed 2)"), "{text}");
    assert!(text.contains("B  accumulate"), "{text}");
    assert!(text.contains("note: A and B: one seed"), "{text}");
    let each = bench.succeed(&[&all[..], &["--each"]].concat());
    assert!(each.contains("C against A"), "{each}");
    assert!(
        each.contains("note: A and B: the perplexities are not paired"),
        "{each}"
    );
}

#[test]
fn comparisons_that_make_no_sense_are_refused() {
    let bench = bench();
    bench.refuse(2, &["compare", "replace"], &["RUN"]);
    bench.refuse(
        1,
        &["compare", "replace", "nowhere"],
        &["nowhere", "not a run"],
    );
    bench.refuse(
        2,
        &["compare", "replace", "other", "--generation", "4"],
        &["--generation 4", "1 to 3"],
    );
}

#[test]
fn measurements_are_exported() {
    let bench = bench();
    let out = bench.succeed(&[
        "export",
        "replace",
        "accumulate",
        "--csv",
        "table.csv",
        "--parquet",
        "table.parquet",
        "--tensorboard",
        "events",
    ]);
    let written: Vec<&str> = out.lines().collect();
    assert_eq!(written.len(), 4, "{out}");
    for path in &written {
        assert!(
            fs::metadata(bench.path(path)).unwrap().len() > 1000,
            "{path}"
        );
    }
    assert!(
        written[2].starts_with("events/replace/events.out.tfevents."),
        "{out}"
    );
    let table = fs::read_to_string(bench.path("table.csv")).unwrap();
    assert!(table.starts_with("run,name,seed,paradigm,generation,metric,value,standard_error\n"));
    for run in ["replace", "accumulate"] {
        let perplexities = table.lines().filter(|line| {
            line.starts_with(&format!("{run},counts,1,"))
                && line.contains(",perplexity/perplexity,")
        });
        assert_eq!(perplexities.count(), 3);
    }
    bench.refuse(
        2,
        &["export", "replace"],
        &["--csv", "--parquet", "--tensorboard"],
    );
    bench.refuse(
        1,
        &["export", "replace", "--csv", "no/such/folder.csv"],
        &["no/such/folder.csv"],
    );
    bench.refuse(1, &["export", "nowhere", "--csv", "a.csv"], &["not a run"]);
    assert!(!bench.path("a.csv").exists());
}

#[test]
fn a_run_leaves_events_for_tensorboard_as_it_goes() {
    let bench = Bench::new();
    let run = [
        "run",
        "ngram.toml",
        "--out",
        "run",
        "--tensorboard",
        "events",
    ];
    let file = || {
        let mut files = fs::read_dir(bench.path("events/run")).unwrap();
        let path = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        fs::read(path).unwrap()
    };
    bench.succeed(&run);
    let during = file();
    bench.succeed(&["export", "run", "--tensorboard", "events"]);
    assert_eq!(file(), during);

    // A view is no part of the run: it goes on without.
    bench.write("taken", "a file");
    let more = [
        "run",
        "ngram.toml",
        "--out",
        "other",
        "--tensorboard",
        "taken",
    ];
    let answer = bench.call(&more);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    assert!(
        answer.err.contains("goes on without events"),
        "{}",
        answer.err
    );
}
