//! Quantities by generation: together in one figure for a single run, each in a figure with all runs
//! otherwise.

use super::{Shown, generation_axis};
use crate::{
    Axis, Colour, Figure, GenerationData, Mark, Point, Reference, RunData, Section, Series,
};

/// A value with its uncertainty, if it is known.
pub(super) type Value = (f64, Option<(f64, f64)>);

type OfGeneration<'a> = Box<dyn Fn(&GenerationData) -> Option<Value> + 'a>;
type OfRun<'a> = Box<dyn Fn(&RunData) -> Option<f64> + 'a>;
/// Of a run at the generation of this number.
type OfRunAt<'a> = Box<dyn Fn(&RunData, u32) -> Option<f64> + 'a>;

/// Something that every generation has a value of.
pub(super) struct Quantity<'a> {
    /// What it is called: in the legend of one run, or among the alternatives of several.
    pub(super) label: String,
    /// The end of the figure's name, where it has one of its own.
    pub(super) key: String,
    /// Its value.
    pub(super) value: OfGeneration<'a>,
    /// What it is in the initial corpus.
    pub(super) truth: Option<OfRun<'a>>,
    /// What a law says of generation n of the run.
    pub(super) law: Option<Law<'a>>,
}

/// A value that is computed and not measured.
pub(super) struct Law<'a> {
    pub(super) label: &'static str,
    pub(super) value: OfRunAt<'a>,
}

/// What all figures of a group have in common.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) section: Section,
    pub(super) title: String,
    pub(super) caption: String,
    pub(super) y: Axis,
    /// What the value of the initial corpus is called.
    pub(super) truth: &'static str,
}

impl<'a> Quantity<'a> {
    pub(super) fn new(
        label: impl Into<String>,
        key: impl Into<String>,
        value: impl Fn(&GenerationData) -> Option<Value> + 'a,
    ) -> Self {
        Self {
            label: label.into(),
            key: key.into(),
            value: Box::new(value),
            truth: None,
            law: None,
        }
    }

    pub(super) fn truth(mut self, truth: impl Fn(&RunData) -> Option<f64> + 'a) -> Self {
        self.truth = Some(Box::new(truth));
        self
    }

    fn points(&self, run: &RunData) -> Vec<Point> {
        let value = |generation: &GenerationData| {
            let (y, interval) = (self.value)(generation)?;
            Some(Point {
                x: f64::from(generation.number),
                y,
                interval,
            })
        };
        run.generations().iter().filter_map(value).collect()
    }
}

impl Law<'_> {
    fn points(&self, run: &RunData) -> Vec<Point> {
        let numbers = run.generations().iter().map(|generation| generation.number);
        numbers
            .filter_map(|n| Some(Point::new(f64::from(n), (self.value)(run, n)?)))
            .collect()
    }
}

/// Adds the figures of `quantities`.
pub(super) fn add(
    shown: &Shown<'_>,
    group: &Group,
    quantities: &[Quantity<'_>],
    figures: &mut Vec<Figure>,
) {
    if shown.single() {
        figures.push(of_one_run(&shown.runs[0], group, quantities));
        return;
    }
    for quantity in quantities {
        figures.push(of_one_quantity(
            shown,
            group,
            quantity,
            quantities.len() > 1,
        ));
    }
}

fn frame(group: &Group) -> Figure {
    Figure {
        name: group.name.clone(),
        group: group.name.clone(),
        variant: String::new(),
        section: group.section,
        title: group.title.clone(),
        caption: group.caption.clone(),
        x: generation_axis(),
        y: group.y.clone(),
        series: Vec::new(),
        references: Vec::new(),
    }
}

fn of_one_run(run: &RunData, group: &Group, quantities: &[Quantity<'_>]) -> Figure {
    let mut figure = frame(group);
    for (index, quantity) in quantities.iter().enumerate() {
        let colour = Colour::Category(index);
        figure.push(
            quantity.label.clone(),
            Mark::Line,
            colour,
            quantity.points(run),
        );
        if let Some(law) = &quantity.law {
            figure.push(
                law.label.to_owned(),
                Mark::Dashed,
                Colour::Ink,
                law.points(run),
            );
        }
        let truth = quantity.truth.as_ref().and_then(|truth| truth(run));
        figure.references.extend(truth.map(|y| Reference {
            label: format!("{}, {}", quantity.label, group.truth),
            legend: group.truth.to_owned(),
            y,
            colour,
        }));
    }
    if let [alone] = &mut figure.references[..] {
        alone.label.clone_from(&alone.legend);
        alone.colour = Colour::Ink;
    }
    figure
}

fn of_one_quantity(
    shown: &Shown<'_>,
    group: &Group,
    quantity: &Quantity<'_>,
    several: bool,
) -> Figure {
    let mut figure = frame(group);
    if several {
        figure.name = format!("{}-{}", group.name, quantity.key);
        figure.variant.clone_from(&quantity.label);
        figure.title = format!("{}: {}", group.title, quantity.label);
    }
    let mut truths: Vec<(f64, Reference)> = Vec::new();
    for (index, run, name) in shown.iter() {
        let colour = Colour::Category(index);
        figure.push(name.to_owned(), Mark::Line, colour, quantity.points(run));
        if let Some(law) = &quantity.law {
            let label = format!("{}: {name}", law.label);
            figure.push(label, Mark::Dashed, colour, law.points(run));
        }
        if let Some(y) = quantity.truth.as_ref().and_then(|truth| truth(run)) {
            let label = format!("{}: {name}", group.truth);
            let legend = group.truth.to_owned();
            let reference = Reference {
                label,
                legend,
                y,
                colour,
            };
            truths.push((y, reference));
        }
    }
    // Runs on the same text have the same truth, which then needs saying only once.
    let same = truths
        .iter()
        .all(|(y, _)| (y - truths[0].0).abs() <= 1e-9 * y.abs());
    figure.references = match truths.first() {
        Some(&(y, _)) if same => vec![Reference {
            label: group.truth.to_owned(),
            legend: group.truth.to_owned(),
            y,
            colour: Colour::Ink,
        }],
        _ => truths.into_iter().map(|(_, reference)| reference).collect(),
    };
    figure
}

impl Figure {
    /// Adds a series, unless it is empty.
    pub(super) fn push(&mut self, label: String, mark: Mark, colour: Colour, points: Vec<Point>) {
        if !points.is_empty() {
            self.series.push(Series {
                label,
                mark,
                colour,
                points,
            });
        }
    }
}
