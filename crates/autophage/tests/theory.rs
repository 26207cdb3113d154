//! `autophage theory`: the forms of its output, against the closed forms of the theorem, and what
//! it refuses.

mod common;

use common::Bench;

/// The single parameters that are wrong, and what is said of them.
#[test]
fn parameters_outside_their_range() {
    let bench = Bench::new();
    let subsample = ["--paradigm", "accumulate-subsample"];
    let cases: [(&[&str], &[&str]); 12] = [
        (&[], &["--error"]),
        (&["--error", "-1"], &["error term", "-1", "at least 0"]),
        (&["--error", "nan"], &["error term", "NaN"]),
        (&["--error", "0.1", "--rate", "0"], &["takes no rate"]),
        (
            &["--error", "0.1", subsample[0], subsample[1], "--rate", "0"],
            &["rate is 0", "greater than 0"],
        ),
        (
            &["--error", "0.1", subsample[0], subsample[1], "--rate", "-1"],
            &["rate is -1", "greater than 0"],
        ),
        (
            &["--error", "0.1", subsample[0], subsample[1]],
            &["accumulate-subsample", "needs a rate"],
        ),
        (
            &[
                "--error",
                "0.1",
                "--paradigm",
                "fixed-share",
                "--share",
                "1",
            ],
            &["share is 1", "between 0 and 1"],
        ),
        (
            &["--error", "0.1", "--threshold", "1.5"],
            &["threshold is 1.5", "between 0 and 1"],
        ),
        (
            &["--error", "0.1", "--paradigm", "replac"],
            &["`replac`", "replace", "fresh-share"],
        ),
        (
            &["--error", "0.1", "--compare", "replace,fixed-share:x"],
            &["fixed-share:x", "`x`"],
        ),
        (
            &["--error", "0.1", "--generations", "0"],
            &["--generations", "1.."],
        ),
    ];
    for (arguments, words) in cases {
        bench.refuse(2, &[&["theory"], arguments].concat(), words);
    }
}

/// Replacing, retention is (1 + b)^-n.
#[test]
fn every_form_has_the_same_numbers() {
    let bench = Bench::new();
    let ask = ["theory", "--error", "0.25", "--generations", "3"];
    let expected: Vec<f64> = (1..=3).map(|n| 1.25_f64.powi(-n)).collect();

    let table = bench.succeed(&ask);
    for words in ["replace", "b = 0.25", "halves every 3.11", "below 0.5: 4"] {
        assert!(table.contains(words), "{table}");
    }
    assert!(table.lines().last().unwrap().ends_with("0.5120"), "{table}");

    let json = bench.json(&[&ask[..], &["--json"]].concat());
    let generations = json[0]["generations"].as_array().unwrap();
    assert_eq!(generations.len(), 3);
    assert_eq!(json[0]["generation_below_threshold"], 4);

    let csv = bench.succeed(&[&ask[..], &["--csv"]].concat());
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().ends_with(",retention"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 3);

    for (n, expected) in expected.iter().enumerate() {
        let in_json = generations[n]["retention"].as_f64().unwrap();
        let in_csv: f64 = lines[n].rsplit(',').next().unwrap().parse().unwrap();
        assert!((in_json - expected).abs() < 1e-12);
        assert_eq!(in_json, in_csv);
    }
}

#[test]
fn paradigms_side_by_side() {
    let bench = Bench::new();
    let paradigms = "replace,accumulate-subsample:1,fixed-share:0.1";
    let ask = ["theory", "--error", "0.05", "--compare", paradigms];
    let table = bench.succeed(&ask);
    for paradigm in paradigms.split(',') {
        assert_eq!(table.matches(paradigm).count(), 2, "{table}");
    }
    let json = bench.json(&[&ask[..], &["--json"]].concat());
    let outlooks = json.as_array().unwrap();
    assert_eq!(outlooks.len(), 3);
    let last = |outlook: &serde_json::Value| {
        let generations = outlook["generations"].as_array().unwrap();
        generations.last().unwrap()["retention"].as_f64().unwrap()
    };
    assert!(last(&outlooks[0]) < last(&outlooks[1]));
    assert!(last(&outlooks[0]) < last(&outlooks[2]));
    bench.refuse(
        2,
        &[&ask[..], &["--paradigm", "replace"]].concat(),
        &["--compare", "cannot be used with"],
    );
}
