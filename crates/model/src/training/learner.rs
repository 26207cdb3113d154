//! A way of training decoders.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use autophage_compute::Backend;

use super::course::Course;
use super::{Trainer, TrainingSettings, state};
use crate::config::ModelConfig;
use crate::decoder::Decoder;
use crate::{LanguageModel, Learner, ModelError, Training, TrainingJob};

/// Trains decoders of one architecture in one way.
pub struct DecoderLearner<B: Backend> {
    backend: Arc<B>,
    config: ModelConfig,
    settings: TrainingSettings,
}

impl<B: Backend> DecoderLearner<B> {
    /// A learner of models of the architecture of `config`.
    ///
    /// # Errors
    /// Sizes or settings that cannot be.
    pub fn new(
        backend: Arc<B>,
        config: ModelConfig,
        settings: TrainingSettings,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        settings.validate(config.architecture.positions)?;
        Ok(Self {
            backend,
            config,
            settings,
        })
    }

    /// Reads a model and checks that it is of the learner's architecture.
    fn read(&self, directory: &Path) -> Result<Decoder<B>, ModelError> {
        let model = Decoder::load(Arc::clone(&self.backend), directory)?;
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
    fn starting_model(&self, job: &TrainingJob<'_>) -> Result<Decoder<B>, ModelError> {
        let mut model = match job.start_from {
            Some(directory) => self.read(directory)?,
            None => {
                let backend = Arc::clone(&self.backend);
                let mut config = self.config.clone();
                config.start_of_text = Some(job.end_of_text);
                config.end_of_text = vec![job.end_of_text];
                Decoder::initialize(backend, config, &job.initialization)?
            }
        };
        model.set_end_of_text(job.end_of_text)?;
        Ok(model)
    }

    fn course<'a>(&self, job: &TrainingJob<'a>) -> Result<Course<'a, B>, ModelError> {
        let trainer = Trainer::new(self.starting_model(job)?, self.settings.clone())?;
        Course::new(job, trainer)
    }
}

impl<B: Backend> fmt::Debug for DecoderLearner<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecoderLearner")
            .field("backend", &self.backend.description())
            .field("config", &self.config)
            .field("settings", &self.settings)
            .finish()
    }
}

impl<B: Backend> Learner for DecoderLearner<B> {
    fn start<'a>(&'a self, job: &TrainingJob<'a>) -> Result<Box<dyn Training + 'a>, ModelError> {
        Ok(Box::new(self.course(job)?))
    }

    fn resume<'a>(
        &'a self,
        job: &TrainingJob<'a>,
        directory: &Path,
    ) -> Result<Box<dyn Training + 'a>, ModelError> {
        let mut course = self.course(job)?;
        state::load(&mut course, directory)?;
        Ok(Box::new(course))
    }

    fn load(&self, directory: &Path) -> Result<Box<dyn LanguageModel>, ModelError> {
        Ok(Box::new(self.read(directory)?))
    }
}
