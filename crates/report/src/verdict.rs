//! What the numbers of a run say, in words.

use crate::figures::printable;
use crate::number::{percent, significant};
use crate::run_data::THRESHOLD;
use crate::{RunData, RunState};

/// Where perplexity on real text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trend {
    /// There are not two generations to compare.
    Unknown,
    /// It rose beyond what chance explains.
    Worse,
    /// It is what it was, as far as the held-out text can tell.
    Unchanged,
    /// It fell beyond what chance explains.
    Better,
}

/// A run in a few sentences, drawn from its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Where it goes.
    pub trend: Trend,
    /// The whole in one sentence.
    pub headline: String,
    /// What stands behind it.
    pub sentences: Vec<String>,
}

/// A change is beyond chance if it is more than so many standard errors from none.
const BEYOND_CHANCE: f64 = 2.0;
/// A rise of perplexity by more than this is called a collapse.
const COLLAPSE: f64 = 1.1;

/// Perplexity on real text of the last generation over that of the first.
struct Rise {
    from: f64,
    to: f64,
    ratio: f64,
    /// Its standard error, if it is known.
    error: Option<f64>,
}

impl Verdict {
    /// The verdict on `run`.
    pub fn new(run: &RunData) -> Self {
        let count = run.generations().len();
        let Some(rise) = Rise::new(run) else {
            return Self::of_a_beginning(run);
        };
        let trend = rise.trend();
        let times = format!("×{}", significant(rise.ratio, 3));
        let mut parts = vec![match trend {
            Trend::Unchanged => format!(
                "perplexity on real text {times} in {count} generations, which may be chance"
            ),
            _ => format!("perplexity on real text {times} in {count} generations"),
        }];
        parts.extend(
            retention(run)
                .map(|w| format!("retention of the initial corpus {}", significant(w, 2))),
        );
        parts.extend(
            vocabulary(run).map(|share| format!("{} of the vocabulary left", percent(share))),
        );
        let state = match trend {
            Trend::Worse if rise.ratio > COLLAPSE => "This lineage collapses",
            Trend::Worse => "This lineage gets a little worse",
            Trend::Better => "This lineage gets better",
            Trend::Unchanged | Trend::Unknown => "No collapse shows so far",
        };
        Self {
            trend,
            headline: format!("{state}: {}.", parts.join("; ")),
            sentences: [
                Some(rise.sentence(count)),
                theorem_sentence(run),
                future_sentence(run),
                probe_sentence(run),
                diversity_sentence(run),
                unfinished_sentence(run),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    /// Of a run without two generations.
    fn of_a_beginning(run: &RunData) -> Self {
        let first = run.generations().first().and_then(|g| g.metrics.as_ref());
        let headline = match first {
            None => "No generation has been measured yet.".to_owned(),
            Some(metrics) => format!(
                "One generation so far: perplexity {} on held-out real text. What becomes of a lineage \
                 shows from the second on.",
                with_error(
                    metrics.perplexity.perplexity,
                    metrics.perplexity.perplexity_standard_error
                )
            ),
        };
        Self {
            trend: Trend::Unknown,
            headline,
            sentences: unfinished_sentence(run).into_iter().collect(),
        }
    }
}

impl Rise {
    fn new(run: &RunData) -> Option<Self> {
        let metrics = |index: usize| run.generations().get(index)?.metrics.as_ref();
        let last = run
            .generations()
            .len()
            .checked_sub(1)
            .filter(|last| *last > 0)?;
        let (first, last) = (metrics(0)?.perplexity, metrics(last)?.perplexity);
        let ratio = last.perplexity / first.perplexity;
        if !ratio.is_finite() {
            return None;
        }
        // Paired over documents where they were kept; else as if the two were independent, which makes
        // the error too large rather than too small.
        let apart = || {
            let (a, b) = (
                first.loss_standard_error_nats_per_token?,
                last.loss_standard_error_nats_per_token?,
            );
            Some(ratio * a.hypot(b))
        };
        Some(Self {
            from: first.perplexity,
            to: last.perplexity,
            ratio,
            error: match run.change() {
                Some(change) => change.perplexity_ratio_standard_error,
                None => apart(),
            },
        })
    }

    fn trend(&self) -> Trend {
        let margin = BEYOND_CHANCE * self.error.unwrap_or(0.0) / self.ratio;
        match self.ratio.ln() {
            change if change > margin => Trend::Worse,
            change if change < -margin => Trend::Better,
            _ => Trend::Unchanged,
        }
    }

    fn sentence(&self, count: usize) -> String {
        let verb = match self.trend() {
            Trend::Worse => "rose",
            Trend::Better => "fell",
            Trend::Unchanged | Trend::Unknown => "went, within chance,",
        };
        format!(
            "Perplexity on held-out real text {verb} from {} to {} in {count} generations, a factor of {}.",
            significant(self.from, 4),
            significant(self.to, 4),
            with_error(self.ratio, self.error)
        )
    }
}

/// `4.35 ± 0.12`
pub(crate) fn with_error(value: f64, error: Option<f64>) -> String {
    let written = significant(value, 4);
    match error {
        Some(error) => format!("{written} ± {}", significant(error, 2)),
        None => written,
    }
}

/// Retention of the last generation, by the theorem.
fn retention(run: &RunData) -> Option<f64> {
    let errors = run.generations().last()?.errors.as_ref()?;
    Some(errors.summary.retention_by_place)
}

/// The share of the initial vocabulary that the last generation writes.
fn vocabulary(run: &RunData) -> Option<f64> {
    let metrics = run.generations().last()?.metrics.as_ref()?;
    let composition = metrics.diversity.corpus.composition;
    Some(composition.initial_vocabulary_share)
}

/// A share in percent; a very small one with its digits.
fn share(value: f64) -> String {
    match value {
        value if value >= 0.001 => percent(value),
        value => format!("{}%", significant(100.0 * value, 2)),
    }
}

fn theorem_sentence(run: &RunData) -> Option<String> {
    let errors = &run.generations().last()?.errors.as_ref()?.summary;
    Some(format!(
        "By the theorem’s error terms at least {} of the last model still is the initial corpus; measured \
         directly it is {}.",
        share(errors.retention_by_place),
        share(errors.direct_retention_by_place)
    ))
}

fn future_sentence(run: &RunData) -> Option<String> {
    let onward = run.outlook().onward.as_ref()?;
    let threshold = onward.threshold;
    let finished = run.generations().len() as u32;
    let level = percent(onward.level);
    Some(
        match (threshold.generation, threshold.low, threshold.high) {
            (Some(n), _, _) if n <= finished => {
                format!("Retention is below {THRESHOLD} from generation {n} on.")
            }
            (Some(n), Some(low), Some(high)) => format!(
                "If its errors go on like this, retention falls below {THRESHOLD} in generation {n} \
             ({level} interval: {low} to {high})."
            ),
            (Some(n), low, _) => format!(
                "If its errors go on like this, retention falls below {THRESHOLD} in generation {n} \
             ({level} interval: from {} on, without an end).",
                low.unwrap_or(finished + 1)
            ),
            (None, ..) => format!(
                "If its errors go on like this, retention stays above {THRESHOLD} as far as can be seen."
            ),
        },
    )
}

/// The continuation whose probability moved most from the truth.
fn probe_sentence(run: &RunData) -> Option<String> {
    let baseline = run.baseline()?;
    let first = run.generations().first()?.metrics.as_ref()?;
    let last = run.generations().last()?.metrics.as_ref()?;
    let mut farthest: Option<(f64, String)> = None;
    for (probe, truth) in last.probes.iter().zip(&baseline.probes) {
        let before = first
            .probes
            .iter()
            .find(|p| p.context == probe.context && p.next == probe.next);
        for (place, text) in probe.next.iter().enumerate() {
            let real = truth
                .truth
                .next
                .get(place)
                .and_then(|next| next.probability);
            let now = probe.probabilities.get(place).copied();
            let before = before.and_then(|p| p.probabilities.get(place)).copied();
            let (Some(real), Some(now), Some(before)) = (real, now, before) else {
                continue;
            };
            let distance = (now - real).abs();
            if farthest.as_ref().is_none_or(|(known, _)| distance > *known) {
                let sentence = format!(
                    "“{}” after “{}” has probability {} in the initial corpus, {} in generation 1 and {} in \
                     generation {}.",
                    printable(text),
                    printable(&probe.context),
                    significant(real, 2),
                    significant(before, 2),
                    significant(now, 2),
                    last.generation
                );
                farthest = Some((distance, sentence));
            }
        }
    }
    farthest.map(|(_, sentence)| sentence)
}

fn diversity_sentence(run: &RunData) -> Option<String> {
    let real = &run.baseline()?.diversity.sample;
    let last = &run.generations().last()?.metrics.as_ref()?.diversity.sample;
    let (real_distinct, distinct) = (real.distinct_2?, last.distinct_2?);
    Some(format!(
        "Its text has {} bits of entropy a token (real text: {}) and {} different bigrams of 100 (real text: \
         {}).",
        significant(last.composition.entropy_bits, 3),
        significant(real.composition.entropy_bits, 3),
        significant(100.0 * distinct, 3),
        significant(100.0 * real_distinct, 3)
    ))
}

fn unfinished_sentence(run: &RunData) -> Option<String> {
    let (done, wanted) = (run.generations().len(), run.experiment().generations);
    match run.state() {
        RunState::Complete => None,
        RunState::InProgress => Some(format!(
            "The run was going on when this was written: {done} of {wanted} generations were finished."
        )),
        RunState::Stopped => Some(format!(
            "The run is not complete: {done} of {wanted} generations are finished."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// A run with these perplexities, of which each has a relative standard error.
    fn with_perplexities(perplexities: &[f64], error: f64) -> RunData {
        let mut run = testing::long_run(perplexities.len() as u32);
        run.change = None;
        for (generation, &perplexity) in run.generations.iter_mut().zip(perplexities) {
            let metrics = &mut generation.metrics.as_mut().unwrap().perplexity;
            metrics.perplexity = perplexity;
            metrics.loss_nats_per_token = perplexity.ln();
            metrics.perplexity_standard_error = Some(perplexity * error);
            metrics.loss_standard_error_nats_per_token = Some(error);
        }
        run
    }

    #[test]
    fn a_verdict_follows_the_numbers() {
        for (perplexities, error, trend, words) in [
            (
                &[50.0, 70.0, 95.0][..],
                0.01,
                Trend::Worse,
                "collapses: perplexity on real text ×1.90 in 3 generations",
            ),
            (&[50.0, 52.5], 0.01, Trend::Worse, "a little worse"),
            (
                &[50.0, 49.0, 51.0],
                0.05,
                Trend::Unchanged,
                "No collapse shows so far",
            ),
            (&[50.0, 40.0], 0.01, Trend::Better, "gets better"),
            (
                &[50.0, f64::INFINITY],
                0.01,
                Trend::Unknown,
                "One generation so far",
            ),
        ] {
            let verdict = Verdict::new(&with_perplexities(perplexities, error));
            assert_eq!(verdict.trend, trend, "{perplexities:?}");
            assert!(verdict.headline.contains(words), "{}", verdict.headline);
        }
    }

    #[test]
    fn pairing_over_documents_decides_what_is_chance() {
        let mut run = with_perplexities(&[50.0, 52.0], 0.05);
        assert_eq!(Verdict::new(&run).trend, Trend::Unchanged);
        run.change = testing::run().change;
        let change = run.change.as_mut().unwrap();
        change.perplexity_ratio_standard_error = Some(0.01);
        assert_eq!(Verdict::new(&run).trend, Trend::Worse);
    }

    #[test]
    fn a_verdict_says_what_is_not_there() {
        let mut run = with_perplexities(&[50.0], 0.01);
        let verdict = Verdict::new(&run);
        assert!(
            verdict
                .headline
                .contains("One generation so far: perplexity 50.00 ± 0.50"),
            "{}",
            verdict.headline
        );
        run.generations.clear();
        assert!(Verdict::new(&run).headline.contains("No generation"));
        run.experiment.generations = 9;
        run.state = RunState::Stopped;
        let sentences = Verdict::new(&run).sentences;
        assert!(
            sentences.iter().any(|s| s.contains("0 of 9")),
            "{sentences:?}"
        );
    }

    #[test]
    fn small_shares_keep_their_digits() {
        assert_eq!(share(0.25), "25.0%");
        assert_eq!(share(2.8e-7), "2.8e-5%");
    }
}
