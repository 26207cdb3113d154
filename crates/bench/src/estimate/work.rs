//! What an experiment has to do, generation by generation.

use autophage_lab::{EpochCount, Experiment, OverflowKind, Sizes, Stage, Volumes};
use autophage_measure::perplexity::SCORED_DOCUMENTS;

use super::{Lengths, Rates};

/// What the arithmetic needs to know of an experiment and its corpus.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) volumes: Volumes,
    /// Lengths of real documents and of those that models write.
    pub(crate) real: Lengths,
    pub(crate) written: Lengths,
    /// Tokens of the held-out documents that are measured on.
    pub(crate) validation_tokens: u64,
    pub(crate) epochs: f64,
    pub(crate) network: bool,
    pub(crate) training_context: usize,
    pub(crate) sequences_per_step: usize,
    pub(crate) generation_context: usize,
    pub(crate) overflow: OverflowKind,
    pub(crate) measure_context: usize,
}

impl Plan {
    pub(crate) fn new(
        experiment: &Experiment,
        initial_tokens: u64,
        validation_tokens: u64,
        real: Lengths,
    ) -> Self {
        let sizes = Sizes::of(experiment);
        let training = &experiment.training;
        Self {
            volumes: Volumes {
                paradigm: experiment.paradigm,
                initial_tokens: sizes.initial.unwrap_or(initial_tokens),
                training_tokens: sizes.training,
                generated_tokens: sizes.generated,
            },
            written: super::written_lengths(experiment, &real),
            real,
            validation_tokens,
            epochs: match training.epochs {
                EpochCount::Fixed(epochs) => f64::from(epochs),
                EpochCount::EarlyStopping => f64::from(training.max_epochs),
            },
            network: matches!(
                experiment.model,
                autophage_lab::ModelSettings::Transformer(_)
            ),
            training_context: training.settings.context,
            sequences_per_step: training.settings.sequences_per_step,
            generation_context: experiment.generation.context as usize,
            overflow: experiment.generation.overflow,
            measure_context: experiment.measure.context as usize,
        }
    }

    /// Seconds of the stages of generation `n` at these rates.
    pub(crate) fn generation(&self, n: u32, rates: &Rates) -> [(Stage, f64); 3] {
        [
            (Stage::TRAIN, self.train(n, rates)),
            (Stage::GENERATE, self.generate(n, rates)),
            (Stage::MEASURE, self.measure(n, rates)),
        ]
    }

    fn train(&self, n: u32, rates: &Rates) -> f64 {
        let tokens = self.volumes.training(n) as f64;
        if !self.network {
            return tokens * rates.train_token;
        }
        let lengths = if n == 1 { &self.real } else { &self.written };
        let sequences = tokens * lengths.pieces_per_token(self.training_context);
        let steps = (sequences / self.sequences_per_step as f64).ceil();
        // The validation loss is taken after every epoch.
        let validation = self.validation_tokens as f64 * rates.score_token;
        self.epochs * (tokens * rates.train_token + steps * rates.optimizer_step + validation)
    }

    fn generate(&self, n: u32, rates: &Rates) -> f64 {
        let tokens = self.volumes.generated(n) as f64;
        let context = self.generation_context;
        let beyond = self.written.share_beyond(context);
        let each = match (self.network, self.overflow) {
            (false, _) => rates.draw_token,
            (true, OverflowKind::Slide) => {
                let window = context as f64 * rates.window_token;
                (1.0 - beyond) * rates.draw_token + beyond * window
            }
            // Half of a context is read again before the other half is drawn.
            (true, OverflowKind::Hop) => {
                let half = (context / 2).max(1) as f64;
                let again = half / (context as f64 - half).max(1.0);
                (1.0 + beyond * again) * rates.draw_token
            }
        };
        tokens * each
    }

    fn measure(&self, n: u32, rates: &Rates) -> f64 {
        let validation = self.validation_tokens as f64 * self.score_seconds(&self.real, rates);
        let written = self.volumes.generated(n) as f64;
        let scored = (SCORED_DOCUMENTS as f64 * self.written.mean()).min(written);
        validation
            + scored * self.score_seconds(&self.written, rates)
            + rates.tracked
            + written * rates.diversity_token
    }

    /// Seconds a token of documents of these lengths that are scored.
    fn score_seconds(&self, lengths: &Lengths, rates: &Rates) -> f64 {
        let beyond = lengths.share_beyond(self.measure_context);
        if !self.network {
            return rates.score_token;
        }
        let window = self.measure_context as f64 * rates.window_token;
        (1.0 - beyond) * rates.score_token + beyond * window
    }
}

#[cfg(test)]
mod tests {
    use autophage_theory::Paradigm;

    use super::*;

    const RATES: Rates = Rates {
        train_token: 1e-3,
        optimizer_step: 0.5,
        score_token: 1e-4,
        window_token: 1e-5,
        draw_token: 2e-3,
        tracked: 3.0,
        diversity_token: 1e-6,
    };

    fn plan(paradigm: Paradigm) -> Plan {
        Plan {
            volumes: Volumes {
                paradigm,
                initial_tokens: 100_000,
                training_tokens: None,
                generated_tokens: None,
            },
            real: Lengths::of([200; 5]),
            written: Lengths::of([100; 5]),
            validation_tokens: 5000,
            epochs: 2.0,
            network: true,
            training_context: 128,
            sequences_per_step: 10,
            generation_context: 80,
            overflow: OverflowKind::Slide,
            measure_context: 150,
        }
    }

    #[test]
    fn a_generation_in_closed_form() {
        let [(_, trained), (_, generated), (_, measured)] =
            plan(Paradigm::Replace).generation(1, &RATES);
        // 500 documents of two pieces each: 100 steps an epoch.
        let train = 2.0 * (100.0 + 100.0 * 0.5 + 0.5);
        assert!((trained - train).abs() < 1e-9, "{trained}");
        // A fifth of the tokens slide, each over 80 tokens.
        let generate = 100_000.0 * (0.8 * 2e-3 + 0.2 * 80.0 * 1e-5);
        assert!((generated - generate).abs() < 1e-9, "{generated}");
        let held_out = 5000.0 * (0.75 * 1e-4 + 0.25 * 150.0 * 1e-5);
        let measure = held_out + 25_600.0 * 1e-4 + 3.0 + 0.1;
        assert!((measured - measure).abs() < 1e-9, "{measured}");
        // Later generations read shorter documents: one piece each of 1,000.
        let second = plan(Paradigm::Replace).generation(2, &RATES);
        assert_eq!(
            second.map(|(stage, _)| stage),
            [Stage::TRAIN, Stage::GENERATE, Stage::MEASURE]
        );
        assert!((second[0].1 - train).abs() < 1e-9);
    }

    #[test]
    fn training_sets_that_grow_take_longer() {
        let grown = plan(Paradigm::Accumulate);
        let seconds = |n| grown.train(n, &RATES);
        let validation = 2.0 * 0.5;
        for n in 2..6 {
            let expected = f64::from(n) * (seconds(1) - validation) + validation;
            assert!((seconds(n) - expected).abs() < 1e-6, "{n}");
        }
        let replace = plan(Paradigm::Replace);
        assert_eq!(replace.generation(2, &RATES), replace.generation(9, &RATES));
    }

    #[test]
    fn hops_read_again_what_they_keep() {
        let hop = Plan {
            overflow: OverflowKind::Hop,
            ..plan(Paradigm::Replace)
        };
        let seconds = hop.generate(1, &RATES);
        assert!((seconds - 100_000.0 * 1.2 * 2e-3).abs() < 1e-9, "{seconds}");
    }
}
