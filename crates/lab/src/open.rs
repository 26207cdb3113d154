//! Reading a run: finished, stopped, or in progress.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore, Tokenizer};
use autophage_measure::perplexity::HeldOutLosses;
use autophage_measure::retention::{Distributions, GenerationErrors, Tracked};
use autophage_model::LanguageModel;

use crate::curve;
use crate::layout::{
    CORPUS, CURVE, DISTRIBUTIONS, ERRORS, LOSSES, Layout, METRICS, PROVENANCE, TIMING, TOKENIZER,
};
use crate::lock;
use crate::manifest::{read_json, verify_some};
use crate::prepare;
use crate::record::RunRecord;
use crate::run::{composer, finished_generations, generation_remedy, read_experiment, tracked};
use crate::{
    Baseline, CurvePoint, Experiment, LabError, Metrics, Provenance, Status, Timing, Vocabulary,
    build_learner,
};

/// A run directory, open for reading. It may grow meanwhile.
#[derive(Clone, Debug)]
pub struct Run {
    layout: Layout,
    experiment: Experiment,
    record: RunRecord,
}

impl Run {
    /// Opens the run in `directory`.
    ///
    /// # Errors
    /// A directory that is not a run, or a run of another format.
    pub fn open(directory: &Path) -> Result<Self, LabError> {
        let layout = Layout::new(directory);
        if !layout.experiment().is_file() {
            return Err(LabError::NoRun {
                path: directory.to_owned(),
                missing: "experiment.toml",
            });
        }
        Ok(Self {
            record: RunRecord::read(&layout)?,
            experiment: read_experiment(&layout)?,
            layout,
        })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        self.layout.root()
    }

    /// What it does, with every default explicit.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// What made it, and when.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Number of finished generations, at this moment.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn finished(&self) -> Result<u32, LabError> {
        finished_generations(&self.layout)
    }

    /// Whether some process works on it at this moment.
    pub fn is_in_progress(&self) -> bool {
        lock::is_taken(&self.layout.lock())
    }

    /// What the run last said of its progress; `None` before its first stage.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn status(&self) -> Result<Option<Status>, LabError> {
        let path = self.layout.status();
        match path.exists() {
            true => read_json(&path, "remove it: the run writes it again").map(Some),
            false => Ok(None),
        }
    }

    /// What is known of the real documents; `None` before they are tokenized.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn baseline(&self) -> Result<Option<Baseline>, LabError> {
        let path = self.layout.baseline();
        match path.exists() {
            true => read_json(&path, "remove it and run again: it is made anew").map(Some),
            false => Ok(None),
        }
    }

    /// Directory of generation `n`: a Hugging Face model directory with the generation's records.
    ///
    /// # Errors
    /// A generation that is not finished.
    pub fn generation(&self, n: u32) -> Result<PathBuf, LabError> {
        let directory = self.layout.generation(n);
        if n == 0 || !directory.is_dir() {
            return Err(LabError::NoGeneration {
                path: self.layout.root().to_owned(),
                wanted: n,
                finished: self.finished()?,
            });
        }
        Ok(directory)
    }

    /// What was measured of generation `n`.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn metrics(&self, n: u32) -> Result<Metrics, LabError> {
        self.read(n, METRICS)
    }

    /// How long generation `n` took.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn timing(&self, n: u32) -> Result<Timing, LabError> {
        self.read(n, TIMING)
    }

    /// How the training of generation `n` went; empty for a model without steps.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn curve(&self, n: u32) -> Result<Vec<CurvePoint>, LabError> {
        curve::read(
            &self.generation(n)?.join(CURVE),
            &generation_remedy(&self.layout, n),
        )
    }

    /// What generation `n` was trained on.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn provenance(&self, n: u32) -> Result<Provenance, LabError> {
        self.read(n, PROVENANCE)
    }

    /// Error terms and retention of generation `n` after every tracked context; `None` where the
    /// experiment tracks none.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn errors(&self, n: u32) -> Result<Option<GenerationErrors>, LabError> {
        match self.generation(n)?.join(ERRORS).exists() {
            true => self.read(n, ERRORS).map(Some),
            false => Ok(None),
        }
    }

    /// Error terms and retention of all finished generations.
    ///
    /// # Errors
    /// As for [`errors`](Self::errors); a run that tracks no contexts.
    pub fn all_errors(&self) -> Result<Vec<GenerationErrors>, LabError> {
        (1..=self.finished()?)
            .map(|n| {
                self.errors(n)?.ok_or_else(|| LabError::NoErrors {
                    path: self.layout.root().to_owned(),
                })
            })
            .collect()
    }

    /// Losses of generation `n`'s model on every held-out document; `None` in runs that were made
    /// before these were kept.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn held_out_losses(&self, n: u32) -> Result<Option<HeldOutLosses>, LabError> {
        let path = self.generation(n)?.join(LOSSES);
        path.exists()
            .then(|| HeldOutLosses::load(&path).map_err(LabError::measure(n)))
            .transpose()
    }

    /// Distributions of generation `n`'s model after every tracked context, as they were when it
    /// was measured; `None` where the experiment tracks none.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn distributions(&self, n: u32) -> Result<Option<Distributions>, LabError> {
        let path = self.generation(n)?.join(DISTRIBUTIONS);
        path.exists()
            .then(|| Distributions::load(&path).map_err(LabError::measure(n)))
            .transpose()
    }

    /// The contexts that the experiment tracks, with their ground truth in the initial corpus.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn tracked(&self) -> Result<Tracked, LabError> {
        let prepared = prepare::open(&self.experiment, &self.layout)?;
        let initial = composer(&self.experiment, &prepared)?.initial();
        let probes = prepare::probes(&self.experiment, &prepared.tokenizer)?;
        tracked(&self.experiment, &initial, &probes)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, n: u32, file: &str) -> Result<T, LabError> {
        read_json(
            &self.generation(n)?.join(file),
            &generation_remedy(&self.layout, n),
        )
    }

    /// The tokenizer.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn tokenizer(&self) -> Result<Tokenizer, LabError> {
        Ok(Tokenizer::from_file(
            self.layout.tokenizer().join(TOKENIZER),
        )?)
    }

    /// The initial corpus, N tokens.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn initial_corpus(&self) -> Result<DocumentSet, LabError> {
        let prepared = prepare::open(&self.experiment, &self.layout)?;
        Ok(composer(&self.experiment, &prepared)?.initial())
    }

    /// The held-out documents that perplexity is measured on.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn validation_corpus(&self) -> Result<DocumentSet, LabError> {
        Ok(prepare::open(&self.experiment, &self.layout)?.validation)
    }

    /// The corpus that generation `n` wrote.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn corpus(&self, n: u32) -> Result<Arc<TokenStore>, LabError> {
        Ok(Arc::new(TokenStore::open(
            self.generation(n)?.join(CORPUS),
        )?))
    }

    /// The documents that generation `n` was trained on.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn training_set(&self, n: u32) -> Result<DocumentSet, LabError> {
        self.generation(n)?;
        let prepared = prepare::open(&self.experiment, &self.layout)?;
        let corpora = (1..n)
            .map(|k| self.corpus(k))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(composer(&self.experiment, &prepared)?
            .compose(n, &corpora)?
            .documents)
    }

    /// Directory of the model of generation `n`, its files found to be as they were written.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn model_directory(&self, n: u32) -> Result<PathBuf, LabError> {
        let directory = self.generation(n)?;
        verify_some(&directory, &generation_remedy(&self.layout, n), |name| {
            name != CORPUS && !name.ends_with(".index")
        })?;
        Ok(directory)
    }

    /// The model of generation `n`.
    ///
    /// # Errors
    /// As for [`model_directory`](Self::model_directory).
    pub fn model(&self, n: u32) -> Result<Box<dyn LanguageModel>, LabError> {
        let directory = self.model_directory(n)?;
        let (learner, _) = build_learner(&self.experiment, Vocabulary::of(&self.tokenizer()?))?;
        learner
            .load(&directory)
            .map_err(LabError::model(format!("model of generation {n}")))
    }

    /// The text of document `index` of the corpus that generation `n` wrote; `None` where it has
    /// not so many. A text that ended has no mark of it.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn excerpt(&self, n: u32, index: usize) -> Result<Option<String>, LabError> {
        let corpus = self.corpus(n)?;
        if index >= corpus.documents() {
            return Ok(None);
        }
        let mut tokens = corpus.document(index).to_vec();
        tokens.pop_if(|last| *last == corpus.end_of_text());
        Ok(Some(self.tokenizer()?.decode(&tokens)?))
    }
}
