//! Histograms of documents: by length, and by how likely generation 1 finds them.

use super::{Shown, axis, spread};
use crate::{Axis, Colour, Figure, GenerationData, Mark, Point, RunData, Scale, Section};

/// Generations in one histogram.
const GENERATIONS: usize = 5;
/// About so many classes; narrower ones are put together.
const CLASSES: usize = 40;

/// How long documents are.
pub(super) fn lengths(shown: &Shown<'_>, index: usize, run: &RunData) -> Option<Figure> {
    let (end, variant) = shown.of_run(index);
    let mut figure = Figure {
        name: format!("length{end}"),
        group: "length".to_owned(),
        title: titled("Length of the documents", &variant),
        variant,
        section: Section::Diversity,
        caption:
            "Share of the documents by length. A peak at the right end is text that was cut off."
                .to_owned(),
        x: Axis {
            from: Some(0.0),
            ..axis("length (tokens)", "length_tokens")
        },
        y: Axis {
            from: Some(0.0),
            ..axis("share of the documents", "share")
        },
        series: Vec::new(),
        references: Vec::new(),
    };
    let of = |diversity: &autophage_measure::diversity::Diversity| {
        diversity.corpus.length.histogram.clone()
    };
    let real = run.baseline().map(|baseline| of(&baseline.diversity));
    let generated: Vec<_> = spread(run.generations(), GENERATIONS)
        .into_iter()
        .filter_map(|g| Some((g.number, of(&g.metrics.as_ref()?.diversity))))
        .collect();
    let all = || {
        real.iter()
            .chain(generated.iter().map(|(_, histogram)| histogram))
    };
    let width = all().next()?.class_width_tokens as f64;
    let classes = Classes::new(all().map(|histogram| &histogram.documents[..]))?;
    if let Some(real) = &real {
        let points = classes.outline(&real.documents, |i| i as f64 * width);
        figure.push("real text".to_owned(), Mark::Steps, Colour::Ink, points);
    }
    for (n, histogram) in &generated {
        let points = classes.outline(&histogram.documents, |i| i as f64 * width);
        let colour = place(*n, run.generations());
        figure.push(format!("generation {n}"), Mark::Steps, colour, points);
    }
    Some(figure)
}

/// How generation 1 finds the text of the generations.
pub(super) fn perplexity_under_first(
    shown: &Shown<'_>,
    index: usize,
    run: &RunData,
) -> Option<Figure> {
    let (end, variant) = shown.of_run(index);
    let mut figure = Figure {
        name: format!("surprise{end}"),
        group: "surprise".to_owned(),
        title: titled("How likely generation 1 finds the text", &variant),
        variant,
        section: Section::Diversity,
        caption: "Generated documents by their perplexity under generation 1: the mass moves to what \
                  generation 1 finds likely, or a tail grows of what it would never write (Shumailov \
                  et al., 2024)."
            .to_owned(),
        x: Axis {
            scale: Scale::Logarithmic,
            ..axis("perplexity under generation 1", "perplexity")
        },
        y: Axis {
            from: Some(0.0),
            ..axis("share of the documents", "share")
        },
        series: Vec::new(),
        references: Vec::new(),
    };
    let histograms: Vec<_> = spread(run.generations(), GENERATIONS)
        .into_iter()
        .filter_map(|g| {
            let found = g.metrics.as_ref()?.perplexity_under_first.as_ref()?;
            Some((g.number, &found.histogram))
        })
        .collect();
    let width = histograms.first()?.1.class_width_nats_per_token;
    let classes = Classes::new(histograms.iter().map(|(_, h)| &h.documents[..]))?;
    for (n, histogram) in &histograms {
        let points = classes.outline(&histogram.documents, |i| (i as f64 * width).exp());
        let colour = place(*n, run.generations());
        figure.push(format!("generation {n}"), Mark::Steps, colour, points);
    }
    Some(figure)
}

fn titled(title: &str, run: &str) -> String {
    match run {
        "" => title.to_owned(),
        run => format!("{title}: {run}"),
    }
}

/// The colour of generation `n` among the others.
pub(super) fn place(n: u32, generations: &[GenerationData]) -> Colour {
    let last = generations.last().map_or(1, |generation| generation.number);
    Colour::Sequence(f64::from(n - 1) / f64::from(last.max(2) - 1))
}

/// The classes that histograms are drawn in: those between the first and the last that holds a
/// document, several put together where there are many.
struct Classes {
    first: usize,
    end: usize,
    together: usize,
}

impl Classes {
    fn new<'a>(histograms: impl Iterator<Item = &'a [u64]> + Clone) -> Option<Self> {
        let used = histograms.flat_map(|documents| {
            let classes = documents.iter().enumerate();
            classes
                .filter(|&(_, &count)| count > 0)
                .map(|(class, _)| class)
        });
        let (first, last) = (used.clone().min()?, used.max()?);
        let together = (last + 1 - first).div_ceil(CLASSES);
        let first = first / together * together;
        Some(Self {
            first,
            end: first + (last + 1 - first).div_ceil(together) * together,
            together,
        })
    }

    /// The shares of the documents, at the lower end of each class, and 0 at the end of the last.
    fn outline(&self, documents: &[u64], limit: impl Fn(usize) -> f64) -> Vec<Point> {
        let total = documents.iter().sum::<u64>().max(1) as f64;
        let mut points = vec![Point::new(limit(self.first), 0.0)];
        for class in (self.first..self.end).step_by(self.together) {
            let inside = documents.iter().skip(class).take(self.together);
            points.push(Point::new(limit(class), inside.sum::<u64>() as f64 / total));
        }
        points.push(Point::new(limit(self.end), 0.0));
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_keep_every_document() {
        let documents: Vec<u64> = (0..300).map(|i| if i < 100 { 0 } else { i % 7 }).collect();
        let classes = Classes::new([&documents[..], &[0, 0, 1]].into_iter()).unwrap();
        let outline = classes.outline(&documents, |i| i as f64);
        let sum: f64 = outline.iter().map(|point| point.y).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert!(outline.len() <= CLASSES + 3);
        assert!(outline.is_sorted_by(|a, b| a.x <= b.x));
        assert_eq!(outline.last().unwrap().y, 0.0);
        assert!(Classes::new([&[0, 0][..]].into_iter()).is_none());
    }
}
