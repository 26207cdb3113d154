//! One number of two cases: its values, their difference, and how sure they are.

use autophage_lab::Run;
use autophage_measure::MeasureError;
use autophage_measure::perplexity::HeldOutLosses;
use autophage_theory::{Interval, SampleMean, student_t};
use serde::Serialize;

use super::LEVEL;
use crate::ReportError;
use crate::headline::{Contrast, Headline, HeadlineValue, PERPLEXITY, headlines};

/// A case against the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Against {
    /// Whether `estimate` is the case's value / that of the first, or the case's − that of the first.
    pub contrast: Contrast,
    /// The ratio or the difference.
    pub estimate: f64,
    /// Its interval.
    pub interval: Option<Interval>,
    /// What the interval is made from.
    pub method: Method,
}

/// What an interval is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The differences of the two losses on each of the same held-out documents. It is about other
    /// documents and not about other seeds.
    PairedDocuments {
        /// Number of documents.
        documents: u64,
    },
    /// The standard errors of two runs on different documents, as if they were independent.
    IndependentDocuments,
    /// The spread over the seeds of each case (Welch).
    Seeds,
    /// Nothing: there is no interval.
    None,
}

/// What was measured of the runs of a case in one generation.
#[derive(Debug)]
pub(super) struct Observed {
    /// Of every run.
    values: Vec<Vec<HeadlineValue>>,
    /// Of a single run, where they were kept.
    losses: Option<HeldOutLosses>,
}

impl Observed {
    pub(super) fn read(runs: &[&Run], generation: u32) -> Result<Self, ReportError> {
        let values = runs
            .iter()
            .map(|run| Ok(headlines(&run.metrics(generation)?)))
            .collect::<Result<_, ReportError>>()?;
        let losses = match runs {
            [run] => run.held_out_losses(generation)?,
            _ => None,
        };
        Ok(Self { values, losses })
    }

    /// Every number that any run has.
    pub(super) fn headlines(&self) -> impl Iterator<Item = &Headline> {
        self.values.iter().flatten().map(|value| &value.headline)
    }

    /// The number of this key in every run; `None` unless all runs have it.
    pub(super) fn numbers(&self, key: &str) -> Option<Vec<&HeadlineValue>> {
        self.values
            .iter()
            .map(|values| values.iter().find(|value| value.headline.key == key))
            .collect()
    }
}

/// The number on the scale on which means and intervals are made.
fn inward(contrast: Contrast, value: f64) -> f64 {
    match contrast {
        Contrast::Ratio => value.ln(),
        Contrast::Difference => value,
    }
}

/// Back from it.
fn outward(contrast: Contrast, value: f64) -> f64 {
    match contrast {
        Contrast::Ratio => value.exp(),
        Contrast::Difference => value,
    }
}

fn outward_interval(contrast: Contrast, interval: Interval) -> Interval {
    Interval {
        low: outward(contrast, interval.low),
        high: outward(contrast, interval.high),
    }
}

/// Student's interval of an estimate from so many units with this standard error.
fn student_interval(centre: f64, error: f64, units: u64) -> Option<Interval> {
    let t = student_t(units.checked_sub(1)? as f64, LEVEL).ok()?;
    Some(Interval {
        low: centre - t * error,
        high: centre + t * error,
    })
}

fn mean(contrast: Contrast, numbers: &[&HeadlineValue]) -> Option<SampleMean> {
    let inside: Vec<f64> = numbers
        .iter()
        .map(|number| inward(contrast, number.value))
        .collect();
    SampleMean::new(&inside)
}

/// The number of a case with its interval: of a single run over its documents, else over the seeds.
pub(super) fn estimate(headline: &Headline, numbers: &[&HeadlineValue]) -> (f64, Option<Interval>) {
    let contrast = headline.contrast;
    if let [only] = numbers {
        let centre = inward(contrast, only.value);
        let interval = only
            .standard_error
            .and_then(|(error, documents)| student_interval(centre, error, documents));
        return (
            only.value,
            interval.map(|found| outward_interval(contrast, found)),
        );
    }
    let Some(mean) = mean(contrast, numbers) else {
        return (f64::NAN, None);
    };
    let interval = mean.interval(LEVEL).ok().flatten();
    (
        outward(contrast, mean.mean),
        interval.map(|found| outward_interval(contrast, found)),
    )
}

/// A case against the first; `None` where one of them has no such number. `problem` hears why there is
/// no better interval.
pub(super) fn against(
    headline: &Headline,
    case: &Observed,
    first: &Observed,
    problem: &mut dyn FnMut(&str),
) -> Option<Against> {
    let ours = case.numbers(&headline.key)?;
    let theirs = first.numbers(&headline.key)?;
    let contrast = headline.contrast;
    if headline.key == PERPLEXITY
        && let Some(paired) = paired(case, first, problem)
    {
        return Some(paired);
    }
    let difference = mean(contrast, &ours)?
        .minus(&mean(contrast, &theirs)?, LEVEL)
        .ok()?;
    let (interval, method) = match (&ours[..], &theirs[..]) {
        ([one], [other]) => independent(contrast, one, other),
        _ if difference.interval.is_some() => (difference.interval, Method::Seeds),
        _ => {
            problem("one seed against several: differences without intervals");
            (None, Method::None)
        }
    };
    Some(Against {
        contrast,
        estimate: outward(contrast, difference.difference),
        interval: interval.map(|found| outward_interval(contrast, found)),
        method,
    })
}

/// The perplexities of two single runs, paired over their documents.
fn paired(case: &Observed, first: &Observed, problem: &mut dyn FnMut(&str)) -> Option<Against> {
    if case.values.len() > 1 || first.values.len() > 1 {
        return None;
    }
    let (Some(ours), Some(theirs)) = (&case.losses, &first.losses) else {
        problem(
            "the perplexities are not paired, for a run was made before losses were kept by document: \
             their intervals are wider than they need be",
        );
        return None;
    };
    let found = match ours.compare(theirs) {
        Ok(found) => found,
        Err(MeasureError::DifferentDocuments { difference }) => {
            problem(&format!(
                "the perplexities are not paired over documents, for these are not the same \
                 ({difference}; another seed splits the corpus in another way): their intervals are \
                 wider"
            ));
            return None;
        }
        Err(_) => return None,
    };
    let interval = found
        .loss_difference_standard_error_nats_per_token
        .and_then(|error| {
            student_interval(found.loss_difference_nats_per_token, error, found.documents)
        });
    Some(Against {
        contrast: Contrast::Ratio,
        estimate: found.perplexity_ratio,
        interval: interval.map(|found| outward_interval(Contrast::Ratio, found)),
        method: Method::PairedDocuments {
            documents: found.documents,
        },
    })
}

/// The difference of two estimates from documents that have nothing to do with each other.
fn independent(
    contrast: Contrast,
    one: &HeadlineValue,
    other: &HeadlineValue,
) -> (Option<Interval>, Method) {
    let (Some((first, documents)), Some((second, others))) =
        (one.standard_error, other.standard_error)
    else {
        return (None, Method::None);
    };
    let centre = inward(contrast, one.value) - inward(contrast, other.value);
    // Hundreds of documents, as a rule: the smaller number is on the safe side of Welch's.
    let interval = student_interval(centre, first.hypot(second), documents.min(others));
    (interval, Method::IndependentDocuments)
}

#[cfg(test)]
mod tests {
    use autophage_measure::perplexity::{DocumentLoss, DocumentLosses};
    use autophage_random::{Purpose, Stream};

    use super::*;

    /// Documents of different lengths and difficulties: the interval must hold the true ratio about as
    /// often as it says, although the difficulties differ far more than the models.
    #[test]
    fn the_paired_interval_covers_what_it_says() {
        const TRUE_DIFFERENCE: f64 = 0.05;
        let stream = Stream::new(11, Purpose::Simulation, 0);
        let observed = |losses: Vec<DocumentLoss>| Observed {
            values: vec![Vec::new()],
            losses: Some(HeldOutLosses {
                identity: 1,
                losses: DocumentLosses {
                    context_tokens: Some(512),
                    documents: losses,
                },
            }),
        };
        let replicates = 2000;
        let covered = (0..replicates)
            .filter(|&replicate| {
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for document in 0..40 {
                    let normal = |place: u64| stream.normal(replicate, 4 * document + place);
                    let tokens = 20 + stream.below(200, replicate, 4 * document + 3);
                    let difficulty = 3.0 + normal(0);
                    let difference = TRUE_DIFFERENCE + 0.1 * normal(1);
                    let loss = |mean: f64| DocumentLoss {
                        loss_nats: mean * tokens as f64,
                        tokens,
                    };
                    theirs.push(loss(difficulty));
                    ours.push(loss(difficulty + difference));
                }
                let found = paired(&observed(ours), &observed(theirs), &mut |_| ()).unwrap();
                assert_eq!(found.method, Method::PairedDocuments { documents: 40 });
                found.interval.unwrap().contains(TRUE_DIFFERENCE.exp())
            })
            .count();
        let share = covered as f64 / replicates as f64;
        assert!((share - LEVEL).abs() < 0.02, "{share}");
    }
}
