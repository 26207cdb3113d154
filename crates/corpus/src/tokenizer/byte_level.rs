//! What the bundled and the trained tokenizers have in common, and GPT-2's vocabulary.
//!
//! Byte-level BPE works on bytes written as printable characters, so that every text has tokens and
//! they give exactly that text back.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer as HuggingFace};

use super::{END_OF_TEXT, Tokenizer};

const GPT2_VOCABULARY: &str = include_str!("../../assets/gpt2/vocab.json");
const GPT2_MERGES: &str = include_str!("../../assets/gpt2/merges.txt");

/// The bytes as GPT-2 cuts them into words: no space is put in front of a text.
pub(super) fn pre_tokenizer() -> ByteLevel {
    ByteLevel::new(false, true, true)
}

/// A byte-level tokenizer around `model`, whose vocabulary has [`END_OF_TEXT`].
pub(super) fn around(model: BPE) -> HuggingFace {
    let mut tokenizer = HuggingFace::new(model);
    tokenizer
        .with_pre_tokenizer(Some(pre_tokenizer()))
        .with_decoder(Some(DecoderWrapper::ByteLevel(ByteLevel::default())))
        .with_post_processor(Some(ByteLevel::new(true, false, true)));
    tokenizer
        .add_special_tokens([AddedToken::from(END_OF_TEXT, true)])
        .expect("the token is not empty and there is no normalizer");
    tokenizer
}

/// Whether a tokenizer cuts texts into words as [`pre_tokenizer`] does, and does nothing before.
pub(super) fn cuts_words_as_gpt2(tokenizer: &HuggingFace) -> bool {
    let added = tokenizer.get_added_tokens_decoder();
    tokenizer.get_normalizer().is_none()
        && added.values().all(|token| token.special)
        && matches!(
            tokenizer.get_pre_tokenizer(),
            Some(PreTokenizerWrapper::ByteLevel(words)) if *words == pre_tokenizer()
        )
}

/// GPT-2's tokenizer, read from the bundled files once.
pub(super) fn gpt2() -> Tokenizer {
    static GPT2: OnceLock<Tokenizer> = OnceLock::new();
    GPT2.get_or_init(|| {
        let vocabulary: BTreeMap<String, u32> =
            serde_json::from_str(GPT2_VOCABULARY).expect("bundled and tested");
        let merges: Vec<(String, String)> = GPT2_MERGES
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(left, right)| (left.into(), right.into()))
            .collect();
        let model = BPE::builder()
            .vocab_and_merges(vocabulary.into_iter().collect::<Vocab>(), merges)
            .build()
            .expect("bundled and tested");
        Tokenizer::new(around(model), END_OF_TEXT).expect("bundled and tested")
    })
    .clone()
}
