//! Where the entries of a legend stand.

use super::font::text_width;
use super::{Colour, Figure};

/// The legend of a figure that stands alone: samples of lines with names, row by row.
#[derive(Debug)]
pub(super) struct Legend {
    pub(super) entries: Vec<Entry>,
    rows: usize,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// The series; `None` for a reference.
    pub(super) series: Option<usize>,
    pub(super) label: String,
    pub(super) colour: Colour,
    /// Left end of the sample.
    pub(super) x: f64,
    /// Middle of the row.
    pub(super) y: f64,
}

impl Legend {
    pub(super) const TEXT: f64 = 11.5;
    /// Length of a sample of a line.
    pub(super) const SAMPLE: f64 = 18.0;
    /// Between a sample and its name.
    pub(super) const GAP: f64 = 5.0;
    const ROW: f64 = 17.0;
    const MARGIN: f64 = 10.0;
    /// Between entries.
    const DISTANCE: f64 = 14.0;
    /// Longer names are cut.
    const LONGEST: usize = 60;

    /// Lays out the entries in a width. A figure with a single series and nothing else needs no
    /// legend: its title says what it is.
    pub(super) fn new(figure: &Figure, width: f64) -> Self {
        let series = figure.series.iter().enumerate();
        let references = figure.reference_legend().into_iter();
        let entries: Vec<(Option<usize>, &str, Colour)> = series
            .map(|(index, series)| (Some(index), series.label.as_str(), series.colour))
            .chain(references.map(|(label, colour)| (None, label, colour)))
            .collect();
        let (mut x, mut row) = (Self::MARGIN, 0);
        let mut placed = Vec::new();
        if entries.len() > 1 {
            for (series, label, colour) in entries {
                let label = shortened(label, Self::LONGEST);
                let length = Self::SAMPLE + Self::GAP + text_width(&label, Self::TEXT);
                if x > Self::MARGIN && x + length > width - Self::MARGIN {
                    (x, row) = (Self::MARGIN, row + 1);
                }
                placed.push(Entry {
                    series,
                    label,
                    colour,
                    x,
                    y: (row as f64 + 0.5) * Self::ROW,
                });
                x += length + Self::DISTANCE;
            }
        }
        Self {
            rows: if placed.is_empty() { 0 } else { row + 1 },
            entries: placed,
        }
    }

    pub(super) fn height(&self) -> f64 {
        self.rows as f64 * Self::ROW
    }
}

/// The first `most` characters.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
