//! What a program can do with a model: train it, ask it, sample it, save it and load it.
//!
//! Nothing here speaks of networks, so that a count model and a transformer run through the same
//! loop.
//!
//! *Text and tokens.* A stored document is its tokens, followed by the end-of-text token if the text
//! ended (a text that was cut off at a length limit has none). The start-of-text token (for GPT-2 the
//! same `<|endoftext|>`) is not stored; it is put in front where a model reads a document from its
//! start.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::Path;

use autophage_compute::operation::SamplingFilter;
use autophage_corpus::DocumentSet;
use autophage_random::Stream;

use crate::ModelError;

/// A trained model.
pub trait LanguageModel: Send + Sync + Debug {
    /// Number of tokens that it gives a probability to.
    fn vocabulary(&self) -> usize;

    /// The most tokens that it can be conditioned on; `None` where there is no such limit.
    fn max_context(&self) -> Option<usize>;

    /// `ln p̂(v | context)` for all v, a row of [`vocabulary`](Self::vocabulary) for each context.
    ///
    /// A context is exactly what the model is conditioned on: a caller that means "at the start of
    /// a text" puts the start-of-text token in front.
    ///
    /// # Errors
    /// An empty context, one longer than [`max_context`](Self::max_context), or a token outside the
    /// vocabulary.
    fn next_token_log_probabilities(
        &self,
        contexts: &[Vec<u32>],
    ) -> Result<Vec<Vec<f32>>, ModelError>;

    /// `−ln p̂(s[i] | s[max(0, i − context) .. i])` for i = 1 … of every sequence s, in order: the
    /// token losses of the paper's section C.3. A sequence of n tokens has n − 1 losses.
    ///
    /// # Errors
    /// As for [`next_token_log_probabilities`](Self::next_token_log_probabilities).
    fn token_losses(
        &self,
        sequences: &[Vec<u32>],
        context: usize,
    ) -> Result<Vec<Vec<f32>>, ModelError>;

    /// Samples documents 0, 1, … and hands them to `sink` in that order, up to `request.limit` or
    /// until `sink` breaks off.
    ///
    /// Document i depends on the model, the request and i alone, not on `request.batch` or
    /// `request.limit`.
    ///
    /// # Errors
    /// A request that does not fit the model (prompt, context length, filter out of range).
    fn generate(
        &self,
        request: &GenerationRequest,
        sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> Result<(), ModelError>;

    /// Writes the model's files to an existing directory.
    ///
    /// # Errors
    /// A file that cannot be written.
    fn save(&self, directory: &Path) -> Result<(), ModelError>;
}

/// A way of making a [`LanguageModel`] from documents: architecture and training procedure.
pub trait Learner: Send + Sync + Debug {
    /// Begins a training.
    ///
    /// # Errors
    /// A training set that cannot be used (empty, tokens outside the vocabulary), files of the
    /// starting model that cannot be read, or no room on the device.
    fn start<'a>(&'a self, job: &TrainingJob<'a>) -> Result<Box<dyn Training + 'a>, ModelError>;

    /// Takes up a training of the same job that was stopped and [saved](Training::save). It goes on
    /// to the same bits as one that was not.
    ///
    /// # Errors
    /// As for [`start`](Self::start), and a state that is damaged or of another training.
    fn resume<'a>(
        &'a self,
        job: &TrainingJob<'a>,
        directory: &Path,
    ) -> Result<Box<dyn Training + 'a>, ModelError>;

    /// Reads a model that [`LanguageModel::save`] wrote.
    ///
    /// # Errors
    /// Files that are missing, damaged, or of another shape.
    fn load(&self, directory: &Path) -> Result<Box<dyn LanguageModel>, ModelError>;

    /// Trains a model; `None` if `observer` broke off.
    ///
    /// # Errors
    /// As for [`start`](Self::start) and [`Training::advance`].
    fn train(
        &self,
        job: &TrainingJob<'_>,
        observer: &mut dyn FnMut(&TrainingEvent) -> ControlFlow<()>,
    ) -> Result<Option<Trained>, ModelError> {
        let mut training = self.start(job)?;
        match training.advance(observer)? {
            Progress::Finished => training.finish().map(Some),
            Progress::Stopped => Ok(None),
        }
    }
}

/// A training under way.
pub trait Training: Send {
    /// Goes on until the training is over or `observer`, which hears of its progress, breaks off.
    /// It is asked after every micro-batch; a call after a break goes on at the same place.
    ///
    /// # Errors
    /// A loss or a gradient that is no longer finite, or no room on the device.
    fn advance(
        &mut self,
        observer: &mut dyn FnMut(&TrainingEvent) -> ControlFlow<()>,
    ) -> Result<Progress, ModelError>;

    /// Writes everything that [`Learner::resume`] needs to an existing directory, in place of what
    /// an earlier call left there. Readers never see half of it.
    ///
    /// # Errors
    /// Files that cannot be written.
    fn save(&self, directory: &Path) -> Result<(), ModelError>;

    /// The trained model, when the training is over; the best so far if it is not.
    ///
    /// # Errors
    /// A training that has not come to a model yet.
    fn finish(self: Box<Self>) -> Result<Trained, ModelError>;
}

/// Why [`Training::advance`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The training is over.
    Finished,
    /// The observer broke off.
    Stopped,
}

/// What one model is trained on, and from which random numbers.
#[derive(Clone, Copy, Debug)]
pub struct TrainingJob<'a> {
    /// The training documents.
    pub training: &'a DocumentSet,
    /// Documents that are never trained on, for the validation loss.
    pub validation: &'a DocumentSet,
    /// The token that starts a text and, in a stored document, ends it.
    pub end_of_text: u32,
    /// The random numbers of the initial weights.
    pub initialization: Stream,
    /// The random numbers that order the sequences of each epoch.
    pub shuffle: Stream,
    /// How long to train.
    pub epochs: Epochs,
    /// Directory of a model to go on from; `None` trains from scratch.
    pub start_from: Option<&'a Path>,
}

/// How often the training set is passed through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Epochs {
    /// Exactly so often.
    Fixed(u32),
    /// Until the validation loss has not improved for `patience` epochs, at most `max`; the weights
    /// of the best epoch are kept.
    EarlyStopping {
        /// The most epochs.
        max: u32,
        /// Epochs without improvement that are waited for. At least 1.
        patience: u32,
    },
}

/// A trained model and how it came about.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Box<dyn LanguageModel>,
    /// The number of epochs whose result the model is.
    pub epochs: u32,
    /// Number of optimizer steps.
    pub steps: u64,
    /// Number of target tokens trained on, over all epochs.
    pub tokens: u64,
    /// Wall-clock seconds of training, validation included.
    pub seconds: f64,
}

/// Something that a caller may show or record during training.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingEvent {
    /// A micro-batch is done, and the step is not: a place to stop at in steps that last.
    MicroBatch {
        /// Number of the step that is under way, from 1.
        step: u64,
        /// Sequences of the step that are done.
        done: u64,
        /// Sequences of the step.
        sequences: u64,
    },
    /// An optimizer step is done.
    Step {
        /// Number of the step, from 1.
        step: u64,
        /// Steps that the whole training has, early stopping aside.
        total_steps: u64,
        /// Target tokens of this step.
        tokens: u64,
        /// Mean loss over these tokens, in nats, before the step.
        loss: f64,
        /// Euclidean norm of the gradient before clipping.
        gradient_norm: f64,
        /// Learning rate of the step.
        learning_rate: f64,
    },
    /// Some validation documents are done: a place to stop at.
    Validation {
        /// Sequences that are done.
        done: u64,
        /// Sequences of all validation documents.
        sequences: u64,
    },
    /// An epoch is done and the validation loss is known.
    Epoch {
        /// Number of the epoch, from 1.
        epoch: u32,
        /// Number of steps so far.
        step: u64,
        /// Mean training loss over the tokens of the epoch, in nats.
        training_loss: f64,
        /// Mean loss over the tokens of the validation documents, in nats; `None` without any.
        validation_loss: Option<f64>,
    },
}

/// What to sample.
#[derive(Clone, Debug)]
pub struct GenerationRequest {
    /// Where a document stops.
    pub form: Form,
    /// From logits to the sampled distribution.
    pub filter: SamplingFilter,
    /// The most tokens that a sampled token is conditioned on, the start of text included.
    pub context: usize,
    /// What happens when a document outgrows the context.
    pub overflow: Overflow,
    /// The token that starts and ends a text.
    pub end_of_text: u32,
    /// Only tokens below this are drawn: those that the tokenizer has, where the model's vocabulary
    /// is padded beyond them. `None`: all that the model has.
    pub vocabulary: Option<usize>,
    /// Tokens that every document begins with, after the start of text.
    pub prompt: Vec<u32>,
    /// The random numbers: token `position` of document `i` uses the number (i, position).
    pub random: Stream,
    /// How much is wanted. A sampler that knows does no work for documents that nobody takes.
    pub limit: Limit,
    /// The most documents that are sampled side by side. Affects speed and memory only.
    pub batch: usize,
}

/// Where a generated corpus ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After so many documents.
    Documents(u64),
    /// After the first document with which the stored tokens are at least so many.
    Tokens(u64),
    /// Where the caller breaks off.
    Unlimited,
}

/// The two forms of a generated corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A document stops at its end-of-text token or as soon as it has `max_tokens`, in which case
    /// no end of text is drawn.
    Documents {
        /// Most tokens of a document, prompt included, end of text not.
        max_tokens: usize,
    },
    /// Every document has exactly `tokens`, and end of text is a token like any other: the paper's
    /// Algorithm 1.
    Stream {
        /// Tokens of a document, prompt included.
        tokens: usize,
    },
}

/// What conditions the next token of a document that is longer than the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Exactly the last `context` tokens, computed anew for every token.
    Slide,
    /// The context restarts from its last `context / 2` tokens whenever it is full: cheaper.
    Hop,
}

/// A sampled document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedDocument {
    /// The tokens as they are stored: with the end-of-text token if the text ended.
    pub tokens: Vec<u32>,
}
