//! Reading a run: finished, stopped, or in progress.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore, Tokenizer};
use autophage_measure::perplexity::HeldOutLosses;
use autophage_measure::retention::{Distributions, Tracked};
use autophage_model::LanguageModel;

use crate::composer::Composer;
use crate::curation::Pool;
use crate::layout::is_of_corpus;
use crate::lineage::GenerationErrors;
use crate::manifest::{read_json, verify_some};
use crate::prepared::{self, Prepared};
use crate::record::{RunRecord, read_experiment};
use crate::{
    Baseline, CurvePoint, Experiment, GenerationLayout, LabError, Layout, Metrics, Provenance,
    Status, Timing, Vocabulary, build_learner, curve, lock, measurement, remedy,
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
                missing: Layout::EXPERIMENT,
            });
        }
        Ok(Self {
            record: RunRecord::read(&layout)?,
            experiment: read_experiment(&layout)?,
            layout,
        })
    }

    /// Where everything lies in it.
    pub fn layout(&self) -> &Layout {
        &self.layout
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
        Ok(self.layout.finished_generations())
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
        Ok(self.files(n)?.directory().to_owned())
    }

    /// Where the files of generation `n` are.
    fn files(&self, n: u32) -> Result<GenerationLayout, LabError> {
        let files = self.layout.generation(n);
        if n == 0 || !files.directory().is_dir() {
            return Err(LabError::NoGeneration {
                path: self.layout.root().to_owned(),
                wanted: n,
                finished: self.finished()?,
            });
        }
        Ok(files)
    }

    /// What was measured of generation `n`.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn metrics(&self, n: u32) -> Result<Metrics, LabError> {
        self.read(n, &self.files(n)?.metrics())
    }

    /// How long generation `n` took.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn timing(&self, n: u32) -> Result<Timing, LabError> {
        self.read(n, &self.files(n)?.timing())
    }

    /// How the training of generation `n` went; empty for a model without steps.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn curve(&self, n: u32) -> Result<Vec<CurvePoint>, LabError> {
        curve::read(&self.files(n)?.curve(), &self.remedy(n))
    }

    /// What generation `n` was trained on.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn provenance(&self, n: u32) -> Result<Provenance, LabError> {
        self.read(n, &self.files(n)?.provenance())
    }

    /// Error terms and retention of generation `n` after every tracked context; `None` where the
    /// experiment tracks none.
    ///
    /// # Errors
    /// As for [`metrics`](Self::metrics).
    pub fn errors(&self, n: u32) -> Result<Option<GenerationErrors>, LabError> {
        let path = self.files(n)?.errors();
        path.exists().then(|| self.read(n, &path)).transpose()
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
        let path = self.files(n)?.losses();
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
        let path = self.files(n)?.distributions();
        path.exists()
            .then(|| Distributions::load(&path).map_err(LabError::measure(n)))
            .transpose()
    }

    /// The real documents, with the plan of the training sets that are made of them.
    fn plan(&self) -> Result<(Prepared, Composer), LabError> {
        let prepared = prepared::open(&self.experiment, &self.layout)?;
        let composer = prepared.composer(&self.experiment)?;
        Ok((prepared, composer))
    }

    /// The contexts that the experiment tracks, with their ground truth in the initial corpus.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn tracked(&self) -> Result<Tracked, LabError> {
        let (prepared, composer) = self.plan()?;
        let probes = measurement::probes(&self.experiment, &prepared.tokenizer)?;
        measurement::tracked(&self.experiment, &composer.initial(), &probes)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, n: u32, path: &Path) -> Result<T, LabError> {
        read_json(path, &self.remedy(n))
    }

    fn remedy(&self, n: u32) -> String {
        remedy::generation(&self.layout, n)
    }

    /// The tokenizer.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn tokenizer(&self) -> Result<Tokenizer, LabError> {
        Ok(Tokenizer::from_file(self.layout.tokenizer())?)
    }

    /// The initial corpus, N tokens.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn initial_corpus(&self) -> Result<DocumentSet, LabError> {
        Ok(self.plan()?.1.initial())
    }

    /// The held-out documents that perplexity is measured on.
    ///
    /// # Errors
    /// A run that has not come so far, or a file that is damaged.
    pub fn validation_corpus(&self) -> Result<DocumentSet, LabError> {
        Ok(prepared::open(&self.experiment, &self.layout)?.validation)
    }

    /// The corpus that generation `n` wrote.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn corpus(&self, n: u32) -> Result<Arc<TokenStore>, LabError> {
        Ok(Arc::new(TokenStore::open(self.files(n)?.corpus())?))
    }

    /// The corpus that generation `n` wrote, as far as it goes on to later training sets.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn pool(&self, n: u32) -> Result<Pool, LabError> {
        Pool::of_generation(&self.files(n)?, &self.remedy(n))
    }

    /// The documents that generation `n` was trained on.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn training_set(&self, n: u32) -> Result<DocumentSet, LabError> {
        self.files(n)?;
        let pools = (1..n)
            .map(|k| self.pool(k))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.plan()?.1.compose(n, &pools)?.documents)
    }

    /// Directory of the model of generation `n`, its files found to be as they were written.
    ///
    /// # Errors
    /// A generation that is not finished, or a file that is damaged.
    pub fn model_directory(&self, n: u32) -> Result<PathBuf, LabError> {
        let directory = self.generation(n)?;
        verify_some(&directory, &self.remedy(n), |name| !is_of_corpus(name))?;
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
