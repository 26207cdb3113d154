//! From documents to a trained model: epochs, order, validation, early stopping.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use autophage_compute::Backend;
use autophage_random::{Purpose, Stream};

use super::sequences::TrainingSequences;
use super::trainer::BestEpoch;
use super::{Trainer, TrainingSettings};
use crate::gpt_neo::{GptNeo, GptNeoConfig};
use crate::{Epochs, LanguageModel, Learner, ModelError, Trained, TrainingEvent, TrainingJob};

/// Trains GPT-Neo models of one size in one way.
pub struct GptNeoLearner<B: Backend> {
    backend: Arc<B>,
    config: GptNeoConfig,
    settings: TrainingSettings,
}

impl<B: Backend> GptNeoLearner<B> {
    /// A learner of models of the sizes of `config`.
    ///
    /// # Errors
    /// Sizes or settings that cannot be.
    pub fn new(
        backend: Arc<B>,
        config: GptNeoConfig,
        settings: TrainingSettings,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        settings.validate(config.max_position_embeddings)?;
        Ok(Self {
            backend,
            config,
            settings,
        })
    }

    /// Reads a model and checks that it is of the learner's sizes.
    fn read(&self, directory: &Path) -> Result<GptNeo<B>, ModelError> {
        let model = GptNeo::load(Arc::clone(&self.backend), directory)?;
        match self.config.difference(model.config()) {
            None => Ok(model),
            Some((field, expected, found)) => Err(ModelError::OtherArchitecture {
                directory: directory.to_owned(),
                field,
                expected,
                found,
            }),
        }
    }

    /// The model that a training begins with.
    fn starting_model(&self, job: &TrainingJob<'_>) -> Result<GptNeo<B>, ModelError> {
        let mut model = match job.start_from {
            Some(directory) => self.read(directory)?,
            None => GptNeo::initialize(
                Arc::clone(&self.backend),
                self.config.clone(),
                job.seed,
                job.generation,
            )?,
        };
        model.set_end_of_text(job.end_of_text)?;
        Ok(model)
    }
}

impl<B: Backend> fmt::Debug for GptNeoLearner<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GptNeoLearner")
            .field("backend", &self.backend.description())
            .field("config", &self.config)
            .field("settings", &self.settings)
            .finish()
    }
}

impl<B: Backend> Learner for GptNeoLearner<B> {
    fn train(
        &self,
        job: &TrainingJob<'_>,
        observer: &mut dyn FnMut(&TrainingEvent),
    ) -> Result<Trained, ModelError> {
        let begin = Instant::now();
        let stop = Stop::new(job)?;
        let context = self.settings.context;
        let training = TrainingSequences::new(job.training, job.end_of_text, context);
        let validation = TrainingSequences::new(job.validation, job.end_of_text, context);
        if training.len() == 0 {
            return Err(ModelError::EmptyTrainingSet);
        }
        if stop.needs_validation() && validation.len() == 0 {
            return Err(ModelError::EmptyValidationSet);
        }
        let trainer = Trainer::new(self.starting_model(job)?, self.settings.clone())?;
        let mut course = Course {
            trainer,
            training,
            validation,
            order: Stream::new(job.seed, Purpose::Shuffle, job.generation),
            stop,
        };
        loop {
            let training_loss = course.epoch(observer)?;
            let validation_loss = course.validation_loss()?;
            let state = &mut course.trainer.state;
            observer(&TrainingEvent::Epoch {
                epoch: state.epoch,
                step: state.step,
                training_loss,
                validation_loss,
            });
            if course.is_over(validation_loss) {
                break;
            }
            let state = &mut course.trainer.state;
            state.epoch += 1;
            state.cursor = 0;
            state.epoch_loss = 0.0;
        }
        let (steps, tokens) = (course.trainer.state.step, course.trainer.state.tokens);
        let (model, epochs) = course.trainer.into_best();
        Ok(Trained {
            model: Box::new(model),
            epochs,
            steps,
            tokens,
            seconds: begin.elapsed().as_secs_f64(),
        })
    }

    fn load(&self, directory: &Path) -> Result<Box<dyn LanguageModel>, ModelError> {
        Ok(Box::new(self.read(directory)?))
    }
}

/// When a training ends.
#[derive(Clone, Copy, Debug)]
enum Stop {
    AfterEpochs(u32),
    WithoutImprovement { max: u32, patience: u32 },
}

impl Stop {
    fn new(job: &TrainingJob<'_>) -> Result<Self, ModelError> {
        let zero = |setting| {
            Err(ModelError::Training {
                setting,
                problem: "0, and it must be at least 1".to_owned(),
            })
        };
        match job.epochs {
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

/// A training under way.
struct Course<'a, B: Backend> {
    trainer: Trainer<B>,
    training: TrainingSequences<'a>,
    validation: TrainingSequences<'a>,
    /// The random numbers that order the sequences.
    order: Stream,
    stop: Stop,
}

impl<B: Backend> Course<'_, B> {
    /// Trains to the end of the epoch; returns the mean loss over its targets, in nats.
    fn epoch(&mut self, observer: &mut dyn FnMut(&TrainingEvent)) -> Result<f64, ModelError> {
        let per_step = self.trainer.settings().sequences_per_step;
        let steps_per_epoch = self.training.len().div_ceil(per_step) as u64;
        let total_steps = steps_per_epoch * u64::from(self.stop.most_epochs());
        let order = self.training.order(&self.order, self.trainer.state.epoch);
        while self.trainer.state.cursor < order.len() {
            let begin = self.trainer.state.cursor;
            let end = order.len().min(begin + per_step);
            let sequences: Vec<_> = order[begin..end]
                .iter()
                .map(|&index| self.training.get(index))
                .collect();
            let step = self.trainer.state.step + 1;
            let learning_rate = self.trainer.settings().learning_rate_at(step, total_steps);
            let report = self.trainer.step(&sequences, learning_rate)?;
            observer(&TrainingEvent::Step {
                step,
                total_steps,
                tokens: report.tokens,
                loss: report.loss,
                gradient_norm: report.gradient_norm,
                learning_rate,
            });
        }
        Ok(self.trainer.state.epoch_loss / self.training.targets() as f64)
    }

    /// Mean loss over the targets of the validation documents, split as the training documents are,
    /// in nats; `None` without any.
    fn validation_loss(&mut self) -> Result<Option<f64>, ModelError> {
        if self.validation.len() == 0 {
            return Ok(None);
        }
        let all: Vec<usize> = (0..self.validation.len()).collect();
        let mut total = 0.0;
        for some in all.chunks(self.trainer.settings().sequences_per_step) {
            let sequences: Vec<_> = some.iter().map(|&i| self.validation.get(i)).collect();
            total += self.trainer.total_loss(&sequences)?;
        }
        Ok(Some(total / self.validation.targets() as f64))
    }

    /// Notes how good the weights are after an epoch; whether it was the last.
    fn is_over(&mut self, validation_loss: Option<f64>) -> bool {
        let epoch = self.trainer.state.epoch;
        let last = epoch >= self.stop.most_epochs();
        let (Stop::WithoutImprovement { patience, .. }, Some(loss)) = (self.stop, validation_loss)
        else {
            return last;
        };
        match &self.trainer.state.best {
            Some(best) if loss.is_nan() || loss >= best.validation_loss => {
                last || epoch - best.epoch >= patience
            }
            _ => {
                self.trainer.state.best = Some(BestEpoch {
                    epoch,
                    validation_loss: loss,
                    weights: self.trainer.model().snapshot(),
                });
                last
            }
        }
    }
}
