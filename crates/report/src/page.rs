//! The page: one HTML file with everything in it.
//!
//! Everything that belongs to the runs is in `<main>`, data for the script included, so that a served
//! page is brought up to date by exchanging that element. Scripts are fixed texts and data are JSON:
//! text of models and experiments is escaped wherever it stands and never runs.

mod data;
mod excerpts;
mod experiment;
mod figures;
pub(crate) mod live;
mod overview;
mod probes;
mod style;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::figures::Shown;
use crate::{ReportError, RunData, Section};

pub(crate) use style::style;

/// How a page is made.
#[derive(Clone, Debug, Default)]
pub struct PageOptions {
    /// Its title; the names of the runs if not given.
    pub title: Option<String>,
    /// Whether it listens to server-sent events at the relative address `events`, and shows what is
    /// new without being asked.
    pub live: bool,
}

/// What makes the page answer to its reader.
const SCRIPT: &str = include_str!("../assets/page.js");

/// One self-contained HTML file about `runs`.
///
/// # Errors
/// No runs, or a figure that cannot be drawn.
pub fn page(runs: &[RunData], options: &PageOptions) -> Result<String, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::NoRuns);
    }
    let shown = Shown::new(runs);
    let all = crate::figures(runs);
    let figures = |section| figures::section(&all, section);
    let title = options.title.clone();
    let title = title.unwrap_or_else(|| shown.names.join(", "));
    let content = html! {
        (overview::header(&title, &shown))
        (contents())
        (chapter("collapse", "What becomes of the models", html! {
            (figures(Section::Collapse)?)
            (overview::numbers(&shown))
        }))
        (chapter("text", "What they write", excerpts::chapter(&shown)))
        (chapter("theorem", "The theorem", html! {
            (figures(Section::Theorem)?)
            (probes::conditionals(&shown))
        }))
        (chapter("diversity", "How varied their text is", figures(Section::Diversity)?))
        (chapter("making", "How they were made", figures(Section::Making)?))
        (chapter("experiment", "The experiment", experiment::chapter(&shown)))
        (data::block(&all, &shown))
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("autophage ", env!("CARGO_PKG_VERSION")));
                // A server says as much, and more, in its own way.
                @if !options.live {
                    meta http-equiv="Content-Security-Policy" content=(policy());
                }
                title { (title) " · autophage" }
                style { (PreEscaped(style())) }
            }
            body data-live=(options.live) {
                main { (content) }
                script { (PreEscaped(SCRIPT)) }
                @if options.live { script { (PreEscaped(live::SCRIPT)) } }
            }
        }
    };
    Ok(page.into_string())
}

/// Every script that a page can have, as it stands between `<script>` and `</script>`: what a server
/// allows to run.
pub(crate) fn scripts() -> Vec<&'static str> {
    vec![SCRIPT, live::SCRIPT]
}

/// What a browser may do with a page from a file: run its script, and load nothing from anywhere.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {}",
        script_source(SCRIPT)
    )
}

/// How a Content-Security-Policy names a script.
pub(crate) fn script_source(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)))
}

/// The chapters, and the button for the ground.
fn contents() -> Markup {
    html! {
        nav aria-label="Chapters" {
            a href="#collapse" { "Collapse" }
            a href="#text" { "Text" }
            a href="#theorem" { "Theorem" }
            a href="#diversity" { "Diversity" }
            a href="#making" { "Making" }
            a href="#experiment" { "Experiment" }
            button type="button" id="theme" title="Light or dark" { "Theme: auto" }
        }
    }
}

/// A chapter; nothing where it has no content.
fn chapter(id: &str, title: &str, content: Markup) -> Markup {
    html! {
        @if !content.0.is_empty() {
            section id=(id) {
                h2 { (title) }
                (content)
            }
        }
    }
}
