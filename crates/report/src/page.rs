//! The page: one HTML file with everything in it.

pub(crate) mod live;

use maud::{DOCTYPE, PreEscaped, html};

use crate::{ReportError, RunData, figures};

/// How a page is made.
#[derive(Clone, Debug, Default)]
pub struct PageOptions {
    /// Its title; the names of the runs if not given.
    pub title: Option<String>,
    /// Whether it listens to server-sent events at the relative address `events`, and shows what is
    /// new without being asked.
    pub live: bool,
}

/// One self-contained HTML file about `runs`.
///
/// # Errors
/// No runs, or a figure that cannot be drawn.
pub fn page(runs: &[RunData], options: &PageOptions) -> Result<String, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::NoRuns);
    }
    let names: Vec<&str> = runs.iter().map(RunData::name).collect();
    let title = options.title.clone().unwrap_or_else(|| names.join(", "));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } }
            body data-live=(options.live) {
                main {
                    h1 { (title) }
                    @for figure in figures(runs) {
                        figure id=(figure.name) { figcaption { (figure.title) } }
                    }
                }
                @if options.live { script { (PreEscaped(live::SCRIPT)) } }
            }
        }
    };
    Ok(page.into_string())
}

/// Every script that a page can have, as it stands between `<script>` and `</script>`: what a server
/// allows to run.
pub(crate) fn scripts() -> Vec<&'static str> {
    vec![live::SCRIPT]
}
