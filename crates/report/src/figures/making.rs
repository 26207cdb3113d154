//! How the models were trained, and how long everything took.

use autophage_lab::{CurvePoint, StageTiming, Timing};

use super::histogram::place;
use super::quantity::{Group, Quantity};
use super::{Shown, axis, generation_axis, quantity, spread};
use crate::{Axis, Colour, Figure, GenerationData, Mark, Point, RunData, Section};

/// Generations whose training is shown.
const CURVES: usize = 6;
/// Points of a training curve; the steps between them are averaged.
const CURVE_POINTS: usize = 100;

/// A stage by name.
type Stage = (&'static str, fn(&Timing) -> &StageTiming);

const STAGES: [Stage; 3] = [
    ("train", |timing| &timing.train),
    ("generate", |timing| &timing.generate),
    ("measure", |timing| &timing.measure),
];

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
    let longest = longest
        .map(|timing| STAGES.map(|(_, stage)| stage(timing).seconds).iter().sum())
        .fold(0.0, f64::max);
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
    for (place, (label, stage)) in STAGES.iter().enumerate() {
        let points = run.generations().iter().filter_map(|generation| {
            let timing = stage(generation.timing.as_ref()?);
            Some(Point::new(
                f64::from(generation.number),
                timing.seconds / seconds,
            ))
        });
        let colour = Colour::Category(place);
        figure.push((*label).to_owned(), Mark::Stack, colour, points.collect());
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
    let quantities = STAGES.map(|(label, stage)| {
        Quantity::new(label, label, move |generation| {
            let timing = stage(generation.timing.as_ref()?);
            (timing.tokens > 0).then(|| (timing.tokens_per_second(), None))
        })
    });
    quantity::add(shown, &group, &quantities, figures);
}
