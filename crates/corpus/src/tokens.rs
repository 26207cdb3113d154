//! A borrowed run of tokens, as wide as its store holds them.

use std::ops::Range;

/// Tokens that lie in a store, in its own width.
#[derive(Clone, Copy, Debug)]
pub enum Tokens<'a> {
    /// Of a vocabulary of at most 65,536 tokens.
    U16(&'a [u16]),
    /// Of any vocabulary.
    U32(&'a [u32]),
}

impl<'a> Tokens<'a> {
    /// Number of tokens.
    pub fn len(&self) -> usize {
        match self {
            Self::U16(tokens) => tokens.len(),
            Self::U32(tokens) => tokens.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Token `i`.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, i: usize) -> u32 {
        match self {
            Self::U16(tokens) => u32::from(tokens[i]),
            Self::U32(tokens) => tokens[i],
        }
    }

    /// The tokens in order.
    pub fn iter(&self) -> TokensIter<'a> {
        TokensIter(match self {
            Self::U16(tokens) => Slice::U16(tokens.iter()),
            Self::U32(tokens) => Slice::U32(tokens.iter()),
        })
    }

    /// A copy.
    pub fn to_vec(&self) -> Vec<u32> {
        match self {
            Self::U16(tokens) => tokens.iter().copied().map(u32::from).collect(),
            Self::U32(tokens) => tokens.to_vec(),
        }
    }

    /// The tokens of `range`.
    ///
    /// # Panics
    /// If the range reaches beyond the end.
    pub fn slice(&self, range: Range<usize>) -> Self {
        match self {
            Self::U16(tokens) => Self::U16(&tokens[range]),
            Self::U32(tokens) => Self::U32(&tokens[range]),
        }
    }
}

/// Equal tokens, whatever their width.
impl PartialEq for Tokens<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Tokens<'_> {}

impl<'a> IntoIterator for Tokens<'a> {
    type Item = u32;
    type IntoIter = TokensIter<'a>;

    fn into_iter(self) -> TokensIter<'a> {
        self.iter()
    }
}

/// Iterator over [`Tokens`].
#[derive(Clone, Debug)]
pub struct TokensIter<'a>(Slice<'a>);

#[derive(Clone, Debug)]
enum Slice<'a> {
    U16(std::slice::Iter<'a, u16>),
    U32(std::slice::Iter<'a, u32>),
}

impl Iterator for TokensIter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match &mut self.0 {
            Slice::U16(tokens) => tokens.next().map(|&token| u32::from(token)),
            Slice::U32(tokens) => tokens.next().copied(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Slice::U16(tokens) => tokens.size_hint(),
            Slice::U32(tokens) => tokens.size_hint(),
        }
    }
}

impl DoubleEndedIterator for TokensIter<'_> {
    fn next_back(&mut self) -> Option<u32> {
        match &mut self.0 {
            Slice::U16(tokens) => tokens.next_back().map(|&token| u32::from(token)),
            Slice::U32(tokens) => tokens.next_back().copied(),
        }
    }
}

impl ExactSizeIterator for TokensIter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_read_alike() {
        let narrow = Tokens::U16(&[3, 1, 65_535]);
        let wide = Tokens::U32(&[3, 1, 65_535]);
        assert_eq!(narrow, wide);
        assert_ne!(narrow, Tokens::U32(&[3, 1]));
        for tokens in [narrow, wide] {
            assert_eq!(tokens.len(), 3);
            assert!(!tokens.is_empty());
            assert_eq!(tokens.get(2), 65_535);
            assert_eq!(tokens.to_vec(), [3, 1, 65_535]);
            assert!(tokens.iter().rev().eq([65_535, 1, 3]));
            assert_eq!(tokens.slice(1..2).to_vec(), [1]);
            assert!(tokens.slice(3..3).is_empty());
        }
    }
}
