//! The head of the page: what was run, what came of it, and all numbers in a table.

use maud::{Markup, html};

use crate::figure::Swatch;
use crate::figures::Shown;
use crate::number::{count, percent, significant};
use crate::verdict::{Verdict, with_error};
use crate::{Colour, GenerationData, RunData, RunState, Trend};

pub(super) fn header(title: &str, shown: &Shown<'_>) -> Markup {
    html! {
        header {
            p class="brand" { "autophage" }
            h1 { (title) }
            @if let [run] = shown.runs {
                p class="subtitle" { (description(run)) }
                (verdict(run))
            } @else {
                (comparison(shown))
            }
            @for (_, run, name) in shown.iter() {
                @if !run.problems().is_empty() {
                    div class="problems" role="note" {
                        p { "Not everything of " (name) " could be read:" }
                        ul { @for problem in run.problems() { li { (problem) } } }
                    }
                }
            }
        }
    }
}

/// A run in one line.
fn description(run: &RunData) -> String {
    let experiment = run.experiment();
    let tokens = run.baseline().map_or_else(String::new, |baseline| {
        format!(" · {} tokens of real text", count(baseline.initial_tokens))
    });
    format!(
        "{} · {}{tokens} · generation {} of {} · seed {}",
        experiment.paradigm,
        super::experiment::model(experiment),
        run.generations().len(),
        experiment.generations,
        experiment.seed
    )
}

fn trend_class(trend: Trend) -> &'static str {
    match trend {
        Trend::Unknown => "unknown",
        Trend::Worse => "worse",
        Trend::Unchanged => "unchanged",
        Trend::Better => "better",
    }
}

/// Text in which no line ends inside a number such as 3.3e-13: word joiners surround its hyphen.
fn unbroken(text: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("e-") {
        joined.push_str(before);
        let exponent = before.ends_with(is_digit) && after.starts_with(is_digit);
        joined.push_str(if exponent { "e\u{2060}-\u{2060}" } else { "e-" });
        rest = after;
    }
    joined + rest
}

fn verdict(run: &RunData) -> Markup {
    let verdict = Verdict::new(run);
    html! {
        div class={ "verdict " (trend_class(verdict.trend)) } {
            p class="headline" { (unbroken(&verdict.headline)) }
            @if !verdict.sentences.is_empty() {
                ul { @for sentence in &verdict.sentences { li { (unbroken(sentence)) } } }
            }
        }
    }
}

/// Several runs side by side: a row each.
fn comparison(shown: &Shown<'_>) -> Markup {
    html! {
        div class="scroll" {
            table class="comparison" {
                thead {
                    tr {
                        th { "run" }
                        th { "paradigm" }
                        th class="number" { "generations" }
                        th class="number" { "perplexity, first → last" }
                        th class="number" { "factor" }
                        th class="number" { "retention w" }
                        th class="number" { "vocabulary left" }
                        th class="number" { "distinct-2" }
                    }
                }
                tbody {
                    @for (index, run, name) in shown.iter() { (row(index, run, name)) }
                }
            }
        }
        @for (index, run, name) in shown.iter() {
            @let verdict = Verdict::new(run);
            details id={ "verdict-" (index + 1) } class={ "verdict " (trend_class(verdict.trend)) } {
                summary {
                    i class={ "key block " (Swatch::from(Colour::Category(index)).class()) } {}
                    b { (name) } " " (unbroken(&verdict.headline))
                }
                ul { @for sentence in &verdict.sentences { li { (unbroken(sentence)) } } }
            }
        }
    }
}

fn row(index: usize, run: &RunData, name: &str) -> Markup {
    let first = run.generations().first().and_then(|g| g.metrics.as_ref());
    let last = run.generations().last();
    let metrics = last.and_then(|g| g.metrics.as_ref());
    let errors = last.and_then(|g| g.errors.as_ref());
    let (before, after) = (
        first.map(|m| m.perplexity.perplexity),
        metrics.map(|m| m.perplexity.perplexity),
    );
    html! {
        tr {
            th scope="row" {
                i class={ "key block " (Swatch::from(Colour::Category(index)).class()) } {}
                (name)
            }
            td { (run.experiment().paradigm) }
            td class="number" {
                (run.generations().len()) " of " (run.experiment().generations)
                @if run.state() == RunState::InProgress { " (going on)" }
            }
            td class="number" { (shown(before)) " → " (shown(after)) }
            td class="number" {
                @if let (Some(before), Some(after)) = (before, after) {
                    "×" (with_error(
                        after / before,
                        run.change().and_then(|change| change.perplexity_ratio_standard_error)
                    ))
                }
            }
            td class="number" { (shown(errors.map(|e| e.summary.retention_by_place))) }
            td class="number" {
                (metrics.map_or_else(dash, |m| {
                    percent(m.diversity.corpus.composition.initial_vocabulary_share)
                }))
            }
            td class="number" { (shown(metrics.and_then(|m| m.diversity.sample.distinct_2))) }
        }
    }
}

fn dash() -> String {
    "–".to_owned()
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| significant(value, 3))
}

/// The numbers behind the figures, a row a generation.
pub(super) fn numbers(shown: &Shown<'_>) -> Markup {
    html! {
        @for (index, run, name) in shown.iter() {
            @if !run.generations().is_empty() {
                details id={ "numbers-" (index + 1) } {
                    summary {
                        "All numbers by generation"
                        @if !shown.single() { ": " (name) }
                    }
                    (table(run))
                }
            }
        }
    }
}

fn table(run: &RunData) -> Markup {
    let titles = [
        "perplexity",
        "bits/byte",
        "retention w",
        "measured w*",
        "total b",
        "learning b",
        "unseen mass",
        "distinct-1",
        "distinct-2",
        "distinct-3",
        "rep-4 (%)",
        "entropy (bits)",
        "vocabulary left",
        "copies of real text",
        "compression",
        "mean length",
    ];
    html! {
        div class="scroll" {
            table class="numbers" {
                thead {
                    tr {
                        th { "generation" }
                        @for title in titles { th class="number" { (title) } }
                    }
                }
                tbody {
                    @if let Some(baseline) = run.baseline() {
                        tr {
                            th scope="row" { "real text" }
                            @for _ in 0..7 { td {} }
                            @for cell in diversity(&baseline.diversity) { td class="number" { (cell) } }
                        }
                    }
                    @for generation in run.generations() {
                        tr {
                            th scope="row" { (generation.number) }
                            @for cell in cells(generation) { td class="number" { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

fn cells(generation: &GenerationData) -> Vec<String> {
    let metrics = generation.metrics.as_ref();
    let perplexity = metrics.map(|m| &m.perplexity);
    let errors = generation.errors.as_ref().map(|errors| &errors.summary);
    let mut cells = vec![
        perplexity.map_or_else(dash, |p| {
            with_error(p.perplexity, p.perplexity_standard_error)
        }),
        shown(perplexity.and_then(|p| p.bits_per_byte)),
        shown(errors.map(|e| e.retention_by_place)),
        shown(errors.map(|e| e.direct_retention_by_place)),
        shown(errors.map(|e| e.total_error.median)),
        shown(errors.and_then(|e| e.learning_error).map(|e| e.median)),
        shown(errors.and_then(|e| e.unseen_mass)),
    ];
    if let Some(metrics) = metrics {
        cells.extend(diversity(&metrics.diversity));
    }
    cells
}

fn diversity(diversity: &autophage_measure::diversity::Diversity) -> [String; 9] {
    let (corpus, sample) = (&diversity.corpus, &diversity.sample);
    [
        shown(sample.distinct_1),
        shown(sample.distinct_2),
        shown(sample.distinct_3),
        shown(sample.repetition_4_percent),
        shown(Some(sample.composition.entropy_bits)),
        percent(corpus.composition.initial_vocabulary_share),
        percent(corpus.initial_copies_share),
        shown(Some(sample.compression_ratio)),
        shown(Some(corpus.length.mean_tokens)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exponents_are_kept_together() {
        assert_eq!(
            unbroken("retention 3.3e-13 of the pre-trained accumulate-subsample 1e-4."),
            "retention 3.3e\u{2060}-\u{2060}13 of the pre-trained accumulate-subsample \
             1e\u{2060}-\u{2060}4."
        );
    }
}
