//! How fast this machine does the work of one experiment: small pieces of the work itself, with the
//! experiment's own shapes.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use autophage_compute::operation::{AttentionCached, AttentionShape};
use autophage_compute::{
    Backend, CacheEntries, CacheEntry, KeyValueCache, Operation, OutOfMemory, Profiled,
};
use autophage_corpus::{DocumentSet, count_contexts};
use autophage_lab::{Experiment, NGramSettings};
use autophage_measure::diversity::{DiversitySettings, Fingerprints, Reference, diversity};
use autophage_measure::retention::{Distributions, ErrorInputs, Ideal, Tracked, model_errors};
use autophage_model::{
    Architecture, Decoder, Epochs, Form, LanguageModel, Learner, Limit, ModelConfig, ModelError,
    Trainer, TrainingJob, TrainingSequence,
};
use autophage_random::{Purpose, Stream};
use serde::Serialize;

use super::Survey;
use crate::BenchError;
use crate::repeat::{Effort, repeat};
use crate::workload::initialize;

/// Seconds for the parts of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// To train on a token once, without the optimizer's step.
    pub train_token: f64,
    /// For an optimizer's step.
    pub optimizer_step: f64,
    /// To score a token whose context begins with its document.
    pub score_token: f64,
    /// For a token of a context that is computed for one target alone (sliding).
    pub window_token: f64,
    /// To draw a token with the key-value cache, at the mean length.
    pub draw_token: f64,
    /// For the error terms of all tracked contexts, once a generation.
    pub tracked: f64,
    /// To measure the diversity of a corpus, a token.
    pub diversity_token: f64,
}

/// Contexts of each length whose error terms are timed, at most.
const TRACKED: u32 = 16;
/// Passes of the sampler that are timed.
const PASSES: usize = 12;
/// Bytes of the key-value cache that is attended to for a measurement, at most.
const CACHE: usize = 1 << 28;
/// Tokens that are scored.
const SCORED: usize = 4096;

/// The effort of each part.
const EFFORT: Effort = Effort {
    repetitions: 2,
    least: std::time::Duration::from_millis(300),
    most: std::time::Duration::from_millis(1500),
};

/// The mean time of the repetitions of `once`, in seconds: unlike a median it includes what other
/// programs take of a busy machine, as a run does.
fn seconds<E>(mut once: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let passes = repeat(EFFORT, &mut once)?;
    Ok(mean(passes.iter().map(|(time, ())| time.as_secs_f64())))
}

/// The mean of at least one value.
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    values.sum::<f64>() / count as f64
}

impl Rates {
    /// Those of a network.
    pub(crate) fn of_network<B: Backend>(
        experiment: &Experiment,
        survey: &Survey,
        config: &ModelConfig,
        backend: &Arc<Profiled<B>>,
    ) -> Result<Self, BenchError> {
        let failed = BenchError::model(&experiment.name);
        let mut rates = train(experiment, survey, config, backend).map_err(&failed)?;
        let model = initialize(backend, config.clone()).map_err(&failed)?;
        rates.score_token = score(experiment, survey, &model).map_err(&failed)?;
        rates.window_token =
            window(experiment, survey, &model, rates.score_token).map_err(&failed)?;
        rates.draw_token = draw(experiment, survey, &model, backend).map_err(&failed)?;
        rates.tracked = tracked(experiment, survey, &model)?;
        rates.diversity_token = diversity_token(experiment, survey)?;
        Ok(rates)
    }

    /// Those of an n-gram model, which is trained on the sample.
    pub(crate) fn of_counts(
        experiment: &Experiment,
        survey: &Survey,
        settings: &NGramSettings,
    ) -> Result<Self, BenchError> {
        let failed = BenchError::model(&experiment.name);
        let end_of_text = survey.vocabulary.end_of_text;
        let job = TrainingJob {
            training: &survey.sample,
            validation: &survey.sample,
            end_of_text,
            initialization: Stream::new(experiment.seed, Purpose::Initialization, 1),
            shuffle: Stream::new(experiment.seed, Purpose::Shuffle, 1),
            epochs: Epochs::Fixed(1),
            start_from: None,
        };
        let learner = settings.learner();
        let mut model: Option<Box<dyn LanguageModel>> = None;
        let training = seconds(|| {
            model = learner
                .train(&job, &mut |_| ControlFlow::Continue(()))?
                .map(|trained| trained.model);
            Ok(())
        })
        .map_err(&failed)?;
        let model = model.expect("trained at least once");
        let tokens = survey.sample.tokens() as f64;
        let mut request = experiment
            .generation
            .request(survey.vocabulary, Stream::new(1, Purpose::Sampling, 1));
        request.limit = Limit::Tokens(survey.sample.tokens().min(50_000));
        let mut drawn = 0;
        let drawing = seconds(|| {
            drawn = 0;
            model.generate(&request, &mut |_, document| {
                drawn += document.tokens.len();
                ControlFlow::Continue(())
            })
        })
        .map_err(&failed)?;
        Ok(Self {
            train_token: training / tokens,
            draw_token: drawing / drawn.max(1) as f64,
            score_token: score(experiment, survey, model.as_ref()).map_err(&failed)?,
            tracked: tracked(experiment, survey, model.as_ref())?,
            diversity_token: diversity_token(experiment, survey)?,
            ..Self::default()
        })
    }
}

/// One optimizer step over as many real documents as a micro-batch has room for.
fn train<B: Backend>(
    experiment: &Experiment,
    survey: &Survey,
    config: &ModelConfig,
    backend: &Arc<Profiled<B>>,
) -> Result<Rates, ModelError> {
    let settings = experiment.training.settings.clone();
    let model = initialize(backend, config.clone())?;
    let sequences: Vec<TrainingSequence> =
        prefixes(survey, settings.context, settings.micro_batch_tokens)
            .into_iter()
            .map(TrainingSequence::new)
            .collect();
    let tokens: usize = sequences.iter().map(|s| s.targets().len()).sum();
    let mut trainer = Trainer::new(model, settings)?;
    backend.take();
    let passes = repeat(EFFORT, || {
        trainer.step(&sequences, 1e-4).map(|_| backend.take())
    })?;
    // The steps' own parts: the norm of the gradient, AdamW, and clearing the gradient.
    let parts = passes.iter().map(|(time, profile)| {
        let of = |operation| profile.of(operation).time.as_secs_f64();
        let step = of(Operation::AdamW) + of(Operation::SumOfSquares) + of(Operation::Fill);
        (time.as_secs_f64() - step, step)
    });
    let token_part = mean(parts.clone().map(|(tokens, _)| tokens));
    let step_part = mean(parts.map(|(_, step)| step));
    Ok(Rates {
        train_token: token_part / tokens as f64,
        optimizer_step: step_part,
        ..Rates::default()
    })
}

/// Documents of the sample with the start of text in front, cut to `context` targets, until they
/// have `tokens` targets; one if it has more.
fn prefixes(survey: &Survey, context: usize, tokens: usize) -> Vec<Vec<u32>> {
    let mut sequences = Vec::new();
    let mut total = 0;
    for index in 0..survey.sample.len() {
        let mut sequence = survey.sample.sequence(index);
        sequence.truncate(context + 1);
        total += sequence.len() - 1;
        if total > tokens && !sequences.is_empty() {
            break;
        }
        sequences.push(sequence);
    }
    sequences
}

/// Seconds a token that is scored.
fn score(
    experiment: &Experiment,
    survey: &Survey,
    model: &dyn LanguageModel,
) -> Result<f64, ModelError> {
    let context = experiment.measure.context as usize;
    let sequences = prefixes(survey, context, SCORED);
    let tokens: usize = sequences.iter().map(|sequence| sequence.len() - 1).sum();
    let time = seconds(|| model.token_losses(&sequences, context).map(drop))?;
    Ok(time / tokens.max(1) as f64)
}

/// Seconds a token of a context of which only the last row is wanted.
fn window<B: Backend>(
    experiment: &Experiment,
    survey: &Survey,
    model: &Decoder<B>,
    score_token: f64,
) -> Result<f64, ModelError> {
    let context = experiment.measure.context as usize;
    let windows = (2048 / context).max(1);
    let tokens: Vec<u32> = (0..survey.sample.len())
        .flat_map(|index| survey.sample.sequence(index))
        .collect();
    let sequence: Vec<u32> = tokens
        .iter()
        .copied()
        .cycle()
        .take(context + 1 + windows)
        .collect();
    let time = seconds(|| {
        model
            .token_losses(std::slice::from_ref(&sequence), context)
            .map(drop)
    })?;
    let rest = (time - score_token * context as f64).max(0.5 * time);
    Ok(rest / (windows * context) as f64)
}

/// Seconds a token drawn with the cache: a few whole passes for all but the attention, and the
/// attention by itself over as many keys as it sees on average.
fn draw<B: Backend>(
    experiment: &Experiment,
    survey: &Survey,
    model: &Decoder<Profiled<B>>,
    backend: &Arc<Profiled<B>>,
) -> Result<f64, ModelError> {
    let section = &experiment.generation;
    let architecture = model.architecture();
    let batch = super::documents_at_once(section, architecture, backend.inner());
    let mut request = section.request(survey.vocabulary, Stream::new(1, Purpose::Sampling, 1));
    let (context, overflow) = (request.context, request.overflow);
    let written = super::written_lengths(experiment, &survey.lengths);
    request.form = Form::Stream {
        tokens: PASSES.min(context),
    };
    request.limit = Limit::Documents(batch as u64);
    request.batch = batch;
    backend.take();
    let passes = repeat(EFFORT, || {
        model
            .generate(&request, &mut |_, _| ControlFlow::Continue(()))
            .map(|()| backend.take())
    })?;
    let time = mean(passes.iter().map(|(time, profile)| {
        let attention = profile.of(Operation::AttentionCached).time;
        time.saturating_sub(attention).as_secs_f64()
    }));
    let without_attention = time / (PASSES.min(context) * batch) as f64;

    let windows = architecture.attention.windows.iter();
    let seen = windows
        .map(|&window| written.keys_seen(context, overflow, window))
        .collect::<Vec<f64>>();
    let most = seen.iter().copied().fold(1.0, f64::max).round() as usize;
    let key = key_seconds(architecture, backend.inner(), batch, most)?;
    Ok(without_attention + seen.iter().sum::<f64>() * key)
}

/// Seconds that attention takes for one key of one sequence of the batch in one layer.
fn key_seconds<B: Backend>(
    architecture: &Architecture,
    backend: &B,
    batch: usize,
    keys: usize,
) -> Result<f64, OutOfMemory> {
    let shape = AttentionShape {
        window: None,
        ..architecture.attention_shape(0)
    };
    // As much of the batch as a bounded cache holds.
    let slots = (CACHE / (2 * 4 * keys * shape.key_value_channels())).clamp(1, batch);
    let queries = backend.zeros(slots * shape.channels())?;
    let row = || backend.zeros(slots * shape.key_value_channels());
    let (new_keys, new_values) = (row()?, row()?);
    let mut cache = KeyValueCache::new(backend, shape, slots, keys)?;
    let mut out = backend.zeros(slots * shape.channels())?;
    let position = keys - 1;
    let entries = (0..slots).map(|slot| CacheEntry { slot, position });
    let entries = CacheEntries::new(backend, entries.collect())?;
    let Ok(time) = seconds(|| {
        backend.attention_cached(AttentionCached {
            shape,
            entries: &entries,
            queries: &queries,
            keys: &new_keys,
            values: &new_values,
            cache: &mut cache,
            out: &mut out,
        });
        Ok::<(), std::convert::Infallible>(())
    });
    Ok(time / (slots * keys) as f64)
}

/// Seconds for the error terms of all tracked contexts, from those of a few.
fn tracked(
    experiment: &Experiment,
    survey: &Survey,
    model: &dyn LanguageModel,
) -> Result<f64, BenchError> {
    let measure = &experiment.measure;
    if measure.contexts == 0 {
        return Ok(0.0);
    }
    let few = measure.contexts.min(TRACKED);
    let tracked = Tracked::choose(
        &survey.sample,
        few as usize,
        measure.context_length as usize,
        &[],
    )?;
    let counts = count_contexts(&survey.sample, tracked.contexts());
    let begin = Instant::now();
    let distributions = Distributions::of_model(
        model,
        tracked.contexts(),
        survey.vocabulary.end_of_text,
        measure.conditioning,
    )?;
    model_errors(&ErrorInputs {
        tracked: &tracked,
        training: &counts,
        ideal: &Ideal::of_truth(&tracked, model.vocabulary(), 1.0)?,
        model: &distributions,
    })?;
    let share = f64::from(measure.contexts) / f64::from(few);
    Ok(begin.elapsed().as_secs_f64() * share)
}

/// Seconds to measure the diversity of a corpus, a token.
fn diversity_token(experiment: &Experiment, survey: &Survey) -> Result<f64, BenchError> {
    let sample: &DocumentSet = &survey.sample;
    let begin = Instant::now();
    let reference = Reference::new(sample);
    diversity(
        sample,
        &reference,
        Some(&Fingerprints::new(sample)),
        &DiversitySettings {
            sample_tokens: experiment.measure.sample_tokens.min(sample.tokens()),
            random: Stream::new(experiment.seed, Purpose::Measurement, 1),
        },
    )?;
    Ok(begin.elapsed().as_secs_f64() / sample.tokens().max(1) as f64)
}
