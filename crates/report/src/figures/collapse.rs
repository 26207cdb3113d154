//! What becomes of the models: the paper's figures 1, 2 and 3.

use super::quantity::{Group, Quantity};
use super::{Shown, axis, generation_axis, printable, quantity};
use crate::{Axis, Colour, Figure, GenerationData, Mark, Point, RunData, Section};

/// Beyond this many generations, their texts are not shown each by itself.
const MOST_SOURCES: usize = 10;

pub(super) fn add(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    perplexity(shown, figures);
    probes(shown, figures);
    for (index, run, _) in shown.iter() {
        figures.push(composition(shown, index, run));
    }
}

fn perplexity(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let value = |generation: &GenerationData| {
        let found = generation.metrics.as_ref()?.perplexity;
        let interval = found
            .perplexity_standard_error
            .map(|error| (found.perplexity - error, found.perplexity + error));
        Some((found.perplexity, interval))
    };
    let highest = shown
        .runs
        .iter()
        .flat_map(RunData::generations)
        .filter_map(value)
        .map(|(perplexity, _)| perplexity)
        .fold(0.0, f64::max);
    let group = Group {
        name: "perplexity".to_owned(),
        section: Section::Collapse,
        title: "Perplexity on real text".to_owned(),
        caption:
            "Perplexity of each generation’s model on held-out real documents, which no model \
                  was trained on. Bands: one standard error to either side, over documents."
                .to_owned(),
        y: axis("perplexity on real text", "perplexity"),
        truth: "a unigram model",
    };
    let quantity = Quantity::new("model", "", value).truth(move |run| {
        // Far above everything else it would only flatten the curves.
        let unigram = run.baseline()?.unigram.perplexity;
        (unigram <= 1.5 * highest).then_some(unigram)
    });
    quantity::add(shown, &group, &[quantity], figures);
}

fn probes(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    // Runs are shown together where they ask for the same.
    let mut asked: Vec<(&str, &[String])> = Vec::new();
    for run in shown.runs {
        for probe in &run.experiment().measure.probe {
            if !asked
                .iter()
                .any(|(c, n)| *c == probe.context && **n == *probe.next)
            {
                asked.push((&probe.context, &probe.next));
            }
        }
    }
    for (index, (context, next)) in asked.into_iter().enumerate() {
        let named = printable(context);
        let quantities: Vec<Quantity<'_>> = next
            .iter()
            .enumerate()
            .map(|(place, text)| {
                let asked = move |c: &str, n: &[String]| c == context && n == next;
                let value = move |generation: &GenerationData| {
                    let metrics = generation.metrics.as_ref()?;
                    let probe = metrics.probes.iter().find(|p| asked(&p.context, &p.next))?;
                    Some((*probe.probabilities.get(place)?, None))
                };
                Quantity::new(
                    format!("{named} → {}", printable(text)),
                    (place + 1).to_string(),
                    value,
                )
                .truth(move |run| {
                    let baseline = run.baseline()?;
                    let probe = baseline
                        .probes
                        .iter()
                        .find(|p| asked(&p.context, &p.next))?;
                    probe.truth.next.get(place)?.probability
                })
            })
            .collect();
        let group = Group {
            name: format!("probe-{}", index + 1),
            section: Section::Collapse,
            title: format!("What follows “{named}”"),
            caption: "The models’ probability of a continuation. Dotted: its share in the initial \
                      corpus, the truth that a lineage should keep."
                .to_owned(),
            y: Axis {
                from: Some(0.0),
                ..axis(&format!("probability after “{named}”"), "probability")
            },
            truth: "initial corpus",
        };
        let first = figures.len();
        quantity::add(shown, &group, &quantities, figures);
        for (figure, next) in figures[first..].iter_mut().zip(next) {
            figure.group = "probes".to_owned();
            figure.variant = match shown.single() {
                true => format!("after “{named}”"),
                false => format!("{named} → {}", printable(next)),
            };
        }
    }
}

/// What the training set of every generation was made of.
fn composition(shown: &Shown<'_>, index: usize, run: &RunData) -> Figure {
    let (end, variant) = shown.of_run(index);
    let mut figure = Figure {
        name: format!("composition{end}"),
        group: format!("composition{end}"),
        title: match shown.single() {
            true => "What each model was trained on".to_owned(),
            false => format!("Training sets: {variant}"),
        },
        variant: String::new(),
        section: Section::Collapse,
        caption: format!(
            "Where the tokens of each generation’s training set come from ({}).",
            run.experiment().paradigm
        ),
        x: generation_axis(),
        y: Axis {
            from: Some(0.0),
            to: Some(1.0),
            ..axis("share of the training tokens", "share")
        },
        series: Vec::new(),
        references: Vec::new(),
    };
    let count = run.generations().len();
    figure.push(
        "real documents".to_owned(),
        Mark::Stack,
        Colour::Category(4),
        shares(run, |_, source| source == 0),
    );
    if count <= MOST_SOURCES {
        for k in 1..count as u32 {
            // The paler end of the sequence would pass for the real documents' orange.
            let colour = Colour::Sequence(0.85 * f64::from(k - 1) / (count as f64 - 1.0).max(1.0));
            let points = shares(run, |_, source| source == k);
            figure.push(format!("generation {k}"), Mark::Stack, colour, points);
        }
    } else {
        let earlier = shares(run, |n, source| source > 0 && source + 1 < n);
        let latest = shares(run, |n, source| source > 0 && source + 1 == n);
        let colours = [Colour::Sequence(0.25), Colour::Sequence(0.6)];
        figure.push(
            "earlier generations".to_owned(),
            Mark::Stack,
            colours[0],
            earlier,
        );
        figure.push(
            "the generation before".to_owned(),
            Mark::Stack,
            colours[1],
            latest,
        );
    }
    figure
}

/// The shares of those sources that `of` takes, by generation and source; empty where none has any.
fn shares(run: &RunData, of: impl Fn(u32, u32) -> bool) -> Vec<Point> {
    let mut points = Vec::new();
    for generation in run.generations() {
        if let Some(provenance) = &generation.provenance {
            let taken = provenance.sources.iter();
            let taken = taken.filter(|source| of(generation.number, source.generation));
            let share = taken.map(|source| source.share).sum();
            points.push(Point::new(f64::from(generation.number), share));
        }
    }
    if points.iter().all(|point| point.y == 0.0) {
        points.clear();
    }
    points
}
