//! A generation while it is made.

use std::cell::OnceCell;
use std::sync::Arc;

use autophage_corpus::TokenStore;
use autophage_model::LanguageModel;

use super::common::Common;
use super::past::Past;
use crate::composer::TrainingSet;
use crate::manifest::read_json;
use crate::{GenerationLayout, LabError, TrainingMetrics};

/// What to do about a file of a scratch directory that is damaged.
const REMEDY: &str = "run the same command again: it is made anew";

/// A generation while it is made. Every step leaves its artefacts in the scratch directory, and takes
/// from there what the steps before it left.
pub(super) struct Draft<'a> {
    /// Its number, from 1.
    pub(super) n: u32,
    /// What it is trained on.
    pub(super) set: &'a TrainingSet,
    /// The generations before it.
    pub(super) past: &'a Past,
    /// Where its artefacts are until it is finished.
    pub(super) files: GenerationLayout,
    /// Its model and what it wrote, so that they need not be read from their files in every step.
    model: Option<Box<dyn LanguageModel>>,
    corpus: OnceCell<Arc<TokenStore>>,
}

impl<'a> Draft<'a> {
    /// Generation `n` before its first step.
    pub(super) fn new(
        n: u32,
        set: &'a TrainingSet,
        past: &'a Past,
        files: GenerationLayout,
    ) -> Self {
        Self {
            n,
            set,
            past,
            files,
            model: None,
            corpus: OnceCell::new(),
        }
    }

    /// Keeps the model that was trained and saved.
    pub(super) fn keep(&mut self, model: Box<dyn LanguageModel>) {
        self.model = Some(model);
    }

    /// Its model.
    pub(super) fn model(&mut self, common: &Common<'_>) -> Result<&dyn LanguageModel, LabError> {
        let model = match self.model.take() {
            Some(model) => model,
            None => common
                .learner
                .load(self.files.directory())
                .map_err(LabError::model(format!("model of generation {}", self.n)))?,
        };
        Ok(&**self.model.insert(model))
    }

    /// What came of its training.
    pub(super) fn training(&self) -> Result<TrainingMetrics, LabError> {
        read_json(&self.files.training(), REMEDY)
    }

    /// What it wrote.
    pub(super) fn corpus(&self) -> Result<Arc<TokenStore>, LabError> {
        if let Some(corpus) = self.corpus.get() {
            return Ok(corpus.clone());
        }
        let corpus = Arc::new(TokenStore::open(self.files.corpus())?);
        Ok(self.corpus.get_or_init(|| corpus).clone())
    }
}
