//! The page in a browser: what is drawn is what was measured, and everything on it works.

mod common;

use std::fs;

use common::browser::Browser;

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
        assert!(
            complaints.iter().any(|complaint| complaint.contains(word)),
            "{word}: {complaints:?}"
        );
    }
    let requests = browser.requests();
    assert!(
        requests.iter().any(|url| url == "http://127.0.0.1:9/x.png"),
        "{requests:?}"
    );
}
