//! A training under way: epochs, order, validation, early stopping.

use std::ops::ControlFlow;

use autophage_compute::Backend;
use autophage_random::Stream;

use super::sequences::TrainingSequences;
use super::trainer::micro_batches;
use super::{Trainer, TrainingSequence};
use crate::parameters::Parameters;
use crate::{Epochs, ModelError, TrainingEvent, TrainingJob};

/// A training under way. What it has to remember besides its trainer is its [`Place`] and the best
/// epoch so far; everything else comes from the job.
pub(super) struct Course<'a, B: Backend> {
    pub(super) trainer: Trainer<B>,
    pub(super) training: TrainingSequences<'a>,
    pub(super) validation: TrainingSequences<'a>,
    /// The random numbers that order the sequences.
    order: Stream,
    pub(super) end: End,
    pub(super) place: Place,
    /// The best epoch so far, where a training may stop early.
    pub(super) best: Option<BestEpoch>,
}

/// How far a training is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The epoch that is under way, from 1.
    pub(super) epoch: u32,
    /// Sequences of the epoch whose steps are done.
    pub(super) sequences: usize,
    /// Sequences of the step that is under way whose gradients are summed.
    pub(super) in_step: usize,
    /// Sum of the losses of the epoch's targets so far, in nats.
    pub(super) epoch_loss: f64,
    /// Validation sequences whose losses are summed, after the epoch's last step.
    pub(super) validated: usize,
    /// That sum, in nats.
    pub(super) validation_loss: f64,
    /// Targets trained on, over all epochs.
    pub(super) tokens: u64,
    /// Whether the training is over.
    pub(super) over: bool,
    /// Wall-clock seconds so far.
    pub(super) seconds: f64,
}

/// The weights after an epoch, and how good they are.
#[derive(Debug)]
pub(super) struct BestEpoch {
    /// Number of the epoch, from 1.
    pub(super) epoch: u32,
    /// Mean validation loss, in nats.
    pub(super) validation_loss: f64,
    /// The weights.
    pub(super) weights: Parameters<Vec<f32>>,
}

/// When a training ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    AfterEpochs(u32),
    WithoutImprovement { max: u32, patience: u32 },
}

impl End {
    fn new(epochs: Epochs) -> Result<Self, ModelError> {
        let zero = |setting| {
            Err(ModelError::Training {
                setting,
                problem: "0, and it must be at least 1".to_owned(),
            })
        };
        match epochs {
            Epochs::Fixed(0) | Epochs::EarlyStopping { max: 0, .. } => zero("epochs"),
            Epochs::EarlyStopping { patience: 0, .. } => zero("patience"),
            Epochs::Fixed(epochs) => Ok(Self::AfterEpochs(epochs)),
            Epochs::EarlyStopping { max, patience } => {
                Ok(Self::WithoutImprovement { max, patience })
            }
        }
    }

    fn most_epochs(self) -> u32 {
        match self {
            Self::AfterEpochs(epochs) => epochs,
            Self::WithoutImprovement { max, .. } => max,
        }
    }

    fn needs_validation(self) -> bool {
        matches!(self, Self::WithoutImprovement { .. })
    }
}

/// Hears of a training, and says whether it may go on.
pub(super) type Observer<'o> = &'o mut dyn FnMut(&TrainingEvent) -> ControlFlow<()>;

impl<'a, B: Backend> Course<'a, B> {
    /// The beginning of a training.
    pub(super) fn new(job: &TrainingJob<'a>, trainer: Trainer<B>) -> Result<Self, ModelError> {
        let end = End::new(job.epochs)?;
        let context = trainer.settings().context;
        let training = TrainingSequences::new(job.training, job.end_of_text, context);
        let validation = TrainingSequences::new(job.validation, job.end_of_text, context);
        if training.len() == 0 {
            return Err(ModelError::EmptyTrainingSet);
        }
        if end.needs_validation() && validation.len() == 0 {
            return Err(ModelError::EmptyValidationSet);
        }
        Ok(Self {
            trainer,
            training,
            validation,
            order: job.shuffle,
            end,
            place: Place {
                epoch: 1,
                sequences: 0,
                in_step: 0,
                epoch_loss: 0.0,
                validated: 0,
                validation_loss: 0.0,
                tokens: 0,
                over: false,
                seconds: 0.0,
            },
            best: None,
        })
    }

    /// Goes on until the training is over, which continues, or the observer breaks off.
    pub(super) fn go_on(&mut self, observer: Observer<'_>) -> Result<ControlFlow<()>, ModelError> {
        while !self.place.over {
            let order = self.training.order(&self.order, self.place.epoch);
            while self.place.sequences < order.len() {
                if self.step(&order, observer)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            let Some(validation_loss) = self.validation_loss(observer)? else {
                return Ok(ControlFlow::Break(()));
            };
            let event = TrainingEvent::Epoch {
                epoch: self.place.epoch,
                step: self.trainer.step,
                training_loss: self.place.epoch_loss / self.training.targets() as f64,
                validation_loss,
            };
            self.end_epoch(validation_loss);
            if observer(&event).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes the optimizer step that is under way, or the next one, as far as the observer lets it.
    fn step(
        &mut self,
        order: &[usize],
        observer: Observer<'_>,
    ) -> Result<ControlFlow<()>, ModelError> {
        let per_step = self.trainer.settings().sequences_per_step;
        let begin = self.place.sequences;
        let end = order.len().min(begin + per_step);
        let sequences: Vec<TrainingSequence> = order[begin..end]
            .iter()
            .map(|&index| self.training.get(index))
            .collect();
        let targets = self.trainer.check(&sequences)?;
        let step = self.trainer.step + 1;
        if self.place.in_step == 0 {
            self.trainer.begin();
        }
        let tokens = self.trainer.settings().micro_batch_tokens;
        for batch in micro_batches(&sequences[self.place.in_step..], tokens) {
            self.trainer.accumulate(batch, targets)?;
            self.place.in_step += batch.len();
            let event = TrainingEvent::MicroBatch {
                step,
                done: self.place.in_step as u64,
                sequences: sequences.len() as u64,
            };
            if self.place.in_step < sequences.len() && observer(&event).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let steps_per_epoch = self.training.len().div_ceil(per_step) as u64;
        let total_steps = steps_per_epoch * u64::from(self.end.most_epochs());
        let learning_rate = self.trainer.settings().learning_rate_at(step, total_steps);
        let report = self.trainer.end(targets, learning_rate)?;
        self.place.in_step = 0;
        self.place.sequences = end;
        self.place.tokens += report.tokens;
        self.place.epoch_loss += report.loss * report.tokens as f64;
        Ok(observer(&TrainingEvent::Step {
            step,
            total_steps,
            tokens: report.tokens,
            loss: report.loss,
            gradient_norm: report.gradient_norm,
            learning_rate,
        }))
    }

    /// Mean loss over the targets of the validation documents, split as the training documents are,
    /// in nats: `Some(None)` without any, and `None` if the observer broke off.
    fn validation_loss(
        &mut self,
        observer: Observer<'_>,
    ) -> Result<Option<Option<f64>>, ModelError> {
        if self.validation.len() == 0 {
            return Ok(Some(None));
        }
        let all = self.validation.len();
        while self.place.validated < all {
            let begin = self.place.validated;
            let end = all.min(begin + self.trainer.settings().sequences_per_step);
            let sequences: Vec<_> = (begin..end).map(|i| self.validation.get(i)).collect();
            self.place.validation_loss += self.trainer.total_loss(&sequences)?;
            self.place.validated = end;
            let event = TrainingEvent::Validation {
                done: end as u64,
                sequences: all as u64,
            };
            if observer(&event).is_break() {
                return Ok(None);
            }
        }
        let targets = self.validation.targets() as f64;
        Ok(Some(Some(self.place.validation_loss / targets)))
    }

    /// Notes how good the weights are after an epoch, and goes on to the next or to the end.
    fn end_epoch(&mut self, validation_loss: Option<f64>) {
        let epoch = self.place.epoch;
        let last = epoch >= self.end.most_epochs();
        self.place.over = match (self.end, validation_loss, &self.best) {
            (End::WithoutImprovement { patience, .. }, Some(loss), Some(best))
                if loss.is_nan() || loss >= best.validation_loss =>
            {
                last || epoch - best.epoch >= patience
            }
            (End::WithoutImprovement { .. }, Some(loss), _) => {
                self.best = Some(BestEpoch {
                    epoch,
                    validation_loss: loss,
                    weights: self.trainer.model().snapshot(),
                });
                last
            }
            _ => last,
        };
        if !self.place.over {
            self.place.epoch += 1;
            self.place.sequences = 0;
            self.place.epoch_loss = 0.0;
            self.place.validated = 0;
            self.place.validation_loss = 0.0;
        }
    }
}
