//! The tools of others that some tests need: a Python with certain packages, Chromium.
//!
//! Where such a tool is missing, a test says so and passes, so that `cargo test` needs nothing but
//! Rust and a C compiler. `AUTOPHAGE_REQUIRE` lists tools that must be there ("python,chromium"): a
//! test that misses one of them fails. `.ci/run` sets it to all that it installs.
//!
//! Included by tests of several crates; it belongs to none.

use std::io::Write;
use std::process::Command;

/// Tells that a test cannot run because `tool` is missing, as `problem` says; fails if it is required.
pub(crate) fn missing(tool: &str, problem: &str) {
    let required = std::env::var("AUTOPHAGE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == tool),
        "{problem}, and AUTOPHAGE_REQUIRE lists {tool}"
    );
    // Not through a macro, whose output the test harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {problem}");
}

/// The Python that `AUTOPHAGE_PYTHON` names, or else `python3`, if it can import `modules`.
#[allow(
    dead_code,
    reason = "not every test that includes this file calls Python"
)]
pub(crate) fn python_with(modules: &[&str]) -> Option<String> {
    let python = std::env::var("AUTOPHAGE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = format!("import {}", modules.join(", "));
    let problem = match Command::new(&python).args(["-c", &import]).output() {
        Ok(output) if output.status.success() => return Some(python),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("no reason given").to_owned();
            format!("{python} cannot {import}: {last}")
        }
        Err(error) => format!("{python} does not start: {error}"),
    };
    missing("python", &problem);
    None
}
