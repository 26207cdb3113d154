//! What comes before the first generation: the tokenizer, the tokens, and the baseline.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{
    DocumentSet, DocumentSource, DocumentTotals, Split, TokenStore, TokenizeProgress,
    TokenizeStage, Tokenizer, tokenize,
};
use autophage_durable::{commit_directory, scratch_path};
use autophage_measure::diversity::{DiversitySettings, Reference, diversity};
use autophage_measure::perplexity::Unigram;
use autophage_measure::probe::{Probe, probe_corpus};
use autophage_random::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::layout::{Layout, TOKENIZER};
use crate::manifest::{read_json, seal, verify, write_json};
use crate::reporter::{Halt, Reporter};
use crate::{Baseline, Experiment, LabError, METRICS_VERSION, ProbeTruth, Stage};

/// File of the sizes of the token stores.
const TOTALS: &str = "totals.json";

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
    if let autophage_corpus::TokenizerChoice::File { path } = &experiment.tokenizer {
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
        verify(&directory, &remedy(layout))?;
    }
    let tokenizer = Tokenizer::from_file(layout.tokenizer().join(TOKENIZER))?;
    let training = Arc::new(TokenStore::open(layout.training_tokens())?);
    let validation = Arc::new(TokenStore::open(layout.validation_tokens())?);
    let totals: Totals = read_json(&layout.tokens().join(TOTALS), &remedy(layout))?;
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

fn remedy(layout: &Layout) -> String {
    format!(
        "it belongs to the beginning of the run: remove {} and run again",
        layout.root().display()
    )
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
    reporter.start(Stage::Tokenize, 0, None);
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

    let scratch = fresh_scratch(&layout.tokenizer())?;
    tokenizer.save_pretrained(&scratch)?;
    commit(&scratch, &layout.tokenizer())?;

    let scratch = fresh_scratch(&layout.tokens())?;
    let place = |path: &Path| scratch.join(path.file_name().unwrap_or_default());
    let corpus = tokenize(
        &source,
        &tokenizer,
        &split,
        place(&layout.training_tokens()),
        place(&layout.validation_tokens()),
        &mut report,
    )?;
    write_json(
        &scratch.join(TOTALS),
        &Totals {
            training: corpus.training_totals,
            validation: corpus.validation_totals,
            empty_documents: corpus.empty_documents,
        },
    )?;
    commit(&scratch, &layout.tokens())?;
    if corpus.empty_documents > 0 {
        reporter.warn(&format!(
            "{} empty documents were skipped",
            corpus.empty_documents
        ));
    }
    reporter.finish(corpus.training_totals.tokens + corpus.validation_totals.tokens)?;
    Ok(())
}

/// An empty scratch directory beside `path`, where an interrupted run may have left another.
pub(crate) fn fresh_scratch(path: &Path) -> Result<std::path::PathBuf, LabError> {
    let scratch = scratch_path(path);
    remove_directory(&scratch)?;
    fs::create_dir_all(&scratch).map_err(LabError::file("create", &scratch))?;
    Ok(scratch)
}

/// Removes a directory if it is there.
pub(crate) fn remove_directory(path: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LabError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Seals a scratch directory and gives it its final name, in place of what may be there.
pub(crate) fn commit(scratch: &Path, path: &Path) -> Result<(), LabError> {
    seal(scratch)?;
    remove_directory(path)?;
    commit_directory(scratch, path).map_err(LabError::file("create", path))
}

/// The probes of an experiment as tokens.
pub(crate) fn probes(
    experiment: &Experiment,
    tokenizer: &Tokenizer,
) -> Result<Vec<Probe>, LabError> {
    experiment
        .measure
        .probe
        .iter()
        .map(|probe| {
            Ok(Probe {
                context: tokenizer.encode(&probe.context)?,
                next: probe
                    .next
                    .iter()
                    .map(|text| tokenizer.encode(text))
                    .collect::<Result<_, _>>()?,
            })
        })
        .collect()
}

/// The stream of random numbers of the measurements of `generation`.
pub(crate) fn measurement(experiment: &Experiment, generation: u32) -> DiversitySettings {
    DiversitySettings {
        sample_tokens: experiment.measure.sample_tokens,
        random: Stream::new(experiment.seed, Purpose::Measurement, generation),
    }
}

/// Measures the initial corpus.
pub(crate) fn baseline(
    experiment: &Experiment,
    prepared: &Prepared,
    initial: &DocumentSet,
    reference: &Reference,
) -> Result<Baseline, LabError> {
    let measure = || LabError::measure(0);
    let truths =
        probe_corpus(initial, &probes(experiment, &prepared.tokenizer)?).map_err(measure())?;
    Ok(Baseline {
        version: METRICS_VERSION,
        initial_documents: initial.len() as u64,
        initial_tokens: initial.tokens(),
        validation_documents: prepared.validation.len() as u64,
        validation_tokens: prepared.validation.tokens(),
        vocabulary: prepared.tokenizer.vocabulary(),
        unigram: Unigram::new(initial)
            .perplexity(&prepared.validation)
            .and_then(|losses| losses.summary(Some(prepared.validation_bytes)))
            .map_err(measure())?,
        probes: experiment
            .measure
            .probe
            .iter()
            .zip(truths)
            .map(|(probe, truth)| ProbeTruth {
                context: probe.context.clone(),
                next: probe.next.clone(),
                truth,
            })
            .collect(),
        diversity: diversity(initial, reference, None, &measurement(experiment, 0))
            .map_err(measure())?,
    })
}
