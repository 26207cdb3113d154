//! Different n-grams against all n-grams.

use rayon::prelude::*;

/// Number of n-grams and of different n-grams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NGramCounts {
    /// All n-grams of all documents.
    pub(super) total: u64,
    /// Different n-grams of all documents together.
    pub(super) distinct: u64,
    /// Different n-grams of each document, added up.
    pub(super) distinct_by_document: u64,
}

impl NGramCounts {
    /// The n-grams of `documents`, 1 ≤ n ≤ 4.
    pub(super) fn new(documents: &[Vec<u32>], n: usize) -> Self {
        let by_document: Vec<Vec<u128>> = documents
            .par_iter()
            .map(|document| sorted(document.windows(n).map(pack).collect()))
            .collect();
        let distinct_by_document = by_document.iter().map(|grams| distinct(grams)).sum();
        let mut all = by_document.concat();
        all.par_sort_unstable();
        Self {
            total: all.len() as u64,
            distinct: distinct(&all),
            distinct_by_document,
        }
    }

    /// distinct-n: different n-grams / n-grams, in [0, 1]; `None` where no document has n tokens.
    pub(super) fn distinct_share(&self) -> Option<f64> {
        (self.total > 0).then(|| self.distinct as f64 / self.total as f64)
    }

    /// rep-n in percent; `None` where no document has n tokens.
    pub(super) fn repetition_percent(&self) -> Option<f64> {
        (self.total > 0)
            .then(|| 100.0 * (1.0 - self.distinct_by_document as f64 / self.total as f64))
    }
}

/// Up to four tokens in one number; n-grams of one n get different numbers.
fn pack(gram: &[u32]) -> u128 {
    gram.iter()
        .fold(0, |packed, &token| packed << 32 | u128::from(token))
}

fn sorted(mut grams: Vec<u128>) -> Vec<u128> {
    grams.sort_unstable();
    grams
}

/// Number of different values of an ordered list.
fn distinct(sorted: &[u128]) -> u64 {
    sorted.chunk_by(PartialEq::eq).count() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        // Bigrams: ab ba ab | ab. Of them two differ; within the documents 2 + 1.
        let counts = NGramCounts::new(&[vec![7, 9, 7, 9], vec![7, 9], vec![7], vec![]], 2);
        assert_eq!((counts.total, counts.distinct), (4, 2));
        assert_eq!(counts.distinct_share(), Some(0.5));
        assert_eq!(counts.repetition_percent(), Some(25.0));
        assert_eq!(NGramCounts::new(&[vec![1, 2]], 3).distinct_share(), None);
    }

    proptest! {
        #[test]
        fn equal_to_sets_of_windows(
            documents in vec(vec(0u32..4, 0..20), 0..6),
            n in 1usize..=4,
        ) {
            let windows = |document: &Vec<u32>| -> Vec<Vec<u32>> {
                document.windows(n).map(<[u32]>::to_vec).collect()
            };
            let all: Vec<Vec<u32>> = documents.iter().flat_map(windows).collect();
            let unique = |grams: Vec<Vec<u32>>| grams.into_iter().collect::<HashSet<_>>().len() as u64;
            prop_assert_eq!(NGramCounts::new(&documents, n), NGramCounts {
                total: all.len() as u64,
                distinct: unique(all),
                distinct_by_document: documents.iter().map(|d| unique(windows(d))).sum(),
            });
        }
    }
}
