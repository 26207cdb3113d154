//! What an operation has to do, counted from its shape: the least that any way of computing it
//! needs, whatever a backend does besides.

use std::ops::Add;

use crate::{Attention, Cached, Head, Linear, Rows};

/// Bytes of a number.
const NUMBER: u64 = 4;

/// Amounts of work.
///
/// They say what the result needs, not what a backend does for it: logits that the backward pass of
/// the head computes again count once. Bytes are those of operands and results, each touched once;
/// numbers that stay in registers or caches between are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Multiplications with an addition: two floating-point operations each.
    pub multiply_adds: u64,
    /// Exponential functions.
    pub exponentials: u64,
    /// Bytes that are read.
    pub bytes_read: u64,
    /// Bytes that are written.
    pub bytes_written: u64,
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            multiply_adds: self.multiply_adds + other.multiply_adds,
            exponentials: self.exponentials + other.exponentials,
            bytes_read: self.bytes_read + other.bytes_read,
            bytes_written: self.bytes_written + other.bytes_written,
        }
    }
}

/// A product of two to three sizes.
fn product(sizes: &[usize]) -> u64 {
    sizes.iter().map(|&size| size as u64).product()
}

impl Work {
    /// `multiply_adds` on so many numbers that are read and written.
    fn new(multiply_adds: u64, read: u64, written: u64) -> Self {
        Self {
            multiply_adds,
            exponentials: 0,
            bytes_read: NUMBER * read,
            bytes_written: NUMBER * written,
        }
    }

    /// An operation that reads `inputs` arrays of `elements` numbers and writes `outputs`.
    pub(crate) fn elementwise(elements: usize, inputs: u64, outputs: u64) -> Self {
        let elements = elements as u64;
        Self::new(0, inputs * elements, outputs * elements)
    }

    /// With so many exponentials.
    pub(crate) fn with_exponentials(self, exponentials: usize) -> Self {
        Self {
            exponentials: exponentials as u64,
            ..self
        }
    }

    pub(crate) fn embed(shape: Rows) -> Self {
        Self::elementwise(shape.rows * shape.channels, 2, 1)
    }

    /// Each row of the gradient is added to a row of both tables.
    pub(crate) fn embed_backward(shape: Rows) -> Self {
        Self::elementwise(shape.rows * shape.channels, 3, 2)
    }

    pub(crate) fn linear(shape: Linear) -> Self {
        let Linear {
            rows,
            inputs,
            outputs,
            ..
        } = shape;
        Self::new(
            product(&[rows, inputs, outputs]),
            product(&[rows, inputs]) + product(&[inputs, outputs]),
            product(&[rows, outputs]),
        )
    }

    /// `accumulate` reads the gradient before it adds to it.
    pub(crate) fn linear_backward_input(shape: Linear, accumulate: bool) -> Self {
        let Linear {
            rows,
            inputs,
            outputs,
            ..
        } = shape;
        let d_x = product(&[rows, inputs]);
        Self::new(
            product(&[rows, inputs, outputs]),
            product(&[rows, outputs])
                + product(&[inputs, outputs])
                + if accumulate { d_x } else { 0 },
            d_x,
        )
    }

    pub(crate) fn linear_backward_weight(shape: Linear) -> Self {
        let Linear {
            rows,
            inputs,
            outputs,
            ..
        } = shape;
        let weight = product(&[inputs, outputs]);
        Self::new(
            product(&[rows, inputs, outputs]),
            product(&[rows, inputs]) + product(&[rows, outputs]) + weight,
            weight,
        )
    }

    /// Two products for every pair of a query and a key that it sees.
    pub(crate) fn attention(shape: Attention<'_>) -> Self {
        let pairs = pairs(shape);
        let rows = shape.sequences.rows();
        let operand = product(&[rows, shape.channels]);
        Self {
            exponentials: pairs * shape.heads as u64,
            ..Self::new(
                2 * pairs * shape.channels as u64,
                3 * operand,
                operand + product(&[rows, shape.heads]),
            )
        }
    }

    /// Five products for every pair: the score again, and the gradients of weight, query, key and
    /// value.
    pub(crate) fn attention_backward(shape: Attention<'_>) -> Self {
        let pairs = pairs(shape);
        let rows = shape.sequences.rows();
        let operand = product(&[rows, shape.channels]);
        Self {
            exponentials: pairs * shape.heads as u64,
            ..Self::new(
                5 * pairs * shape.channels as u64,
                5 * operand + product(&[rows, shape.heads]),
                3 * operand,
            )
        }
    }

    /// As [`attention`](Self::attention), of one query for each entry.
    pub(crate) fn attention_cached(shape: Cached<'_>) -> Self {
        let pairs: u64 = shape
            .entries
            .iter()
            .map(|entry| seen(entry.position, shape.window))
            .sum();
        let channels = shape.channels as u64;
        let rows = shape.entries.len() as u64;
        Self {
            exponentials: pairs * shape.heads as u64,
            ..Self::new(
                2 * pairs * channels,
                (2 * pairs + rows) * channels,
                3 * rows * channels,
            )
        }
    }

    /// The head with a softmax over its logits, of which only one number a row is kept.
    pub(crate) fn head(shape: Head) -> Self {
        Self {
            exponentials: product(&[shape.rows, shape.vocabulary]),
            ..Self::new(
                product(&[shape.rows, shape.channels, shape.vocabulary]),
                product(&[shape.rows, shape.channels])
                    + product(&[shape.vocabulary, shape.channels]),
                shape.rows as u64,
            )
        }
    }

    /// Three products: the logits, and the gradients of hidden states and weights.
    pub(crate) fn head_losses_backward(shape: Head) -> Self {
        let hidden = product(&[shape.rows, shape.channels]);
        let weight = product(&[shape.vocabulary, shape.channels]);
        Self {
            exponentials: product(&[shape.rows, shape.vocabulary]),
            ..Self::new(
                3 * product(&[shape.rows, shape.channels, shape.vocabulary]),
                hidden + 2 * weight,
                hidden + weight,
            )
        }
    }

    pub(crate) fn head_logits(shape: Head) -> Self {
        Self {
            exponentials: 0,
            bytes_written: NUMBER * product(&[shape.rows, shape.vocabulary]),
            ..Self::head(shape)
        }
    }
}

/// Keys that the query at `position` sees, its own among them.
fn seen(position: usize, window: Option<usize>) -> u64 {
    let all = position as u64 + 1;
    window.map_or(all, |window| all.min(window as u64))
}

/// Pairs of a query and a key that it sees.
fn pairs(shape: Attention<'_>) -> u64 {
    shape
        .sequences
        .ranges()
        .map(|range| {
            let length = range.len() as u64;
            let full = shape.window.map_or(length, |w| length.min(w as u64));
            // The first `full` queries see 1, 2, … keys; the others `full` each.
            full * (full + 1) / 2 + (length - full) * full
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CacheEntry, Sequences};

    #[test]
    fn attention_counts_every_pair_that_is_seen() {
        let sequences = Sequences::from_lengths([7, 1, 0, 12]);
        for window in [None, Some(1), Some(5), Some(100)] {
            let shape = Attention {
                sequences: &sequences,
                heads: 3,
                channels: 6,
                window,
            };
            let naive: u64 = sequences
                .ranges()
                .flat_map(|range| 0..range.len())
                .map(|i| (0..=i).filter(|j| window.is_none_or(|w| i - j < w)).count() as u64)
                .sum();
            assert_eq!(Work::attention(shape).multiply_adds, 2 * 6 * naive);
            assert_eq!(Work::attention(shape).exponentials, 3 * naive);
            assert_eq!(Work::attention_backward(shape).multiply_adds, 5 * 6 * naive);
            // The last token of each sequence with a cache is one query more.
            let entries: Vec<CacheEntry> = (0..12)
                .map(|position| CacheEntry { slot: 0, position })
                .collect();
            let cached = Work::attention_cached(Cached {
                entries: &entries,
                capacity: 12,
                heads: 3,
                channels: 6,
                window,
            });
            let one = Sequences::from_lengths([12]);
            let whole = Work::attention(Attention {
                sequences: &one,
                ..shape
            });
            assert_eq!(cached.multiply_adds, whole.multiply_adds);
            assert_eq!(cached.exponentials, whole.exponentials);
        }
    }

    #[test]
    fn products_count_their_operands_once() {
        let shape = Linear {
            rows: 10,
            inputs: 3,
            outputs: 4,
            exact: false,
        };
        let forward = Work::linear(shape);
        assert_eq!(forward.multiply_adds, 120);
        assert_eq!((forward.bytes_read, forward.bytes_written), (168, 160));
        let head = Head {
            rows: 2,
            channels: 8,
            vocabulary: 100,
        };
        assert_eq!(Work::head_losses_backward(head).multiply_adds, 3 * 1600);
        assert_eq!(Work::head(head).exponentials, 200);
        assert_eq!(Work::head_logits(head).exponentials, 0);
        let sum = Work::head(head) + Work::linear(shape);
        assert_eq!(sum.multiply_adds, 1720);
    }
}
