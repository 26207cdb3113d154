//! What the models write: the paper's Table 1, and texts of every generation to read.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::RunData;
use crate::figures::{Shown, spread};

/// Generations in the table of a single run, and of each of several.
const ROWS: usize = 6;
const ROWS_OF_SEVERAL: usize = 3;
/// Characters of an excerpt in the table.
const EXCERPT: usize = 320;
/// Characters of all texts of the page together.
const ALL_TEXTS: usize = 600_000;
/// Characters of a text that is worth reading.
const WORTHWHILE: usize = 600;
/// The longest text.
const LONGEST: usize = 1_500;
/// The most texts of a generation.
const MOST: usize = 8;

pub(super) fn chapter(shown: &Shown<'_>) -> Markup {
    let any = |run: &RunData| run.generations().iter().any(|g| !g.samples.is_empty());
    html! {
        @if shown.runs.iter().any(any) {
            @for (index, run, name) in shown.iter() {
                @if any(run) {
                    @match shown.single() {
                        true => { (table(index, run, ROWS, None)) }
                        false => { (table(index, run, ROWS_OF_SEVERAL, Some(name))) }
                    }
                }
            }
            (reader(shown))
        }
    }
}

/// The beginning of one text of some generations.
fn table(index: usize, run: &RunData, rows: usize, name: Option<&str>) -> Markup {
    html! {
        div class="excerpts" id={ "excerpts-" (index + 1) } {
            @if let Some(name) = name { h3 { (name) } }
            dl {
                @for generation in spread(run.generations(), rows) {
                    @if let Some(sample) = generation.samples.first() {
                        div {
                            dt { "generation " (generation.number) }
                            dd { (shortened(&without_blank_lines(&sample.text), EXCERPT, sample.cut)) }
                        }
                    }
                }
            }
        }
    }
}

/// Where any text can be read; the script fills it.
fn reader(shown: &Shown<'_>) -> Markup {
    html! {
        div id="reader" hidden {
            h3 { "Read on" }
            div class="controls" {
                @if !shown.single() {
                    label { "Run "
                        select id="reader-run" {
                            @for (index, _, name) in shown.iter() { option value=(index) { (name) } }
                        }
                    }
                }
                label { "Generation "
                    input id="reader-generation" type="range" min="1" max="1" value="1";
                    output id="reader-number" { "1" }
                }
                button type="button" id="reader-before" { "← text before" }
                button type="button" id="reader-next" { "next text →" }
                span id="reader-place" {}
            }
            p id="reader-text" class="sample" aria-live="polite" {}
        }
    }
}

/// The texts, by run and generation.
pub(super) fn data(shown: &Shown<'_>) -> Value {
    let generations: usize = shown.runs.iter().map(|run| run.generations().len()).sum();
    let (texts, characters) = measure(generations);
    let runs: Vec<Value> = shown
        .runs
        .iter()
        .map(|run| {
            let generations = run.generations().iter().map(|generation| {
                let samples = generation.samples.iter().take(texts);
                let texts: Vec<String> = samples
                    .map(|sample| shortened(&sample.text, characters, sample.cut))
                    .collect();
                json!({ "generation": generation.number, "texts": texts })
            });
            generations.collect()
        })
        .collect();
    json!(runs)
}

/// How many texts of each generation there is room for, and how many characters of each.
fn measure(generations: usize) -> (usize, usize) {
    let room = ALL_TEXTS / generations.max(1);
    let texts = (room / WORTHWHILE).clamp(1, MOST);
    (texts, (room / texts).min(LONGEST))
}

/// The lines with something on them.
fn without_blank_lines(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first characters, with a sign where that is not all.
fn shortened(text: &str, characters: usize, cut: bool) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
        None if cut => format!("{text} …"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_within_their_room() {
        for generations in [0, 1, 8, 240, 1_200, 100_000] {
            let (texts, characters) = measure(generations);
            assert!(texts >= 1 && generations * texts * characters <= ALL_TEXTS);
        }
        assert_eq!(measure(8), (MOST, LONGEST));
        assert_eq!(without_blank_lines("\n\n a\n \n b "), "a\nb");
        assert_eq!(shortened("häuser", 3, false), "häu …");
        assert_eq!(shortened("häuser", 6, false), "häuser");
        assert_eq!(shortened("häuser", 6, true), "häuser …");
    }
}
