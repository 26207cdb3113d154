//! The page as a whole.

use autophage_lab::{CurvePoint, ProbeSettings};
use roxmltree::Document;

use super::{PageOptions, page, scripts};
use crate::testing::{long_run, run};
use crate::{GenerationData, ReportError, RunData, RunState, figures};

fn page_of(runs: &[RunData]) -> String {
    page(runs, &PageOptions::default()).unwrap()
}

/// The drawings of a page.
fn drawings(page: &str) -> Vec<&str> {
    let mut drawings = Vec::new();
    let mut rest = page;
    while let Some(begin) = rest.find("<svg") {
        let end = begin + rest[begin..].find("</svg>").unwrap() + "</svg>".len();
        drawings.push(&rest[begin..end]);
        rest = &rest[end..];
    }
    drawings
}

/// What must hold of every page.
fn check(page: &str, runs: &[RunData]) {
    for figure in figures(runs) {
        let id = format!("id=\"figure-{}\"", figure.name);
        assert_eq!(page.matches(&id).count(), 1, "{id}");
    }
    for drawing in drawings(page) {
        // Attributes without a value are HTML's, not XML's.
        let drawing = drawing.replacen("<svg hidden", "<svg", 1);
        let document = Document::parse(&drawing).unwrap_or_else(|e| panic!("{e}: {drawing}"));
        for node in document.descendants() {
            for attribute in node.attributes() {
                assert!(!attribute.value().contains("NaN"), "{drawing}");
            }
        }
    }
    // Nothing is loaded from anywhere, and nothing runs but what was written for it.
    for word in [
        " src=",
        "@import",
        "url(",
        "javascript:",
        "onclick",
        "onload",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!(page.matches("<script").count(), 2);
    assert!(page.contains(&format!("<script>{}</script>", scripts()[0])));
    assert!(page.contains("<head><meta charset"));
    assert!(page.contains("content=\"default-src 'none';"));
}

#[test]
fn a_page_has_all_figures_of_a_run() {
    let runs = [run()];
    let page = page_of(&runs);
    check(&page, &runs);
    for name in [
        "perplexity",
        "probe-1",
        "composition",
        "retention",
        "errors",
        "event-1",
        "cross-entropy",
        "forecast-retention",
        "vocabulary",
        "distinct",
        "length",
        "surprise",
        "time",
        "throughput",
    ] {
        assert!(page.contains(&format!("data-figure=\"{name}\"")), "{name}");
    }
    assert!(page.contains("survival law"));
    assert!(page.contains("id=\"conditional-2\""));
}

#[test]
fn a_page_needs_a_run() {
    let none = page(&[], &PageOptions::default());
    assert!(matches!(none, Err(ReportError::NoRuns)));
}

#[test]
fn runs_that_have_just_begun_or_lack_parts() {
    let mut fresh = run();
    fresh.generations.clear();
    fresh.baseline = None;
    fresh.initial = None;
    fresh.outlook = Default::default();
    fresh.state = RunState::InProgress;
    let mut damaged = run();
    damaged.generations[1] = GenerationData {
        number: 2,
        ..GenerationData::default()
    };
    damaged.generations[2].errors = None;
    damaged.generations[3].conditionals.clear();
    damaged.problems.push("it is <damaged>".to_owned());
    for runs in [
        vec![fresh.clone()],
        vec![damaged.clone()],
        vec![fresh, damaged, run()],
    ] {
        check(&page_of(&runs), &runs);
    }
}

#[test]
fn one_generation_and_two_hundred() {
    for count in [1, 2, 200] {
        let runs = [long_run(count)];
        let page = page_of(&runs);
        check(&page, &runs);
        assert!(page.len() < 5_000_000, "{}", page.len());
    }
}

/// A network's run of so many generations, with so many probes.
fn large_run(generations: u32, probes: usize) -> RunData {
    let mut run = long_run(generations);
    run.experiment.measure.probe = (0..probes)
        .map(|i| ProbeSettings {
            context: format!("context {i}"),
            next: vec![" was".to_owned(), " were".to_owned()],
        })
        .collect();
    let steps = (1..=500).map(|step| CurvePoint::Step {
        step,
        tokens: 1000,
        loss: 5.0 + 1.0 / step as f64,
        gradient_norm: 1.0,
        learning_rate: 1e-3,
    });
    let curve: Vec<CurvePoint> = steps.collect();
    for generation in &mut run.generations {
        let metrics = generation.metrics.as_mut().unwrap();
        let probe = metrics.probes[0].clone();
        metrics.probes = (0..probes)
            .map(|i| {
                let mut probe = probe.clone();
                probe.context = format!("context {i}");
                probe
            })
            .collect();
        generation.curve.clone_from(&curve);
        for sample in &mut generation.samples {
            sample.text = "Once upon a time. ".repeat(80);
        }
    }
    run
}

#[test]
fn fifty_probes() {
    let runs = [large_run(40, 50)];
    let page = page_of(&runs);
    check(&page, &runs);
    assert!(page.contains("data-figure=\"probe-50\""));
    assert!(page.len() < 5_000_000, "{}", page.len());
}

#[test]
fn six_runs_of_forty_generations_are_small_enough_to_mail() {
    let mut runs = vec![large_run(40, 2); 6];
    for (index, run) in runs.iter_mut().enumerate() {
        run.name = format!("run {index}");
    }
    let page = page_of(&runs);
    check(&page, &runs);
    assert!(page.len() < 5_000_000, "{}", page.len());
    let drawn = figures(&runs);
    let perplexity = drawn
        .iter()
        .find(|figure| figure.name == "perplexity")
        .unwrap();
    assert_eq!(perplexity.series.len(), 6);
    assert!(
        perplexity
            .series
            .iter()
            .all(|series| series.points.len() == 40)
    );
    assert!(
        page.contains("data-figure=\"perplexity\" data-series-count=\"6\" data-points=\"240\"")
    );
}

#[test]
fn text_of_models_and_experiments_is_shown_and_never_runs() {
    const NASTY: &str = "</script><script>alert(1)</script><!--\"'&\u{0}\u{1b}";
    let mut nasty = run();
    nasty.name = NASTY.to_owned();
    nasty.experiment.name = NASTY.to_owned();
    nasty.problems.push(NASTY.to_owned());
    nasty.experiment.measure.probe[0].context = NASTY.to_owned();
    nasty.experiment.measure.probe[0].next[0] = NASTY.to_owned();
    for generation in &mut nasty.generations {
        let probe = &mut generation.metrics.as_mut().unwrap().probes[0];
        probe.context = NASTY.to_owned();
        probe.next[0] = NASTY.to_owned();
        generation.samples[0].text = NASTY.to_owned();
        generation.conditionals[0].other = Some((NASTY.to_owned(), 0.5));
    }
    let initial = nasty.initial.as_mut().unwrap();
    initial.probes[0].text = NASTY.to_owned();
    initial.probes[0].rows[0].text = NASTY.to_owned();
    nasty.event_names[0].0 = crate::figures::printable(NASTY);
    let options = PageOptions {
        title: Some(NASTY.to_owned()),
        live: true,
    };
    for runs in [vec![nasty.clone()], vec![nasty, run()]] {
        let page = page(&runs, &options).unwrap();
        assert!(!page.contains("<script>alert"));
        assert!(!page.contains("<!--"));
        // Two scripts of its own, and the data.
        assert_eq!(page.matches("<script").count(), 3);
        assert_eq!(page.matches("</script>").count(), 3);
        for drawing in drawings(&page) {
            Document::parse(&drawing.replacen("<svg hidden", "<svg", 1)).unwrap();
        }
        for figure in figures(&runs) {
            Document::parse(&figure.svg().unwrap()).unwrap();
        }
    }
}

#[test]
fn runs_of_one_name_are_told_apart() {
    let runs = [run(), run()];
    let page = page_of(&runs);
    check(&page, &runs);
    assert!(page.contains("1 · run (replace)") && page.contains("2 · run (replace)"));
}
