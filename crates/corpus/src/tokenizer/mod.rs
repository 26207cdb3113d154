//! From text to tokens and back.

mod byte_level;
mod chunks;
mod codec;
mod files;
mod train;

pub use codec::Tokenizer;
pub(crate) use train::BpeTraining;

/// GPT-2's token for the start and the end of a text.
const END_OF_TEXT: &str = "<|endoftext|>";
