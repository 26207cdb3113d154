//! How much every generation of a lineage reads and writes.

use autophage_theory::Paradigm;

use crate::Experiment;

/// The sizes that an experiment gives in place of what follows from the paradigm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Tokens of the initial corpus, N.
    pub initial: Option<u64>,
    /// Tokens of every training set.
    pub training: Option<u64>,
    /// Tokens of every generated corpus.
    pub generated: Option<u64>,
}

impl Sizes {
    /// Those of an experiment.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            initial: experiment.corpus.tokens,
            training: experiment.training.tokens,
            generated: experiment.generation.tokens,
        }
    }
}

/// The tokens that the generations of a lineage are trained on and write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volumes {
    /// What each generation is trained on.
    pub paradigm: Paradigm,
    /// Stored tokens of the initial corpus, N.
    pub initial_tokens: u64,
    /// Tokens of every training set, in place of what the paradigm says.
    pub training_tokens: Option<u64>,
    /// Tokens of every generated corpus, in place of what the paradigm needs.
    pub generated_tokens: Option<u64>,
}

impl Volumes {
    /// Tokens of generation `n`'s training set. Generation 1 has no more than the initial corpus.
    pub fn training(&self, n: u32) -> u64 {
        match self.training_tokens {
            Some(tokens) if n == 1 => tokens.min(self.initial_tokens),
            Some(tokens) => tokens,
            None => part(self.initial_tokens, self.paradigm.volume(n)),
        }
    }

    /// Tokens of the corpus that generation `k` writes: those of the initial corpus, or more where
    /// a later training set needs them.
    pub fn generated(&self, k: u32) -> u64 {
        self.generated_tokens.unwrap_or_else(|| {
            // No paradigm needs more of a generation's text later than in the next generation.
            let next = self.paradigm.shares(k + 1).latest;
            part(self.training(k + 1), next).max(self.initial_tokens)
        })
    }
}

/// `share` of `tokens`, in whole tokens.
pub(crate) fn part(tokens: u64, share: f64) -> u64 {
    (tokens as f64 * share).round() as u64
}
