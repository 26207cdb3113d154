//! Sequences laid end to end.

use std::ops::Range;

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

    /// The row at which each sequence starts, and at the end the number of all rows.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
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
