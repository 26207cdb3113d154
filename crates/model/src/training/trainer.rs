//! One optimizer step: gradients over micro-batches, clipping, AdamW.

use std::sync::Arc;

use autophage_compute::{AdamW, Backend};

use super::{TrainingSequence, TrainingSettings};
use crate::ModelError;
use crate::gpt_neo::{
    Activations, BackwardScratch, Batch, Description, GptNeo, Parameters, describe,
};
use crate::request::check_tokens;

/// Everything that a training has to remember from one step to the next, and nothing else.
#[derive(Debug)]
pub(crate) struct TrainingState<B: Backend> {
    /// The model with its present weights.
    pub(crate) model: GptNeo<B>,
    /// AdamW's means of the gradients.
    first_moments: Parameters<B::Buffer>,
    /// AdamW's means of their squares.
    second_moments: Parameters<B::Buffer>,
    /// Optimizer steps done.
    pub(crate) step: u64,
    /// The epoch that is under way, from 1.
    pub(crate) epoch: u32,
    /// Sequences of the epoch that have been trained on.
    pub(crate) cursor: usize,
    /// Sum of the losses of their targets, in nats.
    pub(crate) epoch_loss: f64,
    /// Targets trained on, over all epochs.
    pub(crate) tokens: u64,
    /// The best epoch so far, where a training may stop early.
    pub(crate) best: Option<BestEpoch>,
}

/// The weights after an epoch, and how good they are.
#[derive(Debug)]
pub(crate) struct BestEpoch {
    /// Number of the epoch, from 1.
    pub(crate) epoch: u32,
    /// Mean validation loss, in nats.
    pub(crate) validation_loss: f64,
    /// The weights.
    pub(crate) weights: Parameters<Vec<f32>>,
}

/// What an optimizer step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Mean loss over the targets, in nats, before the step.
    pub loss: f64,
    /// Number of targets.
    pub tokens: u64,
    /// Euclidean norm of the gradient before clipping.
    pub gradient_norm: f64,
}

/// Trains a model step by step. All buffers are allocated at the start.
#[derive(Debug)]
pub struct Trainer<B: Backend> {
    backend: Arc<B>,
    settings: TrainingSettings,
    pub(crate) state: TrainingState<B>,
    gradients: Parameters<B::Buffer>,
    activations: Activations<B>,
    scratch: BackwardScratch<B>,
    /// Which parameters decay, in the order of the network.
    decays: Parameters<bool>,
}

impl<B: Backend> Trainer<B> {
    /// A trainer of `model`, at step 0.
    ///
    /// # Errors
    /// Settings that cannot be, or that do not fit the model.
    pub fn new(model: GptNeo<B>, settings: TrainingSettings) -> Result<Self, ModelError> {
        settings.validate(model.config().max_position_embeddings)?;
        let backend = Arc::clone(model.backend());
        let descriptions = Parameters::of(model.config());
        let zeros = || descriptions.map(|description| backend.zeros(description.len()));
        let rows = settings.micro_batch_tokens.max(settings.context);
        let network = model.network();
        Ok(Self {
            gradients: zeros(),
            activations: network.training_activations(rows),
            scratch: network.backward_scratch(rows),
            decays: descriptions.map(Description::is_matrix),
            state: TrainingState {
                first_moments: zeros(),
                second_moments: zeros(),
                step: 0,
                epoch: 1,
                cursor: 0,
                epoch_loss: 0.0,
                tokens: 0,
                best: None,
                model,
            },
            settings,
            backend,
        })
    }

    /// The model as it is now.
    pub fn model(&self) -> &GptNeo<B> {
        &self.state.model
    }

    /// The model, when training is over.
    pub fn into_model(self) -> GptNeo<B> {
        self.state.model
    }

    /// The best epoch's model and its number, where one is kept; otherwise the model as it is now.
    pub(crate) fn into_best(mut self) -> (GptNeo<B>, u32) {
        match self.state.best.take() {
            None => (self.state.model, self.state.epoch),
            Some(best) => {
                self.state.model.restore(&best.weights);
                (self.state.model, best.epoch)
            }
        }
    }

    /// The settings of the training.
    pub fn settings(&self) -> &TrainingSettings {
        &self.settings
    }

    /// Name, shape and values of the gradient of every parameter, as the last call of
    /// [`accumulate_gradients`](Self::accumulate_gradients) left it.
    pub fn gradients(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        describe(&*self.backend, self.state.model.config(), &self.gradients)
    }

    /// Computes gradients over `sequences`, clips them and takes one AdamW step.
    ///
    /// # Errors
    /// As for [`accumulate_gradients`](Self::accumulate_gradients).
    pub fn step(
        &mut self,
        sequences: &[TrainingSequence],
        learning_rate: f64,
    ) -> Result<StepReport, ModelError> {
        let loss = self.accumulate_gradients(sequences)?;
        let gradient_norm = self.gradient_norm();
        if !gradient_norm.is_finite() {
            return Err(ModelError::GradientNotFinite {
                step: self.state.step + 1,
            });
        }
        self.apply_gradients(gradient_norm, learning_rate);
        let tokens = count_targets(sequences);
        self.state.tokens += tokens;
        self.state.cursor += sequences.len();
        self.state.epoch_loss += loss * tokens as f64;
        Ok(StepReport {
            loss,
            tokens,
            gradient_norm,
        })
    }

    /// Replaces the gradients by those of the mean loss over all targets of `sequences`, and
    /// returns that loss, in nats.
    ///
    /// # Errors
    /// No targets at all, a sequence that is longer than the context or holds a token outside the
    /// vocabulary, or a loss that is not finite.
    pub fn accumulate_gradients(
        &mut self,
        sequences: &[TrainingSequence],
    ) -> Result<f64, ModelError> {
        self.check(sequences)?;
        for gradient in self.gradients.iter_mut() {
            self.backend.fill(gradient, 0.0);
        }
        let targets = count_targets(sequences);
        let scale = (1.0 / targets as f64) as f32;
        let mut total = 0.0;
        for batch in micro_batches(sequences, self.settings.micro_batch_tokens) {
            let losses = self.state.model.network().batch_gradients(
                &batch,
                scale,
                &mut self.activations,
                &mut self.scratch,
                &mut self.gradients,
            );
            total += losses.iter().copied().map(f64::from).sum::<f64>();
        }
        let loss = total / targets as f64;
        if !loss.is_finite() {
            return Err(ModelError::LossNotFinite {
                step: self.state.step + 1,
                loss,
            });
        }
        Ok(loss)
    }

    /// The sum of the losses of all targets of `sequences`, in nats.
    ///
    /// # Errors
    /// As for [`accumulate_gradients`](Self::accumulate_gradients).
    pub fn total_loss(&mut self, sequences: &[TrainingSequence]) -> Result<f64, ModelError> {
        self.check(sequences)?;
        let network = self.state.model.network();
        let mut total = 0.0;
        for batch in micro_batches(sequences, self.settings.micro_batch_tokens) {
            let losses = network.batch_losses(&batch, &mut self.activations);
            total += losses.iter().copied().map(f64::from).sum::<f64>();
        }
        Ok(total)
    }

    fn check(&self, sequences: &[TrainingSequence]) -> Result<(), ModelError> {
        let vocabulary = self.state.model.config().vocab_size;
        for sequence in sequences {
            check_tokens(sequence.inputs(), vocabulary)?;
            check_tokens(sequence.targets(), vocabulary)?;
            let length = sequence.inputs().len();
            if length > self.settings.context {
                return Err(ModelError::ContextTooLong {
                    length,
                    limit: self.settings.context,
                });
            }
        }
        if count_targets(sequences) == 0 {
            return Err(ModelError::EmptyTrainingSet);
        }
        Ok(())
    }

    /// Euclidean norm of all gradients together.
    fn gradient_norm(&self) -> f64 {
        let squares: f64 = self
            .gradients
            .iter()
            .map(|gradient| self.backend.sum_of_squares(gradient))
            .sum();
        squares.sqrt()
    }

    /// Takes one AdamW step with the gradients, clipped.
    fn apply_gradients(&mut self, norm: f64, learning_rate: f64) {
        // As torch.nn.utils.clip_grad_norm_ computes it, its 1e-6 included.
        let clip = (self.settings.clip_norm / (norm + 1e-6)).min(1.0);
        let state = &mut self.state;
        state.step += 1;
        let parameters = state
            .model
            .parameters_mut()
            .iter_mut()
            .zip(self.gradients.iter())
            .zip(state.first_moments.iter_mut())
            .zip(state.second_moments.iter_mut())
            .zip(self.decays.iter());
        for ((((parameter, gradient), first_moment), second_moment), &decays) in parameters {
            let settings = AdamW {
                learning_rate: learning_rate as f32,
                beta1: self.settings.beta1 as f32,
                beta2: self.settings.beta2 as f32,
                epsilon: self.settings.epsilon as f32,
                weight_decay: if decays {
                    self.settings.weight_decay as f32
                } else {
                    0.0
                },
                gradient_scale: clip as f32,
                step: state.step,
            };
            self.backend
                .adamw(settings, parameter, gradient, first_moment, second_moment);
        }
    }
}

/// Number of targets of all `sequences`.
fn count_targets(sequences: &[TrainingSequence]) -> u64 {
    sequences
        .iter()
        .map(|sequence| sequence.targets().len() as u64)
        .sum()
}

/// The sequences in order, as many in a batch as fit in `tokens`, but at least one.
fn micro_batches(
    sequences: &[TrainingSequence],
    tokens: usize,
) -> impl Iterator<Item = Batch> + '_ {
    let mut rest = sequences;
    std::iter::from_fn(move || {
        let mut rows = rest.first()?.inputs().len();
        let mut count = 1;
        while let Some(next) = rest.get(count)
            && rows + next.inputs().len() <= tokens
        {
            rows += next.inputs().len();
            count += 1;
        }
        let (now, later) = rest.split_at(count);
        rest = later;
        Some(Batch::new(now.iter().map(|s| (s.inputs(), s.targets()))))
    })
}
