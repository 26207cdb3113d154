//! The page with the runs below a folder, and the pages that say that something is not there.

use autophage_durable::Checksum;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::observe::{Observed, Summary};
use super::root::{Root, RunPath};
use super::route::page_address;
use crate::page::{live, style};

/// The runs below a folder at one moment.
#[derive(Debug)]
pub(crate) struct RunList {
    rows: Vec<(RunPath, Result<Summary, String>)>,
    more: bool,
}

impl RunList {
    /// Reads the runs below `root`.
    pub(crate) fn read(root: &Root) -> Self {
        let found = root.find();
        let rows = found.runs.into_iter().filter_map(|path| {
            let summary = Summary::read(&root.run(&path)?).map_err(|error| error.to_string());
            Some((path, summary))
        });
        Self {
            rows: rows.collect(),
            more: found.more,
        }
    }

    /// What there is to see of it.
    pub(crate) fn observe(&self) -> Observed {
        let running = self
            .rows
            .iter()
            .filter(|(_, summary)| summary.as_ref().is_ok_and(|summary| summary.in_progress));
        Observed {
            version: format!("{:016x}", Checksum::of(format!("{self:?}").as_bytes())),
            status: format!(
                "{}, {} in progress",
                count(self.rows.len()),
                running.count()
            ),
        }
    }

    /// The page.
    pub(crate) fn page(&self, folder: &str) -> String {
        let title = format!("Runs in {folder}");
        let several = self.rows.len() > 1;
        let main = html! {
            h1 { (title) }
            @if self.rows.is_empty() {
                p { "No runs here yet. A run appears as soon as " code { "autophage run" } " has begun it in this folder." }
            } @else {
                form action="/compare/" {
                    div class="scroll" { table class="comparison" {
                        thead {
                            tr {
                                th { "run" } th { "experiment" } th { "paradigm" }
                                th class="number" { "generations" } th { "state" }
                                th class="number" { "perplexity" }
                            }
                        }
                        tbody {
                            @for (path, summary) in &self.rows { (row(path, summary, several)) }
                        }
                    } }
                    @if several {
                        p { button { "Compare the chosen runs" } }
                    }
                }
            }
            @if self.more {
                p { "The folder is too large to be looked through: there may be more. Give a folder further down." }
            }
        };
        document(&title, &main, true)
    }
}

/// A row; `choose`: with a box to choose the run.
fn row(path: &RunPath, summary: &Result<Summary, String>, choose: bool) -> Markup {
    html! {
        tr {
            td {
                @if choose {
                    input type="checkbox" name="run" value=(path.shown()) id={ "run-" (path.shown()) }
                        aria-label={ "compare " (path.shown()) };
                    " "
                }
                a href=(page_address(path)) { (path.shown()) }
            }
            @match summary {
                Ok(run) => {
                    td { (run.name) }
                    td { (run.paradigm) }
                    td class="number" { (run.finished) " of " (run.planned) }
                    td {
                        (run.state())
                        @if let Some(stage) = &run.stage { " (" (stage) ")" }
                    }
                    td class="number" {
                        @match run.perplexity {
                            Some(perplexity) => (format!("{perplexity:.2}")),
                            None => "–",
                        }
                    }
                }
                Err(problem) => td colspan="5" { "cannot be read: " (problem) }
            }
        }
    }
}

fn count(runs: usize) -> String {
    match runs {
        1 => "1 run".to_owned(),
        _ => format!("{runs} runs"),
    }
}

/// The page that says why there is nothing else.
pub(crate) fn notice(title: &str, problem: &str) -> String {
    let main = html! {
        h1 { (title) }
        p { (problem) }
    };
    document(title, &main, false)
}

fn document(title: &str, main: &Markup, live: bool) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · autophage" }
                style { (PreEscaped(style())) }
            }
            body data-live=(live) {
                main {
                    p class="brand" { "autophage" }
                    (main)
                }
                @if live { script { (PreEscaped(live::SCRIPT)) } }
            }
        }
    };
    page.into_string()
}
