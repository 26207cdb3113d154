//! Training a byte-level BPE.

use std::collections::HashMap;
use std::hash::Hash;

use rayon::prelude::*;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

use super::chunks::chunks;
use super::{END_OF_TEXT, Tokenizer, byte_level};
use crate::CorpusError;

/// The 256 bytes and the end of text.
const SMALLEST_VOCABULARY: u32 = 257;
/// The trainer reserves memory for all tokens that it is asked for.
const LARGEST_VOCABULARY: u32 = 1_000_000;
/// Documents that are cut into words at once, so that memory does not grow with the corpus.
const BATCH: usize = 1024;

/// A byte-level BPE in training: how often each word occurs, where words are what it never merges
/// across.
#[derive(Clone, Debug)]
pub(crate) struct BpeTraining {
    vocabulary: u32,
    words: HashMap<String, u64>,
}

impl BpeTraining {
    /// A training without words yet, for a tokenizer of so many tokens.
    pub(crate) fn new(vocabulary: u32) -> Result<Self, CorpusError> {
        if !(SMALLEST_VOCABULARY..=LARGEST_VOCABULARY).contains(&vocabulary) {
            return Err(CorpusError::VocabularyOutOfRange {
                vocabulary,
                smallest: SMALLEST_VOCABULARY,
                largest: LARGEST_VOCABULARY,
            });
        }
        Ok(Self {
            vocabulary,
            words: HashMap::new(),
        })
    }

    /// Counts the words of these texts, in parallel.
    pub(crate) fn add<T: AsRef<str> + Sync>(&mut self, texts: &[T]) {
        // Chunks repeat themselves, so each different one is cut into words once.
        let chunks = texts
            .par_iter()
            .fold(HashMap::new, |mut counts, text| {
                for chunk in chunks(text.as_ref()) {
                    *counts.entry(chunk).or_default() += 1;
                }
                counts
            })
            .reduce(HashMap::new, merge);
        let splitter = byte_level::pre_tokenizer();
        let words = chunks
            .into_par_iter()
            .fold(HashMap::new, |mut counts, (chunk, count): (&str, u64)| {
                let mut words = PreTokenizedString::from(chunk);
                splitter
                    .pre_tokenize(&mut words)
                    .expect("the bytes of any text are words");
                for (word, ..) in words.get_splits(OffsetReferential::Original, OffsetType::None) {
                    *counts.entry(word.to_owned()).or_default() += count;
                }
                counts
            })
            .reduce(HashMap::new, merge);
        self.words = merge(std::mem::take(&mut self.words), words);
    }

    /// Merges the most frequent pair again and again until the vocabulary is full or no pair occurs
    /// twice.
    pub(crate) fn finish(self) -> Tokenizer {
        let trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(self.vocabulary as usize)
            .min_frequency(2)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
            .build();
        let words = self.words.iter();
        let words = words.map(|(word, &count)| (word.as_str().into(), count));
        let mut model = BPE::default();
        trainer
            .do_train(&words.collect(), &mut model)
            .expect("training from counts in memory has no way to fail");
        Tokenizer::new(byte_level::around(model), END_OF_TEXT)
            .expect("the trainer puts the special token first")
    }
}

fn merge<K: Eq + Hash>(left: HashMap<K, u64>, right: HashMap<K, u64>) -> HashMap<K, u64> {
    let (mut larger, smaller) = match left.len() < right.len() {
        true => (right, left),
        false => (left, right),
    };
    for (word, count) in smaller {
        *larger.entry(word).or_default() += count;
    }
    larger
}

impl Tokenizer {
    /// A byte-level BPE of `vocabulary` tokens, the end of text (token 0) and the 256 bytes among
    /// them. It depends on the documents alone, not on their order or the number of threads.
    ///
    /// Where the documents do not have so many pairs that occur at least twice, the vocabulary
    /// is smaller: see [`vocabulary`](Self::vocabulary).
    ///
    /// # Errors
    /// A vocabulary of fewer than 257 tokens or more than 1,000,000.
    pub fn train_bpe<T: AsRef<str> + Sync>(
        documents: impl IntoIterator<Item = T>,
        vocabulary: u32,
    ) -> Result<Self, CorpusError> {
        let mut training = BpeTraining::new(vocabulary)?;
        let mut documents = documents.into_iter();
        loop {
            let batch: Vec<T> = documents.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(training.finish());
            }
            training.add(&batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DocumentSource, SourceSettings};
    use proptest::prelude::*;

    fn stories() -> Vec<String> {
        let settings = SourceSettings::new("builtin:tinystories-sample");
        let source = DocumentSource::open(&settings).unwrap();
        source.documents().map(|d| d.unwrap().text).collect()
    }

    #[test]
    fn training_depends_on_the_documents_alone() {
        let mut stories = stories();
        let first = Tokenizer::train_bpe(&stories, 2048).unwrap();
        assert_eq!((first.vocabulary(), first.end_of_text()), (2048, 0));
        let expected = first.inner().to_string(false).unwrap();
        for threads in [1, 2, 5] {
            stories.reverse();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let again = pool
                .build()
                .unwrap()
                .install(|| Tokenizer::train_bpe(&stories, 2048).unwrap());
            assert_eq!(again.inner().to_string(false).unwrap(), expected);
        }
        let text = &stories[0];
        let tokens = first.encode(text).unwrap();
        assert!(tokens.len() * 3 < text.len());
        assert_eq!(&first.decode(&tokens).unwrap(), text);
    }

    #[test]
    fn a_small_corpus_gives_a_small_vocabulary() {
        let tokenizer = Tokenizer::train_bpe(["ab ab", "x"], 1000).unwrap();
        // The bytes, the end of text, and the one pair that occurs twice.
        assert_eq!(tokenizer.vocabulary(), 258);
        let empty = Tokenizer::train_bpe([""; 0], 257).unwrap();
        assert_eq!(empty.vocabulary(), 257);
        for impossible in [0, 256, u32::MAX] {
            assert!(matches!(
                Tokenizer::train_bpe(["ab"], impossible),
                Err(CorpusError::VocabularyOutOfRange { smallest: 257, .. })
            ));
        }
    }

    #[test]
    fn the_end_of_text_in_a_text_is_not_the_token() {
        let text = "<|endoftext|> ".repeat(100);
        let tokenizer = Tokenizer::train_bpe([&text], 300).unwrap();
        let tokens = tokenizer.encode(&text).unwrap();
        assert!(!tokens.contains(&0));
        assert_eq!(tokenizer.decode(&tokens).unwrap(), text);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(training in any::<String>(), text in any::<String>()) {
            let tokenizer = Tokenizer::train_bpe([&training, &training], 300).unwrap();
            let tokens = tokenizer.encode(&text).unwrap();
            prop_assert_eq!(tokenizer.decode(&tokens).unwrap(), text);
        }
    }
}
