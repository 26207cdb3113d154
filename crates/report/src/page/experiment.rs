//! What was run: the experiment, its text, the machine, and the time.

use autophage_lab::{Experiment, ModelSettings, StageTiming};
use maud::{Markup, html};

use crate::figures::Shown;
use crate::number::{count, seconds};
use crate::{RunData, RunState};

pub(super) fn chapter(shown: &Shown<'_>) -> Markup {
    let stages = shown.stages();
    let facts: Vec<Vec<(&str, String)>> =
        shown.runs.iter().map(|run| facts(run, &stages)).collect();
    html! {
        div class="scroll" {
            table class="facts" {
                @if !shown.single() {
                    thead { tr { th {} @for name in &shown.names { th { (name) } } } }
                }
                tbody {
                    @for row in 0..facts[0].len() {
                        tr {
                            th scope="row" { (facts[0][row].0) }
                            @for facts in &facts { td { (facts[row].1) } }
                        }
                    }
                }
            }
        }
        (differences(shown))
        @for (index, run, name) in shown.iter() {
            details id={ "toml-" (index + 1) } {
                summary {
                    "The whole experiment, every default explicit"
                    @if !shown.single() { ": " (name) }
                }
                pre { (run.experiment().to_toml().trim_end()) }
            }
        }
    }
}

/// Keys in which the other experiments differ from the first.
fn differences(shown: &Shown<'_>) -> Markup {
    let first = shown.runs[0].experiment();
    let mut keys: Vec<String> = Vec::new();
    for run in &shown.runs[1..] {
        for difference in first.differences(run.experiment()) {
            if !keys.contains(&difference.key) {
                keys.push(difference.key);
            }
        }
    }
    let value = |run: &RunData, key: &str| -> String {
        let found = first.differences(run.experiment());
        match found.into_iter().find(|difference| difference.key == key) {
            Some(difference) => difference.right.unwrap_or_else(|| "–".to_owned()),
            None => "as the first".to_owned(),
        }
    };
    let of_first = |key: &str| -> String {
        shown.runs[1..]
            .iter()
            .flat_map(|run| first.differences(run.experiment()))
            .find(|difference| difference.key == key)
            .and_then(|difference| difference.left)
            .unwrap_or_else(|| "–".to_owned())
    };
    html! {
        @if !keys.is_empty() {
            h3 { "In what the experiments differ" }
            div class="scroll" {
                table class="facts" {
                    thead { tr { th { "key" } @for name in &shown.names { th { (name) } } } }
                    tbody {
                        @for key in &keys {
                            tr {
                                th scope="row" { code { (key) } }
                                td { code { (of_first(key)) } }
                                @for run in &shown.runs[1..] { td { code { (value(run, key)) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is to be said of a run, the same for each; these are the stages of all of them.
fn facts<'a>(run: &RunData, stages: &[&'a str]) -> Vec<(&'a str, String)> {
    let (experiment, record) = (run.experiment(), run.record());
    let unknown = || "not known yet".to_owned();
    let baseline = run.baseline();
    let timings = || run.generations().iter().filter_map(|g| g.timing.as_ref());
    let mut facts = vec![
        ("experiment", experiment.name.clone()),
        ("directory", run.directory().display().to_string()),
        ("paradigm", experiment.paradigm.to_string()),
        ("model", model(experiment)),
        (
            "generations",
            format!(
                "{} of {}{}",
                run.generations().len(),
                experiment.generations,
                match run.state() {
                    RunState::Complete => "",
                    RunState::InProgress => ", going on when this was written",
                    RunState::Stopped => ", stopped",
                }
            ),
        ),
        ("corpus", experiment.corpus.path.clone()),
        (
            "initial corpus",
            baseline.map_or_else(unknown, |b| {
                format!(
                    "{} documents, {} tokens",
                    count(b.initial_documents),
                    count(b.initial_tokens)
                )
            }),
        ),
        (
            "held out",
            baseline.map_or_else(unknown, |b| {
                format!(
                    "{} documents, {} tokens",
                    count(b.validation_documents),
                    count(b.validation_tokens)
                )
            }),
        ),
        (
            "vocabulary",
            baseline.map_or_else(unknown, |b| {
                format!("{} tokens", count(u64::from(b.vocabulary)))
            }),
        ),
        ("seed", record.seed.to_string()),
        ("software", format!("autophage {}", record.software_version)),
        (
            "computed with",
            match record.backend.as_str() {
                "" => unknown(),
                backend => backend.to_owned(),
            },
        ),
        ("begun", date(record.created_unix_seconds)),
        (
            "time",
            seconds(timings().map(|timing| timing.seconds()).sum()),
        ),
    ];
    for stage in stages {
        let of_stage = || timings().filter_map(|timing| timing.stages.get(stage));
        let total = StageTiming {
            seconds: of_stage().map(|timing| timing.seconds).sum(),
            tokens: of_stage().map(|timing| timing.tokens).sum(),
        };
        let speed = total.tokens_per_second().round() as u64;
        let value = format!("{}, {} tokens/s", seconds(total.seconds), count(speed));
        facts.push((stage, value));
    }
    facts
}

/// The model in a few words.
pub(super) fn model(experiment: &Experiment) -> String {
    match &experiment.model {
        ModelSettings::Transformer(settings) => match &settings.pretrained {
            None => format!(
                "{}, {} layers of width {}, {} heads",
                settings.family.label(),
                settings.layers,
                settings.hidden,
                settings.heads
            ),
            Some(pretrained) => {
                format!("{} from {}", settings.family.label(), pretrained.display())
            }
        },
        ModelSettings::NGram(settings) => format!("{}-gram model", settings.order),
    }
}

/// Date and time in Coordinated Universal Time.
fn date(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    // Eras of 400 years that begin in March, so that the day that some years have more is their last
    // (H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02} UTC",
        seconds / 3_600,
        seconds % 3_600 / 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (unix_seconds, expected) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_709_251_140, "2024-02-29 23:59 UTC"),
            (1_767_225_599, "2025-12-31 23:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(date(unix_seconds), expected);
        }
    }
}
