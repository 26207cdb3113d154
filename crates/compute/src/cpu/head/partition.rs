//! The fixed partition of a vocabulary, and of anything else, into parts.

use std::ops::Range;

/// Tokens of the vocabulary in a tile of logits that are not kept.
pub(super) const TILE: usize = 96;

/// Rows that are worked on at a time.
pub(super) const ROWS: usize = 1024;

/// Most parts of the vocabulary that are worked on side by side.
pub(super) const GROUPS: usize = 24;

/// The fixed partition of a vocabulary into groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    vocabulary: usize,
    size: usize,
}

impl Groups {
    /// Groups of a multiple of `unit` tokens, `least` or more.
    pub(super) fn new(vocabulary: usize, unit: usize, least: usize) -> Self {
        let size = vocabulary.div_ceil(GROUPS).max(least);
        Self {
            vocabulary,
            size: size.next_multiple_of(unit),
        }
    }

    pub(super) fn count(self) -> usize {
        self.vocabulary.div_ceil(self.size)
    }

    /// The tokens of a group.
    pub(super) fn get(self, group: usize) -> Range<usize> {
        group * self.size..self.vocabulary.min((group + 1) * self.size)
    }

    /// The group of a token.
    pub(super) fn of(self, token: u32) -> usize {
        token as usize / self.size
    }
}

/// The parts of `range` of at most `size` elements.
pub(super) fn parts(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    range
        .clone()
        .step_by(size)
        .map(move |start| start..range.end.min(start + size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_the_vocabulary_once() {
        for vocabulary in [1, 2, 95, 96, 97, 1536, 1537, 2048, 50_257] {
            for (unit, least) in [(TILE, TILE), (16, 256), (3, 1)] {
                let groups = Groups::new(vocabulary, unit, least);
                assert!(groups.count() <= GROUPS);
                let mut next = 0;
                for group in 0..groups.count() {
                    let range = groups.get(group);
                    assert_eq!(range.start, next);
                    assert!(!range.is_empty() && range.start.is_multiple_of(unit));
                    assert_eq!(groups.of(range.start as u32), group);
                    assert_eq!(groups.of(range.end as u32 - 1), group);
                    next = range.end;
                }
                assert_eq!(next, vocabulary);
            }
        }
    }

    #[test]
    fn parts_cover_a_range_once() {
        assert_eq!(parts(3..10, 3).collect::<Vec<_>>(), [3..6, 6..9, 9..10]);
        assert_eq!(parts(3..3, 3).count(), 0);
    }
}
