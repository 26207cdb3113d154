//! Served pages in a browser: they follow their runs.

mod common;

use std::fs;

use common::Bench;
use common::browser::Browser;
use common::drawn::{DRAWN, Drawn, Records, check_page, stays_here};
use common::server::{Running, Served};

/// The checks of the other tests can fail.
#[test]
fn complaints_and_requests_are_noticed() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bad.html");
    let page = r#"<!DOCTYPE html><title>Bad</title><button>no</button><img src="http://127.0.0.1:9/x.png">
        <script>
            console.error("said");
            document.querySelector("button").addEventListener("click", (event) => {
                event.target.textContent = event.isTrusted;
                throw new Error("thrown");
            });
        </script>"#;
    fs::write(&path, page).unwrap();
    browser.open(&format!("file://{}", path.display()));
    browser.click("button");
    browser.wait("document.querySelector('button').textContent === 'true'");
    let complaints = browser.complaints();
    for word in ["said", "thrown", "ERR_"] {
        let noticed = complaints.iter().any(|complaint| complaint.contains(word));
        assert!(noticed, "{word}: {complaints:?}");
    }
    let requests = browser.requests();
    let noticed = requests.iter().any(|url| url == "http://127.0.0.1:9/x.png");
    assert!(noticed, "{requests:?}");
}

#[test]
fn the_list_of_runs_follows_its_folder() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::new();
    bench.succeed(&["run", "ngram.toml", "--out", "runs/one"]);
    bench.succeed(&["run", "ngram.toml", "--out", "runs/two", "--set", "seed=2"]);
    let served = Served::start(&bench, "runs", &[]);
    browser.open(&served.url);
    let status = |text: &str| format!("document.getElementById('live').textContent === '{text}'");
    browser.wait(&status("2 runs, 0 in progress"));
    assert_eq!(
        browser.value("document.querySelectorAll('tbody tr').length"),
        2
    );
    browser.click("input[value=two]");

    bench.succeed(&["run", "ngram.toml", "--out", "runs/three"]);
    browser.wait("document.querySelectorAll('tbody tr').length === 3");
    browser.wait(&status("3 runs, 0 in progress"));
    browser.click("input[value=three]");
    let chosen = "[...document.querySelectorAll('input:checked')].map((box) => box.value).join()";
    assert_eq!(browser.value(chosen), "three,two");
    browser.click("button");
    browser.wait("location.pathname === '/compare/' && document.readyState === 'complete'");
    assert_eq!(browser.value("location.search"), "?run=three&run=two");
    browser.wait("document.getElementById('live').textContent.includes('two: finished: 3 of 3')");
    stays_here(&mut browser, &served.url);
}

#[test]
fn a_page_follows_its_run_and_keeps_the_readers_place() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let bench = Bench::with_run();
    let served = Served::start(&bench, "run", &[]);
    browser.open(&served.url);
    browser.wait("document.getElementById('live').textContent === 'finished: 3 of 3 generations'");
    check_page(&mut browser, &served.url);
    browser.click("#figure-distinct .legend button[data-series='0']");
    browser.click("#figure-perplexity [data-log]");
    browser
        .value("document.getElementById('figure-entropy').scrollIntoView({ behavior: 'instant' })");
    let top = "document.getElementById('figure-entropy').getBoundingClientRect().top";
    let before = browser.value(top).as_f64().unwrap();

    let running = Running::start(&bench, "run");
    let dots = format!("{DRAWN}.perplexity.series[0].dots.length");
    browser.wait(&format!("{dots} > 3"));
    browser.wait("document.getElementById('live').textContent.startsWith('in progress: ')");
    drop(running);
    browser.wait("document.getElementById('live').textContent.startsWith('stopped: ')");
    let records = Records::read(&bench.path("run"));
    browser.wait(&format!("{dots} === {}", records.generations()));
    let drawn = Drawn::read(&mut browser);
    drawn.check(
        "perplexity",
        "dots",
        &[records.values("/perplexity/perplexity")],
    );
    // What the reader chose, and where the reader was.
    assert_eq!(drawn.figure("perplexity")["scale"], "logarithmic");
    assert_eq!(drawn.figure("distinct")["series"][0]["seen"], false);
    let after = browser.value(top).as_f64().unwrap();
    assert!((after - before).abs() < 50.0, "from {before} to {after}");

    // The pictures that only a server has.
    for (extension, kind) in [("svg", "image/svg+xml"), ("png", "image/png")] {
        let link = format!("#figure-perplexity .files a[href$='.{extension}']");
        let found = browser.value(&format!(
            "fetch(document.querySelector({link:?}).href).then((r) => r.headers.get('content-type'))"
        ));
        assert_eq!(found, kind);
    }
    browser.click("#figure-perplexity [data-csv]");
    stays_here(&mut browser, &served.url);
}
