//! One generation: its training set, its model, its text, its measurements.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore, TokenStoreWriter, count_contexts};
use autophage_measure::diversity::{Fingerprints, Reference, diversity};
use autophage_measure::perplexity::{
    DocumentLosses, GeneratedPerplexity, HeldOutLosses, PerplexitySettings, generated_perplexity,
    perplexity, scored_documents,
};
use autophage_measure::probe::{Probe, probe_corpus, probe_model};
use autophage_measure::retention::{
    Distributions, ErrorInputs, GenerationErrors, Tracked, generation_errors,
};
use autophage_model::{Epochs, LanguageModel, Learner, Trained};

use crate::curve::Curve;
use crate::cycle::Cycle;
use crate::layout::{
    CORPUS, CURVE, DISTRIBUTIONS, ERRORS, LOSSES, Layout, METRICS, PROVENANCE, TIMING,
};
use crate::manifest::{read_json, write_json};
use crate::prepare::{Prepared, commit, fresh_scratch, measurement};
use crate::reporter::{Halt, Reporter};
use crate::training_set::{Composer, TrainingSet};
use crate::{
    EpochCount, Experiment, GeneratedMetrics, Initialise, LabError, METRICS_VERSION, Metrics,
    ProbeMetrics, Stage, StageTiming, Timing, TrainingMetrics,
};

/// What all generations of a lineage have in common.
pub(crate) struct Lineage<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) layout: &'a Layout,
    pub(crate) learner: &'a dyn Learner,
    pub(crate) prepared: &'a Prepared,
    pub(crate) composer: &'a Composer,
    pub(crate) reference: &'a Reference,
    pub(crate) probes: &'a [Probe],
    pub(crate) tracked: &'a Tracked,
}

/// What later generations need of the earlier ones.
#[derive(Default)]
pub(crate) struct Past {
    /// The corpora that they wrote.
    pub(crate) corpora: Vec<Arc<TokenStore>>,
    /// Their error terms; none where no context is tracked.
    pub(crate) errors: Vec<GenerationErrors>,
    /// Epochs that generation 1 was trained.
    pub(crate) epochs: Option<u32>,
}

impl Past {
    /// Reads generation `n`, the next one, from its directory.
    pub(crate) fn read(&mut self, layout: &Layout, n: u32, remedy: &str) -> Result<(), LabError> {
        let directory = layout.generation(n);
        let metrics: Metrics = read_json(&directory.join(METRICS), remedy)?;
        let errors = directory.join(ERRORS);
        if errors.exists() {
            self.errors.push(read_json(&errors, remedy)?);
        }
        self.epochs.get_or_insert(metrics.training.epochs);
        self.corpora
            .push(Arc::new(TokenStore::open(directory.join(CORPUS))?));
        Ok(())
    }
}

impl Lineage<'_> {
    /// Makes generation `n` and adds it to the past.
    pub(crate) fn make(
        &self,
        n: u32,
        past: &mut Past,
        reporter: &mut Reporter<'_>,
    ) -> Result<(Metrics, Timing), Halt> {
        let directory = self.layout.generation(n);
        let scratch = fresh_scratch(&directory)?;
        let set = self.composer.compose(n, &past.corpora)?;
        write_json(&scratch.join(PROVENANCE), &set.provenance)?;

        let (trained, training, train) = self.train(n, &set, past.epochs, &scratch, reporter)?;
        let model = trained.model.as_ref();
        self.save(n, model, &scratch)?;
        let (corpus, generate) = self.generate(n, model, &scratch, reporter)?;
        let corpus = Arc::new(corpus);
        let scored = scored_documents(&corpus);
        let tokens = self.prepared.validation.tokens() + scored.tokens();
        reporter.start(Stage::Measure, n, Some(tokens));
        let errors = self.errors(n, model, &set.documents, &past.errors, &scratch)?;
        let losses = self.held_out_losses(n, model, &scratch, reporter)?;
        let metrics = Metrics {
            errors: errors.as_ref().and_then(GenerationErrors::summary),
            perplexity_under_first: self.under_first(n, model, &scored, reporter)?,
            ..self.measure(n, model, &losses, &set.documents, corpus, training)?
        };
        let measure = reporter.finish(tokens)?;
        let timing = Timing {
            generation: n,
            train,
            generate,
            measure,
        };
        write_json(&scratch.join(METRICS), &metrics)?;
        write_json(&scratch.join(TIMING), &timing)?;
        commit(&scratch, &directory)?;
        past.corpora
            .push(Arc::new(TokenStore::open(directory.join(CORPUS))?));
        past.errors.extend(errors);
        past.epochs.get_or_insert(trained.epochs);
        Ok((metrics, timing))
    }

    fn cycle(&self) -> Cycle<'_> {
        Cycle {
            composer: self.composer,
            learner: self.learner,
            seed: self.experiment.seed,
            end_of_text: self.prepared.tokenizer.end_of_text(),
        }
    }

    fn epochs(&self, known: Option<u32>) -> Epochs {
        let training = &self.experiment.training;
        match (training.epochs, known) {
            (EpochCount::Fixed(epochs), _) | (EpochCount::EarlyStopping, Some(epochs)) => {
                Epochs::Fixed(epochs)
            }
            (EpochCount::EarlyStopping, None) => Epochs::EarlyStopping {
                max: training.max_epochs,
                patience: training.patience,
            },
        }
    }

    /// The directory whose weights the training of generation `n` starts from.
    fn start(&self, n: u32) -> Option<PathBuf> {
        let model = &self.experiment.model;
        match model.initialise() {
            Initialise::Scratch => None,
            Initialise::Previous if n > 1 => Some(self.layout.generation(n - 1)),
            Initialise::Previous | Initialise::Pretrained => model.pretrained().cloned(),
        }
    }

    fn train(
        &self,
        n: u32,
        set: &TrainingSet,
        epochs: Option<u32>,
        scratch: &Path,
        reporter: &mut Reporter<'_>,
    ) -> Result<(Trained, TrainingMetrics, StageTiming), Halt> {
        let start = self.start(n);
        reporter.start(Stage::Train, n, None);
        let mut curve = Curve::create(&scratch.join(CURVE))?;
        let trained = self.cycle().train(
            n,
            &set.documents,
            &self.prepared.validation,
            self.epochs(epochs),
            start.as_deref(),
            &mut |event| curve.add(event, reporter),
        )?;
        let (training_loss, validation_loss) = curve.finish()?;
        let timing = reporter.finish(trained.tokens)?;
        let metrics = TrainingMetrics {
            documents: set.provenance.documents,
            set_tokens: set.provenance.tokens,
            epochs: trained.epochs,
            steps: trained.steps,
            tokens: trained.tokens,
            training_loss,
            validation_loss,
        };
        Ok((trained, metrics, timing))
    }

    /// Writes the model and its tokenizer as Hugging Face's libraries read them.
    fn save(&self, n: u32, model: &dyn LanguageModel, scratch: &Path) -> Result<(), Halt> {
        model
            .save(scratch)
            .map_err(LabError::model(format!("model of generation {n}")))?;
        self.prepared.tokenizer.save_pretrained(scratch)?;
        Ok(())
    }

    fn generate(
        &self,
        n: u32,
        model: &dyn LanguageModel,
        scratch: &Path,
        reporter: &mut Reporter<'_>,
    ) -> Result<(TokenStore, StageTiming), Halt> {
        let tokenizer = &self.prepared.tokenizer;
        let tokens = self.composer.generated_tokens(n);
        let mut writer = TokenStoreWriter::create(
            scratch.join(CORPUS),
            tokenizer.vocabulary(),
            tokenizer.end_of_text(),
        )?;
        reporter.start(Stage::Generate, n, Some(tokens));
        let mut failed = None;
        let section = &self.experiment.generation;
        self.cycle().generate(
            n,
            model,
            |random| section.request(tokenizer.end_of_text(), random),
            &mut |document| {
                if let Err(error) = writer.push(document) {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
                let done = writer.tokens();
                reporter.progress(done.min(tokens), None, done, None)
            },
        )?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        reporter.check()?;
        let corpus = writer.finish()?;
        let timing = reporter.finish(corpus.tokens())?;
        Ok((corpus, timing))
    }

    /// The error terms of generation `n`, and the distributions that they and those of later
    /// generations are made from; `None` where no context is tracked.
    fn errors(
        &self,
        n: u32,
        model: &dyn LanguageModel,
        training: &DocumentSet,
        previous: &[GenerationErrors],
        scratch: &Path,
    ) -> Result<Option<GenerationErrors>, LabError> {
        let failed = || LabError::measure(n);
        let contexts = self.tracked.contexts();
        if contexts.is_empty() {
            return Ok(None);
        }
        let distributions = Distributions::of_model(
            model,
            contexts,
            self.prepared.tokenizer.end_of_text(),
            self.experiment.measure.conditioning,
        )
        .map_err(failed())?;
        distributions
            .save(&scratch.join(DISTRIBUTIONS))
            .map_err(failed())?;
        let inputs = ErrorInputs {
            paradigm: self.experiment.paradigm,
            tracked: self.tracked,
            training: &count_contexts(training, contexts),
            model: &distributions,
            previous,
        };
        let errors = generation_errors(&inputs, &mut |k| {
            Distributions::load(&self.layout.generation(k).join(DISTRIBUTIONS))
        })
        .map_err(failed())?;
        write_json(&scratch.join(ERRORS), &errors)?;
        Ok(Some(errors))
    }

    fn perplexity_settings(&self) -> PerplexitySettings {
        PerplexitySettings {
            context: self.experiment.measure.context as usize,
            ..PerplexitySettings::default()
        }
    }

    /// The losses of the held-out documents, which are written to a file.
    fn held_out_losses(
        &self,
        n: u32,
        model: &dyn LanguageModel,
        scratch: &Path,
        reporter: &mut Reporter<'_>,
    ) -> Result<DocumentLosses, LabError> {
        let failed = || LabError::measure(n);
        let documents = &self.prepared.validation;
        let settings = self.perplexity_settings();
        let losses = perplexity(model, documents, &settings, &mut |progress| {
            // A measurement has no place to stop at; the stop is noted and follows the stage.
            let _ = reporter.progress(progress.tokens_done, None, progress.tokens_done, None);
        })
        .map_err(failed())?;
        let recorded = HeldOutLosses::new(documents, losses);
        recorded.save(&scratch.join(LOSSES)).map_err(failed())?;
        Ok(recorded.losses)
    }

    /// The perplexity of documents that generation `n` wrote under the model of generation 1. That
    /// model is read from its directory every time: it need not be kept in memory, and a run that was
    /// stopped does the same.
    fn under_first(
        &self,
        n: u32,
        model: &dyn LanguageModel,
        documents: &DocumentSet,
        reporter: &mut Reporter<'_>,
    ) -> Result<Option<GeneratedPerplexity>, LabError> {
        let loaded;
        let first = if n == 1 {
            model
        } else {
            let failed = LabError::model("model of generation 1");
            loaded = self
                .learner
                .load(&self.layout.generation(1))
                .map_err(failed)?;
            loaded.as_ref()
        };
        let before = self.prepared.validation.tokens();
        let settings = self.perplexity_settings();
        generated_perplexity(first, documents, &settings, &mut |progress| {
            let done = before + progress.tokens_done;
            let _ = reporter.progress(done, None, done, None);
        })
        .map_err(LabError::measure(n))
    }

    fn measure(
        &self,
        n: u32,
        model: &dyn LanguageModel,
        losses: &DocumentLosses,
        training: &DocumentSet,
        corpus: Arc<TokenStore>,
        training_metrics: TrainingMetrics,
    ) -> Result<Metrics, LabError> {
        let failed = || LabError::measure(n);
        let answers = probe_model(
            model,
            self.probes,
            self.prepared.tokenizer.end_of_text(),
            self.experiment.measure.conditioning,
        )
        .map_err(failed())?;
        let corpus = DocumentSet::whole(corpus);
        let generated = probe_corpus(&corpus, self.probes).map_err(failed())?;
        Ok(Metrics {
            version: METRICS_VERSION,
            generation: n,
            perplexity: losses
                .summary(Some(self.prepared.validation_bytes))
                .map_err(failed())?,
            perplexity_under_first: None,
            probes: self
                .experiment
                .measure
                .probe
                .iter()
                .zip(answers.into_iter().zip(generated))
                .map(|(probe, (answer, generated))| ProbeMetrics {
                    context: probe.context.clone(),
                    next: probe.next.clone(),
                    probabilities: answer.probabilities,
                    generated,
                })
                .collect(),
            diversity: diversity(
                &corpus,
                self.reference,
                Some(&Fingerprints::new(training)),
                &measurement(self.experiment, n),
            )
            .map_err(failed())?,
            errors: None,
            training: training_metrics,
            generated: GeneratedMetrics {
                documents: corpus.len() as u64,
                tokens: corpus.tokens(),
            },
        })
    }
}
