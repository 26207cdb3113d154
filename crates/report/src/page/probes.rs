//! The exact conditionals after the context of a probe: of the corpus, of generated text, and of
//! models, side by side.

use maud::{Markup, html};

use crate::figures::{Shown, printable, spread};
use crate::number::{count, significant};
use crate::{Conditional, ProbeContext, RunData};

/// Generations side by side.
const GENERATIONS: usize = 3;

pub(super) fn conditionals(shown: &Shown<'_>) -> Markup {
    let mut tables: Vec<(String, Markup)> = Vec::new();
    for (_, run, name) in shown.iter() {
        let probes = run.initial().map_or(&[][..], |initial| &initial.probes);
        for (place, probe) in probes.iter().enumerate() {
            let title = format!("after “{}”", printable(&probe.text));
            let title = match shown.single() {
                true => title,
                false => format!("{name}: {title}"),
            };
            if let Some(table) = table(run, place, probe) {
                tables.push((title, table));
            }
        }
    }
    html! {
        @if !tables.is_empty() {
            div class="group conditionals" data-group="conditionals" {
                h3 { "What follows a context: corpus, text and model" }
                @if tables.len() > 1 {
                    label class="choice" {
                        span { "Show" }
                        select id="choice-conditionals" data-choice="conditionals" {
                            @for (index, (title, _)) in tables.iter().enumerate() {
                                option value={ "conditional-" (index + 1) } { (title) }
                            }
                        }
                    }
                }
                @for (index, (title, table)) in tables.iter().enumerate() {
                    div id={ "conditional-" (index + 1) } class="alternative" hidden[index > 0] {
                        p class="context" { "Next token " (title) }
                        (table)
                    }
                }
                p class="note" {
                    "Shares are exact counts: in the initial corpus and in the text that a generation \
                     wrote. The model’s column is its own probability."
                }
            }
        }
    }
}

fn table(run: &RunData, place: usize, probe: &ProbeContext) -> Option<Markup> {
    let known: Vec<(u32, &Conditional)> = spread(run.generations(), GENERATIONS)
        .into_iter()
        .filter_map(|generation| Some((generation.number, generation.conditionals.get(place)?)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let others = 1.0 - probe.rows.iter().map(|row| row.probability).sum::<f64>();
    Some(html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        th {}
                        th { "initial corpus" }
                        @for (n, _) in &known { th colspan="2" { "generation " (n) } }
                    }
                    tr {
                        th { "next token" }
                        th { "share of " (count(probe.count)) }
                        @for (_, conditional) in &known {
                            th { "text: share of " (count(conditional.count)) }
                            th { "model" }
                        }
                    }
                }
                tbody {
                    @for (index, row) in probe.rows.iter().enumerate() {
                        tr {
                            th scope="row" { code { (printable(&row.text)) } }
                            (cell(Some(row.probability), "c4"))
                            @for (_, conditional) in &known {
                                (cell(conditional.generated.as_ref().map(|g| g[index]), "c0"))
                                (cell(conditional.model.get(index).copied(), "c1"))
                            }
                        }
                    }
                    tr {
                        th scope="row" { "any other" }
                        (cell(Some(others.max(0.0)), "c4"))
                        @for (_, conditional) in &known {
                            (cell(conditional.generated.as_deref().map(rest), "c0"))
                            (cell(Some(rest(&conditional.model)), "c1"))
                        }
                    }
                    tr {
                        th scope="row" { "first of those" }
                        td {}
                        @for (_, conditional) in &known {
                            td {}
                            td {
                                @if let Some((text, probability)) = &conditional.other {
                                    code { (printable(text)) } " " (significant(*probability, 2))
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// What is left of 1.
fn rest(shares: &[f64]) -> f64 {
    (1.0 - shares.iter().sum::<f64>()).max(0.0)
}

/// A probability with a bar of its length.
fn cell(probability: Option<f64>, class: &str) -> Markup {
    html! {
        td class={ "share " (class) } {
            @if let Some(probability) = probability {
                i class="bar" style={ "width:" (format!("{:.1}", 100.0 * probability)) "%" } {}
                span { (significant(probability, 3)) }
            } @else { "–" }
        }
    }
}
