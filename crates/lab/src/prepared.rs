//! The real documents as tokens, which come before the first generation: the tokenizer, the training
//! documents, and those that are held out.

use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{
    DocumentSet, DocumentSource, DocumentTotals, Split, TokenStore, TokenizeProgress,
    TokenizeStage, Tokenizer, TokenizerChoice, tokenize,
};
use serde::{Deserialize, Serialize};

use crate::composer::Composer;
use crate::curation::Pool;
use crate::manifest::{read_json, verify, write_json};
use crate::reporter::{Halt, Reporter};
use crate::{Experiment, LabError, Layout, Sizes, Stage, remedy, scratch};

/// The real documents as tokens.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) tokenizer: Tokenizer,
    /// All training documents.
    pub(crate) training: Arc<TokenStore>,
    /// The held-out documents that are measured on.
    pub(crate) validation: DocumentSet,
    /// UTF-8 bytes of their text.
    pub(crate) validation_bytes: u64,
}

impl Prepared {
    /// Plans the training sets of an experiment on these documents.
    pub(crate) fn composer(&self, experiment: &Experiment) -> Result<Composer, LabError> {
        Composer::new(
            experiment.paradigm,
            experiment.seed,
            Pool::whole(self.training.clone()),
            Sizes::of(experiment),
            experiment.generations,
        )
    }
}

/// Sizes of the token stores.
#[derive(Debug, Serialize, Deserialize)]
struct Totals {
    training: DocumentTotals,
    validation: DocumentTotals,
    empty_documents: u64,
}

/// Checks what can be checked of the corpus and the tokenizer before anything is written.
pub(crate) fn preflight(experiment: &Experiment) -> Result<DocumentSource, LabError> {
    Split::new(experiment.corpus.validation, experiment.seed)?;
    if let TokenizerChoice::File { path } = &experiment.tokenizer {
        Tokenizer::from_file(path)?;
    }
    Ok(DocumentSource::open(&experiment.corpus.source())?)
}

/// Reads the tokens of a run, after writing them if they are not there.
pub(crate) fn prepare(
    experiment: &Experiment,
    layout: &Layout,
    reporter: &mut Reporter<'_>,
) -> Result<Prepared, Halt> {
    if !layout.tokens().exists() {
        write_tokens(experiment, layout, reporter)?;
    }
    Ok(open(experiment, layout)?)
}

/// Reads and checks the tokens of a run.
pub(crate) fn open(experiment: &Experiment, layout: &Layout) -> Result<Prepared, LabError> {
    for directory in [layout.tokenizer(), layout.tokens()] {
        verify(&directory, &remedy::beginning(layout))?;
    }
    let tokenizer = Tokenizer::from_file(layout.tokenizer())?;
    let training = Arc::new(TokenStore::open(layout.training_tokens())?);
    let validation = Arc::new(TokenStore::open(layout.validation_tokens())?);
    let totals: Totals = read_json(&layout.totals(), &remedy::beginning(layout))?;
    let (validation, validation_bytes) = match experiment.measure.documents {
        Some(limit) if limit < validation.documents() as u64 => {
            let documents = DocumentSet::select(validation, (0..limit as u32).collect());
            let bytes = text_bytes(&documents, &tokenizer)?;
            (documents, bytes)
        }
        _ => (DocumentSet::whole(validation), totals.validation.bytes),
    };
    Ok(Prepared {
        tokenizer,
        training,
        validation,
        validation_bytes,
    })
}

/// UTF-8 bytes of the text of `documents`, the ends of texts not among them.
fn text_bytes(documents: &DocumentSet, tokenizer: &Tokenizer) -> Result<u64, LabError> {
    let mut bytes = 0;
    for document in documents.iter() {
        let mut tokens = document.to_vec();
        tokens.pop_if(|last| *last == documents.end_of_text());
        bytes += tokenizer.decode(&tokens)?.len() as u64;
    }
    Ok(bytes)
}

fn write_tokens(
    experiment: &Experiment,
    layout: &Layout,
    reporter: &mut Reporter<'_>,
) -> Result<(), Halt> {
    let source = DocumentSource::open(&experiment.corpus.source())?;
    let split = Split::new(experiment.corpus.validation, experiment.seed)?;
    reporter.start(Stage::TOKENIZE, 0, None);
    // A bar has one scale: documents, of which the second pass knows the number.
    let mut known = None;
    let mut report = |progress: &TokenizeProgress| {
        if progress.stage == TokenizeStage::TrainTokenizer {
            known = Some(progress.documents);
        }
        let total = known.filter(|_| progress.stage == TokenizeStage::Encode);
        // Tokenizing has no place to stop at; the stop is noted and follows the stage.
        let _ = reporter.progress(progress.documents, total, 0, None);
    };
    let tokenizer = experiment
        .tokenizer
        .build(&source, Some(&split), &mut report)?;

    let unfinished = scratch::fresh(&layout.tokenizer())?;
    tokenizer.save_pretrained(&unfinished)?;
    scratch::commit(&unfinished, &layout.tokenizer())?;

    let unfinished = scratch::fresh(&layout.tokens())?;
    let place = |path: &Path| unfinished.join(path.file_name().unwrap_or_default());
    let corpus = tokenize(
        &source,
        &tokenizer,
        &split,
        place(&layout.training_tokens()),
        place(&layout.validation_tokens()),
        &mut report,
    )?;
    write_json(
        &place(&layout.totals()),
        &Totals {
            training: corpus.training_totals,
            validation: corpus.validation_totals,
            empty_documents: corpus.empty_documents,
        },
    )?;
    scratch::commit(&unfinished, &layout.tokens())?;
    if corpus.empty_documents > 0 {
        reporter.warn(&format!(
            "{} empty documents were skipped",
            corpus.empty_documents
        ));
    }
    reporter.finish(corpus.training_totals.tokens + corpus.validation_totals.tokens)?;
    Ok(())
}
