//! The table of a run: what it says, on wide and narrow screens, with and without Unicode.

mod common;

use std::fs;

use common::{Answer, Bench};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What a call prints with these variables set.
fn with(bench: &Bench, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = bench.command(arguments);
    for name in ["COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "TERM"] {
        command.env_remove(name);
    }
    let answer = Answer::of(command.envs(variables.iter().copied()));
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    answer.out
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap()
}

/// The row of this label.
#[track_caller]
fn row<'a>(text: &'a str, label: &str) -> &'a str {
    let mut rows = text.lines().filter(|line| line.starts_with(label));
    let row = rows.next().unwrap_or_else(|| panic!("{label} in {text}"));
    assert_eq!(rows.next(), None, "{label} stands twice in {text}");
    row
}

fn bars(row: &str) -> usize {
    row.chars()
        .filter(|character| BARS.contains(character))
        .count()
}

#[test]
fn a_row_for_every_number_from_the_first_generation_to_the_last() {
    let bench = Bench::with_run();
    let text = with(&bench, &["status", "run"], &[]);
    assert!(widest(&text) <= 80, "{text}");
    for title in ["real text", "gen. 1", "gen. 3", "change"] {
        assert!(text.contains(title), "{text}");
    }
    let metrics = bench.json(&["status", "run", "--json"]);
    let perplexity = |generation: usize| {
        let measured = &metrics["metrics"][generation - 1]["perplexity"]["perplexity"];
        measured.as_f64().unwrap()
    };
    let found: Vec<&str> = row(&text, "perplexity").split_whitespace().collect();
    let near = |text: &str, value: f64| {
        let number: f64 = text.parse().unwrap();
        assert!((number / value - 1.0).abs() < 6e-3, "{text} {value}");
    };
    near(found[1], perplexity(1));
    near(found[3], perplexity(3));
    let change = found[5].strip_prefix('×').unwrap();
    near(change, perplexity(3) / perplexity(1));
    for label in [
        "perplexity",
        "own text",
        "there→was",
        "there→were",
        "retention w",
        "retention measured",
        "vocabulary",
        "distinct-2",
        "entropy",
        "compression",
    ] {
        assert_eq!(bars(row(&text, label)), 3, "{text}");
    }
    // The end of `run` says the same, once.
    let end = with(&bench, &["run", "ngram.toml", "--out", "run"], &[]);
    assert_eq!(row(&end, "perplexity"), row(&text, "perplexity"));
    assert!(widest(&end) <= 80, "{end}");
}

#[test]
fn generation_by_generation_where_that_is_asked_for() {
    let bench = Bench::with_run();
    let text = with(&bench, &["status", "run", "--generations"], &[]);
    for begin in ["real text", "1 ", "2 ", "3 "] {
        row(&text, begin);
    }
    assert!(!text.contains("gen. 1"), "{text}");
    // What does not fit beside goes on below.
    let narrow = with(
        &bench,
        &["status", "run", "--generations"],
        &[("COLUMNS", "40")],
    );
    assert!(narrow.matches("real text").count() > 1, "{narrow}");
    assert!(
        narrow
            .lines()
            .skip(1)
            .all(|line| line.chars().count() <= 40),
        "{narrow}"
    );
    for title in ["perplexity", "there→were", "vocabulary"] {
        assert!(narrow.contains(title), "{narrow}");
    }
}

#[test]
fn narrow_screens_leave_columns_out_and_wide_ones_do_not_stretch() {
    let bench = Bench::with_run();
    for columns in [40, 50, 60, 70, 80, 100, 200] {
        let text = columns.to_string();
        let text = with(&bench, &["status", "run"], &[("COLUMNS", &text)]);
        // The first line tells of the run and may be broken by the terminal.
        let table = text.split_once("\n\n").unwrap().1;
        assert!(widest(table) <= columns, "{columns}: {table}");
        assert_eq!(bars(row(table, "perplexity")), 3);
        assert!(
            table.contains("gen. 1") && table.contains("gen. 3"),
            "{table}"
        );
        assert_eq!(
            table.contains("real text"),
            columns >= 70,
            "{columns}: {table}"
        );
    }
}

#[test]
fn long_runs_are_drawn_from_means() {
    let bench = Bench::new();
    let settings = ["--set", "generations=64", "--set", "measure.contexts=0"];
    bench.succeed(&[&["run", "ngram.toml", "--out", "run"], &settings[..]].concat());
    for (columns, most) in [("40", 10), ("80", 25), ("300", 60)] {
        let text = with(&bench, &["status", "run"], &[("COLUMNS", columns)]);
        let table = text.split_once("\n\n").unwrap().1;
        assert!(widest(table) <= columns.parse().unwrap(), "{table}");
        let bars = bars(row(table, "perplexity"));
        assert!((6..=most).contains(&bars), "{columns}: {table}");
    }
}

#[test]
fn one_generation_has_no_course() {
    let bench = Bench::new();
    bench.succeed(&[
        "run",
        "ngram.toml",
        "--out",
        "run",
        "--set",
        "generations=1",
    ]);
    let text = with(&bench, &["status", "run"], &[]);
    assert!(text.contains("gen. 1"), "{text}");
    for word in ["change", "trend", "▄"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_was_not_measured_is_a_gap() {
    let bench = Bench::with_run();
    for generation in [1, 2] {
        let path = bench.path(&format!("run/generations/{generation:03}/metrics.json"));
        let mut metrics: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        metrics
            .as_object_mut()
            .unwrap()
            .remove("perplexity_under_first");
        fs::write(&path, metrics.to_string()).unwrap();
    }
    let text = with(&bench, &["status", "run"], &[]);
    let found = row(&text, "own text");
    assert_eq!(bars(found), 1, "{text}");
    assert!(found.ends_with("  ▄"), "{found:?}");
    assert_eq!(found.matches(" - ").count(), 2, "{found:?}");
}

#[test]
fn ascii_where_the_terminal_knows_no_other_characters() {
    let bench = Bench::with_run();
    let calls: [&[&str]; 3] = [
        &["status", "run"],
        &["status", "run", "--generations"],
        &["compare", "run", "run", "--each"],
    ];
    for arguments in calls {
        for variables in [
            ("LC_ALL", "C"),
            ("LANG", "de_DE.ISO-8859-1"),
            ("TERM", "dumb"),
        ] {
            let text = with(&bench, arguments, &[variables]);
            assert!(text.is_ascii(), "{variables:?}: {text}");
        }
        let asked = with(&bench, &[arguments, &["--ascii"]].concat(), &[]);
        assert!(asked.is_ascii(), "{asked}");
        assert!(asked.contains("->"), "{asked}");
    }
    let text = with(
        &bench,
        &["status", "run"],
        &[("LC_ALL", "C.UTF-8"), ("LANG", "C")],
    );
    assert!(bars(&text) > 10, "{text}");
    let first = |text: &str| {
        row(text, "perplexity")
            .split_whitespace()
            .nth(1)
            .map(str::to_owned)
    };
    let ascii = with(&bench, &["--ascii", "status", "run"], &[]);
    assert_eq!(first(&ascii), first(&text));
}
