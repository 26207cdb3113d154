//! The contexts that models are followed by.

use std::collections::HashMap;

use autophage_corpus::{ContextCounts, DocumentSet, count_contexts};

use super::frequent_contexts;
use crate::MeasureError;
use crate::probe::{Conditioning, Probe};

/// A token after a context, against any other token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Place of the context among the tracked ones.
    pub context: usize,
    /// The token.
    pub token: u32,
}

/// Contexts and events that models are followed by, with their ground truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    contexts: Vec<Vec<u32>>,
    events: Vec<Event>,
    truth: Vec<ContextCounts>,
}

impl Tracked {
    /// The `per_length` most frequent contexts of each length from 1 to `longest` tokens in the
    /// initial corpus, and the contexts of the probes. Each token of a probe's continuation is an
    /// event, after the context and the tokens before it.
    ///
    /// A context that the initial corpus never has before a token has no ground truth and is left
    /// out, with its events. The same corpus and probes give the same choice.
    ///
    /// # Errors
    /// A `longest` above 4.
    pub fn choose(
        initial: &DocumentSet,
        per_length: usize,
        longest: usize,
        probes: &[Probe],
    ) -> Result<Self, MeasureError> {
        let mut contexts = Vec::new();
        for length in 1..=longest {
            let frequent = frequent_contexts(initial, length, per_length)?;
            contexts.extend(frequent.into_iter().map(|(context, _)| context));
        }
        let mut events = Vec::new();
        for probe in probes {
            // The empty context asks for the beginning of a text.
            let context = Conditioning::Bare.apply(&probe.context, initial.end_of_text());
            for next in &probe.next {
                for (i, &token) in next.iter().enumerate() {
                    let context = [&context, &next[..i]].concat();
                    contexts.push(context.clone());
                    events.push((context, token));
                }
            }
        }
        Ok(Self::of(initial, contexts, events))
    }

    /// Keeps what occurs, each once.
    fn of(initial: &DocumentSet, contexts: Vec<Vec<u32>>, events: Vec<(Vec<u32>, u32)>) -> Self {
        let mut tracked = Self {
            contexts: Vec::new(),
            events: Vec::new(),
            truth: Vec::new(),
        };
        let mut places = HashMap::new();
        let counts = count_contexts(initial, &contexts);
        for (context, counts) in contexts.into_iter().zip(counts) {
            if counts.total > 0 && !places.contains_key(&context) {
                places.insert(context.clone(), tracked.contexts.len());
                tracked.contexts.push(context);
                tracked.truth.push(counts);
            }
        }
        for (context, token) in events {
            let event = places
                .get(&context)
                .map(|&context| Event { context, token });
            if let Some(event) = event
                && !tracked.events.contains(&event)
            {
                tracked.events.push(event);
            }
        }
        tracked
    }

    /// The contexts.
    pub fn contexts(&self) -> &[Vec<u32>] {
        &self.contexts
    }

    /// The events.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What follows each context in the initial corpus; every total is positive.
    pub fn truth(&self) -> &[ContextCounts] {
        &self.truth
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::corpus;

    #[test]
    fn frequent_contexts_and_those_of_probes() {
        let initial = corpus(9, &[vec![1, 2, 3, 0], vec![1, 2, 4, 0], vec![5, 1, 6, 0]]);
        let probe = |context: &[u32], next: &[&[u32]]| Probe {
            context: context.to_vec(),
            next: next.iter().map(|next| next.to_vec()).collect(),
        };
        let probes = [
            probe(&[1, 2], &[&[3], &[7]]),
            probe(&[], &[&[5, 1]]),
            probe(&[8], &[&[1]]),
            probe(&[1, 2], &[&[3]]),
        ];
        let tracked = Tracked::choose(&initial, 2, 2, &probes).unwrap();
        assert_eq!(
            tracked.contexts(),
            [vec![0], vec![1], vec![0, 1], vec![1, 2], vec![0, 5]]
        );
        let event = |context, token| Event { context, token };
        // Token 8 never occurs, so nothing after it is followed.
        assert_eq!(
            tracked.events(),
            [event(3, 3), event(3, 7), event(0, 5), event(4, 1)]
        );
        assert_eq!(tracked.truth()[1].total, 3);
        assert_eq!(tracked.truth()[3].conditional(3), Some(0.5));
    }
}
