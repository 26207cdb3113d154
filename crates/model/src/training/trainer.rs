//! One optimizer step: gradients over micro-batches, clipping, AdamW.

use std::sync::Arc;

use autophage_compute::operation::{AdamW, AdamWSettings, Clip, Fill, SumOfSquares};
use autophage_compute::{Backend, Buffer, OutOfMemory, Totals};

use super::{TrainingSequence, TrainingSettings};
use crate::ModelError;
use crate::decoder::{Activations, BackwardScratch, Decoder, TrainingBatch, read_buffer};
use crate::parameters::{Description, Parameters};
use crate::request::check_tokens;

/// What a step sums on the device.
const LOSS: usize = 0;
const SQUARES: usize = 1;
/// Sums of a step that has not begun.
const NOTHING: [f64; 2] = [0.0; 2];

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

/// Trains a decoder step by step. All buffers are allocated at the start.
///
/// What has to be remembered from one micro-batch to the next is the model, the two moments, the
/// number of steps, the gradients and the sum of the losses so far; nothing else.
#[derive(Debug)]
pub struct Trainer<B: Backend> {
    backend: Arc<B>,
    settings: TrainingSettings,
    pub(super) model: Decoder<B>,
    /// AdamW's means of the gradients.
    pub(super) first_moments: Parameters<Buffer<B>>,
    /// AdamW's means of their squares.
    pub(super) second_moments: Parameters<Buffer<B>>,
    /// Of the step that is under way.
    pub(super) gradients: Parameters<Buffer<B>>,
    /// The sum of the losses of the step that is under way, and that of the squares of the
    /// gradients.
    totals: Totals<B>,
    /// Optimizer steps done.
    pub(super) step: u64,
    activations: Activations<B>,
    scratch: BackwardScratch<B>,
    /// Which parameters decay, in the order of the network.
    decays: Parameters<bool>,
}

impl<B: Backend> Trainer<B> {
    /// A trainer of `model`, at step 0.
    ///
    /// # Errors
    /// Settings that cannot be, or that do not fit the model; no room on the device.
    pub fn new(model: Decoder<B>, settings: TrainingSettings) -> Result<Self, ModelError> {
        settings.validate(model.architecture().positions)?;
        let backend = Arc::clone(model.backend());
        let descriptions = Parameters::of(model.architecture());
        let zeros = || descriptions.try_map(|description| backend.zeros(description.len()));
        let rows = settings.micro_batch_tokens.max(settings.context);
        let network = model.network();
        Ok(Self {
            first_moments: zeros()?,
            second_moments: zeros()?,
            gradients: zeros()?,
            totals: backend.totals(NOTHING.len())?,
            step: 0,
            activations: network.training_activations(rows)?,
            scratch: network.backward_scratch(rows)?,
            decays: descriptions.map(Description::is_matrix),
            model,
            settings,
            backend,
        })
    }

    /// The model as it is now.
    pub fn model(&self) -> &Decoder<B> {
        &self.model
    }

    /// The model, when training is over.
    pub fn into_model(self) -> Decoder<B> {
        self.model
    }

    /// The settings of the training.
    pub fn settings(&self) -> &TrainingSettings {
        &self.settings
    }

    /// What computes.
    pub(super) fn backend(&self) -> &B {
        &self.backend
    }

    /// Name, shape and values of the gradient of every weight, as Hugging Face Transformers has
    /// them, as the last call of [`accumulate_gradients`](Self::accumulate_gradients) left it.
    pub fn gradients(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let gradients = &self.gradients;
        let values = gradients.map(|buffer| read_buffer(&*self.backend, buffer));
        self.model.config().in_class(&values)
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
        let targets = self.check(sequences)?;
        self.begin();
        for batch in micro_batches(sequences, self.settings.micro_batch_tokens) {
            self.accumulate(batch, targets)?;
        }
        self.end(targets, learning_rate)
    }

    /// Replaces the gradients by those of the mean loss over all targets of `sequences`, and
    /// returns that loss, in nats.
    ///
    /// # Errors
    /// No targets at all, a sequence that is longer than the context or holds a token outside the
    /// vocabulary, a loss that is not finite, or no room on the device.
    pub fn accumulate_gradients(
        &mut self,
        sequences: &[TrainingSequence],
    ) -> Result<f64, ModelError> {
        let targets = self.check(sequences)?;
        self.begin();
        for batch in micro_batches(sequences, self.settings.micro_batch_tokens) {
            self.accumulate(batch, targets)?;
        }
        self.mean_loss(self.backend.read_totals(&self.totals)[LOSS], targets)
    }

    /// Begins a step: no gradients, no losses.
    pub(super) fn begin(&mut self) {
        for buffer in self.gradients.iter_mut() {
            self.backend.fill(Fill { buffer, value: 0.0 });
        }
        self.backend.write_totals(&mut self.totals, &NOTHING);
    }

    /// Adds a micro-batch to a step of so many targets. Nothing waits for the device.
    pub(super) fn accumulate(
        &mut self,
        sequences: &[TrainingSequence],
        targets: u64,
    ) -> Result<(), ModelError> {
        let batch = self.upload(sequences)?;
        self.model.network().batch_gradients(
            &batch,
            (1.0 / targets as f64) as f32,
            &mut self.activations,
            &mut self.scratch,
            &mut self.gradients,
            (&mut self.totals, LOSS),
        );
        Ok(())
    }

    /// Ends a step of so many targets: takes an AdamW step with the gradients, clipped. The one
    /// place in a step where the host waits for the device.
    pub(super) fn end(
        &mut self,
        targets: u64,
        learning_rate: f64,
    ) -> Result<StepReport, ModelError> {
        for gradient in self.gradients.iter() {
            self.backend.sum_of_squares(SumOfSquares {
                x: gradient,
                totals: &mut self.totals,
                index: SQUARES,
            });
        }
        self.apply_gradients(learning_rate);
        let totals = self.backend.read_totals(&self.totals);
        let loss = self.mean_loss(totals[LOSS], targets)?;
        let gradient_norm = totals[SQUARES].sqrt();
        if !gradient_norm.is_finite() {
            return Err(ModelError::GradientNotFinite {
                step: self.step + 1,
            });
        }
        self.step += 1;
        Ok(StepReport {
            loss,
            tokens: targets,
            gradient_norm,
        })
    }

    fn mean_loss(&self, total: f64, targets: u64) -> Result<f64, ModelError> {
        let loss = total / targets as f64;
        let step = self.step + 1;
        loss.is_finite()
            .then_some(loss)
            .ok_or(ModelError::LossNotFinite { step, loss })
    }

    /// The sum of the losses of all targets of `sequences`, in nats. A step must not be under way.
    ///
    /// # Errors
    /// As for [`accumulate_gradients`](Self::accumulate_gradients).
    pub fn total_loss(&mut self, sequences: &[TrainingSequence]) -> Result<f64, ModelError> {
        self.check(sequences)?;
        self.backend.write_totals(&mut self.totals, &NOTHING);
        for sequences in micro_batches(sequences, self.settings.micro_batch_tokens) {
            let batch = self.upload(sequences)?;
            let network = self.model.network();
            network.batch_losses(&batch, &mut self.activations, &mut self.totals, LOSS);
        }
        Ok(self.backend.read_totals(&self.totals)[LOSS])
    }

    fn upload(
        &self,
        sequences: &[TrainingSequence],
    ) -> Result<TrainingBatch<B::Memory>, OutOfMemory> {
        let inputs: Vec<&[u32]> = sequences.iter().map(TrainingSequence::inputs).collect();
        let targets: Vec<&[u32]> = sequences.iter().map(TrainingSequence::targets).collect();
        TrainingBatch::new(&*self.backend, self.model.architecture(), &inputs, &targets)
    }

    /// Checks the sequences of a step; returns how many targets they have.
    pub(super) fn check(&self, sequences: &[TrainingSequence]) -> Result<u64, ModelError> {
        let vocabulary = self.model.architecture().vocabulary;
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
        match sequences.iter().map(|s| s.targets().len() as u64).sum() {
            0 => Err(ModelError::EmptyTrainingSet),
            targets => Ok(targets),
        }
    }

    /// The sums of the step that is under way: to be remembered with its gradients.
    pub(super) fn sums(&self) -> Vec<f64> {
        self.backend.read_totals(&self.totals)
    }

    /// Puts back what [`sums`](Self::sums) returned.
    pub(super) fn restore_sums(&mut self, sums: &[f64]) {
        self.backend.write_totals(&mut self.totals, sums);
    }

    /// Takes one AdamW step with the gradients, clipped by the sum of squares on the device.
    fn apply_gradients(&mut self, learning_rate: f64) {
        let parameters = self
            .model
            .parameters_mut()
            .iter_mut()
            .zip(self.gradients.iter())
            .zip(self.first_moments.iter_mut())
            .zip(self.second_moments.iter_mut())
            .zip(self.decays.iter());
        for ((((parameter, gradient), first_moment), second_moment), &decays) in parameters {
            self.backend.adamw(AdamW {
                settings: AdamWSettings {
                    learning_rate: learning_rate as f32,
                    beta1: self.settings.beta1 as f32,
                    beta2: self.settings.beta2 as f32,
                    epsilon: self.settings.epsilon as f32,
                    weight_decay: if decays {
                        self.settings.weight_decay as f32
                    } else {
                        0.0
                    },
                    step: self.step + 1,
                },
                clip: Clip {
                    squares: &self.totals,
                    index: SQUARES,
                    norm: self.settings.clip_norm,
                },
                parameter,
                gradient,
                first_moment,
                second_moment,
            });
        }
    }
}

/// The sequences in order, as many in a batch as fit in `tokens`, but at least one.
pub(super) fn micro_batches(
    sequences: &[TrainingSequence],
    tokens: usize,
) -> impl Iterator<Item = &[TrainingSequence]> {
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
        rest.split_off(..count)
    })
}
