//! The page in a browser: what is drawn is what was measured, and everything on it works.

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::Bench;
use common::browser::Browser;
use common::drawn::{
    Drawn, QUANTITIES, Records, by_generation, check_page, open_file, points, stays_here,
};
use serde_json::Value;

#[test]
fn the_page_of_a_run_shows_what_was_measured() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::new();
    bench.succeed(&[
        "run",
        "network.toml",
        "--out",
        "run",
        "--set",
        "generations=3",
    ]);
    let url = open_file(&mut browser, &bench, "run/report.html");
    check_page(&mut browser, &url);

    let records = Records::read(&bench.path("run"));
    let drawn = Drawn::read(&mut browser);
    for (figure, quantities) in QUANTITIES {
        let expected: Vec<_> = quantities
            .iter()
            .map(|(pointer, _)| records.values(pointer))
            .collect();
        drawn.check(figure, "dots", &expected);
    }
    // Replace: the first generation has real documents, every other the text of the one before.
    let composition: Vec<_> = (0..3).map(|source| records.shares(source)).collect();
    drawn.check("composition", "bars", &composition);
    let stages = ["/stages/train", "/stages/generate", "/stages/measure"];
    let of_timing = |pointer: &str, value: fn(&Value) -> f64| {
        by_generation(&records.timing, |timing| {
            Some(value(timing.pointer(pointer)?))
        })
    };
    let seconds = stages.map(|stage| of_timing(stage, |t| t["seconds"].as_f64().unwrap()));
    drawn.check("time", "bars", &seconds);
    let speeds = stages.map(|stage| {
        of_timing(stage, |t| {
            t["tokens"].as_f64().unwrap() / t["seconds"].as_f64().unwrap()
        })
    });
    drawn.check("throughput", "dots", &speeds);
    let curves = drawn.figure("training-training-set")["series"]
        .as_array()
        .unwrap();
    let lengths: Vec<usize> = curves
        .iter()
        .map(|curve| points(&curve["lines"][0]).len())
        .collect();
    assert_eq!(lengths, records.steps);
    for (name, series) in [
        ("length", 4),
        ("surprise", 3),
        ("cross-entropy", 2),
        ("event-1", 3),
    ] {
        assert_eq!(
            drawn.figure(name)["series"].as_array().unwrap().len(),
            series,
            "{name}"
        );
    }
}

#[test]
fn the_page_of_three_runs_compares_them() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::new();
    let runs = [
        ("replace", "paradigm.kind=replace"),
        ("subsample", "paradigm.kind=accumulate-subsample"),
        ("accumulate", "paradigm.kind=accumulate"),
    ];
    for (name, paradigm) in runs {
        let mut arguments = vec!["run", "ngram.toml", "--out", name, "--set", paradigm];
        if name == "subsample" {
            arguments.extend(["--set", "paradigm.rate=1"]);
        }
        bench.succeed(&arguments);
    }
    bench.succeed(&[
        "report",
        "replace",
        "subsample",
        "accumulate",
        "-o",
        "report.html",
    ]);
    let url = open_file(&mut browser, &bench, "report.html");
    check_page(&mut browser, &url);

    let records = runs.map(|(name, _)| Records::read(&bench.path(name)));
    let drawn = Drawn::read(&mut browser);
    for (figure, quantities) in QUANTITIES {
        for (pointer, end) in quantities {
            let expected: Vec<_> = records.iter().map(|run| run.values(pointer)).collect();
            drawn.check(&format!("{figure}{end}"), "dots", &expected);
        }
    }
    for (index, run) in records.iter().enumerate() {
        let sources = 0..run.generations() as u32;
        let expected: Vec<_> = sources
            .map(|source| run.shares(source))
            .filter(|shares| shares.iter().any(|(_, share)| *share > 0.0))
            .collect();
        drawn.check(&format!("composition-{}", index + 1), "bars", &expected);
    }
    let labels: Vec<&Value> = drawn.figure("perplexity")["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| &series["label"])
        .collect();
    assert_eq!(labels, ["replace", "subsample", "accumulate"]);
}

/// An experiment with fifty probes, on stories that a careless page would take for HTML.
fn awkward(bench: &Bench) {
    let stories: String = (0..60)
        .map(|i| {
            let text =
                format!("One day {i} <script>alert({i})</script> <b>&amp;</b> <!-- there was -->");
            format!("{}\n", serde_json::json!({ "text": text }))
        })
        .collect();
    bench.write("markup.jsonl", stories);
    let mut experiment = String::from(
        "name = \"awkward\"\ngenerations = 2\n[corpus]\npath = \"markup.jsonl\"\nvalidation = 0.1\n\
         [tokenizer]\nkind = \"bpe\"\nvocabulary = 300\n[model]\nkind = \"ngram\"\norder = 3\n\
         [generation]\nmax_tokens = 60\n[measure]\nsample_tokens = 1000\ncontexts = 5\n",
    );
    for i in 0..50 {
        let context = ["<script>", "</script><b>", " there", "&amp;", "'\\\""][i % 5];
        experiment += &format!(
            "[[measure.probe]]\ncontext = \"{}\"\nnext = [\"{}\"]\n",
            context.replace('\\', "\\\\").replace('"', "\\\""),
            ["<", "alert(", " was", "a", "1", "2", ">", "b", " ", "!"][i / 5],
        );
    }
    bench.write("awkward.toml", experiment);
    bench.succeed(&["run", "awkward.toml", "--out", "awkward"]);
}

#[test]
fn awkward_runs_have_good_pages() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::new();
    awkward(&bench);
    let url = open_file(&mut browser, &bench, "awkward/report.html");
    check_page(&mut browser, &url);
    // Markup that models wrote is text.
    let texts = bench.json(&[
        "sample",
        "awkward",
        "--generation",
        "2",
        "--count",
        "8",
        "--json",
    ]);
    let texts: Vec<&str> = texts
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text["text"].as_str().unwrap())
        .collect();
    assert!(
        texts.iter().any(|text| text.contains("<script>")),
        "{texts:?}"
    );
    assert_eq!(
        browser.value("document.getElementById('reader-text').textContent"),
        texts[0]
    );
    assert_eq!(
        browser.value("document.querySelectorAll('main script:not([type]), main b > b').length"),
        0
    );

    // Every probe can be chosen, and shows what was measured.
    let records = Records::read(&bench.path("awkward"));
    let drawn = Drawn::read(&mut browser);
    for probe in 0..50 {
        let expected = records.values(&format!("/probes/{probe}/probabilities/0"));
        drawn.check(&format!("probe-{}", probe + 1), "dots", &[expected]);
        assert_eq!(
            drawn.figure(&format!("probe-{}", probe + 1))["hidden"],
            probe > 0
        );
    }
    browser.value("document.getElementById('choice-probes').focus()");
    browser.key("ArrowDown", 40);
    browser.key("ArrowDown", 40);
    browser.wait("!document.getElementById('figure-probe-3').hidden");
    let drawn = Drawn::read(&mut browser);
    let shown = (1..=50).filter(|n| drawn.figure(&format!("probe-{n}"))["hidden"] == false);
    assert_eq!(shown.collect::<Vec<_>>(), [3]);
    stays_here(&mut browser, &url);

    // A single generation; a run that was stopped, with something missing.
    bench.succeed(&[
        "run",
        "ngram.toml",
        "--out",
        "one",
        "--set",
        "generations=1",
    ]);
    let url = open_file(&mut browser, &bench, "one/report.html");
    check_page(&mut browser, &url);
    let records = Records::read(&bench.path("one"));
    Drawn::read(&mut browser).check(
        "perplexity",
        "dots",
        &[records.values("/perplexity/perplexity")],
    );

    fs::remove_file(bench.path("one/generations/001/errors.json")).unwrap();
    fs::write(bench.path("one/generations/001/timing.json"), "{").unwrap();
    let experiment = fs::read_to_string(bench.path("one/experiment.toml")).unwrap();
    bench.write(
        "one/experiment.toml",
        experiment.replace("generations = 1", "generations = 9"),
    );
    bench.succeed(&["report", "one", "-o", "partial.html"]);
    let url = open_file(&mut browser, &bench, "partial.html");
    check_page(&mut browser, &url);
    Drawn::read(&mut browser).check(
        "perplexity",
        "dots",
        &[records.values("/perplexity/perplexity")],
    );
}

#[test]
fn the_page_answers_to_its_reader() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::with_run();
    let url = open_file(&mut browser, &bench, "run/report.html");
    let records = Records::read(&bench.path("run"));
    let perplexity = records.values("/perplexity/perplexity");

    // A series is hidden and shown.
    let button = "#figure-distinct .legend button[data-series='1']";
    let seen = |browser: &mut Browser| -> Vec<bool> {
        let drawn = Drawn::read(browser);
        let series = drawn.figure("distinct")["series"].as_array().unwrap();
        series.iter().map(|series| series["seen"] == true).collect()
    };
    assert_eq!(seen(&mut browser), [true; 4]);
    browser.click(button);
    assert_eq!(seen(&mut browser), [true, false, true, true]);
    browser.click(button);
    assert_eq!(seen(&mut browser), [true; 4]);

    // The axis is turned over, and the points are where they belong on it.
    for scale in ["logarithmic", "linear", "logarithmic"] {
        browser.click("#figure-perplexity [data-log]");
        let drawn = Drawn::read(&mut browser);
        assert_eq!(drawn.figure("perplexity")["scale"], scale);
        drawn.check("perplexity", "dots", std::slice::from_ref(&perplexity));
    }

    // The mouse over the second generation shows its value.
    let place = browser.value(
        "(() => {
            const svg = document.querySelector('#figure-perplexity svg:not([hidden])');
            svg.scrollIntoView({ block: 'center', behavior: 'instant' });
            const [left, , right] = svg.dataset.plot.split(' ').map(Number);
            const [low, high] = svg.dataset.x.split(' ').map(Number);
            const box = svg.getBoundingClientRect();
            const x = left + (2 - low) / (high - low) * (right - left);
            return [box.x + x * box.width / svg.viewBox.baseVal.width, box.y + box.height / 2];
        })()",
    );
    browser.mouse(
        "mouseMoved",
        place[0].as_f64().unwrap(),
        place[1].as_f64().unwrap(),
    );
    let tip = "document.querySelector('#figure-perplexity [role=tooltip]')";
    browser.wait(&format!("!{tip}.hidden"));
    let said = browser.value(&format!("{tip}.textContent"));
    let said = said.as_str().unwrap();
    assert!(said.starts_with("generation 2"), "{said}");
    let digits: String = format!("{:.5}", perplexity[1].1).chars().take(4).collect();
    assert!(said.contains(&digits), "{digits} is not in {said}");
    browser.mouse("mouseMoved", 1.0, 1.0);
    browser.wait(&format!("{tip}.hidden"));
    // The arrow keys do the same.
    browser.value("document.querySelector('#figure-perplexity .plot').focus()");
    browser.key("ArrowRight", 39);
    browser.wait(&format!("{tip}.textContent.startsWith('generation 1')"));

    // Every generation's texts can be read.
    for generation in [2, 1] {
        browser.value("document.getElementById('reader-generation').focus()");
        browser.key("ArrowLeft", 37);
        let number = generation.to_string();
        let texts = bench.json(&[
            "sample",
            "run",
            "--generation",
            &number,
            "--count",
            "2",
            "--json",
        ]);
        let shown = "document.getElementById('reader-text').textContent";
        assert_eq!(
            browser.value("document.getElementById('reader-number').textContent"),
            number
        );
        let text = |place: usize| texts[place]["text"].as_str().unwrap().to_owned();
        assert!(browser.value(shown).as_str().unwrap().starts_with(&text(0)));
        browser.click("#reader-next");
        assert!(browser.value(shown).as_str().unwrap().starts_with(&text(1)));
        browser.click("#reader-before");
    }
    stays_here(&mut browser, &url);
}

#[test]
fn the_page_is_light_or_dark() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::with_run();
    let url = open_file(&mut browser, &bench, "run/report.html");
    // Relative luminances of the ground and of the text on it, by WCAG 2.
    let luminances = "(() => {
        const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color].map((colour) => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map((c) => c / 255)
                .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        });
    })()";
    let mut pictures = BTreeMap::new();
    let mut look = |browser: &mut Browser, scheme: &'static str| {
        let found = browser.value(luminances);
        let (ground, text) = (found[0].as_f64().unwrap(), found[1].as_f64().unwrap());
        assert_eq!(ground > text, scheme == "light", "{found}");
        let contrast = (ground.max(text) + 0.05) / (ground.min(text) + 0.05);
        assert!(contrast > 7.0, "{scheme}: contrast {contrast}");
        pictures.insert(scheme, browser.screenshot());
    };
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        look(&mut browser, scheme);
    }
    // The button goes before what the system prefers, which is dark.
    browser.click("#theme");
    look(&mut browser, "light");
    browser.scheme("light");
    browser.click("#theme");
    look(&mut browser, "dark");
    assert_ne!(pictures["light"], pictures["dark"]);
    stays_here(&mut browser, &url);
}
