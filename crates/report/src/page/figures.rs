//! Figures on the page: drawing, legend and buttons.

use maud::{Markup, PreEscaped, html};

use super::data::number_of_points;
use crate::figure::Swatch;
use crate::{Figure, Mark, ReportError, Scale, Section};

/// The figures of a section; alternatives share a place.
pub(super) fn section(all: &[Figure], section: Section) -> Result<Markup, ReportError> {
    let of_section: Vec<&Figure> = all.iter().filter(|f| f.section == section).collect();
    let mut groups: Vec<Vec<&Figure>> = Vec::new();
    for figure in of_section {
        match groups
            .iter_mut()
            .find(|group| group[0].group == figure.group)
        {
            Some(group) => group.push(figure),
            None => groups.push(vec![figure]),
        }
    }
    Ok(html! {
        @if !groups.is_empty() {
            div class="figures" {
                @for group in &groups {
                    (alternatives(group)?)
                }
            }
        }
    })
}

/// One of several figures, and what it takes to see another.
fn alternatives(group: &[&Figure]) -> Result<Markup, ReportError> {
    let name = &group[0].group;
    Ok(html! {
        div class="group" data-group=(name) {
            @if group.len() > 1 {
                label class="choice" {
                    span { "Show" }
                    select id={ "choice-" (name) } data-choice=(name) {
                        @for figure in group {
                            option value=(figure.name) { (figure.variant) }
                        }
                    }
                }
            }
            @for (index, figure) in group.iter().enumerate() {
                (one(figure, index > 0)?)
            }
        }
    })
}

fn one(figure: &Figure, hidden: bool) -> Result<Markup, ReportError> {
    let scale = figure.y.scale;
    let other = match scale {
        Scale::Linear => Scale::Logarithmic,
        Scale::Logarithmic => Scale::Linear,
    };
    let both = both_scales(figure);
    Ok(html! {
        figure id={ "figure-" (figure.name) } data-figure=(figure.name)
            data-series-count=(figure.series.len()) data-points=(number_of_points(figure))
            hidden[hidden] {
            div class="top" {
                h3 { (figure.title) }
                div class="tools" {
                    @if both {
                        button type="button" data-log aria-pressed=(scale == Scale::Logarithmic)
                            title="Logarithmic axis; values of 0 have no place on it" { "log" }
                    }
                    button type="button" data-csv title="Save the data as a table" { "CSV" }
                }
            }
            (legend(figure))
            div class="plot" tabindex="0" aria-describedby={ "caption-" (figure.name) } {
                (PreEscaped(figure.inline(scale)?))
                @if both {
                    (PreEscaped(figure.inline(other)?.replacen("<svg", "<svg hidden", 1)))
                }
                div class="tip" role="tooltip" hidden {}
            }
            figcaption id={ "caption-" (figure.name) } { (figure.caption) }
        }
    })
}

/// Whether another layout of the axis would show something.
fn both_scales(figure: &Figure) -> bool {
    let lines = figure
        .series
        .iter()
        .all(|series| matches!(series.mark, Mark::Line | Mark::Dashed | Mark::Curve));
    let mut finite = figure.points().filter(|point| point.is_finite());
    let none_below = figure
        .points()
        .all(|point| point.y.is_nan() || point.y >= 0.0);
    lines && none_below && finite.any(|point| point.y > 0.0)
}

/// Buttons that hide and show series, and what is dotted.
fn legend(figure: &Figure) -> Markup {
    let class = |colour| Swatch::from(colour).class();
    html! {
        @if figure.series.len() + figure.references.len() > 1 {
            ul class="legend" {
                @for (index, series) in figure.series.iter().enumerate() {
                    li {
                        button type="button" data-series=(index) data-label=(series.label)
                            aria-pressed="true" title="Hide or show" {
                            i class={ "key " (key(series.mark)) " " (class(series.colour)) } {}
                            (series.label)
                        }
                    }
                }
                @for (label, colour) in figure.reference_legend() {
                    li {
                        i class={ "key dotted " (class(colour)) } {}
                        (label)
                    }
                }
            }
        }
    }
}

fn key(mark: Mark) -> &'static str {
    match mark {
        Mark::Line | Mark::Curve | Mark::Steps => "solid",
        Mark::Dashed => "dashed",
        Mark::Stack => "block",
    }
}
