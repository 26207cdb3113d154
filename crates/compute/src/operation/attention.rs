//! Causal self-attention.

use super::{Arguments, AttentionShape};
use crate::check::long_enough;
use crate::work::product;
use crate::{CacheEntries, CacheEntry, KeyValueCache, Memory, Packed, Sequences, Work};

/// Causal attention over whole sequences.
#[derive(Debug)]
pub struct Attention<'a, M: Memory> {
    /// Heads and window.
    pub shape: AttentionShape,
    /// Which rows belong together.
    pub sequences: &'a Packed<M>,
    /// (N, heads · D).
    pub queries: &'a M::Buffer,
    /// (N, key-value heads · D).
    pub keys: &'a M::Buffer,
    /// (N, key-value heads · D).
    pub values: &'a M::Buffer,
    /// (N, heads · D).
    pub out: &'a mut M::Buffer,
    /// (N, heads): receives ln Σ exp(score) over the keys that a query sees.
    pub log_sums: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Attention<'_, M> {
    const NAME: &'static str = "attention";
    /// Not the scores.
    const MATRIX_SHARE: f64 = 1.0 / 2.0;

    fn check(&self) {
        self.shape.check(Self::NAME);
        let rows = self.sequences.sequences().rows();
        let [wide, narrow] = [self.shape.channels(), self.shape.key_value_channels()];
        long_enough(Self::NAME, "queries", self.queries, rows * wide);
        long_enough(Self::NAME, "keys", self.keys, rows * narrow);
        long_enough(Self::NAME, "values", self.values, rows * narrow);
        long_enough(Self::NAME, "out", self.out, rows * wide);
        long_enough(
            Self::NAME,
            "log_sums",
            self.log_sums,
            rows * self.shape.heads,
        );
    }

    /// Two products for every pair of a query and a key that it sees.
    fn work(&self) -> Work {
        let sequences = self.sequences.sequences();
        let pairs = pairs(sequences, self.shape.window);
        let rows = sequences.rows();
        let [wide, narrow] = [self.shape.channels(), self.shape.key_value_channels()];
        Work::new(
            2 * pairs * wide as u64,
            rows * (wide + 2 * narrow),
            rows * (wide + self.shape.heads),
        )
        .with_exponentials(pairs as usize * self.shape.heads)
    }
}

/// Backward of [`Attention`], with the weights recomputed from `log_sums`.
#[derive(Debug)]
pub struct AttentionBackward<'a, M: Memory> {
    /// Heads and window.
    pub shape: AttentionShape,
    /// Which rows belong together.
    pub sequences: &'a Packed<M>,
    /// (N, heads · D).
    pub queries: &'a M::Buffer,
    /// (N, key-value heads · D).
    pub keys: &'a M::Buffer,
    /// (N, key-value heads · D).
    pub values: &'a M::Buffer,
    /// (N, heads · D): the result.
    pub out: &'a M::Buffer,
    /// (N, heads).
    pub log_sums: &'a M::Buffer,
    /// (N, heads · D).
    pub d_out: &'a M::Buffer,
    /// (N, heads · D).
    pub d_queries: &'a mut M::Buffer,
    /// (N, key-value heads · D).
    pub d_keys: &'a mut M::Buffer,
    /// (N, key-value heads · D).
    pub d_values: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for AttentionBackward<'_, M> {
    const NAME: &'static str = "attention_backward";
    /// Not the scores, nor the gradients of the weights.
    const MATRIX_SHARE: f64 = 3.0 / 5.0;

    fn check(&self) {
        self.shape.check(Self::NAME);
        let rows = self.sequences.sequences().rows();
        let [wide, narrow] = [self.shape.channels(), self.shape.key_value_channels()];
        long_enough(Self::NAME, "queries", self.queries, rows * wide);
        long_enough(Self::NAME, "keys", self.keys, rows * narrow);
        long_enough(Self::NAME, "values", self.values, rows * narrow);
        long_enough(Self::NAME, "out", self.out, rows * wide);
        long_enough(
            Self::NAME,
            "log_sums",
            self.log_sums,
            rows * self.shape.heads,
        );
        long_enough(Self::NAME, "d_out", self.d_out, rows * wide);
        long_enough(Self::NAME, "d_queries", self.d_queries, rows * wide);
        long_enough(Self::NAME, "d_keys", self.d_keys, rows * narrow);
        long_enough(Self::NAME, "d_values", self.d_values, rows * narrow);
    }

    /// Five products for every pair: the score again, and the gradients of weight, query, key and
    /// value.
    fn work(&self) -> Work {
        let sequences = self.sequences.sequences();
        let pairs = pairs(sequences, self.shape.window);
        let rows = sequences.rows();
        let [wide, narrow] = [self.shape.channels(), self.shape.key_value_channels()];
        Work::new(
            5 * pairs * wide as u64,
            rows * (3 * wide + 2 * narrow + self.shape.heads),
            rows * (wide + 2 * narrow),
        )
        .with_exponentials(pairs as usize * self.shape.heads)
    }
}

/// One step of attention with a cache, of one new row for each of several sequences: stores the new
/// `keys` and `values` at their entries, then lets query r attend to the positions of its slot up to
/// its own, which earlier steps have stored in order.
#[derive(Debug)]
pub struct AttentionCached<'a, M: Memory> {
    /// Heads and window; that of the cache.
    pub shape: AttentionShape,
    /// Where each row belongs, (N).
    pub entries: &'a CacheEntries<M>,
    /// (N, heads · D).
    pub queries: &'a M::Buffer,
    /// (N, key-value heads · D).
    pub keys: &'a M::Buffer,
    /// (N, key-value heads · D).
    pub values: &'a M::Buffer,
    /// What earlier steps have stored, and this one stores in.
    pub cache: &'a mut KeyValueCache<M>,
    /// (N, heads · D).
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for AttentionCached<'_, M> {
    const NAME: &'static str = "attention_cached";

    fn check(&self) {
        self.shape.check(Self::NAME);
        let rows = self.entries.entries().len();
        let [wide, narrow] = [self.shape.channels(), self.shape.key_value_channels()];
        long_enough(Self::NAME, "queries", self.queries, rows * wide);
        long_enough(Self::NAME, "keys", self.keys, rows * narrow);
        long_enough(Self::NAME, "values", self.values, rows * narrow);
        long_enough(Self::NAME, "out", self.out, rows * wide);
        for &CacheEntry { slot, position } in self.entries.entries() {
            assert!(
                slot < self.cache.slots() && position < self.cache.capacity(),
                "{}: slot {slot}, position {position}, in a cache of {} slots of {} positions",
                Self::NAME,
                self.cache.slots(),
                self.cache.capacity()
            );
        }
    }

    /// As [`Attention`], of one query for each entry.
    fn work(&self) -> Work {
        let pairs: u64 = self
            .entries
            .entries()
            .iter()
            .map(|entry| seen(entry.position, self.shape.window))
            .sum();
        let rows = self.entries.entries().len();
        let [wide, narrow] = [self.shape.channels(), self.shape.key_value_channels()];
        Work::new(
            2 * pairs * wide as u64,
            2 * pairs as usize * narrow + rows * wide,
            rows * (wide + 2 * narrow),
        )
        .with_exponentials(pairs as usize * self.shape.heads)
    }
}

/// Keys that the query at `position` sees, its own among them.
fn seen(position: usize, window: Option<usize>) -> u64 {
    let all = position as u64 + 1;
    window.map_or(all, |window| all.min(window as u64))
}

/// Pairs of a query and a key that it sees.
fn pairs(sequences: &Sequences, window: Option<usize>) -> u64 {
    sequences
        .ranges()
        .map(|range| {
            let length = range.len() as u64;
            let full = window.map_or(length, |w| length.min(w as u64));
            // The first `full` queries see 1, 2, … keys; the others `full` each.
            full * (full + 1) / 2 + product(&[(length - full) as usize, full as usize])
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_that_is_seen_counts() {
        let sequences = Sequences::from_lengths([7, 1, 0, 12]);
        for window in [None, Some(1), Some(5), Some(100)] {
            let naive: u64 = sequences
                .ranges()
                .flat_map(|range| 0..range.len())
                .map(|i| (0..=i).filter(|j| window.is_none_or(|w| i - j < w)).count() as u64)
                .sum();
            assert_eq!(pairs(&sequences, window), naive);
            // The tokens of a sequence with a cache are one query after another.
            let one_by_one: u64 = (0..12).map(|position| seen(position, window)).sum();
            assert_eq!(one_by_one, pairs(&Sequences::from_lengths([12]), window));
        }
    }
}
