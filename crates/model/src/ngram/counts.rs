//! Counts of contexts and their next tokens, in sorted arrays.
//!
//! Contexts form a trie that is read backwards: the children of a context are the contexts that are
//! one token longer into the past. A level holds all contexts of one length as *nodes*, sorted by
//! (shorter context, oldest token), and the next tokens of each node as *entries*, sorted by token.
//! To build a level, one 64-bit key a position is sorted; to look up a context, one binary search
//! a token is made.

use autophage_corpus::DocumentSet;
use rayon::prelude::*;

use crate::ModelError;

/// All contexts of one length, with their next tokens and how often each followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Level {
    /// The nodes whose shorter context is node p of the level below are
    /// `first_node[p] .. first_node[p + 1]`.
    pub(super) first_node: Vec<u32>,
    /// The oldest token of each node's context. (nodes)
    pub(super) oldest: Vec<u32>,
    /// The entries of node i are `first_entry[i] .. first_entry[i + 1]`.
    pub(super) first_entry: Vec<u32>,
    /// The next token of each entry. (entries)
    pub(super) next: Vec<u32>,
    /// Occurrences of the entry and of those before it in the same node. (entries)
    pub(super) cumulative: Vec<u32>,
}

/// The next tokens of one context.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) next: &'a [u32],
    pub(super) cumulative: &'a [u32],
}

impl Node<'_> {
    /// Occurrences of the context, followed by any token. Never 0.
    pub(super) fn total(&self) -> u32 {
        *self.cumulative.last().expect("a node has an entry")
    }

    /// Number of different next tokens.
    pub(super) fn types(&self) -> usize {
        self.next.len()
    }

    /// Occurrences of the entry at `index`.
    pub(super) fn count(&self, index: usize) -> u32 {
        match index {
            0 => self.cumulative[0],
            _ => self.cumulative[index] - self.cumulative[index - 1],
        }
    }

    /// Occurrences of the context followed by `token`.
    pub(super) fn count_of(&self, token: u32) -> u32 {
        self.next
            .binary_search(&token)
            .map_or(0, |index| self.count(index))
    }

    /// The next token at which the distribution function of the counts reaches `uniform` in [0, 1).
    pub(super) fn draw(&self, uniform: f64) -> u32 {
        // Rounding up to the total would fall off the end.
        let rank = ((uniform * f64::from(self.total())) as u32).min(self.total() - 1);
        self.next[self.cumulative.partition_point(|&sum| sum <= rank)]
    }
}

impl Level {
    /// The entries of a node.
    pub(super) fn node(&self, node: u32) -> Node<'_> {
        let node = node as usize;
        let entries = self.first_entry[node] as usize..self.first_entry[node + 1] as usize;
        Node {
            next: &self.next[entries.clone()],
            cumulative: &self.cumulative[entries],
        }
    }

    /// The node whose shorter context is `shorter` and whose oldest token is `oldest`.
    fn find(&self, shorter: u32, oldest: u32) -> Option<u32> {
        let shorter = shorter as usize;
        let first = self.first_node[shorter];
        let nodes = first as usize..self.first_node[shorter + 1] as usize;
        let place = self.oldest[nodes].binary_search(&oldest).ok()?;
        Some(first + place as u32)
    }

    /// The level of the sorted `keys`, whose shorter contexts are the `shorter` nodes below.
    fn of_sorted(keys: &[u64], shorter: usize, layout: Layout) -> Self {
        let mut level = Self {
            first_node: Vec::with_capacity(shorter + 1),
            ..Self::default()
        };
        let mut context = None;
        for entry in keys.chunk_by(|left, right| left == right) {
            let (shorter, oldest, next) = layout.unpack(entry[0]);
            if context != Some((shorter, oldest)) {
                context = Some((shorter, oldest));
                let node = level.oldest.len() as u32;
                level.first_node.resize(shorter as usize + 1, node);
                level.oldest.push(oldest);
                level.first_entry.push(level.next.len() as u32);
            }
            let start = level.first_entry[level.oldest.len() - 1] as usize;
            let before = level.cumulative[start..].last().copied().unwrap_or(0);
            level.next.push(next);
            level.cumulative.push(before + entry.len() as u32);
        }
        level
            .first_node
            .resize(shorter + 1, level.oldest.len() as u32);
        level.first_entry.push(level.next.len() as u32);
        level
    }
}

/// The nodes that `context` reaches: level 0 first, up to the longest length that was counted with
/// a next token, at most `levels.len() − 1`. The path is left in `path`.
pub(super) fn descend(levels: &[Level], context: &[u32], path: &mut Vec<u32>) {
    path.clear();
    path.push(0);
    for (level, &token) in levels[1..].iter().zip(context.iter().rev()) {
        match level.find(path[path.len() - 1], token) {
            Some(node) => path.push(node),
            None => break,
        }
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
    let mut levels: Vec<Level> = Vec::with_capacity(order);
    for length in 0..order {
        let shorter = levels.last().map_or(1, |level| level.oldest.len());
        let layout = Layout::new(shorter, vocabulary)?;
        let of_sequence = |sequence: &Vec<u32>| -> Vec<u64> {
            let mut path = Vec::with_capacity(order);
            let targets = length.max(1)..sequence.len();
            let key = |target: usize| {
                if length == 0 {
                    return layout.pack(0, 0, sequence[target]);
                }
                // Every shorter context of the target has been counted, so the path is whole.
                let context = &sequence[target - length..target];
                descend(&levels, &context[1..], &mut path);
                layout.pack(path[length - 1], context[0], sequence[target])
            };
            targets.map(key).collect()
        };
        let keys: Vec<Vec<u64>> = sequences.par_iter().map(of_sequence).collect();
        let mut keys = keys.concat();
        keys.par_sort_unstable();
        let level = Level::of_sorted(&keys, shorter, layout);
        levels.push(level);
    }
    Ok(levels)
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

/// Where the parts of a key lie: (node of the shorter context, oldest token, next token), from the
/// highest bits down, so that keys sort as a level does.
#[derive(Clone, Copy)]
struct Layout {
    token_bits: u32,
}

impl Layout {
    fn new(nodes: usize, vocabulary: u32) -> Result<Self, ModelError> {
        let bits = |count: u64| u64::BITS - count.saturating_sub(1).leading_zeros();
        let token_bits = bits(u64::from(vocabulary));
        if bits(nodes as u64) + 2 * token_bits > u64::BITS {
            return Err(ModelError::Training {
                setting: "order",
                problem: format!(
                    "{nodes} contexts of a vocabulary of {vocabulary} tokens are more than an \
                     n-gram model can extend by one token; lower the order"
                ),
            });
        }
        Ok(Self { token_bits })
    }

    fn pack(self, shorter: u32, oldest: u32, next: u32) -> u64 {
        (u64::from(shorter) << self.token_bits | u64::from(oldest)) << self.token_bits
            | u64::from(next)
    }

    fn unpack(self, key: u64) -> (u32, u32, u32) {
        let mask = (1 << self.token_bits) - 1;
        let older = key >> self.token_bits;
        (
            (older >> self.token_bits) as u32,
            (older & mask) as u32,
            (key & mask) as u32,
        )
    }
}
