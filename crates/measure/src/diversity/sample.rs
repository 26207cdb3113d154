//! A sample of exactly so many tokens.

use autophage_corpus::DocumentSet;
use autophage_random::Stream;

/// Documents in random order until there are enough tokens; the last is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// The documents, in the order in which they were drawn.
    pub(super) documents: Vec<Vec<u32>>,
    /// How many of them are whole: all, or all but the last.
    pub(super) whole: usize,
    /// Number of tokens.
    pub(super) tokens: u64,
}

impl Sample {
    /// `size` tokens of `corpus`, or all if it has fewer.
    pub(super) fn new(corpus: &DocumentSet, size: u64, random: &Stream) -> Self {
        let mut sample = Self {
            documents: Vec::new(),
            whole: 0,
            tokens: 0,
        };
        for i in random.permutation(corpus.len(), 0) {
            let missing = size - sample.tokens;
            if missing == 0 {
                break;
            }
            let mut document = corpus.document(i).to_vec();
            if document.len() as u64 > missing {
                document.truncate(missing as usize);
            } else {
                sample.whole += 1;
            }
            sample.tokens += document.len() as u64;
            sample.documents.push(document);
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{corpus, random_documents};
    use autophage_random::Purpose;

    #[test]
    fn exactly_the_size_in_an_order_of_its_own() {
        let stored = random_documents(60, 20, 9, 4);
        let documents = corpus(9, &stored);
        let stream = |generation| Stream::new(1, Purpose::Measurement, generation);
        for size in [1, 7, 100, documents.tokens() - 1, documents.tokens()] {
            let sample = Sample::new(&documents, size, &stream(1));
            assert_eq!(sample.tokens, size);
            assert_eq!(sample.documents.concat().len() as u64, size);
            assert!(sample.documents.len() - sample.whole <= 1);
            assert!(
                sample.documents[..sample.whole]
                    .iter()
                    .all(|d| stored.contains(d))
            );
        }
        let all = Sample::new(&documents, u64::MAX, &stream(1));
        assert_eq!((all.tokens, all.whole), (documents.tokens(), 60));
        let sorted = |mut documents: Vec<Vec<u32>>| {
            documents.sort();
            documents
        };
        assert_ne!(all.documents, stored);
        assert_ne!(
            all.documents,
            Sample::new(&documents, u64::MAX, &stream(2)).documents
        );
        assert_eq!(sorted(all.documents), sorted(stored));
    }

    /// Every token is as likely to be in the sample as any other, wherever its document lies.
    #[test]
    fn samples_are_spread_over_the_corpus() {
        let stored: Vec<Vec<u32>> = (1..=20).map(|i| vec![i; 5]).collect();
        let documents = corpus(21, &stored);
        let mut counts = [0u32; 21];
        for replicate in 0..4000 {
            let stream = Stream::new(replicate, Purpose::Measurement, 0);
            for token in Sample::new(&documents, 25, &stream).documents.concat() {
                counts[token as usize] += 1;
            }
        }
        // 4000 · 25 / 20 = 5000 of each, in lots of 5: standard deviation √(4000 · 0.25 · 0.75) · 5.
        for count in &counts[1..] {
            assert!(
                (f64::from(*count) - 5000.0).abs() < 4.5 * 137.0,
                "{counts:?}"
            );
        }
    }
}
