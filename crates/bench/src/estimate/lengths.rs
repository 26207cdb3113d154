//! What the lengths of documents mean for the work on them.

use autophage_model::Overflow;

/// Stored lengths of documents, in tokens, in the proportions of a corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lengths(Vec<usize>);

impl Lengths {
    /// Of a sample of documents, those without a token left out.
    pub(crate) fn of(lengths: impl IntoIterator<Item = usize>) -> Self {
        Self(lengths.into_iter().filter(|&length| length > 0).collect())
    }

    /// The same documents, none longer than `most` tokens.
    pub(crate) fn at_most(&self, most: usize) -> Self {
        Self(self.0.iter().map(|&length| length.min(most)).collect())
    }

    /// Mean tokens of a document.
    pub(crate) fn mean(&self) -> f64 {
        self.total() as f64 / self.0.len().max(1) as f64
    }

    fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// Training sequences for each token, where a document is cut into pieces of `context` tokens.
    pub(crate) fn pieces_per_token(&self, context: usize) -> f64 {
        let pieces: usize = self.0.iter().map(|length| length.div_ceil(context)).sum();
        pieces as f64 / self.total().max(1) as f64
    }

    /// Share of the tokens that have more than `context` tokens before them, the start of text
    /// included.
    pub(crate) fn share_beyond(&self, context: usize) -> f64 {
        let beyond: usize = self
            .0
            .iter()
            .map(|length| length.saturating_sub(context))
            .sum();
        beyond as f64 / self.total().max(1) as f64
    }

    /// Positions of the key-value cache that a sampled token attends to, on average over those that
    /// are sampled with the cache.
    ///
    /// `window` is that of the layer. A document that outgrows its context goes on without the cache
    /// if it slides, and between half of the context and all of it if it hops.
    pub(crate) fn keys_seen(
        &self,
        context: usize,
        overflow: Overflow,
        window: Option<usize>,
    ) -> f64 {
        let seen = |position: usize| window.map_or(position + 1, |w| w.min(position + 1));
        let (mut keys, mut tokens) = (0, 0);
        for &length in &self.0 {
            let cached = match overflow {
                Overflow::Slide => length.min(context),
                Overflow::Hop => length,
            };
            for position in 0..cached {
                let half = (context / 2).max(1);
                let place = match position.checked_sub(context) {
                    None => position,
                    Some(beyond) => half + beyond % (context - half).max(1),
                };
                keys += seen(place);
            }
            tokens += cached;
        }
        keys as f64 / tokens.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_of_documents_of_one_length() {
        let lengths = Lengths::of([600, 0, 600]);
        assert_eq!(lengths.mean(), 600.0);
        assert_eq!(lengths.at_most(100).mean(), 100.0);
        assert!((lengths.share_beyond(512) - 88.0 / 600.0).abs() < 1e-12);
        assert!((lengths.pieces_per_token(512) - 2.0 / 600.0).abs() < 1e-12);
        // 1 + 2 + … + 512 keys for 512 tokens.
        let slide = lengths.keys_seen(512, Overflow::Slide, None);
        assert!((slide - 513.0 / 2.0).abs() < 1e-9);
        let local = lengths.keys_seen(512, Overflow::Slide, Some(256));
        let expected = (256.0 * 257.0 / 2.0 + 256.0 * 256.0) / 512.0;
        assert!((local - expected).abs() < 1e-9);
        // Beyond the context a hop sees 257, 258, … keys.
        let hop = lengths.keys_seen(512, Overflow::Hop, None);
        let expected = (512.0 * 513.0 / 2.0 + (257..257 + 88).sum::<usize>() as f64) / 600.0;
        assert!((hop - expected).abs() < 1e-9);
    }

    #[test]
    fn no_documents_are_no_work() {
        let none = Lengths::of([0, 0]);
        assert_eq!(none.mean(), 0.0);
        assert_eq!(none.share_beyond(10), 0.0);
        assert_eq!(none.keys_seen(10, Overflow::Hop, None), 0.0);
    }
}
