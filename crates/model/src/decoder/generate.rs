//! Ancestral sampling: many documents side by side, each token drawn from the model's distribution
//! given the tokens before it.
//!
//! Every active document adds one row to a pass, at its own position of its own slot in the
//! key-value cache. A document that ends frees its slot for the next one at once, so that passes
//! stay full; a document that has slid out of its context is computed anew for every token instead.
//! The random number of a token is addressed by document and position, and a row of a pass does not
//! depend on the others: the text does not depend on the batch.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use autophage_compute::{Backend, CacheEntry, IndexArray};

use super::activations::Activations;
use super::batch::{Context, Step};
use super::cache::Cache;
use super::network::Network;
use super::score::run_to_last_rows;
use crate::{Form, GeneratedDocument, GenerationRequest, Limit, ModelError, Overflow};

/// Rows of a pass over documents that are computed anew, more only if a single context is longer.
const ROWS: usize = 4096;

/// A document that is being sampled, or waits for earlier ones to be handed over.
#[derive(Debug)]
struct Document {
    /// The tokens so far, prompt included.
    tokens: Vec<u32>,
    /// Where its keys and values are; `None` once it is complete.
    slot: Option<usize>,
    /// Where the cached part begins, counted with the start of text as number 0.
    window: usize,
    /// Tokens of the window that are in the cache.
    cached: usize,
}

impl Document {
    /// Number of tokens with the start of text.
    fn length(&self) -> usize {
        self.tokens.len() + 1
    }

    /// The token at `index`, counted with the start of text as number 0.
    fn token(&self, index: usize, start_of_text: u32) -> u32 {
        match index.checked_sub(1) {
            None => start_of_text,
            Some(index) => self.tokens[index],
        }
    }
}

/// What one pass does for one document.
#[derive(Clone, Copy)]
struct Row {
    /// Place of the document in the queue.
    place: usize,
    /// Whether its next token is drawn from this row, or it is one of a text that is only read.
    draws: bool,
}

/// [`LanguageModel::generate`](crate::LanguageModel::generate).
///
/// Any of `ends` ends a document as the request's own token does, which is stored in its place.
pub(super) fn generate<B: Backend>(
    network: Network<'_, B>,
    ends: &[u32],
    request: &GenerationRequest,
    sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
) -> Result<(), ModelError> {
    check(network, request)?;
    let mut sampler = Sampler::new(network, ends, request)?;
    loop {
        sampler.drop_unwanted();
        sampler.start_documents();
        if sampler.queue.is_empty() {
            return Ok(());
        }
        sampler.restart_full_windows();
        sampler.extend_cached()?;
        sampler.extend_sliding()?;
        if sampler.hand_over(sink).is_break() {
            return Ok(());
        }
    }
}

/// Checks that a request makes sense and fits the model.
///
/// # Errors
/// [`ModelError::Request`] with the field that does not.
fn check<B: Backend>(
    network: Network<'_, B>,
    request: &GenerationRequest,
) -> Result<(), ModelError> {
    request.check(network.architecture.vocabulary)?;
    let positions = network.architecture.positions;
    if request.context > positions {
        return Err(ModelError::Request {
            field: "context",
            problem: format!(
                "{}, and it must be at most {positions}, the positions of the model",
                request.context
            ),
        });
    }
    Ok(())
}

/// The documents of a request that are under way.
struct Sampler<'a, B: Backend> {
    network: Network<'a, B>,
    /// Tokens that end a text besides that of the request.
    ends: &'a [u32],
    request: &'a GenerationRequest,
    /// Documents in order, from the first that has not been handed over.
    queue: VecDeque<Document>,
    /// Number of the first document in the queue.
    handed_over: u64,
    /// Tokens of the documents that have been handed over.
    tokens_handed_over: u64,
    /// Tokens of the documents in the queue.
    tokens_in_queue: u64,
    /// Documents side by side.
    slots: usize,
    free_slots: Vec<usize>,
    cache: Cache<B>,
    activations: Activations<B>,
    /// What was drawn in a pass.
    drawn: IndexArray<B>,
    /// For documents that have slid out of their context; made when the first does.
    sliding_activations: Option<Activations<B>>,
}

impl<'a, B: Backend> Sampler<'a, B> {
    fn new(
        network: Network<'a, B>,
        ends: &'a [u32],
        request: &'a GenerationRequest,
    ) -> Result<Self, ModelError> {
        let most = match request.limit {
            Limit::Documents(documents) => usize::try_from(documents).unwrap_or(usize::MAX),
            Limit::Tokens(_) | Limit::Unlimited => usize::MAX,
        };
        let longest = match request.form {
            Form::Documents { max_tokens } => max_tokens,
            Form::Stream { tokens } => tokens,
        };
        // The last token is drawn, but never read: with the start of text that makes `longest`.
        let capacity = longest.min(request.context);
        let (backend, architecture) = (network.backend, network.architecture);
        let most = request.batch.min(most).max(1);
        let slots = architecture.sequences_at_once(backend, most, capacity);
        Ok(Self {
            network,
            ends,
            request,
            queue: VecDeque::new(),
            handed_over: 0,
            tokens_handed_over: 0,
            tokens_in_queue: 0,
            slots,
            free_slots: (0..slots).rev().collect(),
            cache: Cache::new(backend, architecture, slots, capacity)?,
            activations: network.activations(slots)?,
            drawn: backend.indices(&vec![0; slots])?,
            sliding_activations: None,
        })
    }

    /// Number of documents from the front of the queue that may still be handed over.
    fn wanted(&self) -> u64 {
        match self.request.limit {
            Limit::Unlimited => u64::MAX,
            Limit::Documents(documents) => documents - self.handed_over,
            Limit::Tokens(tokens) if self.tokens_handed_over + self.tokens_in_queue < tokens => {
                u64::MAX
            }
            Limit::Tokens(tokens) => {
                // Documents only grow: if those before one are enough already, it will never be
                // handed over.
                let mut total = self.tokens_handed_over;
                let mut needed = 0;
                for document in &self.queue {
                    if total >= tokens {
                        break;
                    }
                    total += document.tokens.len() as u64;
                    needed += 1;
                }
                needed
            }
        }
    }

    /// Whether everything that was asked for has been handed over.
    fn satisfied(&self) -> bool {
        match self.request.limit {
            Limit::Unlimited => false,
            Limit::Documents(documents) => self.handed_over >= documents,
            Limit::Tokens(tokens) => self.tokens_handed_over >= tokens,
        }
    }

    /// Gives up documents that will not be handed over.
    fn drop_unwanted(&mut self) {
        let wanted = usize::try_from(self.wanted()).unwrap_or(usize::MAX);
        while self.queue.len() > wanted {
            let document = self.queue.pop_back().expect("longer than what is wanted");
            self.tokens_in_queue -= document.tokens.len() as u64;
            self.free_slots.extend(document.slot);
        }
    }

    /// Starts documents while there are free slots and more are wanted.
    fn start_documents(&mut self) {
        while (self.queue.len() as u64) < self.wanted()
            && let Some(slot) = self.free_slots.pop()
        {
            self.tokens_in_queue += self.request.prompt.len() as u64;
            self.queue.push_back(Document {
                tokens: self.request.prompt.clone(),
                slot: Some(slot),
                window: 0,
                cached: 0,
            });
        }
    }

    /// Whether a document is computed anew for every token.
    fn slides(&self, document: &Document) -> bool {
        self.request.overflow == Overflow::Slide && document.length() > self.request.context
    }

    /// Lets documents whose window has become longer than the context begin a new one.
    fn restart_full_windows(&mut self) {
        if self.request.overflow != Overflow::Hop {
            return;
        }
        let context = self.request.context;
        for document in &mut self.queue {
            if document.slot.is_some() && document.length() - document.window > context {
                document.window = document.length() - (context / 2).max(1);
                document.cached = 0;
            }
        }
    }

    /// One pass with the cache: reads one more token of every document that does not slide, and
    /// draws the next one of those that have been read to their end.
    fn extend_cached(&mut self) -> Result<(), ModelError> {
        let start_of_text = self.request.end_of_text;
        let mut rows = Vec::new();
        let mut entries = Vec::new();
        let mut tokens = Vec::new();
        for place in 0..self.queue.len() {
            let document = &self.queue[place];
            let Some(slot) = document.slot else { continue };
            if self.slides(document) {
                continue;
            }
            let position = document.cached;
            entries.push(CacheEntry { slot, position });
            tokens.push(document.token(document.window + position, start_of_text));
            let document = &mut self.queue[place];
            document.cached += 1;
            rows.push(Row {
                place,
                draws: document.window + document.cached == document.length(),
            });
        }
        if rows.is_empty() {
            return Ok(());
        }
        let network = self.network;
        let step = Step::new(
            network.backend,
            network.architecture,
            &tokens,
            entries,
            None,
        )?;
        let context = Context::Cache(&step.entries, &mut self.cache);
        network.blocks(&step.tokens, context, &mut self.activations);
        let drawing: Vec<u32> = (0..rows.len() as u32)
            .filter(|&row| rows[row as usize].draws)
            .collect();
        if drawing.is_empty() {
            return Ok(());
        }
        network.finish_rows(&drawing, &mut self.activations)?;
        let places: Vec<usize> = drawing
            .iter()
            .map(|&row| rows[row as usize].place)
            .collect();
        let uniforms = self.uniforms(&places);
        let drawn = network.sample(
            self.vocabulary(),
            self.request.filter,
            &uniforms,
            &mut self.drawn,
            &self.activations,
        );
        self.append(&places, &drawn);
        Ok(())
    }

    /// Tokens that may be drawn.
    fn vocabulary(&self) -> usize {
        let known = self.network.architecture.vocabulary;
        self.request
            .vocabulary
            .map_or(known, |most| known.min(most))
    }

    /// Draws the next token of every document that slides, from exactly its last `context` tokens.
    fn extend_sliding(&mut self) -> Result<(), ModelError> {
        let context = self.request.context;
        let places: Vec<usize> = (0..self.queue.len())
            .filter(|&place| {
                let document = &self.queue[place];
                document.slot.is_some() && self.slides(document)
            })
            .collect();
        let together = (ROWS / context).max(1);
        for places in places.chunks(together) {
            let (network, slots) = (self.network, self.slots);
            let activations = match &mut self.sliding_activations {
                Some(activations) => activations,
                none => none.insert(network.activations(context * together.min(slots))?),
            };
            let windows: Vec<&[u32]> = places
                .iter()
                .map(|&place| {
                    // Longer than the context without the start of text, or as long: the start of
                    // text is never among the last tokens.
                    let tokens = &self.queue[place].tokens;
                    &tokens[tokens.len() - context..]
                })
                .collect();
            run_to_last_rows(network, &windows, activations)?;
            let uniforms = self.uniforms(places);
            let drawn = network.sample(
                self.vocabulary(),
                self.request.filter,
                &uniforms,
                &mut self.drawn,
                self.sliding_activations.as_ref().expect("made above"),
            );
            self.append(places, &drawn);
        }
        Ok(())
    }

    /// The random number of the next token of each of these documents.
    fn uniforms(&self, places: &[usize]) -> Vec<f64> {
        places
            .iter()
            .map(|&place| {
                let position = self.queue[place].tokens.len() as u64;
                self.request
                    .random
                    .uniform(self.handed_over + place as u64, position)
            })
            .collect()
    }

    /// Gives each of these documents its next token; those that are complete free their slots.
    fn append(&mut self, places: &[usize], drawn: &[u32]) {
        for (&place, &token) in places.iter().zip(drawn) {
            let document = &mut self.queue[place];
            let end_of_text = self.request.end_of_text;
            // In a stream no token ends anything.
            let documents = matches!(self.request.form, Form::Documents { .. });
            let ends = documents && (token == end_of_text || self.ends.contains(&token));
            document.tokens.push(if ends { end_of_text } else { token });
            self.tokens_in_queue += 1;
            let length = document.tokens.len();
            let complete = match self.request.form {
                Form::Documents { max_tokens } => ends || length >= max_tokens,
                Form::Stream { tokens } => length >= tokens,
            };
            if complete {
                self.free_slots.extend(document.slot.take());
            }
        }
    }

    /// Hands over the complete documents at the front of the queue, as far as they are wanted.
    fn hand_over(
        &mut self,
        sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while self.queue.front().is_some_and(|first| first.slot.is_none()) && !self.satisfied() {
            let Document { tokens, .. } = self.queue.pop_front().expect("looked at above");
            let index = self.handed_over;
            self.handed_over += 1;
            self.tokens_in_queue -= tokens.len() as u64;
            self.tokens_handed_over += tokens.len() as u64;
            sink(index, GeneratedDocument { tokens })?;
        }
        ControlFlow::Continue(())
    }
}
