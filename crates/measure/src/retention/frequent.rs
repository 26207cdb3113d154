//! The most frequent contexts of a corpus, found without counting all.
//!
//! A context is at most as frequent as any part of it. So contexts of n tokens are counted only if
//! their first and their last n − 1 tokens are known to occur at least θ times: every context that is
//! left out occurs fewer than θ times. (The candidate pruning of Agrawal and Srikant, "Fast
//! algorithms for mining association rules", 1994.) A first θ comes from a sample of the documents; it
//! is halved until enough contexts reach it, so that the result is exact whatever the sample was.
//! Memory is then bounded by the number of contexts that are about as frequent as those looked for,
//! not by the number of contexts in the corpus.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use autophage_corpus::DocumentSet;
use rayon::prelude::*;

use crate::MeasureError;

/// The longest context: its tokens, 32 bits each, make a 128-bit key.
const LONGEST: usize = 4;
/// Size of the sample for the first θ. All contexts of a sample are counted, so this bounds memory.
const SAMPLE_TOKENS: u64 = 1 << 20;

/// A context as a number; its length is known from the place where it is kept.
type Key = u128;
type Counts = HashMap<Key, u64, BuildHasherDefault<KeyHasher>>;
type Keys = HashSet<Key, BuildHasherDefault<KeyHasher>>;

/// Mixes the tokens of a key by multiplication. The standard hasher resists attackers, who have no
/// interest here, at several times the cost.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u128(Key::from(byte));
        }
    }

    fn write_u128(&mut self, key: Key) {
        // Odd constants: the golden ratio and √2 as 64-bit fractions. The high half of each product
        // depends on all bits; a hash table uses both ends of the result.
        let mix = |x: u64, odd: u64| {
            let product = u128::from(x) * u128::from(odd);
            (product >> 64) as u64 ^ product as u64
        };
        let low = mix(self.0 ^ key as u64, 0x9E37_79B9_7F4A_7C15);
        self.0 = mix(low ^ (key >> 64) as u64, 0x6A09_E667_F3BC_C909);
    }
}

/// The `count` most frequent contexts of `length` tokens, the most frequent first (of equals, the one
/// with the lower token numbers first), each with its number of occurrences before a token. Fewer if
/// the corpus has no more.
///
/// A document is read with the end-of-text token in front, so that contexts that begin with it are
/// beginnings of texts.
///
/// # Errors
/// A length of 0 or above 4.
pub fn frequent_contexts(
    documents: &DocumentSet,
    length: usize,
    count: usize,
) -> Result<Vec<(Vec<u32>, u64)>, MeasureError> {
    if !(1..=LONGEST).contains(&length) {
        return Err(MeasureError::Setting {
            key: "length",
            value: length.to_string(),
            expected: "frequent contexts can have 1 to 4 tokens",
        });
    }
    let single = single(documents);
    let mut threshold = match length {
        1 => 1,
        _ => likely_threshold(documents, length, count),
    };
    loop {
        let mut found: Vec<(Key, u64)> = at_least(documents, &single, length, threshold)
            .into_iter()
            .collect();
        if found.len() >= count || threshold == 1 {
            found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            found.truncate(count);
            return Ok(found
                .into_iter()
                .map(|(key, occurrences)| (tokens(key, length), occurrences))
                .collect());
        }
        threshold /= 2;
    }
}

/// A number of occurrences that, by a sample of the documents, `count` contexts are likely to reach:
/// seven tenths of what they would have if the sample was exact, and at least 1.
fn likely_threshold(documents: &DocumentSet, length: usize, count: usize) -> u64 {
    let stride = documents.tokens().div_ceil(SAMPLE_TOKENS).max(1);
    let sample = count_contexts(documents, stride as usize, length, None);
    let mut counts: Vec<u64> = sample.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let last = counts.get(count.saturating_sub(1)).copied().unwrap_or(0);
    (last * stride * 7 / 10).max(1)
}

/// All contexts of `length` tokens that occur at least `threshold` times before a token.
fn at_least(documents: &DocumentSet, single: &[u64], length: usize, threshold: u64) -> Counts {
    let mut found: Counts = (0..)
        .zip(single)
        .filter(|&(_, &count)| count >= threshold)
        .map(|(token, &count)| (token, count))
        .collect();
    for length in 2..=length {
        let parts: Keys = found.into_keys().collect();
        found = count_contexts(documents, 1, length, Some(&parts));
        found.retain(|_, count| *count >= threshold);
    }
    found
}

/// c(x) of every single token x.
fn single(documents: &DocumentSet) -> Vec<u64> {
    let empty = || vec![0u64; documents.vocabulary() as usize];
    (0..documents.len())
        .into_par_iter()
        .fold(empty, |mut counts, i| {
            let sequence = documents.sequence(i);
            for &token in &sequence[..sequence.len() - 1] {
                counts[token as usize] += 1;
            }
            counts
        })
        .reduce(empty, |mut left, right| {
            left.iter_mut().zip(right).for_each(|(l, r)| *l += r);
            left
        })
}

/// Counts the contexts of `length` tokens in every `stride`-th document; only those whose first and
/// last `length − 1` tokens are both among `parts`, if these are given.
fn count_contexts(
    documents: &DocumentSet,
    stride: usize,
    length: usize,
    parts: Option<&Keys>,
) -> Counts {
    let is_part = |part: &[u32]| parts.is_none_or(|parts| parts.contains(&key(part)));
    (0..documents.len().div_ceil(stride))
        .into_par_iter()
        .fold(Counts::default, |mut counts, i| {
            let sequence = documents.sequence(i * stride);
            // Without the last token, which no token follows.
            let contexts = &sequence[..sequence.len() - 1];
            let mut first_is_part = contexts.get(..length - 1).is_some_and(is_part);
            for context in contexts.windows(length) {
                let last_is_part = is_part(&context[1..]);
                if first_is_part && last_is_part {
                    *counts.entry(key(context)).or_default() += 1;
                }
                first_is_part = last_is_part;
            }
            counts
        })
        .reduce(Counts::default, |left, right| {
            let (mut more, fewer) = if left.len() < right.len() {
                (right, left)
            } else {
                (left, right)
            };
            for (key, count) in fewer {
                *more.entry(key).or_default() += count;
            }
            more
        })
}

fn key(context: &[u32]) -> Key {
    context
        .iter()
        .fold(0, |key, &token| key << 32 | Key::from(token))
}

fn tokens(key: Key, length: usize) -> Vec<u32> {
    (0..length)
        .rev()
        .map(|place| (key >> (32 * place)) as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::corpus;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn naive(documents: &[Vec<u32>], length: usize) -> Vec<(Vec<u32>, u64)> {
        let mut counts: HashMap<Vec<u32>, u64> = HashMap::new();
        for document in documents {
            let sequence = [&[0], &document[..]].concat();
            for context in sequence[..sequence.len() - 1].windows(length) {
                *counts.entry(context.to_vec()).or_default() += 1;
            }
        }
        let mut counts: Vec<(Vec<u32>, u64)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        counts
    }

    proptest! {
        // Every case syncs a token store to disk.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equal_to_counting_all(
            documents in vec(vec(0u32..6, 0..40), 0..12),
            length in 1usize..=4,
            count in 0usize..30,
        ) {
            let mut expected = naive(&documents, length);
            expected.truncate(count);
            let found = frequent_contexts(&corpus(6, &documents), length, count).unwrap();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        let documents = corpus(6, &[vec![1, 0]]);
        assert!(frequent_contexts(&documents, 0, 5).is_err());
        assert!(frequent_contexts(&documents, 5, 5).is_err());
    }
}
