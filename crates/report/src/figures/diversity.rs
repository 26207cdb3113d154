//! How varied the generated text is.

use autophage_measure::diversity::{Diversity, SampleDiversity};
use autophage_theory::{Paradigm, expected_distinct_types};

use super::quantity::{Group, Law, Quantity};
use super::{Shown, axis, histogram, quantity};
use crate::{Axis, Figure, GenerationData, RunData, Section};

/// A measure of a sample's diversity, by name.
type Measure = (
    &'static str,
    &'static str,
    fn(&SampleDiversity) -> Option<f64>,
);

const DISTINCT: [Measure; 4] = [
    ("distinct-1", "1", |sample| sample.distinct_1),
    ("distinct-2", "2", |sample| sample.distinct_2),
    ("distinct-3", "3", |sample| sample.distinct_3),
    ("distinct-4", "4", |sample| sample.distinct_4),
];

const REPETITION: [Measure; 3] = [
    ("rep-2", "2", |sample| sample.repetition_2_percent),
    ("rep-3", "3", |sample| sample.repetition_3_percent),
    ("rep-4", "4", |sample| sample.repetition_4_percent),
];

const ENTROPY: [Measure; 1] = [("entropy", "", |sample| {
    Some(sample.composition.entropy_bits)
})];

const COMPRESSION: [Measure; 1] = [("compression", "", |sample| Some(sample.compression_ratio))];

pub(super) fn add(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    vocabulary(shown, figures);
    let from_zero = |label, column| Axis {
        from: Some(0.0),
        ..axis(label, column)
    };
    let of_sample = |name: &str, title: &str, caption: &str, y| Group {
        name: name.to_owned(),
        section: Section::Diversity,
        title: title.to_owned(),
        caption: caption.to_owned(),
        y,
        truth: "real text",
    };
    for (group, measures) in [
        (
            of_sample(
                "distinct",
                "Different n-grams",
                "Different n-grams over all n-grams, in samples of one size. Dotted: the initial corpus.",
                from_zero("different / all n-grams", "distinct"),
            ),
            &DISTINCT[..],
        ),
        (
            of_sample(
                "repetition",
                "Repetition within documents",
                "n-grams that their own document already had. Dotted: the initial corpus.",
                from_zero("repeated n-grams (%)", "repetition_percent"),
            ),
            &REPETITION,
        ),
        (
            of_sample(
                "entropy",
                "Entropy of the tokens",
                "Entropy of the token frequencies, in samples of one size. Dotted: the initial corpus.",
                axis("entropy (bits a token)", "entropy_bits"),
            ),
            &ENTROPY,
        ),
        (
            of_sample(
                "compression",
                "Compression ratio",
                "How many times smaller zstd makes a sample of one size: more where text repeats. \
                 Dotted: the initial corpus.",
                axis("compression ratio", "compression_ratio"),
            ),
            &COMPRESSION,
        ),
    ] {
        let quantities: Vec<Quantity<'_>> = measures.iter().map(of_measure).collect();
        quantity::add(shown, &group, &quantities, figures);
    }
    for (index, run, _) in shown.iter() {
        figures.extend(histogram::lengths(shown, index, run));
    }
    for (index, run, _) in shown.iter() {
        figures.extend(histogram::perplexity_under_first(shown, index, run));
    }
}

fn of_measure(&(label, key, value): &Measure) -> Quantity<'static> {
    Quantity::new(label, key, move |generation| {
        Some((value(&generated(generation)?.sample)?, None))
    })
    .truth(move |run| value(&run.baseline()?.diversity.sample))
}

fn generated(generation: &GenerationData) -> Option<&Diversity> {
    Some(&generation.metrics.as_ref()?.diversity)
}

fn vocabulary(shown: &Shown<'_>, figures: &mut Vec<Figure>) {
    let law = match shown
        .runs
        .iter()
        .any(|run| surviving_share(run, 1).is_some())
    {
        true => {
            " Dashed: what the survival law expects of a model that only counts, so that sampling is \
             the only loss (Replace)."
        }
        false => "",
    };
    let group = Group {
        name: "vocabulary".to_owned(),
        section: Section::Diversity,
        title: "Vocabulary that is left".to_owned(),
        caption: format!(
            "The share of the initial corpus’ vocabulary that a generation still writes.{law}"
        ),
        y: axis("share of the initial vocabulary", "share"),
        truth: "",
    };
    let mut quantity = Quantity::new("generated text", "", |generation| {
        let composition = generated(generation)?.corpus.composition;
        Some((composition.initial_vocabulary_share, None))
    });
    quantity.law = Some(Law {
        label: "survival law",
        value: Box::new(surviving_share),
    });
    quantity::add(shown, &group, &[quantity], figures);
}

/// What the survival law expects of the text of generation `n`, which is n samplings away from the
/// initial corpus; `None` where text is not replaced.
pub(crate) fn surviving_share(run: &RunData, n: u32) -> Option<f64> {
    let counts = &run.initial()?.type_counts;
    let replaced = run.experiment().paradigm == Paradigm::Replace && !counts.is_empty();
    replaced.then(|| expected_distinct_types(counts, n) / counts.len() as f64)
}
