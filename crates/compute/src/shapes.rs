//! The shapes and settings that operations take. All sizes are counts of elements, never bytes.

use std::ops::Range;

/// A matrix of activations: `rows` vectors of `channels` numbers, row-major.
///
/// A row is one token of one sequence; see [`Sequences`] for how they lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Number of rows, N.
    pub rows: usize,
    /// Numbers in a row, C.
    pub channels: usize,
}

/// A linear layer: (N, inputs) × (outputs, inputs)ᵀ → (N, outputs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Number of rows, N.
    pub rows: usize,
    /// Numbers in an input row.
    pub inputs: usize,
    /// Numbers in an output row.
    pub outputs: usize,
    /// Whether operands keep their 32 bits whatever the backend's [`Precision`](crate::Precision):
    /// for results that are amplified afterwards.
    pub exact: bool,
}

/// Sequences of different lengths laid end to end in the rows of one matrix, without padding.
///
/// Sequence `s` has the rows `range(s)`; attention never crosses from one to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    /// Row at which each sequence starts, and at the end the number of all rows.
    offsets: Vec<usize>,
}

impl Sequences {
    /// Sequences of these lengths, in order.
    pub fn from_lengths(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut offsets = vec![0];
        let mut end = 0;
        for length in lengths {
            end += length;
            offsets.push(end);
        }
        Self { offsets }
    }

    /// Number of sequences, B.
    pub fn count(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Number of rows of all sequences together, N.
    pub fn rows(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// The rows of sequence `index`.
    pub fn range(&self, index: usize) -> Range<usize> {
        self.offsets[index]..self.offsets[index + 1]
    }

    /// The rows of each sequence, in order.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.offsets.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// The position of every row in its own sequence, from 0.
    pub fn positions(&self) -> Vec<u32> {
        self.ranges()
            .flat_map(|range| 0..range.len() as u32)
            .collect()
    }
}

/// Causal self-attention over [`Sequences`], without scaling of the scores (as in GPT-Neo).
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Which rows belong together.
    pub sequences: &'a Sequences,
    /// Number of heads; it divides `channels`.
    pub heads: usize,
    /// Numbers in a row of queries, keys, values and output, over all heads.
    pub channels: usize,
    /// `Some(w)`: query i sees keys j with i − w < j ≤ i. `None`: all j ≤ i.
    pub window: Option<usize>,
}

/// Attention of one new row for each of several sequences whose past is in a cache.
///
/// The keys and the values of a slot have room for `capacity` positions; a backend says how long a
/// cache is ([`cache_len`](crate::Backend::cache_len)).
#[derive(Clone, Copy, Debug)]
pub struct Cached<'a> {
    /// Where each new row belongs; the slots are distinct.
    pub entries: &'a [CacheEntry],
    /// Positions that a slot has room for.
    pub capacity: usize,
    /// Number of heads; it divides `channels`.
    pub heads: usize,
    /// Numbers in a row over all heads.
    pub channels: usize,
    /// As in [`Attention::window`].
    pub window: Option<usize>,
}

/// A place in a cache: the sequence in `slot`, at `position`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// Which of the cached sequences.
    pub slot: usize,
    /// Which position of it, from 0 and below the capacity.
    pub position: usize,
}

/// The output layer: (N, channels) × (vocabulary, channels)ᵀ → logits (N, vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of rows, N.
    pub rows: usize,
    /// Numbers in a row of hidden states.
    pub channels: usize,
    /// Number of logits a row.
    pub vocabulary: usize,
}

/// How logits become the distribution that is sampled. The default leaves the softmax as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingFilter {
    /// Logits are divided by this before the softmax. Positive.
    pub temperature: f32,
    /// Keep only this many of the most probable tokens (ties: the lower index first).
    pub top_k: Option<usize>,
    /// Then keep only the shortest prefix, by falling probability (ties: the lower index first),
    /// whose share of what `top_k` kept is at least this. In (0, 1].
    pub top_p: Option<f32>,
}

impl Default for SamplingFilter {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: None,
            top_p: None,
        }
    }
}

/// One step of AdamW with decoupled weight decay (Loshchilov & Hutter, 2019), as PyTorch defines it.
///
/// With g the gradient times `gradient_scale`:
/// `θ ← θ (1 − lr·decay)`, `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
/// `θ ← θ − lr · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate, lr.
    pub learning_rate: f32,
    /// Decay of the first moment, β₁.
    pub beta1: f32,
    /// Decay of the second moment, β₂.
    pub beta2: f32,
    /// ε.
    pub epsilon: f32,
    /// Weight decay of this parameter.
    pub weight_decay: f32,
    /// The factor on the gradient: what clipping leaves of it.
    pub gradient_scale: f32,
    /// Number of this step, t, from 1.
    pub step: u64,
}
