//! Questions to a count index.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::build::build;
use super::file::{self, Header, SEPARATOR, Sections, symbol};
use crate::memory_map::map_file;
use crate::{ContextCounts, CorpusError, DocumentSet};

/// Exact counts of contexts of any length in the documents of a set.
///
/// A document is read as the end-of-text token followed by its stored tokens, so that a context that
/// begins with the end-of-text token can stand for the start of a text; no occurrence reaches from one
/// document into another. The counts are those of [`count_contexts`](crate::count_contexts), for any
/// context at any time, from a memory-mapped file of 7 bytes a token (8 for vocabularies of 65,536
/// tokens or more).
pub struct CountIndex {
    path: PathBuf,
    header: Header,
    sections: Sections,
    file: Mmap,
}

/// Where a context occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurrence {
    /// Number of the document in its set.
    pub document: usize,
    /// Place of the context's first token in the document as it is read: 0 is the end-of-text token
    /// in front of it, 1 the first stored token.
    pub offset: usize,
}

impl CountIndex {
    /// Builds the index of `documents` at `path`, in place of any file there. Takes about 10 bytes of
    /// memory a token (12 for vocabularies of 65,536 tokens or more).
    ///
    /// # Errors
    /// More than 2³¹ − 1 tokens (starts and ends of documents among them), too large a vocabulary, too
    /// little memory, or a file that cannot be written.
    pub fn build(documents: &DocumentSet, path: impl AsRef<Path>) -> Result<Self, CorpusError> {
        build(documents, path.as_ref())?;
        Self::open(documents, path)
    }

    /// Opens the index of `documents` at `path` and verifies it: version, length, checksum, and that
    /// it was built from these documents in this order.
    ///
    /// # Errors
    /// A file that is missing, damaged, of another version or of other documents.
    pub fn open(documents: &DocumentSet, path: impl AsRef<Path>) -> Result<Self, CorpusError> {
        let path = path.as_ref();
        let file = map_file(path)?;
        let header = file::decode(path, &file, documents)?;
        Ok(Self {
            path: path.to_owned(),
            sections: header.sections(),
            header,
            file,
        })
    }

    /// Opens the index of `documents` at `path`, and builds it where there is none or it cannot be
    /// used: it holds nothing that the documents do not.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn open_or_build(
        documents: &DocumentSet,
        path: impl AsRef<Path>,
    ) -> Result<Self, CorpusError> {
        let path = path.as_ref();
        Self::open(documents, path).or_else(|_| Self::build(documents, path))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of documents.
    pub fn documents(&self) -> usize {
        self.header.documents as usize
    }

    /// Number of stored tokens of all documents.
    pub fn tokens(&self) -> u64 {
        self.header.symbols - 2 * self.header.documents
    }

    /// Number of occurrences of `tokens`, those at the end of a document among them. No tokens at all
    /// occur once before every token of every document as it is read.
    pub fn occurrences(&self, tokens: &[u32]) -> u64 {
        self.find(tokens).len() as u64
    }

    /// Number of occurrences of `context` that are followed by a token: c(x). The empty context is
    /// followed by every stored token.
    pub fn count(&self, context: &[u32]) -> u64 {
        if context.is_empty() {
            return self.tokens();
        }
        let range = self.find(context);
        self.followed(&range, context.len()).len() as u64
    }

    /// Number of occurrences of `context` that are followed by `next`: c(xv).
    pub fn count_next(&self, context: &[u32], next: u32) -> u64 {
        let count = self.occurrences(&[context, &[next]].concat());
        match context.is_empty() && next == self.header.end_of_text {
            true => count - self.header.documents,
            false => count,
        }
    }

    /// What follows `context`, and how often.
    pub fn next_tokens(&self, context: &[u32]) -> ContextCounts {
        let depth = context.len();
        let range = self.find(context);
        let mut next = BTreeMap::new();
        self.for_each_next(self.followed(&range, depth), depth, |token, count| {
            next.insert(token, count);
        });
        if depth == 0 {
            // The token in front of every document follows nothing.
            let end_of_text = self.header.end_of_text;
            if let Some(count) = next.get_mut(&end_of_text) {
                *count -= self.header.documents;
            }
            next.retain(|_, count| *count > 0);
        }
        ContextCounts {
            total: next.values().sum(),
            next,
        }
    }

    /// Every place where `tokens` occur, in the order of what follows there.
    pub fn positions(&self, tokens: &[u32]) -> impl ExactSizeIterator<Item = Occurrence> {
        let starts: &[u32] = bytemuck::cast_slice(&self.file[self.sections.starts.clone()]);
        self.suffixes()[self.find(tokens)].iter().map(move |place| {
            let document = starts.partition_point(|start| start <= place) - 1;
            Occurrence {
                document,
                offset: (place - starts[document]) as usize,
            }
        })
    }

    /// The longest end of `context` that is followed by a token somewhere; the empty context if not
    /// even its last token is.
    pub fn longest_suffix<'a>(&self, context: &'a [u32]) -> &'a [u32] {
        // An end of an end that occurs occurs, so the lengths can be bisected.
        let (mut known, mut unknown) = (0, context.len() + 1);
        while unknown - known > 1 {
            let length = known.midpoint(unknown);
            match self.count(&context[context.len() - length..]) {
                0 => unknown = length,
                _ => known = length,
            }
        }
        &context[context.len() - known..]
    }

    /// The `limit` contexts of `length` tokens that are followed by a token most often, with their
    /// counts c(x), the most frequent first; of equally frequent ones those of smaller tokens.
    pub fn most_frequent(&self, length: usize, limit: usize) -> Vec<(Vec<u32>, u64)> {
        if limit == 0 || length == 0 {
            return Vec::new();
        }
        // The smallest on top, to be replaced. Ranks grow, so a later context replaces only a rarer
        // one.
        let mut best: BinaryHeap<Reverse<(u64, Reverse<usize>)>> = BinaryHeap::new();
        let all = self.header.suffixes();
        let mut first = 0;
        while first < all {
            let group = (first + 1..all).take_while(|&rank| self.goes_on(rank, length));
            let end = first + 1 + group.count();
            if !self.ends_within(first, length) {
                let count = self.followed(&(first..end), length).len() as u64;
                let candidate = Reverse((count, Reverse(first)));
                if count > 0 && best.len() < limit {
                    best.push(candidate);
                } else if best.peek().is_some_and(|worst| candidate < *worst) {
                    best.pop();
                    best.push(candidate);
                }
            }
            first = end;
        }
        let best = best.into_sorted_vec();
        let tokens = |first: usize| {
            let place = self.suffixes()[first] as usize;
            (place..place + length)
                .map(|i| self.symbol(i) - 1)
                .collect()
        };
        best.into_iter()
            .map(|Reverse((count, Reverse(first)))| (tokens(first), count))
            .collect()
    }
}

/// The search itself. A range is a range of ranks: places in the order of the suffixes. All suffixes
/// of a range of depth d have their first d symbols in common.
impl CountIndex {
    fn suffixes(&self) -> &[u32] {
        bytemuck::cast_slice(&self.file[self.sections.suffixes.clone()])
    }

    fn shared(&self) -> &[u8] {
        &self.file[self.sections.shared.clone()]
    }

    /// Symbol `i` of the text.
    fn symbol(&self, i: usize) -> u32 {
        let text = &self.file[self.sections.text.clone()];
        if self.header.symbol_bytes() == 2 {
            u32::from(bytemuck::cast_slice::<u8, u16>(text)[i])
        } else {
            let symbol = &text[3 * i..3 * i + 3];
            u32::from_le_bytes([symbol[0], symbol[1], symbol[2], 0])
        }
    }

    /// The symbol at `depth` of the suffix of this rank. Its document must not have ended before.
    fn symbol_at(&self, rank: usize, depth: usize) -> u32 {
        self.symbol(self.suffixes()[rank] as usize + depth)
    }

    /// The suffixes that begin with `tokens`.
    fn find(&self, tokens: &[u32]) -> Range<usize> {
        let mut range = 0..self.header.suffixes();
        for (depth, &token) in tokens.iter().enumerate() {
            if range.is_empty() || token >= self.header.vocabulary {
                return 0..0;
            }
            range = self.narrow(range, depth, symbol(token));
        }
        range
    }

    /// Those of a range whose symbol at `depth` is `symbol`.
    fn narrow(&self, range: Range<usize>, depth: usize, symbol: u32) -> Range<usize> {
        let first = self.partition_point(range.clone(), depth, |other| other < symbol);
        first..self.partition_point(first..range.end, depth, |other| other <= symbol)
    }

    /// The first rank of a range whose symbol at `depth` is not `before`.
    fn partition_point(
        &self,
        range: Range<usize>,
        depth: usize,
        before: impl Fn(u32) -> bool,
    ) -> usize {
        let suffixes = &self.suffixes()[range.clone()];
        range.start + suffixes.partition_point(|&at| before(self.symbol(at as usize + depth)))
    }

    /// Those of a range of `depth` whose documents go on.
    fn followed(&self, range: &Range<usize>, depth: usize) -> Range<usize> {
        // Separators are the smallest symbols.
        match range.is_empty() || self.symbol_at(range.start, depth) != SEPARATOR {
            true => range.clone(),
            false => self.partition_point(range.clone(), depth, |s| s == SEPARATOR)..range.end,
        }
    }

    /// Calls `each` with every different next token of a range of `depth` that goes on, and its count.
    fn for_each_next(&self, range: Range<usize>, depth: usize, mut each: impl FnMut(u32, u64)) {
        let mut first = range.start;
        while first < range.end {
            let end = self.group_end(first, range.end, depth + 1);
            each(self.symbol_at(first, depth) - 1, (end - first) as u64);
            first = end;
        }
    }

    /// Where in a range of `depth − 1`, from `first` to `end`, those end that have the symbol before
    /// `depth` in common with the suffix of rank `first`.
    fn group_end(&self, first: usize, end: usize, depth: usize) -> usize {
        if depth <= usize::from(u8::MAX) {
            let shared = &self.shared()[first + 1..end];
            first + 1 + position_below(shared, depth as u8)
        } else {
            let symbol = self.symbol_at(first, depth - 1);
            self.partition_point(first..end, depth - 1, |other| other <= symbol)
        }
    }

    /// Whether the suffix of this rank has `length` symbols in common with the one before it.
    fn goes_on(&self, rank: usize, length: usize) -> bool {
        let shared = usize::from(self.shared()[rank]);
        if shared < usize::from(u8::MAX) || length <= shared {
            return shared >= length;
        }
        // Beyond what the file says, the text itself; not beyond the end of a document.
        let places = [rank - 1, rank].map(|rank| self.suffixes()[rank] as usize);
        (shared..length).all(|depth| {
            let at = places.map(|place| place + depth);
            at.iter().all(|&at| (at as u64) < self.header.symbols)
                && self.symbol(at[0]) == self.symbol(at[1])
                && self.symbol(at[0]) != SEPARATOR
        })
    }

    /// Whether the document of the suffix of this rank ends before it has `length` tokens.
    fn ends_within(&self, rank: usize, length: usize) -> bool {
        (1..length).any(|depth| self.symbol_at(rank, depth) == SEPARATOR)
    }
}

/// The place of the first byte below `limit`; the length if there is none.
fn position_below(bytes: &[u8], limit: u8) -> usize {
    // Most contexts are followed by few different tokens, so the next boundary is far. A block without
    // a branch inside is compared at once.
    const BLOCK: usize = 64;
    let mut start = 0;
    for block in bytes.chunks_exact(BLOCK) {
        if block
            .iter()
            .fold(false, |found, &byte| found | (byte < limit))
        {
            break;
        }
        start += BLOCK;
    }
    let rest = &bytes[start..];
    start
        + rest
            .iter()
            .position(|&byte| byte < limit)
            .unwrap_or(rest.len())
}

impl fmt::Debug for CountIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountIndex")
            .field("path", &self.path)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
