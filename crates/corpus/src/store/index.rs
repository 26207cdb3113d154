//! The `.index` file beside a `.bin` file. `docs/formats.md` describes it byte by byte.

use std::path::{Path, PathBuf};

use autophage_durable::Checksum;

use crate::CorpusError;

const MAGIC: [u8; 8] = *b"AUTOPHTK";
const VERSION: u32 = 1;
/// Bytes before the offsets. A multiple of 8, so that they can be read in place.
const HEADER_BYTES: usize = 48;
/// Bytes of the checksum at the end.
const CHECKSUM_BYTES: usize = 8;

/// The index of the token file `path`: the same name with the extension `index`.
pub fn index_path(path: &Path) -> PathBuf {
    path.with_extension("index")
}

/// What the header of an index says of its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of a token: 2 or 4.
    pub(super) token_bytes: u32,
    /// Number of tokens of the vocabulary.
    pub(super) vocabulary: u32,
    /// The token that ends a text.
    pub(super) end_of_text: u32,
    /// Number of documents.
    pub(super) documents: u64,
    /// Number of tokens of all documents.
    pub(super) tokens: u64,
    /// XXH3 of the `.bin` file.
    pub(super) checksum: u64,
}

/// Bytes of a token of a vocabulary of this size: 2 where every token fits.
pub(super) fn token_bytes(vocabulary: u32) -> u32 {
    if vocabulary <= 1 << 16 { 2 } else { 4 }
}

/// The whole index file. `offsets` has the start of each document, in tokens, and the end of the
/// last.
pub(super) fn encode(header: &Header, offsets: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + 8 * offsets.len() + CHECKSUM_BYTES);
    bytes.extend(MAGIC);
    for word in [
        VERSION,
        header.token_bytes,
        header.vocabulary,
        header.end_of_text,
    ] {
        bytes.extend(word.to_le_bytes());
    }
    for word in [header.documents, header.tokens, header.checksum] {
        bytes.extend(word.to_le_bytes());
    }
    for offset in offsets {
        bytes.extend(offset.to_le_bytes());
    }
    bytes.extend(Checksum::of(&bytes).to_le_bytes());
    bytes
}

/// Reads the header and checks all of the index: every later use may trust it.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Header, CorpusError> {
    let damaged = |problem: String| Err(CorpusError::damaged(path, problem));
    if bytes.len() < HEADER_BYTES + 8 + CHECKSUM_BYTES {
        return damaged(format!(
            "it has {} bytes, fewer than its header",
            bytes.len()
        ));
    }
    if bytes[..8] != MAGIC {
        return damaged("it does not begin as the index of a token store does".into());
    }
    let version = u32_at(bytes, 8);
    if version != VERSION {
        return Err(CorpusError::StoreVersion {
            path: path.to_owned(),
            found: version,
            expected: VERSION,
        });
    }
    let end = bytes.len() - CHECKSUM_BYTES;
    if Checksum::of(&bytes[..end]) != u64_at(bytes, end) {
        return damaged("its checksum does not match".into());
    }
    let header = Header {
        token_bytes: u32_at(bytes, 12),
        vocabulary: u32_at(bytes, 16),
        end_of_text: u32_at(bytes, 20),
        documents: u64_at(bytes, 24),
        tokens: u64_at(bytes, 32),
        checksum: u64_at(bytes, 40),
    };
    // From here on only a faulty writer could be the cause, but a wrong offset would end in a panic
    // far from here.
    if header.end_of_text >= header.vocabulary {
        return damaged("its end-of-text token is outside its vocabulary".into());
    }
    if header.token_bytes != token_bytes(header.vocabulary) {
        return damaged("the width of its tokens does not fit its vocabulary".into());
    }
    let offsets = &bytes[HEADER_BYTES..end];
    let expected = u128::from(header.documents) * 8 + 8;
    if offsets.len() as u128 != expected {
        return damaged("its length does not fit its number of documents".into());
    }
    let mut previous = 0;
    for offset in offsets.chunks_exact(8).map(|word| u64_at(word, 0)) {
        if offset < previous {
            return damaged("its document offsets are not in order".into());
        }
        previous = offset;
    }
    if u64_at(offsets, 0) != 0 || previous != header.tokens {
        return damaged("its document offsets do not cover its tokens".into());
    }
    Ok(header)
}

/// The offsets in the bytes of an index that [`decode`] accepted.
pub(super) fn offsets(bytes: &[u8]) -> &[u64] {
    bytemuck::cast_slice(&bytes[HEADER_BYTES..bytes.len() - CHECKSUM_BYTES])
}

/// The checksum of an index that [`decode`] accepted. It covers that of the tokens.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    u64_at(bytes, bytes.len() - CHECKSUM_BYTES)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(Path::new("x.index"), &bytes).is_err());
        }

        /// A checksum that fits what was changed, so that the checks behind it are reached.
        #[test]
        fn a_well_summed_index_is_read_or_refused(
            words in proptest::collection::vec(0u64..4, 5..12),
            width in 0u32..6,
        ) {
            let header = Header {
                token_bytes: width,
                vocabulary: words[0] as u32,
                end_of_text: words[1] as u32,
                documents: words[2],
                tokens: words[3],
                checksum: words[4],
            };
            let bytes = encode(&header, &words[5..]);
            if let Ok(read) = decode(Path::new("x.index"), &bytes) {
                prop_assert_eq!(read, header);
                prop_assert_eq!(words.len() as u64, 5 + 1 + header.documents);
                prop_assert!(words[5..].is_sorted());
            }
        }
    }
}
