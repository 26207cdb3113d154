//! Counts of given contexts in one pass over the documents, without an index.
//!
//! The contexts are put in an automaton of Aho and Corasick ("Efficient string matching", 1975):
//! after every token its state is the longest end of the text so far that begins some context, and
//! all contexts that end here are found by following links to shorter ones.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use crate::DocumentSet;

/// Fewer documents than this are not worth a table of counts of their own.
const MIN_DOCUMENTS: usize = 64;

/// How often a context was followed by each token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextCounts {
    /// Occurrences of the context that are followed by a token: c(x).
    pub total: u64,
    /// Occurrences that are followed by each token, where there are any: c(xv).
    pub next: BTreeMap<u32, u64>,
}

impl ContextCounts {
    /// p(v | x) = c(xv) / c(x); `None` where the context never occurs before a token.
    pub fn conditional(&self, token: u32) -> Option<f64> {
        (self.total > 0).then(|| {
            let count = self.next.get(&token).copied().unwrap_or(0);
            count as f64 / self.total as f64
        })
    }
}

/// Counts what follows each of `contexts` in `documents`, in one pass.
///
/// A document is read as the end-of-text token followed by its stored tokens, so that a context that
/// begins with the end-of-text token can stand for the start of a text; a context never reaches from
/// one document into another. The empty context is followed by every stored token. The result is in
/// the order of `contexts`.
pub fn count_contexts(documents: &DocumentSet, contexts: &[Vec<u32>]) -> Vec<ContextCounts> {
    let automaton = Automaton::new(documents.vocabulary() as usize, contexts);
    // Sums of whole numbers do not depend on the way the documents are shared out.
    let counts = (0..documents.len())
        .into_par_iter()
        .with_min_len(MIN_DOCUMENTS)
        .fold(
            || vec![TokenMap::<u32, u64>::default(); automaton.contexts],
            |mut counts, i| {
                automaton.read(documents.end_of_text(), documents.document(i).iter(), {
                    |context, token| *counts[context].entry(token).or_default() += 1
                });
                counts
            },
        )
        .reduce(
            || vec![TokenMap::default(); automaton.contexts],
            |mut left, right| {
                for (left, right) in left.iter_mut().zip(right) {
                    for (token, count) in right {
                        *left.entry(token).or_default() += count;
                    }
                }
                left
            },
        );
    automaton
        .numbers
        .iter()
        .map(|&number| match number {
            Some(number) => ContextCounts {
                total: counts[number].values().sum(),
                next: counts[number].iter().map(|(&k, &v)| (k, v)).collect(),
            },
            None => ContextCounts::default(),
        })
        .collect()
}

/// State 0 is the empty text.
struct Automaton {
    /// The state after each token from state 0: where most steps end.
    from_start: Vec<u32>,
    /// The states after a token from the other states.
    next: TokenMap<(u32, u32), u32>,
    states: Vec<State>,
    /// Number of different contexts.
    contexts: usize,
    /// Which of the different contexts each of the given ones is; `None` if it has a token outside
    /// the vocabulary and cannot occur.
    numbers: Vec<Option<usize>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// The longest proper end of this state's text that is a state.
    shorter: u32,
    /// The context that is this state's text.
    context: Option<u32>,
    /// The longest proper end of this state's text that is a context.
    shorter_context: Option<u32>,
}

impl Automaton {
    fn new(vocabulary: usize, contexts: &[Vec<u32>]) -> Self {
        let mut automaton = Self {
            from_start: vec![0; vocabulary],
            next: TokenMap::default(),
            states: vec![State::default()],
            contexts: 0,
            numbers: Vec::with_capacity(contexts.len()),
        };
        for context in contexts {
            let number = automaton.insert(context);
            automaton.numbers.push(number);
        }
        automaton.link();
        automaton
    }

    /// The state that `token` leads to directly.
    fn child(&self, state: u32, token: u32) -> Option<u32> {
        if state == 0 {
            Some(self.from_start[token as usize]).filter(|&child| child != 0)
        } else {
            self.next.get(&(state, token)).copied()
        }
    }

    fn insert(&mut self, context: &[u32]) -> Option<usize> {
        if context
            .iter()
            .any(|&token| token as usize >= self.from_start.len())
        {
            return None;
        }
        let mut state = 0;
        for &token in context {
            state = self.child(state, token).unwrap_or_else(|| {
                let child = self.states.len() as u32;
                self.states.push(State::default());
                if state == 0 {
                    self.from_start[token as usize] = child;
                } else {
                    self.next.insert((state, token), child);
                }
                child
            });
        }
        let state = &mut self.states[state as usize];
        if state.context.is_none() {
            state.context = Some(self.contexts as u32);
            self.contexts += 1;
        }
        state.context.map(|context| context as usize)
    }

    /// Links every state to the shorter ones, the short before the long.
    fn link(&mut self) {
        let mut children = vec![Vec::new(); self.states.len()];
        for (token, &child) in self.from_start.iter().enumerate() {
            if child != 0 {
                children[0].push((token as u32, child));
            }
        }
        for (&(state, token), &child) in &self.next {
            children[state as usize].push((token, child));
        }
        let mut queue = VecDeque::from([0u32]);
        while let Some(state) = queue.pop_front() {
            for &(token, child) in &children[state as usize] {
                let shorter = match state {
                    0 => 0,
                    _ => self.step(self.states[state as usize].shorter, token),
                };
                let end = self.states[shorter as usize];
                let child_state = &mut self.states[child as usize];
                child_state.shorter = shorter;
                child_state.shorter_context = match end.context {
                    Some(_) => Some(shorter),
                    None => end.shorter_context,
                };
                queue.push_back(child);
            }
        }
    }

    /// The state after `token`.
    fn step(&self, mut state: u32, token: u32) -> u32 {
        loop {
            match self.child(state, token) {
                Some(child) => return child,
                None if state == 0 => return 0,
                None => state = self.states[state as usize].shorter,
            }
        }
    }

    /// Calls `found(context, next token)` for every occurrence of a context in a document.
    fn read(
        &self,
        end_of_text: u32,
        document: impl Iterator<Item = u32>,
        mut found: impl FnMut(usize, u32),
    ) {
        let mut state = self.step(0, end_of_text);
        for token in document {
            let mut at = Some(state);
            while let Some(here) = at {
                let here = self.states[here as usize];
                if let Some(context) = here.context {
                    found(context as usize, token);
                }
                at = here.shorter_context;
            }
            state = self.step(state, token);
        }
    }
}

/// A map from tokens. Tokens come from a tokenizer, not from someone who wants them to collide, so a
/// few instructions are enough for a hash.
type TokenMap<K, V> = HashMap<K, V, BuildHasherDefault<TokenHasher>>;

#[derive(Clone, Copy, Default)]
struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(byte.into()));
    }

    fn write_u32(&mut self, number: u32) {
        // 2⁶⁴ over the golden ratio spreads neighbouring numbers evenly over the upper bits.
        self.0 = (self.0.rotate_left(29) ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        // The map takes its bucket from the lower bits.
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::TokenStoreWriter;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// The definition: every window of every document.
    fn naive(documents: &DocumentSet, context: &[u32]) -> ContextCounts {
        let mut counts = ContextCounts::default();
        for i in 0..documents.len() {
            let sequence = documents.sequence(i);
            for end in context.len().max(1)..sequence.len() {
                if sequence[..end].ends_with(context) {
                    counts.total += 1;
                    *counts.next.entry(sequence[end]).or_default() += 1;
                }
            }
        }
        counts
    }

    fn set(documents: &[Vec<u32>]) -> DocumentSet {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = TokenStoreWriter::create(directory.path().join("t.bin"), 4, 0).unwrap();
        for document in documents {
            writer.push(document).unwrap();
        }
        DocumentSet::whole(Arc::new(writer.finish().unwrap()))
    }

    proptest! {
        #[test]
        fn equal_to_a_naive_scan(
            documents in vec(vec(0u32..4, 0..30), 0..8),
            contexts in vec(vec(0u32..5, 0..5), 0..12),
        ) {
            let documents = set(&documents);
            let counts = count_contexts(&documents, &contexts);
            prop_assert_eq!(counts.len(), contexts.len());
            for (context, counts) in contexts.iter().zip(counts) {
                prop_assert_eq!(counts, naive(&documents, context), "{:?}", context);
            }
        }
    }

    #[test]
    fn starts_count_and_documents_are_kept_apart() {
        let documents = set(&[vec![1, 2, 0], vec![1, 3, 0], vec![1]]);
        let counts = count_contexts(
            &documents,
            &[vec![0], vec![0, 1], vec![0, 0], vec![1], vec![9]],
        );
        assert_eq!(counts[0].next, BTreeMap::from([(1, 3)]));
        assert_eq!(counts[1].next, BTreeMap::from([(2, 1), (3, 1)]));
        assert_eq!(counts[2], ContextCounts::default());
        assert_eq!(counts[3].total, 2);
        assert_eq!(counts[3].conditional(2), Some(0.5));
        assert_eq!(counts[4].conditional(2), None);
    }
}
