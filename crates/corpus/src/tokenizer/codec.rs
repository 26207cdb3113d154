//! Encoding and decoding.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;
use tokenizers::Tokenizer as HuggingFace;

use super::byte_level;
use super::chunks::ChunkCache;
use crate::CorpusError;

/// From text to tokens and back: GPT-2's bundled tokenizer, a trained byte-level BPE, or any
/// Hugging Face `tokenizer.json`.
///
/// A text is data: where it contains the spelling of a special token, such as the thirteen characters
/// `<|endoftext|>`, these are encoded like any other characters and never become the special token.
/// Only a store puts that token at the end of a document. No tokens are added around a text either.
#[derive(Clone)]
pub struct Tokenizer {
    inner: Arc<HuggingFace>,
    end_of_text: u32,
    vocabulary: u32,
    /// For tokenizers that encode a text [in chunks](super::chunks).
    chunks: Option<Arc<ChunkCache>>,
}

impl Tokenizer {
    /// The tokenizer of GPT-2: 50,257 tokens, of which the last is the end of text.
    pub fn gpt2() -> Self {
        byte_level::gpt2()
    }

    /// Wraps `inner`, whose token `end_of_text` ends a text; `None` if it has no such token.
    pub(super) fn new(mut inner: HuggingFace, end_of_text: &str) -> Option<Self> {
        inner.set_encode_special_tokens(true);
        // Files may ask for these, which would change texts silently.
        inner.with_padding(None);
        inner.with_truncation(None).ok()?;
        let end_of_text = inner.token_to_id(end_of_text)?;
        // The vocabulary may have gaps, so its size is not the number of its entries.
        let last = inner.get_vocab(true).into_values().max()?;
        Some(Self {
            end_of_text,
            vocabulary: last.checked_add(1)?,
            chunks: byte_level::cuts_words_as_gpt2(&inner).then(Arc::default),
            inner: Arc::new(inner),
        })
    }

    /// The tokens of a text, without start and end.
    ///
    /// # Errors
    /// A text that the tokenizer cannot express; byte-level tokenizers express every text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, CorpusError> {
        match &self.chunks {
            Some(cache) => cache.encode(text, |chunk| self.encode_whole(chunk)),
            None => self.encode_whole(text),
        }
    }

    /// The tokens of a text that is given to the library as it is.
    pub(super) fn encode_whole(&self, text: &str) -> Result<Vec<u32>, CorpusError> {
        match self.inner.encode_fast(text, false) {
            Ok(encoding) => Ok(encoding.get_ids().to_vec()),
            Err(error) => Err(CorpusError::Untokenizable {
                text: text.chars().take(80).collect(),
                problem: error.to_string(),
            }),
        }
    }

    /// The tokens of each of many texts, in their order, found in parallel.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    pub fn encode_batch<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Vec<u32>>, CorpusError> {
        texts
            .par_iter()
            .map(|text| self.encode(text.as_ref()))
            .collect()
    }

    /// The text of these tokens, special tokens spelled out. Bytes that are not UTF-8, as when a
    /// character was cut in two, become U+FFFD.
    ///
    /// # Errors
    /// A token that the tokenizer does not have.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, CorpusError> {
        let known = |token| self.inner.id_to_token(token).is_some();
        if let Some(&token) = tokens.iter().find(|&&token| !known(token)) {
            return Err(CorpusError::UnknownToken {
                token,
                vocabulary: self.vocabulary,
            });
        }
        self.inner
            .decode(tokens, false)
            .map_err(|error| CorpusError::Untokenizable {
                text: format!("{:?}", &tokens[..tokens.len().min(20)]),
                problem: error.to_string(),
            })
    }

    /// Number of tokens: every token is below it.
    pub fn vocabulary(&self) -> u32 {
        self.vocabulary
    }

    /// The token that starts and ends a text.
    pub fn end_of_text(&self) -> u32 {
        self.end_of_text
    }

    /// How a token is written in the vocabulary (for byte-level BPE, a space is `Ġ`); `None` if
    /// there is no such token.
    pub fn token(&self, token: u32) -> Option<String> {
        self.inner.id_to_token(token)
    }

    pub(super) fn inner(&self) -> &HuggingFace {
        &self.inner
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocabulary", &self.vocabulary)
            .field("end_of_text", &self.end_of_text)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gpt2_is_gpt2() {
        let gpt2 = Tokenizer::gpt2();
        assert_eq!((gpt2.vocabulary(), gpt2.end_of_text()), (50_257, 50_256));
        // As published with the model.
        assert_eq!(gpt2.encode("Hello world").unwrap(), [15496, 995]);
        assert_eq!(gpt2.encode(" there was were").unwrap(), [612, 373, 547]);
        assert_eq!(gpt2.encode("naïve\n").unwrap(), [2616, 38776, 198]);
        assert_eq!(gpt2.token(612).as_deref(), Some("Ġthere"));
        assert!(gpt2.encode("").unwrap().is_empty());
    }

    #[test]
    fn special_tokens_in_a_text_stay_text() {
        let gpt2 = Tokenizer::gpt2();
        let text = "one<|endoftext|>two";
        let tokens = gpt2.encode(text).unwrap();
        assert!(!tokens.contains(&gpt2.end_of_text()));
        assert_eq!(gpt2.decode(&tokens).unwrap(), text);
        assert_eq!(gpt2.decode(&[50_256]).unwrap(), "<|endoftext|>");
    }

    #[test]
    fn a_long_text_has_the_tokens_of_its_whole() {
        let gpt2 = Tokenizer::gpt2();
        let text = "Once upon a time,  there's a café.\n\n".repeat(10_000);
        let tokens = gpt2.encode(&text).unwrap();
        assert_eq!(tokens, gpt2.encode_whole(&text).unwrap());
        assert_eq!(gpt2.decode(&tokens).unwrap(), text);
    }

    #[test]
    fn unknown_tokens_are_refused() {
        let error = Tokenizer::gpt2().decode(&[1, 50_257]).unwrap_err();
        assert!(matches!(
            error,
            CorpusError::UnknownToken { token: 50_257, .. }
        ));
    }

    proptest! {
        #[test]
        fn texts_come_back(text in any::<String>()) {
            let gpt2 = Tokenizer::gpt2();
            prop_assert_eq!(gpt2.decode(&gpt2.encode(&text).unwrap()).unwrap(), text);
        }

        #[test]
        fn a_batch_is_its_texts(texts in proptest::collection::vec("[ -~é]{0,30}", 0..20)) {
            let gpt2 = Tokenizer::gpt2();
            let one_by_one: Vec<_> = texts.iter().map(|text| gpt2.encode(text).unwrap()).collect();
            prop_assert_eq!(gpt2.encode_batch(&texts).unwrap(), one_by_one);
        }

        #[test]
        fn any_tokens_can_be_decoded(tokens in proptest::collection::vec(0u32..50_257, 0..20)) {
            prop_assert!(Tokenizer::gpt2().decode(&tokens).is_ok());
        }
    }
}
