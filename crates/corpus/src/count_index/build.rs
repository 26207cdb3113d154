//! Building a count index.
//!
//! The suffixes are sorted by libsais, which takes linear time whatever the text, so that collapsed,
//! repetitive text is no slower. In memory are the text (2 bytes a symbol, or 4 where the vocabulary
//! needs it), the sorted suffixes (4), and what neighbours share, in the order of the text (4).

use std::io;
use std::path::Path;

use libsais::plcp::SuffixArrayWithPlcp;
use libsais::typestate::OwnedBuffer;
use libsais::{LIBSAIS_I32_OUTPUT_MAXIMUM_SIZE, LibsaisError, SuffixArrayConstruction};

use super::file::{self, Header, LARGEST_VOCABULARY, SEPARATOR, Writer, symbol};
use crate::{CorpusError, DocumentSet};

/// The suffixes in order, and for each place in the text how many symbols its suffix shares with the
/// one before it in that order.
type Sorted = SuffixArrayWithPlcp<'static, 'static, i32, OwnedBuffer, OwnedBuffer>;

/// Sorts all suffixes of `documents` and writes the index.
pub(super) fn build(documents: &DocumentSet, path: &Path) -> Result<(), CorpusError> {
    let header = file::describe(documents);
    // Counted with starts and separators.
    let tokens = header.symbols;
    let limit = LIBSAIS_I32_OUTPUT_MAXIMUM_SIZE as u64;
    if tokens > limit {
        return Err(CorpusError::TooManyTokens {
            path: path.to_owned(),
            tokens,
            limit,
        });
    }
    if header.vocabulary > LARGEST_VOCABULARY {
        return Err(CorpusError::VocabularyTooLarge {
            path: path.to_owned(),
            vocabulary: header.vocabulary,
            limit: LARGEST_VOCABULARY,
        });
    }
    let out_of_memory = |_| CorpusError::OutOfMemory {
        path: path.to_owned(),
        tokens,
    };
    let written = if header.symbol_bytes() == 2 {
        let text = text(documents, &header, |symbol| symbol as u16);
        let sorted = sort_narrow(&text).map_err(out_of_memory)?;
        write(path, &header, documents, &sorted, |writer| {
            writer.write_each(text.iter(), |symbol| symbol.to_le_bytes())
        })
    } else {
        let mut text = text(documents, &header, |symbol| symbol as i32);
        let sorted = sort_wide(&mut text).map_err(out_of_memory)?;
        write(path, &header, documents, &sorted, |writer| {
            writer.write_each(text.iter(), |symbol| {
                let [low, middle, high, _] = symbol.to_le_bytes();
                [low, middle, high]
            })
        })
    };
    written.map_err(CorpusError::io("write", path))
}

/// Every document with its start in front and a separator behind.
fn text<T>(documents: &DocumentSet, header: &Header, narrow: impl Fn(u32) -> T) -> Vec<T> {
    let mut text = Vec::with_capacity(header.symbols as usize);
    for document in documents.iter() {
        text.push(narrow(symbol(header.end_of_text)));
        text.extend(document.iter().map(|token| narrow(symbol(token))));
        text.push(narrow(SEPARATOR));
    }
    text
}

fn sort_narrow(text: &[u16]) -> Result<Sorted, LibsaisError> {
    SuffixArrayConstruction::for_text(text)
        .in_owned_buffer32()
        .single_threaded()
        .run()?
        .plcp_construction()
        .single_threaded()
        .run()
}

/// Changes the text meanwhile, and restores it.
fn sort_wide(text: &mut [i32]) -> Result<Sorted, LibsaisError> {
    SuffixArrayConstruction::for_text_mut(text)
        .in_owned_buffer::<i32>()
        .single_threaded()
        .run()?
        .plcp_construction()
        .single_threaded()
        .run()
}

fn write(
    path: &Path,
    header: &Header,
    documents: &DocumentSet,
    sorted: &Sorted,
    write_text: impl Fn(&mut Writer) -> io::Result<()>,
) -> io::Result<()> {
    // The suffixes that begin with a separator come first. No context finds them.
    let suffixes = &sorted.suffix_array()[documents.len()..];
    let mut writer = Writer::create(path, header)?;
    writer.write(bytemuck::cast_slice(suffixes))?;
    let mut start = 0u32;
    for document in documents.iter() {
        writer.write(&start.to_le_bytes())?;
        start += document.len() as u32 + 2;
    }
    write_text(&mut writer)?;
    let shared = sorted.plcp();
    writer.write_each(suffixes.iter(), |&place| {
        [shared[place as usize].min(255) as u8]
    })?;
    writer.commit()
}
