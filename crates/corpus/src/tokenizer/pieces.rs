//! Long texts in pieces.
//!
//! The `tokenizers` library takes many times the memory of the text that it is given. GPT-2's way of
//! cutting a text into words always cuts between a character that is not white space and one that is,
//! and looks ahead within white space only. So a text may be cut there beforehand: the words, and with
//! them the tokens, are the same.

/// Texts of more bytes are cut.
pub(super) const PIECE_BYTES: usize = 1 << 16;

/// The text in pieces of at least `bytes` bytes, cut where a word ends, and its rest. A text without
/// white space is one piece.
pub(super) fn pieces(text: &str, bytes: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(first_cut(rest, bytes));
        rest = after;
        Some(piece)
    })
}

fn first_cut(text: &str, bytes: usize) -> usize {
    if text.len() <= bytes {
        return text.len();
    }
    let mut after_white_space = true;
    for (place, character) in text.char_indices() {
        let white_space = character.is_whitespace();
        if white_space && !after_white_space && place >= bytes {
            return place;
        }
        after_white_space = white_space;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tokenizer;
    use proptest::prelude::*;

    #[test]
    fn pieces_end_with_words() {
        let cut = |bytes| pieces("one  two\nthree", bytes).collect::<Vec<_>>();
        assert_eq!(cut(1), ["one", "  two", "\nthree"]);
        assert_eq!(cut(4), ["one  two", "\nthree"]);
        assert_eq!(cut(8), ["one  two", "\nthree"]);
        assert_eq!(cut(9), ["one  two\nthree"]);
        assert_eq!(pieces("", 1).count(), 0);
        assert_eq!(pieces(" a", 1).count(), 1);
    }

    proptest! {
        #[test]
        fn pieces_have_the_tokens_of_the_whole(
            text in prop_oneof![any::<String>(), "([a-zA-Z'é1,.]{0,4}[ \t\n\r\u{a0}\u{2003}]{0,3}){0,20}"],
            bytes in 1usize..20,
        ) {
            let whole = Tokenizer::gpt2().encode(&text).unwrap();
            let mut tokens = Vec::new();
            for piece in pieces(&text, bytes) {
                tokens.extend(Tokenizer::gpt2().encode(piece).unwrap());
            }
            prop_assert_eq!(tokens, whole);
        }
    }
}
