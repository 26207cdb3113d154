//! Measuring the model of a generation and what it wrote.

use autophage_corpus::{DocumentSet, count_contexts};
use autophage_measure::diversity::{Fingerprints, diversity};
use autophage_measure::perplexity::{
    DocumentLosses, GeneratedPerplexity, HeldOutLosses, generated_perplexity, perplexity,
    scored_documents,
};
use autophage_measure::probe::{probe_corpus, probe_model};
use autophage_measure::retention::Distributions;
use autophage_model::LanguageModel;

use super::common::Common;
use super::draft::Draft;
use super::past::Past;
use super::step::Step;
use crate::composer::TrainingSet;
use crate::lineage::{GenerationErrors, LineageInputs, generation_errors};
use crate::manifest::write_json;
use crate::measurement::{diversity_settings, perplexity_settings};
use crate::reporter::{Halt, Reporter};
use crate::{
    GeneratedMetrics, GenerationLayout, LabError, METRICS_VERSION, Metrics, ProbeMetrics, Stage,
};

/// Measures. Leaves error terms, distributions, losses and metrics.
pub(super) struct Measure;

impl Step for Measure {
    fn stage(&self) -> Stage {
        Stage::MEASURE
    }

    fn total(&self, common: &Common<'_>, draft: &Draft<'_>) -> Result<Option<u64>, LabError> {
        Ok(Some(tokens(common, &scored_documents(&draft.corpus()?))))
    }

    fn work(
        &self,
        common: &Common<'_>,
        draft: &mut Draft<'_>,
        reporter: &mut Reporter<'_>,
    ) -> Result<u64, Halt> {
        let training = draft.training()?;
        let corpus = draft.corpus()?;
        let scored = scored_documents(&corpus);
        let files = draft.files.clone();
        let measuring = Measuring {
            common,
            n: draft.n,
            set: draft.set,
            past: draft.past,
            files: &files,
            model: draft.model(common)?,
        };
        let corpus = DocumentSet::whole(corpus);
        let errors = measuring.errors()?;
        let losses = measuring.held_out_losses(reporter)?;
        let failed = || LabError::measure(measuring.n);
        let metrics = Metrics {
            version: METRICS_VERSION,
            generation: measuring.n,
            perplexity: losses
                .summary(Some(common.prepared.validation_bytes))
                .map_err(failed())?,
            perplexity_under_first: measuring.under_first(&scored, reporter)?,
            probes: measuring.probes(&corpus)?,
            diversity: diversity(
                &corpus,
                common.reference,
                Some(&Fingerprints::new(&measuring.set.documents)),
                &diversity_settings(common.experiment, measuring.n),
            )
            .map_err(failed())?,
            errors: errors.as_ref().and_then(GenerationErrors::summary),
            training,
            generated: GeneratedMetrics {
                documents: corpus.len() as u64,
                tokens: corpus.tokens(),
            },
        };
        write_json(&files.metrics(), &metrics)?;
        Ok(tokens(common, &scored))
    }
}

/// Tokens that are scored: of the held-out documents, and of those that were written.
fn tokens(common: &Common<'_>, scored: &DocumentSet) -> u64 {
    common.prepared.validation.tokens() + scored.tokens()
}

/// What is measured, and with what.
struct Measuring<'a> {
    common: &'a Common<'a>,
    n: u32,
    set: &'a TrainingSet,
    past: &'a Past,
    files: &'a GenerationLayout,
    model: &'a dyn LanguageModel,
}

impl Measuring<'_> {
    /// The error terms, and the distributions that they and those of later generations are made from;
    /// `None` where no context is tracked.
    fn errors(&self) -> Result<Option<GenerationErrors>, LabError> {
        let common = self.common;
        let contexts = common.tracked.contexts();
        if contexts.is_empty() {
            return Ok(None);
        }
        let distributions = Distributions::of_model(
            self.model,
            contexts,
            common.prepared.tokenizer.end_of_text(),
            common.experiment.measure.conditioning,
        )
        .map_err(LabError::measure(self.n))?;
        distributions
            .save(&self.files.distributions())
            .map_err(LabError::measure(self.n))?;
        let inputs = LineageInputs {
            mixture: &self.set.provenance.mixture(),
            tracked: common.tracked,
            training: &count_contexts(&self.set.documents, contexts),
            model: &distributions,
            previous: &self.past.errors,
        };
        let errors = generation_errors(&inputs, &mut |k| {
            Distributions::load(&common.layout.generation(k).distributions())
                .map_err(LabError::measure(k))
        })?;
        write_json(&self.files.errors(), &errors)?;
        Ok(Some(errors))
    }

    /// The losses of the held-out documents, which are written to a file.
    fn held_out_losses(&self, reporter: &mut Reporter<'_>) -> Result<DocumentLosses, LabError> {
        let failed = || LabError::measure(self.n);
        let documents = &self.common.prepared.validation;
        let settings = perplexity_settings(self.common.experiment);
        let losses = perplexity(self.model, documents, &settings, &mut |progress| {
            // A measurement has no place to stop at; the stop is noted and follows the stage.
            let _ = reporter.progress(progress.tokens_done, None, progress.tokens_done, None);
        })
        .map_err(failed())?;
        let recorded = HeldOutLosses::new(documents, losses);
        recorded.save(&self.files.losses()).map_err(failed())?;
        Ok(recorded.losses)
    }

    /// The perplexity of documents that were written under the model of generation 1.
    fn under_first(
        &self,
        documents: &DocumentSet,
        reporter: &mut Reporter<'_>,
    ) -> Result<Option<GeneratedPerplexity>, LabError> {
        let loaded;
        let first = if self.n == 1 {
            self.model
        } else {
            loaded = self.common.first_model()?;
            loaded.as_ref()
        };
        let before = self.common.prepared.validation.tokens();
        let settings = perplexity_settings(self.common.experiment);
        generated_perplexity(first, documents, &settings, &mut |progress| {
            let done = before + progress.tokens_done;
            let _ = reporter.progress(done, None, done, None);
        })
        .map_err(LabError::measure(self.n))
    }

    /// The probes, in the model and in what it wrote.
    fn probes(&self, corpus: &DocumentSet) -> Result<Vec<ProbeMetrics>, LabError> {
        let failed = || LabError::measure(self.n);
        let common = self.common;
        let answers = probe_model(
            self.model,
            common.probes,
            common.prepared.tokenizer.end_of_text(),
            common.experiment.measure.conditioning,
        )
        .map_err(failed())?;
        let generated = probe_corpus(corpus, common.probes).map_err(failed())?;
        let probes = common.experiment.measure.probe.iter();
        Ok(probes
            .zip(answers.into_iter().zip(generated))
            .map(|(probe, (answer, generated))| ProbeMetrics {
                context: probe.context.clone(),
                next: probe.next.clone(),
                probabilities: answer.probabilities,
                generated,
            })
            .collect())
    }
}
