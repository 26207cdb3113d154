//! Counts of contexts and their next tokens.
//!
//! Contexts form a trie that is read backwards: the children of a context are the contexts that are
//! one token longer into the past. A level holds all contexts of one length as *nodes*, sorted by
//! (shorter context, oldest token), and the next tokens of each node as *entries*, sorted by token.
//! To build a level, one 64-bit key a position is sorted; to look up a context, one probe of a hash
//! table a token is made. Nearly all the time goes to waiting for memory, so what is read together
//! lies together.

use autophage_corpus::DocumentSet;
use rayon::prelude::*;

use super::context::Context;
use super::index::Index;
use crate::ModelError;

/// All contexts of one length, with their next tokens and how often each followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// The context of each node. (nodes)
    contexts: Vec<Context>,
    /// The entries of node i are `first_entry[i] .. first_entry[i + 1]`.
    first_entry: Vec<u32>,
    /// The next tokens of all nodes, one node after the other.
    entries: Vec<Entry>,
    /// From context to node.
    index: Index,
}

/// A next token of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The token.
    pub(super) next: u32,
    /// How often it and the entries before it in the same node followed.
    pub(super) cumulative: u32,
}

/// The next tokens of one context. Never empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(&'a [Entry]);

impl<'a> Node<'a> {
    /// Occurrences of the context, followed by any token. Never 0.
    pub(super) fn total(self) -> u32 {
        self.0[self.0.len() - 1].cumulative
    }

    /// Number of different next tokens.
    pub(super) fn types(self) -> usize {
        self.0.len()
    }

    /// The next tokens and how often each followed.
    pub(super) fn counts(self) -> impl Iterator<Item = (u32, u32)> + 'a {
        self.0.iter().scan(0, |before, entry| {
            let count = entry.cumulative - *before;
            *before = entry.cumulative;
            Some((entry.next, count))
        })
    }

    /// Occurrences of the context followed by `token`.
    pub(super) fn count_of(self, token: u32) -> u32 {
        match self.0.binary_search_by_key(&token, |entry| entry.next) {
            Ok(0) => self.0[0].cumulative,
            Ok(place) => self.0[place].cumulative - self.0[place - 1].cumulative,
            Err(_) => 0,
        }
    }

    /// The next token at which the distribution function of the counts exceeds `uniform` in [0, 1).
    pub(super) fn draw(self, uniform: f64) -> u32 {
        // Rounding up to the total would fall off the end.
        let rank = ((uniform * f64::from(self.total())) as u32).min(self.total() - 1);
        let place = self.0.partition_point(|entry| entry.cumulative <= rank);
        self.0[place].next
    }
}

impl Level {
    /// The level of such contexts, which are sorted, and entries.
    pub(super) fn new(contexts: Vec<Context>, first_entry: Vec<u32>, entries: Vec<Entry>) -> Self {
        Self {
            index: Index::new(&contexts),
            contexts,
            first_entry,
            entries,
        }
    }

    /// The contexts of all nodes, sorted.
    pub(super) fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    /// Where the entries of each node begin, and where those of the last end.
    pub(super) fn first_entry(&self) -> &[u32] {
        &self.first_entry
    }

    /// The entries of all nodes.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries of a node.
    pub(super) fn node(&self, node: u32) -> Node<'_> {
        let node = node as usize;
        Node(&self.entries[self.first_entry[node] as usize..self.first_entry[node + 1] as usize])
    }

    /// The level of the sorted `keys`.
    fn of_sorted(keys: &[u64], layout: Layout) -> Self {
        let (mut contexts, mut first_entry) = (Vec::new(), Vec::new());
        let mut entries: Vec<Entry> = Vec::new();
        let mut before = 0;
        for run in keys.chunk_by(|left, right| left == right) {
            let (context, next) = layout.unpack(run[0]);
            if contexts.last() != Some(&context) {
                contexts.push(context);
                first_entry.push(entries.len() as u32);
                before = 0;
            }
            before += run.len() as u32;
            entries.push(Entry {
                next,
                cumulative: before,
            });
        }
        first_entry.push(entries.len() as u32);
        Self::new(contexts, first_entry, entries)
    }
}

/// The nodes that `context` reaches: level 0 first, up to the longest length that was counted with
/// a next token, at most `levels.len() − 1`. They are left in `path`.
pub(super) fn descend(levels: &[Level], context: &[u32], path: &mut Vec<u32>) {
    path.clear();
    let mut shorter = 0;
    path.push(shorter);
    for (level, &oldest) in levels[1..].iter().zip(context.iter().rev()) {
        let Some(node) = level.index.find(Context { shorter, oldest }) else {
            return;
        };
        path.push(node);
        shorter = node;
    }
}

/// Counts the contexts of 0 to `order − 1` tokens of all documents, each read after `start_of_text`.
///
/// # Errors
/// No token to count, a token outside the vocabulary, or more of them than the arrays can number.
pub(super) fn count(
    documents: &DocumentSet,
    start_of_text: u32,
    vocabulary: u32,
    order: usize,
) -> Result<Vec<Level>, ModelError> {
    if documents.tokens() == 0 {
        return Err(ModelError::EmptyTrainingSet);
    }
    if documents.tokens() > u64::from(u32::MAX) {
        return Err(ModelError::Training {
            setting: "training set",
            problem: format!(
                "{} tokens, and an n-gram model counts at most {}",
                documents.tokens(),
                u32::MAX
            ),
        });
    }
    let sequences = sequences(documents, start_of_text, vocabulary)?;
    // For every position the node of the context before it, of the length counted last.
    let mut reached: Vec<Vec<u32>> = sequences.iter().map(|s| vec![0; s.len()]).collect();
    let mut levels: Vec<Level> = Vec::with_capacity(order);
    for length in 0..order {
        let shorter = levels.last().map_or(1, |level| level.contexts.len());
        let layout = Layout::new(shorter, vocabulary)?;
        let keys_of = |(sequence, reached): (&Vec<u32>, &Vec<u32>)| -> Vec<u64> {
            let key = |target: usize| {
                let context = Context {
                    shorter: reached[target],
                    oldest: if length == 0 {
                        0
                    } else {
                        sequence[target - length]
                    },
                };
                layout.pack(context, sequence[target])
            };
            (length.max(1)..sequence.len()).map(key).collect()
        };
        let keys: Vec<Vec<u64>> = sequences.par_iter().zip(&reached).map(keys_of).collect();
        let keys = sorted(keys.concat(), layout.bits(shorter));
        let level = Level::of_sorted(&keys, layout);
        if length > 0 && length + 1 < order {
            let advance = |(sequence, reached): (&Vec<u32>, &mut Vec<u32>)| {
                for target in length..sequence.len() {
                    let context = Context {
                        shorter: reached[target],
                        oldest: sequence[target - length],
                    };
                    let node = level.index.find(context);
                    reached[target] = node.expect("every context of this length was counted");
                }
            };
            sequences.par_iter().zip(&mut reached).for_each(advance);
        }
        levels.push(level);
    }
    Ok(levels)
}

/// The keys in order, of which only the lowest `bits` are ever set: a radix sort, which is several
/// times faster here than a comparison sort.
fn sorted(mut keys: Vec<u64>, bits: u32) -> Vec<u64> {
    /// As many buckets as a first-level cache holds the ends of.
    const DIGIT: u32 = 11;
    let mut spare = vec![0; keys.len()];
    for shift in (0..bits).step_by(DIGIT as usize) {
        let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = vec![0; 1 << DIGIT];
        keys.iter().for_each(|&key| places[digit(key)] += 1);
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for &key in &keys {
            let place = &mut places[digit(key)];
            spare[*place] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut spare);
    }
    keys
}

/// The documents as they are read.
fn sequences(
    documents: &DocumentSet,
    start_of_text: u32,
    vocabulary: u32,
) -> Result<Vec<Vec<u32>>, ModelError> {
    (0..documents.len())
        .into_par_iter()
        .map(|i| {
            let document = documents.document(i);
            let mut sequence = Vec::with_capacity(1 + document.len());
            sequence.push(start_of_text);
            sequence.extend(document);
            crate::request::check_tokens(&sequence, vocabulary as usize)?;
            Ok(sequence)
        })
        .collect()
}

/// Bits of the numbers below `count`.
fn bits(count: u64) -> u32 {
    u64::BITS - count.saturating_sub(1).leading_zeros()
}

/// Where the parts of a key lie: (node of the shorter context, oldest token, next token), from the
/// highest bits down, so that keys sort as a level does.
#[derive(Clone, Copy)]
struct Layout {
    token_bits: u32,
}

impl Layout {
    fn new(nodes: usize, vocabulary: u32) -> Result<Self, ModelError> {
        let layout = Self {
            token_bits: bits(u64::from(vocabulary)),
        };
        if layout.bits(nodes) > u64::BITS {
            return Err(ModelError::Training {
                setting: "order",
                problem: format!(
                    "{nodes} contexts of a vocabulary of {vocabulary} tokens are more than an \
                     n-gram model can extend by one token; lower the order"
                ),
            });
        }
        Ok(layout)
    }

    /// Bits of the keys over so many nodes.
    fn bits(self, nodes: usize) -> u32 {
        bits(nodes as u64) + 2 * self.token_bits
    }

    fn pack(self, context: Context, next: u32) -> u64 {
        let context = u64::from(context.shorter) << self.token_bits | u64::from(context.oldest);
        context << self.token_bits | u64::from(next)
    }

    fn unpack(self, key: u64) -> (Context, u32) {
        let mask = (1 << self.token_bits) - 1;
        let context = key >> self.token_bits;
        let context = Context {
            shorter: (context >> self.token_bits) as u32,
            oldest: (context & mask) as u32,
        };
        (context, (key & mask) as u32)
    }
}
