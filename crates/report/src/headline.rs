//! The numbers of a generation that people look at first, in the order in which they are shown.

use autophage_lab::{Baseline, Key, Measured, Metrics};
use autophage_measure::diversity::Diversity;
use autophage_measure::perplexity::Perplexity;
use serde::Serialize;

/// How two values of a number are set against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contrast {
    /// By their ratio: for numbers that grow by factors. Their means are geometric, and their
    /// intervals are made on the logarithm.
    Ratio,
    /// By their difference.
    Difference,
}

/// Which number of a generation it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// A name that is the same in all runs.
    pub key: String,
    /// What it is called in a table.
    pub label: String,
    /// How two values are set against each other.
    pub contrast: Contrast,
    /// Whether it is a share, which people read in percent.
    pub percent: bool,
    /// What it is a measurement of: two values mean the same only if their experiments agree in the
    /// keys that this depends on.
    pub measured: Measured,
}

impl Headline {
    /// Whether two values mean the same only if this key of their experiments is the same.
    pub(crate) fn needs(&self, key: &str) -> bool {
        Key::named(key).is_some_and(|key| key.basis_of.contains(&self.measured))
    }
}

/// A headline's value in one generation.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadlineValue {
    /// Which number.
    pub headline: Headline,
    /// The number, always finite.
    pub value: f64,
    /// Its standard error, on the logarithm for [`Contrast::Ratio`], and the number of documents that
    /// it was estimated from.
    pub standard_error: Option<(f64, u64)>,
}

/// The key of the perplexity on real text.
pub const PERPLEXITY: &str = "perplexity";
/// The key of the bits per byte of real text: what remains comparable between tokenizers.
pub const BITS_PER_BYTE: &str = "bits_per_byte";

impl HeadlineValue {
    /// `None` where the number is not there or not finite.
    fn new(
        key: &str,
        label: &str,
        contrast: Contrast,
        measured: Measured,
        value: Option<f64>,
    ) -> Option<Self> {
        Some(Self {
            headline: Headline {
                key: key.to_owned(),
                label: label.to_owned(),
                contrast,
                percent: false,
                measured,
            },
            value: value.filter(|value| value.is_finite())?,
            standard_error: None,
        })
    }

    fn of_perplexity(
        key: &str,
        label: &str,
        measured: Measured,
        perplexity: &Perplexity,
    ) -> Option<Self> {
        let value = Some(perplexity.perplexity);
        Some(Self {
            standard_error: perplexity
                .loss_standard_error_nats_per_token
                .map(|error| (error, perplexity.documents)),
            ..Self::new(key, label, Contrast::Ratio, measured, value)?
        })
    }

    fn of_probe(context: &str, next: &str, probability: Option<f64>) -> Option<Self> {
        Self::new(
            &format!("probe {context:?} → {next:?}"),
            &format!("{}→{}", context.trim(), next.trim()),
            Contrast::Difference,
            Measured::Probes,
            probability,
        )
    }
}

/// The numbers of a generation that people look at first; those that it lacks are left out.
pub fn headlines(metrics: &Metrics) -> Vec<HeadlineValue> {
    let perplexity = &metrics.perplexity;
    let under_first = metrics.perplexity_under_first.as_ref();
    let errors = metrics.errors.as_ref();
    let mut found = vec![
        HeadlineValue::of_perplexity(PERPLEXITY, "perplexity", Measured::Perplexity, perplexity),
        HeadlineValue::new(
            BITS_PER_BYTE,
            "bits per byte",
            Contrast::Difference,
            Measured::BitsPerByte,
            perplexity.bits_per_byte,
        ),
        under_first.and_then(|scored| {
            HeadlineValue::of_perplexity(
                "perplexity_under_first",
                "own text, by gen. 1",
                Measured::GeneratedPerplexity,
                &scored.perplexity,
            )
        }),
    ];
    for probe in &metrics.probes {
        for (next, &probability) in probe.next.iter().zip(&probe.probabilities) {
            found.push(HeadlineValue::of_probe(
                &probe.context,
                next,
                Some(probability),
            ));
        }
    }
    found.extend(of_retention(
        errors.map(|errors| errors.retention_by_place),
        errors.map(|errors| errors.direct_retention_by_place),
    ));
    found.extend(of_diversity(&metrics.diversity));
    found.into_iter().flatten().collect()
}

/// The same numbers of the real text, as far as it has them: the truth of the probes, a retention of
/// 1, the diversity of the initial corpus.
pub fn real_headlines(baseline: &Baseline) -> Vec<HeadlineValue> {
    let mut found = Vec::new();
    for probe in &baseline.probes {
        for (next, truth) in probe.next.iter().zip(&probe.truth.next) {
            found.push(HeadlineValue::of_probe(
                &probe.context,
                next,
                truth.probability,
            ));
        }
    }
    found.extend(of_retention(Some(1.0), Some(1.0)));
    found.extend(of_diversity(&baseline.diversity));
    found.into_iter().flatten().collect()
}

fn of_retention(predicted: Option<f64>, measured: Option<f64>) -> [Option<HeadlineValue>; 2] {
    let value = |key, label, value| {
        HeadlineValue::new(key, label, Contrast::Difference, Measured::Retention, value)
    };
    [
        value("retention", "retention w", predicted),
        value("direct_retention", "retention measured", measured),
    ]
}

fn of_diversity(diversity: &Diversity) -> [Option<HeadlineValue>; 6] {
    let (corpus, sample) = (&diversity.corpus, &diversity.sample);
    let value = |key, label, measured, value| {
        HeadlineValue::new(key, label, Contrast::Difference, measured, value)
    };
    let vocabulary = value(
        "initial_vocabulary",
        "vocabulary left",
        Measured::Corpus,
        Some(corpus.composition.initial_vocabulary_share),
    );
    [
        vocabulary.map(|found| HeadlineValue {
            headline: Headline {
                percent: true,
                ..found.headline
            },
            ..found
        }),
        value(
            "distinct_2",
            "distinct-2",
            Measured::Sample,
            sample.distinct_2,
        ),
        value(
            "entropy_bits",
            "entropy (bits)",
            Measured::Sample,
            Some(sample.composition.entropy_bits),
        ),
        value(
            "repetition_4_percent",
            "rep-4 (%)",
            Measured::Sample,
            sample.repetition_4_percent,
        ),
        value(
            "compression_ratio",
            "compression",
            Measured::Sample,
            Some(sample.compression_ratio),
        ),
        value(
            "mean_length_tokens",
            "length (tokens)",
            Measured::Corpus,
            Some(corpus.length.mean_tokens),
        ),
    ]
}
