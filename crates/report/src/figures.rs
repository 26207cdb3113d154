//! Every figure of some runs.

use crate::{Axis, Colour, Figure, Mark, Point, RunData, Scale, Section, Series};

/// Describes all figures of `runs`, in the order of the page. A figure for which no run has data is
/// left out.
pub fn figures(runs: &[RunData]) -> Vec<Figure> {
    vec![perplexity(runs)]
}

fn perplexity(runs: &[RunData]) -> Figure {
    Figure {
        name: "perplexity".to_owned(),
        group: "perplexity".to_owned(),
        variant: String::new(),
        section: Section::Collapse,
        title: "Perplexity on real text".to_owned(),
        caption: String::new(),
        x: Axis {
            label: "generation".to_owned(),
            column: "generation".to_owned(),
            scale: Scale::Linear,
            whole: true,
            from: None,
            to: None,
        },
        y: Axis {
            label: "perplexity".to_owned(),
            column: "perplexity".to_owned(),
            scale: Scale::Linear,
            whole: false,
            from: None,
            to: None,
        },
        series: runs
            .iter()
            .enumerate()
            .map(|(index, run)| Series {
                label: run.name().to_owned(),
                mark: Mark::Line,
                colour: Colour::Category(index),
                points: run
                    .generations()
                    .iter()
                    .filter_map(|generation| {
                        let found = generation.metrics.as_ref()?.perplexity;
                        Some(Point::new(f64::from(generation.number), found.perplexity))
                    })
                    .filter(Point::is_finite)
                    .collect(),
            })
            .collect(),
        references: Vec::new(),
    }
}
