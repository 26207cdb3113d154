//! What is known of a corpus after a few seconds: its size, its tokenizer, and a sample.

use std::sync::Arc;
use std::time::{Duration, Instant};

use autophage_corpus::{
    CorpusError, DocumentSet, DocumentSource, Split, TokenStore, Tokenizer, TokenizerChoice,
};
use autophage_lab::{Experiment, Vocabulary};

use super::Lengths;
use crate::BenchError;

/// Text that is tokenized, at most, in bytes.
const SAMPLE: usize = 2 << 20;
/// The corpus is read for so long; what is left is extrapolated by the size of the files.
const READING: Duration = Duration::from_millis(1500);

/// A corpus, as far as it was looked at.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) vocabulary: Vocabulary,
    /// The documents of the sample as a store has them.
    pub(crate) sample: DocumentSet,
    pub(crate) lengths: Lengths,
    /// Stored tokens of the training documents and of the held-out documents that are measured on.
    pub(crate) training_tokens: u64,
    pub(crate) validation_tokens: u64,
    /// Stored tokens of all held-out documents.
    pub(crate) held_out_tokens: u64,
    /// Whether the numbers of tokens are exact.
    pub(crate) exact: bool,
    /// Seconds that tokenizing the whole corpus takes, the training of a tokenizer included.
    pub(crate) tokenize_seconds: f64,
    /// Bytes of the tokenizer's files.
    pub(crate) tokenizer_bytes: u64,
}

impl Survey {
    /// Looks at the corpus of an experiment.
    pub(crate) fn of(experiment: &Experiment) -> Result<Self, BenchError> {
        let split = Split::new(experiment.corpus.validation, experiment.seed)?;
        let source = DocumentSource::open(&experiment.corpus.source())?;
        let seen = Seen::read(&source)?;
        if seen.texts.is_empty() {
            return Err(BenchError::EmptyCorpus(experiment.corpus.path.clone()));
        }
        let begin = Instant::now();
        let tokenizer = tokenizer(&experiment.tokenizer, &source, &split, &seen)?;
        let encoded = tokenizer.encode_batch(&seen.texts)?;
        let tokenizing = begin.elapsed().as_secs_f64();

        let end = tokenizer.end_of_text();
        let mut documents = encoded;
        for document in &mut documents {
            document.push(end);
        }
        let (mut training, mut held_out, mut measured, mut measured_documents) = (0, 0, 0, 0);
        for (index, document) in (0..).zip(&documents) {
            let tokens = document.len() as u64;
            if !split.is_validation(index) {
                training += tokens;
                continue;
            }
            held_out += tokens;
            if experiment
                .measure
                .documents
                .is_none_or(|limit| measured_documents < limit)
            {
                measured += tokens;
                measured_documents += 1;
            }
        }
        let scale = seen.total_bytes / seen.sample_bytes as f64;
        let scaled = |tokens: u64| (tokens as f64 * scale).round() as u64;
        // A limit of documents that the sample reaches does not grow with the corpus.
        let limit = experiment.measure.documents;
        let validation_tokens = match limit {
            Some(limit) if measured_documents >= limit => measured,
            _ => scaled(held_out),
        };
        let tokenizer_bytes = tokenizer_bytes(&tokenizer);
        let store = TokenStore::in_memory(&documents, tokenizer.vocabulary(), end)?;
        Ok(Self {
            vocabulary: Vocabulary::of(&tokenizer),
            lengths: Lengths::of(documents.iter().map(Vec::len)),
            sample: DocumentSet::whole(Arc::new(store)),
            training_tokens: scaled(training),
            validation_tokens: validation_tokens.max(1),
            held_out_tokens: scaled(held_out),
            exact: seen.whole && seen.total_bytes == seen.sample_bytes as f64,
            tokenize_seconds: (seen.seconds_reading + tokenizing) * scale,
            tokenizer_bytes,
        })
    }
}

/// The beginning of a corpus.
struct Seen {
    /// The documents of the sample.
    texts: Vec<String>,
    sample_bytes: usize,
    /// UTF-8 bytes of all documents, exact or extrapolated.
    total_bytes: f64,
    /// Whether everything was read.
    whole: bool,
    /// Seconds to read the sample.
    seconds_reading: f64,
}

impl Seen {
    fn read(source: &DocumentSource) -> Result<Self, CorpusError> {
        let begin = Instant::now();
        let mut documents = source.documents();
        let mut texts = Vec::new();
        let (mut bytes, mut sample_bytes) = (0, 0);
        let mut seconds_reading = 0.0;
        let mut whole = true;
        while let Some(document) = documents.next().transpose()? {
            bytes += document.text.len();
            if sample_bytes < SAMPLE {
                sample_bytes += document.text.len();
                texts.push(document.text);
                seconds_reading = begin.elapsed().as_secs_f64();
            }
            if begin.elapsed() > READING && sample_bytes >= SAMPLE {
                whole = false;
                break;
            }
        }
        let read = documents.bytes_read().max(1) as f64;
        let share = if whole {
            1.0
        } else {
            (read / source.bytes().max(1) as f64).min(1.0)
        };
        Ok(Self {
            texts,
            sample_bytes,
            total_bytes: bytes as f64 / share,
            whole,
            seconds_reading,
        })
    }
}

/// The tokenizer of the experiment; one that is trained sees the sample alone.
fn tokenizer(
    choice: &TokenizerChoice,
    source: &DocumentSource,
    split: &Split,
    seen: &Seen,
) -> Result<Tokenizer, CorpusError> {
    let TokenizerChoice::Bpe { vocabulary } = choice else {
        return choice.build(source, Some(split), &mut |_| ());
    };
    let training = (0..)
        .zip(&seen.texts)
        .filter(|(index, _)| !split.is_validation(*index))
        .map(|(_, text)| text);
    Tokenizer::train_bpe(training, *vocabulary)
}

/// Bytes of the files of a tokenizer, by the text of its tokens: a line each in the vocabulary and
/// about one in the merges.
fn tokenizer_bytes(tokenizer: &Tokenizer) -> u64 {
    (0..tokenizer.vocabulary())
        .filter_map(|token| tokenizer.token(token))
        .map(|text| 2 * text.len() as u64 + 40)
        .sum()
}
