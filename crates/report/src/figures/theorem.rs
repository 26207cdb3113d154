//! The theorem: retention, error terms, and what they make of the future.

use autophage_lab::{RunForecast, Scored};
use autophage_measure::statistics::Quantiles;

use super::quantity::{Group, Quantity, Value};
use super::{Shown, axis, generation_axis, quantity};
use crate::{Axis, Colour, Figure, GenerationData, Mark, Point, RunData, Scale, Section};

/// The column of retention in the CSV file.
const RETENTION: &str = "retention";

pub(super) fn add(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    retention(shown, figures);
    errors(shown, figures);
    events(shown, figures);
    cross_entropy(shown, figures);
    for (index, run, _) in shown.iter() {
        forecasts(shown, index, run, figures);
    }
    for figure in figures {
        if figure.y.column == RETENTION && spans_powers(figure) {
            figure.y.scale = Scale::Logarithmic;
        }
    }
}

/// Whether values differ so much that a linear axis would show the largest alone, as those of a
/// share do that every generation multiplies.
fn spans_powers(figure: &Figure) -> bool {
    const SPAN: f64 = 1e3;
    let (least, greatest) = figure
        .points()
        .map(|point| point.y)
        .filter(|y| y.is_finite() && *y > 0.0)
        .fold((f64::INFINITY, 0.0f64), |(least, greatest), y| {
            (least.min(y), greatest.max(y))
        });
    greatest > SPAN * least
}

fn retention(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let group = Group {
        name: "retention".to_owned(),
        section: Section::Theorem,
        title: "Retention of the initial corpus".to_owned(),
        caption: "The share of a model that still is the initial corpus, averaged over the places \
                  where a tracked context stands: by the theorem’s recursion over all error terms \
                  (w), and measured directly on the model (w*), which is never less."
            .to_owned(),
        y: Axis {
            from: Some(0.0),
            ..axis("retention (share of the model)", RETENTION)
        },
        truth: "",
    };
    let quantities = [
        Quantity::new("predicted by the theorem, w", "predicted", |generation| {
            let errors = generation.errors.as_ref()?;
            Some((errors.summary.retention_by_place, None))
        }),
        Quantity::new("measured on the model, w*", "measured", |generation| {
            let errors = generation.errors.as_ref()?;
            Some((errors.summary.direct_retention_by_place, None))
        }),
    ];
    quantity::add(shown, &group, &quantities, figures);
}

fn errors(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let group = Group {
        name: "errors".to_owned(),
        section: Section::Theorem,
        title: "Error terms over the whole vocabulary".to_owned(),
        caption: "How far a model is from the mixture it should have learned (total b) and from what \
                  its training set shows (learning b): medians over the tracked contexts, bands from \
                  the lower to the upper quartile. Unseen mass is what sampling took away: the \
                  mixture’s probability of continuations that the training set lacks."
            .to_owned(),
        y: Axis {
            scale: Scale::Logarithmic,
            ..axis("error term b; unseen mass", "error")
        },
        truth: "",
    };
    let quartiles = |q: &Quantiles| -> Value { (q.median, Some((q.p25, q.p75))) };
    let quantities = [
        Quantity::new("total b", "total", move |generation| {
            Some(quartiles(&generation.errors.as_ref()?.summary.total_error))
        }),
        Quantity::new("learning b", "learning", move |generation| {
            let errors = generation.errors.as_ref()?;
            Some(quartiles(errors.summary.learning_error.as_ref()?))
        }),
        Quantity::new("unseen mass", "unseen", |generation| {
            Some((generation.errors.as_ref()?.summary.unseen_mass?, None))
        }),
    ];
    quantity::add(shown, &group, &quantities, figures);
}

/// The error terms of what the probes ask for.
fn events(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let mut named: Vec<&(String, Vec<u32>, u32)> = Vec::new();
    for run in shown.runs {
        for event in &run.event_names {
            if !named.contains(&event) {
                named.push(event);
            }
        }
    }
    for (index, (name, context, token)) in named.into_iter().enumerate() {
        let event = move |generation: &GenerationData| {
            let errors = generation.errors.as_ref()?;
            let same = |e: &&_| same_event(e, context, *token);
            errors.events.iter().find(same).cloned()
        };
        let quantities = [
            Quantity::new("total b", "total", move |generation| {
                Some((event(generation)?.total.error, None))
            }),
            Quantity::new("sampling b", "sampling", move |generation| {
                Some((event(generation)?.sampling?.error, None))
            }),
            Quantity::new("learning b", "learning", move |generation| {
                let event = event(generation)?;
                let interval = event.learning_error_interval_95;
                Some((event.learning?.error, interval.map(|i| (i.low, i.high))))
            }),
        ];
        let group = Group {
            name: format!("event-{}", index + 1),
            section: Section::Theorem,
            title: format!("Error terms of {name}"),
            caption:
                "The same for one continuation against all others, where the error splits into \
                      what sampling the training set did (sampling b) and what training on it did \
                      (learning b, with its 95 % interval for a training set of this size)."
                    .to_owned(),
            y: Axis {
                from: Some(0.0),
                ..axis("error term b", "error")
            },
            truth: "",
        };
        let first = figures.len();
        quantity::add(shown, &group, &quantities, figures);
        for figure in &mut figures[first..] {
            figure.group = "events".to_owned();
            figure.variant = match figure.variant.as_str() {
                "" => name.clone(),
                kind => format!("{name}: {kind}"),
            };
        }
    }
}

fn same_event(
    event: &autophage_measure::retention::EventErrors,
    context: &[u32],
    token: u32,
) -> bool {
    event.context == context && event.token == token
}

fn cross_entropy(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let group = Group {
        name: "cross-entropy".to_owned(),
        section: Section::Theorem,
        title: "Cross-entropy on the initial corpus".to_owned(),
        caption:
            "Averaged over the places where a tracked context stands: what the models have, and \
                  the theorem’s upper bound H(p) − ln w. Dotted: the entropy of the corpus itself, \
                  below which no model can be."
                .to_owned(),
        y: axis("cross-entropy (nats a token)", "cross_entropy_nats"),
        truth: "entropy of the corpus",
    };
    let quantities = [
        Quantity::new("models", "models", |generation| {
            Some((generation.errors.as_ref()?.cross_entropy_nats, None))
        })
        .truth(entropy),
        Quantity::new("the theorem’s bound", "bound", |generation| {
            Some((generation.errors.as_ref()?.cross_entropy_bound_nats, None))
        }),
    ];
    quantity::add(shown, &group, &quantities, figures);
}

fn entropy(run: &RunData) -> Option<f64> {
    let mut errors = run.generations().iter().filter_map(|g| g.errors.as_ref());
    Some(errors.next()?.entropy_nats)
}

/// What was measured, and what was and is forecast of it.
fn forecasts(shown: &Shown<'_>, index: usize, run: &RunData, figures: &mut Vec<Figure>) {
    let measured = |value: fn(&GenerationData) -> Option<f64>| -> Vec<Point> {
        let generations = run.generations().iter();
        generations
            .filter_map(|g| Some(Point::new(f64::from(g.number), value(g)?)))
            .collect()
    };
    let forecast = Forecast { shown, index, run };
    let retention = Axis {
        from: Some(0.0),
        ..axis("retention by the theorem, w", RETENTION)
    };
    figures.extend(forecast.figure(
        "retention",
        retention,
        measured(|g| Some(g.errors.as_ref()?.summary.retention_by_place)),
        |forecast| &forecast.retention,
    ));
    figures.extend(forecast.figure(
        "perplexity",
        axis("perplexity on real text", "perplexity"),
        measured(|g| Some(g.metrics.as_ref()?.perplexity.perplexity)),
        |forecast| &forecast.perplexity,
    ));
}

/// The forecasts of one run.
struct Forecast<'a> {
    shown: &'a Shown<'a>,
    index: usize,
    run: &'a RunData,
}

impl Forecast<'_> {
    fn figure(
        &self,
        what: &str,
        y: Axis,
        measured: Vec<Point>,
        of: impl Fn(&RunForecast) -> &Scored,
    ) -> Option<Figure> {
        let (end, name) = self.shown.of_run(self.index);
        let outlook = self.run.outlook();
        let onward = outlook.onward.as_ref()?;
        let level = (100.0 * onward.level).round();
        let mut figure = Figure {
            name: format!("forecast-{what}{end}"),
            group: "forecasts".to_owned(),
            variant: match name.as_str() {
                "" => what.to_owned(),
                name => format!("{name}: {what}"),
            },
            section: Section::Theorem,
            title: match name.as_str() {
                "" => format!("Forecast of {what}"),
                name => format!("Forecast of {what}: {name}"),
            },
            caption: format!(
                "What the error terms so far make of the generations to come, and what those of the \
                 first half made of the second, to see how far that can be trusted. Bands: {level} % \
                 intervals."
            ),
            x: generation_axis(),
            y,
            series: Vec::new(),
            references: Vec::new(),
        };
        let colours = [1, 2].map(Colour::Category);
        for (forecast, colour) in outlook.test.iter().chain([onward]).zip(match outlook.test {
            Some(_) => colours,
            None => [colours[1], colours[0]],
        }) {
            let label = format!("forecast from 1–{}", forecast.from);
            // A forecast sets out from the last measurement that it knows.
            let known = f64::from(forecast.from);
            let start = measured
                .iter()
                .find(|point| point.x == known)
                .map(|point| Point::with_interval(point.x, point.y, point.y, point.y));
            let points = start.into_iter().chain(points(of(forecast))).collect();
            figure.push(label, Mark::Dashed, colour, points);
        }
        figure.push(
            "measured".to_owned(),
            Mark::Line,
            Colour::Category(0),
            measured,
        );
        Some(figure)
    }
}

fn points(scored: &Scored) -> impl Iterator<Item = Point> {
    let first = scored.forecast.first_generation;
    (first..).zip(&scored.forecast.values).map(|(n, estimate)| {
        Point::with_interval(f64::from(n), estimate.value, estimate.low, estimate.high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[f64]) -> Figure {
        let points = (1..).zip(values);
        Figure {
            name: "retention".to_owned(),
            group: "retention".to_owned(),
            variant: String::new(),
            section: Section::Theorem,
            title: "Retention".to_owned(),
            caption: String::new(),
            x: generation_axis(),
            y: axis("retention", RETENTION),
            series: vec![crate::Series {
                label: "w".to_owned(),
                mark: Mark::Line,
                colour: Colour::Category(0),
                points: points
                    .map(|(n, &y)| Point {
                        x: f64::from(n),
                        y,
                        interval: None,
                    })
                    .collect(),
            }],
            references: Vec::new(),
        }
    }

    #[test]
    fn many_powers_of_ten_need_a_logarithmic_axis() {
        assert!(spans_powers(&figure(&[0.9, 0.1, 1e-5])));
        // What has vanished has no place on either axis.
        assert!(spans_powers(&figure(&[0.9, 1e-5, 0.0, f64::NAN])));
        assert!(!spans_powers(&figure(&[0.9, 0.1, 0.001, 0.0])));
        assert!(!spans_powers(&figure(&[0.5])));
        assert!(!spans_powers(&figure(&[])));
    }
}
