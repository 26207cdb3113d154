//! The n-gram model as a language model: probabilities.

use std::ops::ControlFlow;
use std::path::Path;

use rayon::prelude::*;

use super::counts::{Level, Node, descend};
use super::{NGramLearner, file, sample};
use crate::request::check_tokens;
use crate::{GeneratedDocument, GenerationRequest, LanguageModel, ModelError};

/// An n-gram model: counts and how they are interpolated.
#[derive(Clone, Debug, PartialEq)]
pub struct NGram {
    settings: NGramLearner,
    vocabulary: u32,
    /// Level j holds the contexts of j tokens. (order)
    levels: Vec<Level>,
}

impl NGram {
    pub(super) fn new(settings: NGramLearner, vocabulary: u32, levels: Vec<Level>) -> Self {
        Self {
            settings,
            vocabulary,
            levels,
        }
    }

    /// Name of the file that [`save`](LanguageModel::save) writes.
    pub const FILE: &str = file::NAME;

    /// Reads a model, whatever its settings are.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged.
    pub fn load(directory: &Path) -> Result<Self, ModelError> {
        file::read(directory)
    }

    /// How it was learned.
    pub fn settings(&self) -> NGramLearner {
        self.settings
    }

    /// Number of different contexts of 0, 1, … tokens that were counted.
    pub fn contexts(&self) -> Vec<usize> {
        self.levels
            .iter()
            .map(|level| level.contexts().len())
            .collect()
    }

    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// λ of a node of level `length`.
    fn own_weight(&self, length: usize, node: Node<'_>) -> f64 {
        if length == 0 && !self.settings.full_support {
            return 1.0;
        }
        self.settings
            .interpolation
            .own_weight(node.total(), node.types())
    }

    /// The nodes of a path with their weights, level 0 first.
    fn weighted<'a>(&'a self, path: &'a [u32]) -> impl DoubleEndedIterator<Item = (f64, Node<'a>)> {
        (0..path.len()).map(|length| {
            let node = self.levels[length].node(path[length]);
            (self.own_weight(length, node), node)
        })
    }

    /// Writes the nodes that `context` reaches to `path`, level 0 first.
    pub(super) fn path(&self, context: &[u32], path: &mut Vec<u32>) {
        descend(&self.levels, context, path);
    }

    /// `p̂(token)` after the context of `path`.
    fn probability(&self, path: &[u32], token: u32) -> f64 {
        let uniform = 1.0 / f64::from(self.vocabulary);
        self.weighted(path).fold(uniform, |shorter, (own, node)| {
            let frequency = f64::from(node.count_of(token)) / f64::from(node.total());
            own * frequency + (1.0 - own) * shorter
        })
    }

    /// `ln p̂` of every token after the context of `path`.
    pub(super) fn log_probabilities(&self, path: &[u32]) -> Vec<f32> {
        let mut probabilities = vec![1.0 / f64::from(self.vocabulary); self.vocabulary as usize];
        for (own, node) in self.weighted(path) {
            for probability in &mut probabilities {
                *probability *= 1.0 - own;
            }
            let each = own / f64::from(node.total());
            for (token, count) in node.counts() {
                probabilities[token as usize] += each * f64::from(count);
            }
        }
        probabilities.iter().map(|p| p.ln() as f32).collect()
    }

    /// The token that `uniform` in [0, 1) draws after the context of `path`: it chooses a length of
    /// the context by its weight, and what is left of it a token by the counts of that length.
    pub(super) fn draw(&self, path: &[u32], mut uniform: f64) -> u32 {
        for (own, node) in self.weighted(path).rev() {
            if uniform < own {
                return node.draw(uniform / own);
            }
            // Below 1 even where the division rounds up.
            uniform = ((uniform - own) / (1.0 - own)).min(1.0 - f64::EPSILON);
        }
        (uniform * f64::from(self.vocabulary)) as u32
    }
}

impl LanguageModel for NGram {
    fn vocabulary(&self) -> usize {
        self.vocabulary as usize
    }

    /// None: of a longer context the last tokens count.
    fn max_context(&self) -> Option<usize> {
        None
    }

    fn next_token_log_probabilities(
        &self,
        contexts: &[Vec<u32>],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let row = |context: &Vec<u32>| {
            if context.is_empty() {
                return Err(ModelError::EmptyContext);
            }
            check_tokens(context, self.vocabulary())?;
            let mut path = Vec::new();
            self.path(context, &mut path);
            Ok(self.log_probabilities(&path))
        };
        contexts.par_iter().map(row).collect()
    }

    /// A token that the model excludes has an infinite loss.
    fn token_losses(
        &self,
        sequences: &[Vec<u32>],
        context: usize,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        if context == 0 {
            return Err(ModelError::EmptyContext);
        }
        let losses = |sequence: &Vec<u32>| {
            check_tokens(sequence, self.vocabulary())?;
            let mut path = Vec::new();
            let loss = |target: usize| {
                let window = &sequence[target.saturating_sub(context)..target];
                self.path(window, &mut path);
                -self.probability(&path, sequence[target]).ln() as f32
            };
            Ok((1..sequence.len()).map(loss).collect())
        };
        sequences.par_iter().map(losses).collect()
    }

    fn generate(
        &self,
        request: &GenerationRequest,
        sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        sample::generate(self, request, sink)
    }

    fn save(&self, directory: &Path) -> Result<(), ModelError> {
        file::write(self, directory)
    }
}
