//! Texts in chunks whose tokens do not depend on their neighbours.
//!
//! GPT-2's way of cutting a text into words always cuts between a character that is not white space
//! and one that is, and looks ahead within white space only. So a text may be cut there beforehand:
//! its words, and with them its tokens, are the same. The chunks of a corpus repeat themselves, and to
//! remember their tokens is many times faster than to find them anew; and the `tokenizers` library,
//! which takes many times the memory of what it is given, never sees a long text.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// The text in chunks: white space, then characters that are not. Only the last may lack the
/// latter, only the first the former.
pub(super) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (chunk, after) = rest.split_at(end_of_chunk(rest));
        rest = after;
        Some(chunk)
    })
}

fn end_of_chunk(text: &str) -> usize {
    let word = text.find(|c: char| !c.is_whitespace());
    let word = word.unwrap_or(text.len());
    let end = text[word..].find(char::is_whitespace);
    end.map_or(text.len(), |end| word + end)
}

/// The tokens of chunks that were met before, for all threads.
#[derive(Debug, Default)]
pub(super) struct ChunkCache(RwLock<HashMap<Box<str>, Box<[u32]>>>);

impl ChunkCache {
    /// Chunks that are remembered, at most: some 50 MB.
    const LIMIT: usize = 1 << 18;
    /// Bytes of a chunk that is remembered, at most. Longer ones hardly come again.
    const LONGEST: usize = 48;

    /// The tokens of all chunks of `text`, those of new ones by `encode`.
    pub(super) fn encode<E>(
        &self,
        text: &str,
        encode: impl Fn(&str) -> Result<Vec<u32>, E>,
    ) -> Result<Vec<u32>, E> {
        let mut tokens = Vec::with_capacity(text.len() / 4);
        // One lock for as many known chunks as follow one another.
        let mut known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for chunk in chunks(text) {
            if let Some(found) = known.get(chunk) {
                tokens.extend_from_slice(found);
                continue;
            }
            let found = encode(chunk)?;
            tokens.extend_from_slice(&found);
            if chunk.len() <= Self::LONGEST && known.len() < Self::LIMIT {
                drop(known);
                let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
                all.insert(chunk.into(), found.into());
                drop(all);
                known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            }
        }
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tokenizer;
    use proptest::prelude::*;

    #[test]
    fn chunks_end_with_words() {
        let cut = |text| chunks(text).collect::<Vec<_>>();
        assert_eq!(cut("one  two\nthree"), ["one", "  two", "\nthree"]);
        assert_eq!(cut(" don't,  \n"), [" don't,", "  \n"]);
        assert!(cut("").is_empty());
    }

    proptest! {
        #[test]
        fn chunks_have_the_tokens_of_the_whole(
            text in prop_oneof![
                any::<String>(),
                "([a-zA-Z'é1,.]{0,4}[ \t\n\r\u{85}\u{a0}\u{2003}\u{200b}]{0,3}){0,20}",
            ],
        ) {
            let gpt2 = Tokenizer::gpt2();
            let whole = gpt2.encode_whole(&text).unwrap();
            let mut tokens = Vec::new();
            for chunk in chunks(&text) {
                tokens.extend(gpt2.encode_whole(chunk).unwrap());
            }
            prop_assert_eq!(&tokens, &whole);
            // New chunks, then known ones.
            let cache = ChunkCache::default();
            for _ in 0..2 {
                let tokens = cache.encode(&text, |chunk| gpt2.encode_whole(chunk)).unwrap();
                prop_assert_eq!(&tokens, &whole);
            }
        }
    }
}
