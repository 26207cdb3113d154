//! How the models were trained, and how long everything took.

use autophage_lab::{CurvePoint, Timing};

use super::histogram::place;
use super::quantity::{Group, Quantity};
use super::{Shown, axis, generation_axis, quantity, spread};
use crate::{Axis, Colour, Figure, GenerationData, Mark, Point, RunData, Section};

/// Generations whose training is shown.
const CURVES: usize = 6;
/// Points of a training curve; the steps between them are averaged.
const CURVE_POINTS: usize = 100;

pub(super) fn add(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    for (index, run, _) in shown.iter() {
        figures.push(training(shown, index, run));
        figures.push(validation(shown, index, run));
    }
    for (index, run, _) in shown.iter() {
        figures.push(time(shown, index, run));
    }
    throughput(shown, figures);
}

/// A figure of one run among several.
fn figure_of_run(shown: &Shown<'_>, index: usize, names: [&str; 3], x: Axis, y: Axis) -> Figure {
    let [group, kind, title] = names;
    let (end, name) = shown.of_run(index);
    let parts: Vec<&str> = [name.as_str(), kind]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    Figure {
        name: match kind {
            "" => format!("{group}{end}"),
            kind => format!("{group}-{}{end}", kind.replace(' ', "-")),
        },
        group: group.to_owned(),
        variant: parts.join(": "),
        section: Section::Making,
        title: match name.as_str() {
            "" => title.to_owned(),
            name => format!("{title}: {name}"),
        },
        caption: String::new(),
        x,
        y,
        series: Vec::new(),
        references: Vec::new(),
    }
}

fn training(shown: &Shown<'_>, index: usize, run: &RunData) -> Figure {
    let names = ["training", "training set", "Loss in training"];
    let x = axis("tokens trained on (thousands)", "thousand_tokens");
    let y = axis("loss (nats a token)", "loss_nats");
    let mut figure = figure_of_run(shown, index, names, x, y);
    figure.caption =
        "Loss on the training set, averaged over stretches of steps, by generation.".to_owned();
    for generation in spread(run.generations(), CURVES) {
        let colour = place(generation.number, run.generations());
        let label = format!("generation {}", generation.number);
        figure.push(label, Mark::Curve, colour, curve(generation));
    }
    figure
}

/// The mean losses of stretches of steps, at their ends.
fn curve(generation: &GenerationData) -> Vec<Point> {
    let steps: Vec<(u64, f64)> = generation
        .curve
        .iter()
        .filter_map(|point| match point {
            CurvePoint::Step { tokens, loss, .. } => Some((*tokens, *loss)),
            CurvePoint::Epoch { .. } => None,
        })
        .collect();
    let stretches = steps.len().min(CURVE_POINTS);
    let limit = |stretch: usize| stretch * steps.len() / stretches;
    let mut trained = 0;
    (0..stretches)
        .map(|stretch| {
            let steps = &steps[limit(stretch)..limit(stretch + 1)];
            let tokens: u64 = steps.iter().map(|(tokens, _)| tokens).sum();
            let loss: f64 = steps
                .iter()
                .map(|(tokens, loss)| *tokens as f64 * loss)
                .sum();
            trained += tokens;
            Point::new(trained as f64 / 1e3, loss / tokens.max(1) as f64)
        })
        .collect()
}

fn validation(shown: &Shown<'_>, index: usize, run: &RunData) -> Figure {
    let names = [
        "training",
        "held-out real text",
        "Loss on held-out real text",
    ];
    let x = Axis {
        label: "epoch".to_owned(),
        column: "epoch".to_owned(),
        ..generation_axis()
    };
    let y = axis("loss on real text (nats a token)", "loss_nats");
    let mut figure = figure_of_run(shown, index, names, x, y);
    figure.caption =
        "Loss on the held-out real documents after each epoch, by generation.".to_owned();
    for generation in spread(run.generations(), CURVES) {
        let points = generation.curve.iter().filter_map(|point| match point {
            CurvePoint::Epoch {
                epoch,
                validation_loss,
                ..
            } => Some(Point::new(f64::from(*epoch), (*validation_loss)?)),
            CurvePoint::Step { .. } => None,
        });
        let colour = place(generation.number, run.generations());
        let label = format!("generation {}", generation.number);
        figure.push(label, Mark::Line, colour, points.collect());
    }
    figure
}

fn time(shown: &Shown<'_>, index: usize, run: &RunData) -> Figure {
    let longest = run.generations().iter().filter_map(|g| g.timing.as_ref());
    let longest = longest.map(Timing::seconds).fold(0.0, f64::max);
    let (unit, seconds) = match longest {
        longest if longest < 300.0 => ("seconds", 1.0),
        longest if longest < 18_000.0 => ("minutes", 60.0),
        _ => ("hours", 3600.0),
    };
    let y = Axis {
        from: Some(0.0),
        ..axis(&format!("time ({unit})"), &format!("time_{unit}"))
    };
    let names = ["time", "", "Time by stage"];
    let mut figure = figure_of_run(shown, index, names, generation_axis(), y);
    figure.caption = "How long each generation took.".to_owned();
    for (place, stage) in shown.stages().into_iter().enumerate() {
        let points = run.generations().iter().filter_map(|generation| {
            let timing = generation.timing.as_ref()?.stages.get(stage)?;
            Some(Point::new(
                f64::from(generation.number),
                timing.seconds / seconds,
            ))
        });
        let colour = Colour::Category(place);
        figure.push(stage.to_owned(), Mark::Stack, colour, points.collect());
    }
    figure
}

fn throughput(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let group = Group {
        name: "throughput".to_owned(),
        section: Section::Making,
        title: "Throughput".to_owned(),
        caption: "Tokens a second of each stage.".to_owned(),
        y: Axis {
            from: Some(0.0),
            ..axis("tokens a second", "tokens_per_second")
        },
        truth: "",
    };
    let stages = shown.stages();
    let quantities: Vec<Quantity<'_>> = stages
        .iter()
        .map(|&stage| {
            Quantity::new(stage, stage, move |generation| {
                let timing = generation.timing.as_ref()?.stages.get(stage)?;
                (timing.tokens > 0).then(|| (timing.tokens_per_second(), None))
            })
        })
        .collect();
    quantity::add(shown, &group, &quantities, figures);
}

#[cfg(test)]
mod tests {
    use autophage_lab::{ByStage, Stage, StageTiming};

    use super::*;
    use crate::{PageOptions, page, testing};

    /// The run with these stages, of one second each.
    fn staged(stages: &[Stage]) -> RunData {
        let second = StageTiming {
            seconds: 1.0,
            tokens: 7,
        };
        let all: ByStage<StageTiming> = stages.iter().map(|&stage| (stage, second)).collect();
        let mut run = testing::run();
        for generation in &mut run.generations {
            generation.timing.as_mut().unwrap().stages = all.clone();
        }
        run
    }

    #[test]
    fn whatever_stages_there_are_are_shown_in_their_order() {
        let audit = Stage::new("audit", "documents");
        let plain = [Stage::TRAIN, Stage::GENERATE, Stage::MEASURE];
        let more = [
            Stage::TRAIN,
            Stage::GENERATE,
            Stage::CURATE,
            Stage::MEASURE,
            audit,
        ];
        let runs = [staged(&plain), staged(&more)];
        let expected = ["train", "generate", "curate", "measure", "audit"];
        assert_eq!(Shown::new(&runs).stages(), expected);

        let mut figures = Vec::new();
        let only = &runs[1..];
        add(&Shown::new(only), &mut figures);
        let time = figures.iter().find(|figure| figure.name == "time").unwrap();
        let labels: Vec<&str> = time.series.iter().map(|s| s.label.as_str()).collect();
        assert_eq!(labels, expected);
        let html = page(&runs, &PageOptions::default()).unwrap();
        let row = |stage: &str| format!("<th scope=\"row\">{stage}</th>");
        assert!(expected.iter().all(|stage| html.contains(&row(stage))));
        let curated = html.split(&row("curate")).nth(1).unwrap();
        let row = curated.split("</tr>").next().unwrap();
        assert_eq!(row.matches("<td>").count(), 2, "{row}");
    }
}
