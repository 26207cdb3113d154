//! A figure as a plain description, apart from how it is drawn.

mod csv;
mod draw;
mod files;
mod font;
mod inline;
mod legend;
mod palette;
mod scale;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub(crate) use palette::{Ground, Swatch};
pub use scale::Scale;

/// The part of the report that a figure belongs to, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// What becomes of the models.
    Collapse,
    /// The theorem: error terms, retention, forecasts.
    Theorem,
    /// How varied the generated text is.
    Diversity,
    /// How the models were trained, and how long everything took.
    Making,
}

/// What is to be seen in a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Stem of its files and its id on the page: lower-case letters, digits and hyphens; no two
    /// figures of a report have the same.
    pub name: String,
    /// Figures of one group are alternatives between which a reader of the page chooses, such as one
    /// for every probe.
    pub group: String,
    /// What this one is called among the alternatives; empty where there is only one.
    pub variant: String,
    /// Where it stands on the page.
    pub section: Section,
    /// Its title.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub caption: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, in the order of the legend.
    pub series: Vec<Series>,
    /// Values to compare with, as dotted lines over the whole width.
    pub references: Vec<Reference>,
}

/// An axis of a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// What it measures, with the unit.
    pub label: String,
    /// Name of the column in the CSV file.
    pub column: String,
    /// How values are laid out, if nobody asks for something else.
    pub scale: Scale,
    /// Whether only whole numbers mean anything, as of generations.
    pub whole: bool,
    /// The axis begins here, or further down where data do; `None`: with the data.
    pub from: Option<f64>,
    /// The axis ends here, or further up where data do; `None`: with the data.
    pub to: Option<f64>,
}

/// A curve, a band, a histogram, or one part of stacked bars.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Its name in the legend. No two of a figure have the same.
    pub label: String,
    /// How it is drawn.
    pub mark: Mark,
    /// In which colour.
    pub colour: Colour,
    /// From left to right.
    pub points: Vec<Point>,
}

/// A value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Where, on the horizontal axis.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Lower and upper end of its uncertainty, if it is known.
    pub interval: Option<(f64, f64)>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A line with a dot at every point, and a band where there are intervals.
    Line,
    /// The same, dashed and without dots: what was computed and not measured.
    Dashed,
    /// A line without dots, for many points.
    Curve,
    /// The outline of a histogram: each value holds from its x to that of the next point.
    Steps,
    /// Bars that stand on those of the series before.
    Stack,
}

/// The colour of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// A colour of the palette, for things of different kinds. Numbers beyond it begin anew.
    Category(usize),
    /// A colour between the first (0) and the last (1), for things in an order.
    Sequence(f64),
    /// That of the text, for what everything else is compared with.
    Ink,
}

/// A value over the whole width of a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// What it is.
    pub label: String,
    /// What the legend says of it. Where several say the same, it is said once.
    pub legend: String,
    /// The value.
    pub y: f64,
    /// Its colour: that of the series it belongs to.
    pub colour: Colour,
}

impl Figure {
    /// The points of all series.
    pub(crate) fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// What the legend says of the references, and in which colour: that of the text where it stands
    /// for several.
    pub(crate) fn reference_legend(&self) -> Vec<(&str, Colour)> {
        let mut entries: Vec<(&str, Colour)> = Vec::new();
        for reference in &self.references {
            match entries
                .iter_mut()
                .find(|(label, _)| *label == reference.legend)
            {
                Some((_, colour)) => *colour = Colour::Ink,
                None => entries.push((&reference.legend, reference.colour)),
            }
        }
        entries
    }

    /// How high the stacked bars are, and where they stand; nothing without any.
    fn stacked_heights(&self) -> Vec<f64> {
        let mut heights: Vec<(f64, f64)> = Vec::new();
        for series in self.series.iter().filter(|s| s.mark == Mark::Stack) {
            for point in series.points.iter().filter(|point| point.is_finite()) {
                match heights.iter_mut().find(|(x, _)| *x == point.x) {
                    Some((_, height)) => *height += point.y,
                    None => heights.push((point.x, point.y)),
                }
            }
        }
        let bottom = (!heights.is_empty()).then_some(0.0);
        heights
            .into_iter()
            .map(|(_, height)| height)
            .chain(bottom)
            .collect()
    }
}

impl Point {
    /// A value whose uncertainty is not known.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            interval: None,
        }
    }

    /// A value with the ends of its uncertainty.
    pub fn with_interval(x: f64, y: f64, low: f64, high: f64) -> Self {
        Self {
            x,
            y,
            interval: Some((low, high)),
        }
    }

    /// Whether it can be drawn.
    pub(crate) fn is_finite(&self) -> bool {
        let ends = self.interval.unwrap_or((0.0, 0.0));
        [self.x, self.y, ends.0, ends.1]
            .iter()
            .all(|v| v.is_finite())
    }
}
