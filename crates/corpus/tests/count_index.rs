//! The count index against a naive scan of the documents.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{
    ContextCounts, CorpusError, CountIndex, DocumentSet, DocumentSource, Occurrence,
    SourceSettings, TokenStore, TokenStoreWriter, Tokenizer, count_contexts, tokenize_whole,
};
use autophage_random::{Purpose, Stream};
use proptest::collection::vec;
use proptest::prelude::*;
use rayon::prelude::*;

fn store(path: &Path, vocabulary: u32, documents: &[Vec<u32>]) -> Arc<TokenStore> {
    let mut writer = TokenStoreWriter::create(path, vocabulary, 0).unwrap();
    for document in documents {
        writer.push(document).unwrap();
    }
    Arc::new(writer.finish().unwrap())
}

/// An index of these documents, and their set. The files are gone, the maps stay.
fn indexed(vocabulary: u32, documents: &[Vec<u32>]) -> (DocumentSet, CountIndex) {
    let directory = tempfile::tempdir().unwrap();
    let set = DocumentSet::whole(store(
        &directory.path().join("t.bin"),
        vocabulary,
        documents,
    ));
    let index = CountIndex::build(&set, directory.path().join("t.counts")).unwrap();
    (set, index)
}

/// Documents as they are read.
fn sequences(set: &DocumentSet) -> Vec<Vec<u32>> {
    (0..set.len()).map(|i| set.sequence(i)).collect()
}

/// The definition: every place of every document.
fn naive(sequences: &[Vec<u32>], context: &[u32]) -> (Vec<Occurrence>, ContextCounts) {
    let mut occurrences = Vec::new();
    let mut counts = ContextCounts::default();
    for (document, sequence) in sequences.iter().enumerate() {
        for offset in 0..sequence.len() {
            if !sequence[offset..].starts_with(context) {
                continue;
            }
            occurrences.push(Occurrence { document, offset });
            if let Some(&next) = sequence.get(offset + context.len()) {
                counts.total += 1;
                *counts.next.entry(next).or_default() += 1;
            }
        }
    }
    (occurrences, counts)
}

/// Everything that the index says of a context.
fn check(index: &CountIndex, sequences: &[Vec<u32>], context: &[u32]) {
    let (occurrences, counts) = naive(sequences, context);
    assert_eq!(index.occurrences(context), occurrences.len() as u64);
    let mut found: Vec<Occurrence> = index.positions(context).collect();
    found.sort();
    assert_eq!(found, occurrences, "{context:?}");
    if !context.is_empty() {
        assert_eq!(index.count(context), counts.total, "{context:?}");
        assert_eq!(index.next_tokens(context), counts, "{context:?}");
    }
    for (&next, &count) in &counts.next {
        if !context.is_empty() {
            assert_eq!(index.count_next(context, next), count);
        }
    }
    let longest = (0..=context.len())
        .map(|skipped| &context[skipped..])
        .find(|suffix| suffix.is_empty() || naive(sequences, suffix).1.total > 0);
    assert_eq!(Some(index.longest_suffix(context)), longest);
}

/// Contexts as they stand in the documents, some of them changed in one place, of 1 to 12 tokens.
fn contexts(sequences: &[Vec<u32>], vocabulary: u32, number: u64) -> Vec<Vec<u32>> {
    let random = Stream::new(1, Purpose::Measurement, 0);
    let below = |bound: usize, i, position| random.below(bound as u64, i, position) as usize;
    (0..number)
        .map(|i| {
            let sequence = &sequences[below(sequences.len(), i, 0)];
            let first = below(sequence.len(), i, 1);
            let end = (first + 1 + below(12, i, 2)).min(sequence.len());
            let mut context = sequence[first..end].to_vec();
            if below(4, i, 3) == 0 {
                let place = below(context.len(), i, 4);
                context[place] = below(vocabulary as usize, i, 5) as u32;
            }
            context
        })
        .collect()
}

#[test]
fn ten_thousand_contexts_of_a_random_store() {
    let random = Stream::new(2, Purpose::Measurement, 0);
    let documents: Vec<Vec<u32>> = (0..40)
        .map(|i| {
            let length = random.below(120, i, 1 << 32);
            (0..length).map(|j| random.below(5, i, j) as u32).collect()
        })
        .collect();
    let (set, index) = indexed(5, &documents);
    let sequences = sequences(&set);
    let contexts = contexts(&sequences, 5, 10_000);
    contexts
        .par_iter()
        .for_each(|context| check(&index, &sequences, context));
    let counts = count_contexts(&set, &contexts);
    for (context, counts) in contexts.iter().zip(counts) {
        assert_eq!(index.next_tokens(context), counts);
    }
}

#[test]
fn ten_thousand_contexts_of_the_story_sample() {
    let directory = tempfile::tempdir().unwrap();
    let source = DocumentSource::open(&SourceSettings::new("builtin:tinystories-sample")).unwrap();
    let path = directory.path().join("t.bin");
    let (store, _) = tokenize_whole(&source, &Tokenizer::gpt2(), &path, &mut |_| {}).unwrap();
    let set = DocumentSet::whole(Arc::new(store));
    let index = CountIndex::build(&set, directory.path().join("t.counts")).unwrap();
    let sequences = sequences(&set);
    let contexts = contexts(&sequences, set.vocabulary(), 10_000);
    // A naive scan of the ends of all sequences, those with the same first token side by side.
    let mut ends: BTreeMap<u32, Vec<&[u32]>> = BTreeMap::new();
    for sequence in &sequences {
        for (place, &token) in sequence.iter().enumerate() {
            ends.entry(token).or_default().push(&sequence[place..]);
        }
    }
    contexts.par_iter().for_each(|context| {
        let mut occurrences = 0;
        let mut next = BTreeMap::new();
        for end in ends.get(&context[0]).into_iter().flatten() {
            if end.starts_with(context) {
                occurrences += 1;
                if let Some(&token) = end.get(context.len()) {
                    *next.entry(token).or_insert(0u64) += 1;
                }
            }
        }
        assert_eq!(index.occurrences(context), occurrences);
        assert_eq!(index.next_tokens(context).next, next);
        assert_eq!(index.count(context), next.values().sum::<u64>());
    });
    assert_eq!(index.tokens(), set.tokens());
    for (context, counts) in contexts[..500]
        .iter()
        .zip(count_contexts(&set, &contexts[..500]))
    {
        assert_eq!(index.next_tokens(context), counts);
    }
    // 7 bytes a token, and what starts and separators take.
    let bytes = fs::metadata(index.path()).unwrap().len();
    assert!(bytes <= 9 * set.tokens(), "{bytes}");
}

#[test]
fn the_most_frequent_contexts() {
    let documents = [vec![1, 2, 1, 2, 1, 0], vec![1, 2, 3], vec![2, 1], vec![]];
    let (set, index) = indexed(4, &documents);
    let sequences = sequences(&set);
    for length in 1..5 {
        let mut counted = BTreeMap::new();
        for sequence in &sequences {
            for window in sequence.windows(length + 1) {
                *counted.entry(window[..length].to_vec()).or_insert(0u64) += 1;
            }
        }
        let mut expected: Vec<(Vec<u32>, u64)> = counted.into_iter().collect();
        expected.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for limit in [0, 1, 3, 100] {
            let expected = &expected[..limit.min(expected.len())];
            assert_eq!(index.most_frequent(length, limit), expected);
        }
    }
    assert!(index.most_frequent(0, 5).is_empty());
}

/// One story again and again, as a collapsed model writes it: what neighbours share is longer than
/// the index notes, within documents and beyond.
#[test]
fn one_long_story_repeated() {
    let random = Stream::new(3, Purpose::Measurement, 0);
    let story: Vec<u32> = (0..700).map(|i| random.below(50, 0, i) as u32).collect();
    let (set, index) = indexed(50, &vec![story.clone(); 40]);
    let sequences = sequences(&set);
    for length in [1, 2, 254, 255, 256, 257, 600, 699, 700] {
        check(&index, &sequences, &story[..length]);
        check(&index, &sequences, &story[700 - length..]);
        check(&index, &sequences, &[&[0], &story[..length]].concat());
    }
    for length in [254, 255, 256, 300] {
        let most = index.most_frequent(length, 10_000);
        assert_eq!(most.len(), 701 - length);
        assert!(most.iter().all(|(_, count)| *count == 40));
        assert!(most.is_sorted());
    }
    // A branch deeper than the index notes.
    let mut other = story.clone();
    other[500] = 49 - story[500];
    let (set, index) = indexed(50, &[story.clone(), other, story.clone()]);
    check(&index, &self::sequences(&set), &story[..500]);
    check(&index, &self::sequences(&set), &story[100..500]);
    assert_eq!(index.next_tokens(&story[..500]).next.len(), 2);
}

proptest! {
    #[test]
    fn equal_to_a_naive_scan(
        // Narrow, the largest narrow, and wide.
        vocabulary in prop::sample::select(vec![4u32, 65_535, 65_536, 100_000]),
        documents in vec(vec(0u32..4, 0..25), 0..8),
        contexts in vec(vec(0u32..5, 0..6), 1..10),
        high: bool,
    ) {
        // The same documents with the last tokens of the vocabulary, the end of text aside.
        let raise = |tokens: &Vec<u32>| -> Vec<u32> {
            let up = if high { vocabulary - 4 } else { 0 };
            tokens.iter().map(|&token| if token == 0 { 0 } else { token + up }).collect()
        };
        let documents: Vec<Vec<u32>> = documents.iter().map(raise).collect();
        let (set, index) = indexed(vocabulary, &documents);
        let sequences = sequences(&set);
        prop_assert_eq!(index.documents(), documents.len());
        for context in contexts.iter().map(raise) {
            check(&index, &sequences, &context);
        }
        let empty = count_contexts(&set, &[vec![]]).remove(0);
        prop_assert_eq!(index.count(&[]), empty.total);
        for token in 0..5 {
            prop_assert_eq!(
                index.count_next(&[], token),
                empty.next.get(&token).copied().unwrap_or(0)
            );
        }
        prop_assert_eq!(index.next_tokens(&[]), empty);
    }

    #[test]
    fn damage_anywhere_is_found_and_repaired(
        place: prop::sample::Index, flip in 1u8.., cut: bool,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let documents = vec![vec![1, 2, 3], vec![1, 2]];
        let set = DocumentSet::whole(store(&directory.path().join("t.bin"), 4, &documents));
        let path = directory.path().join("t.counts");
        drop(CountIndex::build(&set, &path).unwrap());
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        let place = place.index(bytes.len());
        match cut {
            true => bytes.truncate(place),
            false => bytes[place] ^= flip,
        }
        fs::write(&path, bytes).unwrap();
        let error = CountIndex::open(&set, &path).unwrap_err().to_string();
        prop_assert!(error.contains("t.counts"), "{}", error);
        let index = CountIndex::open_or_build(&set, &path).unwrap();
        prop_assert_eq!(index.count(&[1, 2]), 1);
        prop_assert_eq!(fs::read(&path).unwrap(), good);
    }
}

#[test]
fn an_index_of_other_documents_is_stale() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let first = store(&path("a.bin"), 4, &[vec![1, 2], vec![2, 1], vec![3]]);
    // The same tokens, cut into other documents.
    let second = store(&path("b.bin"), 4, &[vec![1], vec![2, 2], vec![1, 3]]);
    assert_eq!(first.checksum(), second.checksum());
    let whole = DocumentSet::whole(first.clone());
    drop(CountIndex::build(&whole, path("t.counts")).unwrap());
    CountIndex::open(&whole, path("t.counts")).unwrap();
    for other in [
        DocumentSet::whole(second),
        DocumentSet::select(first.clone(), vec![1, 0, 2]),
        DocumentSet::select(first.clone(), vec![0, 1]),
    ] {
        assert!(matches!(
            CountIndex::open(&other, path("t.counts")),
            Err(CorpusError::StaleIndex { .. })
        ));
        let index = CountIndex::open_or_build(&other, path("t.counts")).unwrap();
        assert_eq!(index.tokens(), other.tokens());
        CountIndex::open(&other, path("t.counts")).unwrap();
    }
}

#[test]
fn several_stores_are_one_set() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let first = store(&path("a.bin"), 4, &[vec![1, 2, 0], vec![3, 0]]);
    let second = store(&path("b.bin"), 4, &[vec![1, 2, 3, 0]]);
    let mut set = DocumentSet::select(first, vec![1, 0]);
    set.extend(DocumentSet::whole(second)).unwrap();
    let index = CountIndex::build(&set, path("t.counts")).unwrap();
    check(&index, &sequences(&set), &[1, 2]);
    check(&index, &sequences(&set), &[0, 1]);
    check(&index, &sequences(&set), &[0, 3]);
    let mut positions: Vec<Occurrence> = index.positions(&[3]).collect();
    positions.sort();
    assert_eq!(
        positions,
        [
            Occurrence {
                document: 0,
                offset: 1
            },
            Occurrence {
                document: 2,
                offset: 3
            }
        ]
    );
}
