//! Training, sampling and scoring as they are measured.

use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_compute::{Backend, Profiled};
use autophage_model::{
    Decoder, Form, GenerationRequest, LanguageModel, Limit, ModelConfig, ModelError, Overflow,
    SamplingFilter, Trainer, TrainingSequence, TrainingSettings,
};
use autophage_random::{Purpose, Stream};

use crate::repeat::{Effort, repeat};
use crate::report::{Task, TaskReport};
use crate::texts::{stories, texts};
use crate::{BenchModel, MachineCeilings};

/// How much work one repetition is.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Tokens of a training step.
    training: usize,
    /// Tokens of each sampled text.
    sampled: usize,
    /// Texts that are scored.
    scored: usize,
}

/// A network with random weights, always the same.
pub(crate) fn initialize<B: Backend>(
    backend: &Arc<B>,
    config: ModelConfig,
) -> Result<Decoder<B>, ModelError> {
    let random = Stream::new(1, Purpose::Initialization, 1);
    Decoder::initialize(Arc::clone(backend), config, &random)
}

/// A model, and how it is measured.
pub(crate) struct Workload<'a, B: Backend> {
    pub(crate) backend: &'a Arc<Profiled<B>>,
    pub(crate) model: BenchModel,
    pub(crate) quick: bool,
    pub(crate) ceilings: &'a MachineCeilings,
}

impl<B: Backend> Workload<'_, B> {
    fn size(&self) -> Size {
        match (self.model, self.quick) {
            (model, false) => Size {
                training: 4096,
                sampled: model.sampled_tokens(),
                scored: model.scored_texts(),
            },
            (BenchModel::TinyStories33M | BenchModel::SmolLm2, true) => Size {
                training: 1024,
                sampled: 8,
                scored: 5,
            },
            (_, true) => Size {
                training: 4096,
                sampled: 24,
                scored: 20,
            },
        }
    }

    fn initialize(&self) -> Result<Decoder<Profiled<B>>, ModelError> {
        initialize(self.backend, self.model.config()?)
    }

    fn vocabulary(&self) -> Result<usize, ModelError> {
        Ok(self.model.config()?.architecture.vocabulary)
    }

    /// Measures one kind of work.
    pub(crate) fn measure(&self, task: Task) -> Result<TaskReport, ModelError> {
        match task {
            Task::Train => self.train(),
            Task::Sample => self.sample(),
            Task::Score => self.score(),
        }
    }

    /// Optimizer steps over sequences as long as the context.
    fn train(&self) -> Result<TaskReport, ModelError> {
        let context = self.model.context();
        let count = (self.size().training / context).max(1);
        let settings = TrainingSettings {
            context,
            ..TrainingSettings::default()
        };
        let sequences: Vec<TrainingSequence> = texts(self.vocabulary()?, count, context + 1)
            .into_iter()
            .map(TrainingSequence::new)
            .collect();
        let mut trainer = Trainer::new(self.initialize()?, settings)?;
        self.report(Task::Train, (count, count * context), || {
            trainer.step(&sequences, 1e-4).map(drop)
        })
    }

    /// Texts side by side from their beginning, all of one length.
    fn sample(&self) -> Result<TaskReport, ModelError> {
        let (texts, tokens) = (self.model.sampled_texts(), self.size().sampled);
        let model = self.initialize()?;
        let request = GenerationRequest {
            form: Form::Stream { tokens },
            filter: SamplingFilter::default(),
            // No text outgrows its context.
            context: self.model.sampled_tokens(),
            overflow: Overflow::Slide,
            end_of_text: 0,
            vocabulary: None,
            prompt: vec![],
            random: Stream::new(1, Purpose::Sampling, 1),
            limit: Limit::Documents(texts as u64),
            batch: texts,
        };
        self.report(Task::Sample, (texts, texts * tokens), || {
            model.generate(&request, &mut |_, _| ControlFlow::Continue(()))
        })
    }

    /// The losses of texts of the length of stories.
    fn score(&self) -> Result<TaskReport, ModelError> {
        let model = self.initialize()?;
        let stories = stories(self.vocabulary()?, self.size().scored);
        let tokens = stories.iter().map(|story| story.len() - 1).sum();
        let context = self.model.context();
        self.report(Task::Score, (stories.len(), tokens), || {
            model.token_losses(&stories, context).map(drop)
        })
    }

    fn report(
        &self,
        task: Task,
        size: (usize, usize),
        mut once: impl FnMut() -> Result<(), ModelError>,
    ) -> Result<TaskReport, ModelError> {
        let effort = if self.quick {
            Effort::QUICK
        } else {
            Effort::FULL
        };
        self.backend.take();
        let passes = repeat(effort, || once().map(|()| self.backend.take()))?;
        Ok(TaskReport::new(task, size, &passes, self.ceilings))
    }
}
