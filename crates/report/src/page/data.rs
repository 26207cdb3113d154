//! What the script of the page reads: the values of the figures and the texts.

use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::excerpts;
use crate::figures::Shown;
use crate::{Figure, Point};

/// The data of the page as a block of JSON.
pub(super) fn block(figures: &[Figure], shown: &Shown<'_>) -> Markup {
    let figures: serde_json::Map<String, Value> = figures
        .iter()
        .map(|figure| (figure.name.clone(), values(figure)))
        .collect();
    let data = json!({ "figures": figures, "texts": excerpts::data(shown) });
    html! {
        script type="application/json" id="data" { (PreEscaped(harmless(&data))) }
    }
}

/// Number of points that are drawn.
pub(super) fn number_of_points(figure: &Figure) -> usize {
    figure.points().filter(|point| point.is_finite()).count()
}

fn values(figure: &Figure) -> Value {
    let series: Vec<Value> = figure
        .series
        .iter()
        .map(|series| {
            let points = series.points.iter().filter(|point| point.is_finite());
            json!({
                "label": series.label,
                "mark": series.mark,
                "points": points.map(point).collect::<Vec<_>>(),
            })
        })
        .collect();
    let references: Vec<Value> = figure
        .references
        .iter()
        .map(|reference| json!({ "label": reference.label, "y": short(reference.y) }))
        .collect();
    json!({
        "x": { "label": figure.x.label, "column": figure.x.column, "whole": figure.x.whole },
        "y": { "label": figure.y.label, "column": figure.y.column },
        "series": series,
        "references": references,
    })
}

fn point(point: &Point) -> Value {
    match point.interval {
        Some((low, high)) => json!([short(point.x), short(point.y), short(low), short(high)]),
        None => json!([short(point.x), short(point.y)]),
    }
}

/// The number with six significant digits, which is more than a picture shows.
fn short(value: f64) -> Value {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    match rounded {
        whole if whole.fract() == 0.0 && whole.abs() < 1e15 => json!(whole as i64),
        other => json!(other),
    }
}

/// JSON that nothing in HTML can mistake for its own: neither the end of the script nor a comment.
fn harmless(data: &Value) -> String {
    let text = data.to_string();
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Outside strings, JSON has none of these.
            '<' => result.push_str("\\u003c"),
            '>' => result.push_str("\\u003e"),
            '&' => result.push_str("\\u0026"),
            '\u{2028}' => result.push_str("\\u2028"),
            '\u{2029}' => result.push_str("\\u2029"),
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_the_script_and_are_the_same_when_read() {
        let nasty = json!({ "text": "</script><!-- <script> ]]> & \u{2028} \\u003c \"" });
        let text = harmless(&nasty);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), nasty);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(55.417_283_9).to_string(), "55.4173");
        assert_eq!(short(8.0).to_string(), "8");
        assert_eq!(short(1.234_567_89e-9).to_string(), "1.23457e-9");
    }
}
