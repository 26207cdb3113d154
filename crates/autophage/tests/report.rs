//! `autophage report`, and the page that a run writes itself.

mod common;

use std::fs;

use common::Bench;

#[test]
fn a_run_writes_its_page_and_its_text_is_escaped() {
    let bench = Bench::new();
    let name = "name = \"<script>alert(1)</script>\"";
    bench.write(
        "nasty.toml",
        common::NGRAM.replace("name = \"counts\"", name),
    );
    let answer = bench.call(&["run", "nasty.toml", "--out", "run"]);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    assert!(answer.out.contains("report.html"), "{}", answer.out);
    let page = fs::read_to_string(bench.path("run/report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.ends_with("</html>"));
    assert!(page.contains("data-figure=\"perplexity\""));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script>alert"));
    // The last page was written when the run had ended.
    assert!(!page.contains("going on"));
}

#[test]
fn a_page_that_cannot_be_written_stops_no_run() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("run")).unwrap();
    // A run is refused where something else lies, so this comes after its beginning.
    bench.refuse(
        1,
        &[
            "run",
            "ngram.toml",
            "--out",
            "run",
            "--set",
            "corpus.field=no",
        ],
        &["\"no\""],
    );
    fs::create_dir(bench.path("run/report.html")).unwrap();
    bench.write("run/report.html/mine", "");
    let answer = bench.call(&["run", "ngram.toml", "--out", "run"]);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    for words in ["warning", "report.html", "goes on"] {
        assert!(answer.err.contains(words), "{}", answer.err);
    }
    assert!(bench.path("run/generations/003").is_dir());
}

#[test]
fn pages_and_figures_of_one_run_and_of_several() {
    let bench = Bench::with_run();
    fs::remove_file(bench.path("run/report.html")).unwrap();
    assert!(
        bench
            .succeed(&["report", "run"])
            .starts_with("run/report.html")
    );
    assert!(bench.path("run/report.html").is_file());

    let other = ["run", "ngram.toml", "--out", "other", "--set", "seed=2"];
    bench.succeed(&other);
    let out = bench.succeed(&[
        "report",
        "run",
        "other",
        "-o",
        "both.html",
        "--figures",
        "figures",
        "--title",
        "A & B",
    ]);
    assert!(
        out.contains("both.html") && out.contains("figures"),
        "{out}"
    );
    let page = fs::read_to_string(bench.path("both.html")).unwrap();
    assert!(page.contains("<h1>A &amp; B</h1>"));
    let csv = fs::read_to_string(bench.path("figures/perplexity.csv")).unwrap();
    assert_eq!(
        csv.lines().filter(|line| line.starts_with("run,")).count(),
        3
    );
    assert_eq!(
        csv.lines()
            .filter(|line| line.starts_with("other,"))
            .count(),
        3
    );
    let svg = fs::read_to_string(bench.path("figures/perplexity.svg")).unwrap();
    assert!(svg.contains("<svg"));
    let png = fs::read(bench.path("figures/perplexity.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    bench.succeed(&["report", "run", "other"]);
    assert!(bench.path("report.html").is_file());
}

#[test]
fn a_network_has_training_curves() {
    let bench = Bench::new();
    bench.succeed(&[
        "run",
        "network.toml",
        "--out",
        "run",
        "--set",
        "training.epochs=2",
    ]);
    bench.succeed(&["report", "run", "--figures", "figures"]);
    for n in [1, 2] {
        let curve = bench.path(&format!("run/generations/00{n}/training.jsonl"));
        let steps = fs::read_to_string(curve)
            .unwrap()
            .matches("\"step\",")
            .count();
        assert!((2..=100).contains(&steps), "{steps}");
        for (figure, points) in [("training-set", steps), ("held-out-real-text", 2)] {
            let path = bench.path(&format!("figures/training-{figure}.csv"));
            let csv = fs::read_to_string(path).unwrap();
            let name = format!("generation {n},");
            let found = csv.lines().filter(|line| line.starts_with(&name));
            assert_eq!(found.count(), points, "{figure}: {csv}");
        }
    }
}

#[test]
fn what_is_damaged_is_named_and_the_rest_shown() {
    let bench = Bench::with_run();
    bench.truncate("run/generations/002/metrics.json", 50);
    let answer = bench.call(&["report", "run"]);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    assert!(answer.err.contains("warning"), "{}", answer.err);
    assert!(
        answer.err.contains("generations/002/metrics.json"),
        "{}",
        answer.err
    );
    let page = fs::read_to_string(bench.path("run/report.html")).unwrap();
    assert!(page.contains("could be read"));
}

#[test]
fn what_is_no_run_is_refused() {
    let bench = Bench::with_run();
    bench.refuse(1, &["report", "run", "nowhere"], &["nowhere", "not a run"]);
    bench.refuse(
        1,
        &["report", "run", "-o", "no/such/file.html"],
        &["no/such/file.html"],
    );
    assert_eq!(bench.call(&["report"]).status, Some(2));
}
