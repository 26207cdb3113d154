//! The file of a count index. `docs/formats.md` describes it byte by byte.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use autophage_durable::{AtomicFile, Checksum};

use crate::{CorpusError, DocumentSet};

const MAGIC: [u8; 8] = *b"AUTOPHCI";
const VERSION: u32 = 1;
/// Bytes before the sections. A multiple of 4, so that they can be read in place.
const HEADER_BYTES: usize = 56;
/// Bytes of the checksum at the end.
const CHECKSUM_BYTES: usize = 8;

/// The symbol between documents: the smallest, so that it sorts first.
pub(super) const SEPARATOR: u32 = 0;

/// The most tokens that a vocabulary can have: with the separator, all numbers of 3 bytes.
pub(super) const LARGEST_VOCABULARY: u32 = (1 << 24) - 1;

/// The symbol of a token.
pub(super) fn symbol(token: u32) -> u32 {
    token + 1
}

/// What the header says of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Number of tokens of the vocabulary.
    pub(super) vocabulary: u32,
    /// The token in front of every document.
    pub(super) end_of_text: u32,
    /// Number of documents, D.
    pub(super) documents: u64,
    /// Number of symbols of the text, S: those of the documents and a separator behind each.
    pub(super) symbols: u64,
    /// [`DocumentSet::identity`] of the documents.
    pub(super) source: u64,
}

impl Header {
    /// Bytes of a symbol in the file: 2 where every symbol fits, else 3.
    pub(super) fn symbol_bytes(&self) -> usize {
        if self.vocabulary < 1 << 16 { 2 } else { 3 }
    }

    /// Number of suffixes that are indexed: all that do not begin with a separator.
    pub(super) fn suffixes(&self) -> usize {
        (self.symbols - self.documents) as usize
    }

    /// Where the sections of the file are.
    pub(super) fn sections(&self) -> Sections {
        let (documents, symbols) = (self.documents as usize, self.symbols as usize);
        let suffixes = HEADER_BYTES..HEADER_BYTES + 4 * self.suffixes();
        let starts = suffixes.end..suffixes.end + 4 * documents;
        let text = starts.end..starts.end + self.symbol_bytes() * symbols;
        let shared = text.end..text.end + self.suffixes();
        Sections {
            suffixes,
            starts,
            text,
            shared,
        }
    }
}

/// Bytes of each section.
#[derive(Clone, Debug)]
pub(super) struct Sections {
    /// Place in the text of each suffix, in order: u32.
    pub(super) suffixes: Range<usize>,
    /// Place in the text of each document: u32.
    pub(super) starts: Range<usize>,
    /// The symbols.
    pub(super) text: Range<usize>,
    /// Symbols that each suffix has in common with the one before it, at most 255: u8.
    pub(super) shared: Range<usize>,
}

/// Reads the header and verifies the file.
pub(super) fn decode(
    path: &Path,
    bytes: &[u8],
    documents: &DocumentSet,
) -> Result<Header, CorpusError> {
    let damaged = |problem: &str| Err(CorpusError::damaged(path, problem));
    if bytes.len() < HEADER_BYTES + CHECKSUM_BYTES {
        return damaged("it is shorter than its header");
    }
    if bytes[..8] != MAGIC {
        return damaged("it does not begin as a count index does");
    }
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    if u32_at(8) != VERSION {
        return Err(CorpusError::StoreVersion {
            path: path.to_owned(),
            found: u32_at(8),
            expected: VERSION,
        });
    }
    let end = bytes.len() - CHECKSUM_BYTES;
    if Checksum::of(&bytes[..end]) != u64_at(end) {
        return damaged("its checksum does not match");
    }
    let header = Header {
        vocabulary: u32_at(16),
        end_of_text: u32_at(20),
        documents: u64_at(24),
        symbols: u64_at(32),
        source: u64_at(40),
    };
    if header != describe(documents) {
        return Err(CorpusError::StaleIndex {
            path: path.to_owned(),
        });
    }
    if header.sections().shared.end != end {
        return damaged("its length does not fit its documents");
    }
    Ok(header)
}

/// The header of an index of these documents.
pub(super) fn describe(documents: &DocumentSet) -> Header {
    Header {
        vocabulary: documents.vocabulary(),
        end_of_text: documents.end_of_text(),
        documents: documents.len() as u64,
        symbols: documents.tokens() + 2 * documents.len() as u64,
        source: documents.identity(),
    }
}

/// Writes the file from front to back.
pub(super) struct Writer {
    file: AtomicFile,
    checksum: Checksum,
}

impl Writer {
    pub(super) fn create(path: &Path, header: &Header) -> io::Result<Self> {
        let mut writer = Self {
            file: AtomicFile::create(path)?,
            checksum: Checksum::new(),
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        for word in [
            VERSION,
            header.symbol_bytes() as u32,
            header.vocabulary,
            header.end_of_text,
        ] {
            bytes.extend(word.to_le_bytes());
        }
        for word in [header.documents, header.symbols, header.source, 0] {
            bytes.extend(word.to_le_bytes());
        }
        writer.write(&bytes)?;
        Ok(writer)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.file.write_all(bytes)
    }

    /// Writes what `bytes` makes of every item, some at a time.
    pub(super) fn write_each<T, const N: usize>(
        &mut self,
        items: impl Iterator<Item = T>,
        bytes: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(1 << 16);
        for item in items {
            buffer.extend(bytes(item));
            if buffer.len() + N > 1 << 16 {
                self.write(&buffer)?;
                buffer.clear();
            }
        }
        self.write(&buffer)
    }

    pub(super) fn commit(mut self) -> io::Result<()> {
        let checksum = self.checksum.finish();
        self.file.write_all(&checksum.to_le_bytes())?;
        self.file.commit()
    }
}
