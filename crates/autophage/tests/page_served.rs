//! Served pages in a browser: they follow their runs.

mod common;

use std::fs;

use common::Bench;
use common::browser::Browser;
use common::drawn::stays_here;
use common::server::Served;

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
