//! What a page shows beside what its run directory holds: the one is read back from the places of the
//! marks, the other from the files.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Bench;
use super::browser::Browser;

/// What is drawn, read back from the page; see there.
pub(crate) const DRAWN: &str = include_str!("drawn.js");

/// Quantities by generation: the figure; and of each, where it stands in the metrics and the end of the
/// name of the figure that has it alone.
pub(crate) const QUANTITIES: [(&str, &[(&str, &str)]); 9] = [
    ("perplexity", &[("/perplexity/perplexity", "")]),
    (
        "probe-1",
        &[
            ("/probes/0/probabilities/0", "-1"),
            ("/probes/0/probabilities/1", "-2"),
        ],
    ),
    (
        "retention",
        &[
            ("/errors/retention_by_place", "-predicted"),
            ("/errors/direct_retention_by_place", "-measured"),
        ],
    ),
    (
        "errors",
        &[
            ("/errors/total_error/median", "-total"),
            ("/errors/learning_error/median", "-learning"),
            ("/errors/unseen_mass", "-unseen"),
        ],
    ),
    (
        "vocabulary",
        &[("/diversity/corpus/composition/initial_vocabulary_share", "")],
    ),
    (
        "distinct",
        &[
            ("/diversity/sample/distinct_1", "-1"),
            ("/diversity/sample/distinct_2", "-2"),
            ("/diversity/sample/distinct_3", "-3"),
            ("/diversity/sample/distinct_4", "-4"),
        ],
    ),
    (
        "repetition",
        &[
            ("/diversity/sample/repetition_2_percent", "-2"),
            ("/diversity/sample/repetition_3_percent", "-3"),
            ("/diversity/sample/repetition_4_percent", "-4"),
        ],
    ),
    (
        "entropy",
        &[("/diversity/sample/composition/entropy_bits", "")],
    ),
    (
        "compression",
        &[("/diversity/sample/compression_ratio", "")],
    ),
];

/// The records of every generation of a run, read by other means than the page's.
pub(crate) struct Records {
    pub(crate) metrics: Vec<Value>,
    pub(crate) provenance: Vec<Value>,
    pub(crate) timing: Vec<Value>,
    pub(crate) steps: Vec<usize>,
}

impl Records {
    pub(crate) fn read(run: &Path) -> Self {
        let json = |path: &Path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let mut generations: Vec<_> = fs::read_dir(run.join("generations"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            // Hidden is what a run that was stopped had not finished.
            .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
            .collect();
        generations.sort();
        let each = |name: &str| generations.iter().map(|g| json(&g.join(name))).collect();
        Self {
            metrics: each("metrics.json"),
            provenance: each("provenance.json"),
            timing: each("timing.json"),
            steps: generations
                .iter()
                .map(|generation| {
                    let curve = fs::read_to_string(generation.join("training.jsonl")).unwrap();
                    curve
                        .lines()
                        .filter(|line| line.contains("\"step\","))
                        .count()
                })
                .collect(),
        }
    }

    pub(crate) fn generations(&self) -> usize {
        self.metrics.len()
    }

    /// A number of the metrics by generation, where it is known.
    pub(crate) fn values(&self, pointer: &str) -> Vec<(f64, f64)> {
        by_generation(&self.metrics, |metrics| metrics.pointer(pointer)?.as_f64())
    }

    /// The share of the training set that generation `source` wrote; 0 for real documents.
    pub(crate) fn shares(&self, source: u32) -> Vec<(f64, f64)> {
        by_generation(&self.provenance, |provenance| {
            let sources = provenance["sources"].as_array()?;
            let found = sources.iter().find(|found| found["generation"] == source);
            found.map_or(Some(0.0), |found| found["share"].as_f64())
        })
    }
}

pub(crate) fn by_generation(
    records: &[Value],
    value: impl Fn(&Value) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let numbered = (1..).zip(records);
    numbered
        .filter_map(|(n, record)| Some((f64::from(n), value(record)?)))
        .collect()
}

/// What is drawn on a page, by the names of its figures.
pub(crate) struct Drawn(pub(crate) Value);

impl Drawn {
    pub(crate) fn read(browser: &mut Browser) -> Self {
        Self(browser.value(DRAWN))
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    #[track_caller]
    pub(crate) fn figure(&self, name: &str) -> &Value {
        let figure = &self.0[name];
        assert!(
            figure.is_object(),
            "there is no figure {name}, but {:?}",
            self.names()
        );
        figure
    }

    /// The series that have marks of this kind (`dots` or `bars`), in their order.
    #[track_caller]
    pub(crate) fn marks(&self, name: &str, kind: &str) -> Vec<Vec<(f64, f64)>> {
        let series = self.figure(name)["series"].as_array().unwrap();
        let marks = series.iter().map(|series| points(&series[kind]));
        marks.filter(|marks| !marks.is_empty()).collect()
    }

    /// The figure has these marks and no others; bars and logarithmic axes have no place for 0.
    #[track_caller]
    pub(crate) fn check(&self, name: &str, kind: &str, expected: &[Vec<(f64, f64)>]) {
        let figure = self.figure(name);
        let logarithmic = figure["scale"] == "logarithmic";
        let needs_size = logarithmic || kind == "bars";
        let has_place = |(_, value): &&(f64, f64)| *value > 0.0 || !needs_size;
        let expected: Vec<Vec<_>> = expected
            .iter()
            .map(|series| series.iter().filter(has_place).collect())
            .filter(|series: &Vec<_>| !series.is_empty())
            .collect();
        let drawn = self.marks(name, kind);
        assert_eq!(drawn.len(), expected.len(), "series of {name}: {drawn:?}");
        let tolerance = figure["resolution"].as_f64().unwrap() / 4.0;
        for (drawn, expected) in drawn.iter().zip(expected) {
            assert_eq!(drawn.len(), expected.len(), "points of {name}: {drawn:?}");
            for (&(x, y), &&(n, value)) in drawn.iter().zip(&expected) {
                let off = match logarithmic {
                    true => (y / value).ln().abs(),
                    false => (y - value).abs(),
                };
                assert!(
                    (x - n).abs() < 0.05 && off <= tolerance,
                    "{name}: drawn ({x}, {y}), measured ({n}, {value})"
                );
            }
        }
    }
}

pub(crate) fn points(list: &Value) -> Vec<(f64, f64)> {
    let list = list.as_array().unwrap().iter();
    list.map(|point| (point[0].as_f64().unwrap(), point[1].as_f64().unwrap()))
        .collect()
}

/// What holds for every page: it complains of nothing, asks nobody but `origin`, every figure has
/// something in it, and a phone shows all of it without scrolling sideways.
#[track_caller]
pub(crate) fn check_page(browser: &mut Browser, origin: &str) {
    let drawn = Drawn::read(browser);
    assert!(!drawn.names().is_empty());
    for (name, figure) in drawn.0.as_object().unwrap() {
        let series = figure["series"].as_array().unwrap();
        assert!(!series.is_empty(), "{name} has no series");
        for series in series {
            let marks = ["dots", "bars", "lines"]
                .iter()
                .map(|kind| series[*kind].as_array());
            assert!(
                marks.flatten().any(|marks| !marks.is_empty()),
                "{name}: {series}"
            );
        }
    }
    browser.size(390, 844);
    let widest = browser.value(
        "[...document.querySelectorAll('main *')]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll'))
            .map((e) => e.outerHTML.slice(0, 200)).slice(0, 3)",
    );
    let width = browser.value("document.documentElement.scrollWidth");
    assert!(
        width.as_u64().unwrap() <= 390,
        "{width} pixels wide: {widest}"
    );
    browser.size(1200, 900);
    stays_here(browser, origin);
}

/// The page complained of nothing, and asked nobody but `origin`.
#[track_caller]
pub(crate) fn stays_here(browser: &mut Browser, origin: &str) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
    for url in browser.requests() {
        let here = url.starts_with(origin) || url.starts_with("data:") || url == "about:blank";
        assert!(here, "a request to {url}");
    }
}

/// Opens a file of the bench, and returns its address.
pub(crate) fn open_file(browser: &mut Browser, bench: &Bench, name: &str) -> String {
    let url = format!("file://{}", bench.path(name).display());
    browser.open(&url);
    url
}
