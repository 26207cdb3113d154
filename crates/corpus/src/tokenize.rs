//! From a corpus of text to token stores, in one or two passes whose memory does not grow with the
//! corpus.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::tokenizer::BpeTraining;
use crate::{
    CorpusError, Document, DocumentSource, Split, TokenStore, TokenStoreWriter, Tokenizer,
};

/// Documents that are in memory at once, at most.
const BATCH_DOCUMENTS: usize = 1024;
/// Bytes of text that are in memory at once, at most, unless one document has more.
const BATCH_BYTES: usize = 1 << 22;

/// Where a tokenizer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenizerChoice {
    /// GPT-2's, which is bundled.
    Gpt2,
    /// A Hugging Face `tokenizer.json`, or a directory with one.
    File {
        /// Where it is.
        path: PathBuf,
    },
    /// A byte-level BPE that is trained on the corpus.
    Bpe {
        /// Number of tokens, 257 to 1,000,000; [`USUAL_VOCABULARY`](Self::USUAL_VOCABULARY) where
        /// none is given.
        #[serde(default = "usual_vocabulary")]
        vocabulary: u32,
    },
}

fn usual_vocabulary() -> u32 {
    TokenizerChoice::USUAL_VOCABULARY
}

impl TokenizerChoice {
    /// Number of tokens that suits a small corpus.
    pub const USUAL_VOCABULARY: u32 = 2048;

    /// Reads the tokenizer, or trains it on the training documents of `source` (on all documents
    /// without a split).
    ///
    /// # Errors
    /// A tokenizer file or a corpus that cannot be used.
    pub fn build(
        &self,
        source: &DocumentSource,
        split: Option<&Split>,
        progress: &mut dyn FnMut(&TokenizeProgress),
    ) -> Result<Tokenizer, CorpusError> {
        match self {
            Self::Gpt2 => Ok(Tokenizer::gpt2()),
            Self::File { path } => Tokenizer::from_file(path),
            Self::Bpe { vocabulary } => {
                let mut training = BpeTraining::new(*vocabulary)?;
                let stage = TokenizeStage::TrainTokenizer;
                in_batches(source, stage, progress, |first, batch| {
                    let held_out = |i| split.is_some_and(|split| split.is_validation(i));
                    let texts: Vec<&str> = (first..)
                        .zip(batch)
                        .filter(|(i, _)| !held_out(*i))
                        .map(|(_, document)| document.text.as_str())
                        .collect();
                    training.add(&texts);
                    Ok(())
                })?;
                Ok(training.finish())
            }
        }
    }
}

/// A pass over the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenizeStage {
    /// Its words are counted to train a tokenizer.
    TrainTokenizer,
    /// Its documents become tokens.
    Encode,
}

/// How far a pass over the corpus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenizeProgress {
    /// Which pass.
    pub stage: TokenizeStage,
    /// Number of documents so far.
    pub documents: u64,
    /// UTF-8 bytes of their text.
    pub text_bytes: u64,
    /// Bytes of files that have been read, as they are stored.
    pub read_bytes: u64,
    /// Bytes of all files, as they are stored.
    pub total_bytes: u64,
}

/// The size of a set of documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTotals {
    /// Number of documents.
    pub documents: u64,
    /// Number of stored tokens, the end of each text among them.
    pub tokens: u64,
    /// UTF-8 bytes of the text: what bits per byte are counted over.
    pub bytes: u64,
}

/// A corpus as tokens.
#[derive(Debug)]
pub struct TokenizedCorpus {
    /// The training documents.
    pub training: TokenStore,
    /// Their size.
    pub training_totals: DocumentTotals,
    /// The held-out documents.
    pub validation: TokenStore,
    /// Their size.
    pub validation_totals: DocumentTotals,
    /// Number of documents that were skipped because they had no text.
    pub empty_documents: u64,
}

/// Writes the documents of `source` as tokens to two stores, each with the end-of-text token behind
/// it. The result does not depend on the number of threads.
///
/// # Errors
/// A corpus that cannot be read or has no text, a split that leaves one side empty, text that the
/// tokenizer cannot express, or a store that cannot be written. No store is left behind then.
pub fn tokenize(
    source: &DocumentSource,
    tokenizer: &Tokenizer,
    split: &Split,
    training: impl AsRef<Path>,
    validation: impl AsRef<Path>,
    progress: &mut dyn FnMut(&TokenizeProgress),
) -> Result<TokenizedCorpus, CorpusError> {
    let mut training = Sink::create(training.as_ref(), tokenizer)?;
    let mut validation = Sink::create(validation.as_ref(), tokenizer)?;
    let stage = TokenizeStage::Encode;
    let empty_documents = in_batches(source, stage, progress, |first, batch| {
        for (i, (document, mut tokens)) in (first..).zip(encoded(tokenizer, batch)?) {
            let side = match split.is_validation(i) {
                true => &mut validation,
                false => &mut training,
            };
            side.push(document, &mut tokens)?;
        }
        Ok(())
    })?;
    let documents = training.totals.documents + validation.totals.documents;
    for (side, sink) in [("training", &training), ("validation", &validation)] {
        if sink.totals.documents == 0 {
            return Err(CorpusError::EmptySplit {
                documents,
                share: split.validation_share(),
                side,
            });
        }
    }
    Ok(TokenizedCorpus {
        training_totals: training.totals,
        validation_totals: validation.totals,
        training: training.writer.finish()?,
        validation: validation.writer.finish()?,
        empty_documents,
    })
}

/// Writes all documents of `source` to one store, as [`tokenize`] does.
///
/// # Errors
/// As for [`tokenize`], the split aside.
pub fn tokenize_whole(
    source: &DocumentSource,
    tokenizer: &Tokenizer,
    path: impl AsRef<Path>,
    progress: &mut dyn FnMut(&TokenizeProgress),
) -> Result<(TokenStore, DocumentTotals), CorpusError> {
    let mut sink = Sink::create(path.as_ref(), tokenizer)?;
    in_batches(source, TokenizeStage::Encode, progress, |_, batch| {
        for (document, mut tokens) in encoded(tokenizer, batch)? {
            sink.push(document, &mut tokens)?;
        }
        Ok(())
    })?;
    Ok((sink.writer.finish()?, sink.totals))
}

/// A store in the making and its size.
struct Sink {
    writer: TokenStoreWriter,
    end_of_text: u32,
    totals: DocumentTotals,
}

impl Sink {
    fn create(path: &Path, tokenizer: &Tokenizer) -> Result<Self, CorpusError> {
        let end_of_text = tokenizer.end_of_text();
        Ok(Self {
            writer: TokenStoreWriter::create(path, tokenizer.vocabulary(), end_of_text)?,
            end_of_text,
            totals: DocumentTotals::default(),
        })
    }

    fn push(&mut self, document: &Document, tokens: &mut Vec<u32>) -> Result<(), CorpusError> {
        tokens.push(self.end_of_text);
        self.writer.push(tokens)?;
        self.totals.documents += 1;
        self.totals.tokens += tokens.len() as u64;
        self.totals.bytes += document.text.len() as u64;
        Ok(())
    }
}

fn encoded<'a>(
    tokenizer: &Tokenizer,
    batch: &'a [Document],
) -> Result<impl Iterator<Item = (&'a Document, Vec<u32>)>, CorpusError> {
    let texts: Vec<&str> = batch
        .iter()
        .map(|document| document.text.as_str())
        .collect();
    Ok(batch.iter().zip(tokenizer.encode_batch(&texts)?))
}

/// Calls `each` with the documents of `source`, some at a time, and the number of the first of them.
/// Gives the number of empty documents.
fn in_batches(
    source: &DocumentSource,
    stage: TokenizeStage,
    progress: &mut dyn FnMut(&TokenizeProgress),
    mut each: impl FnMut(u64, &[Document]) -> Result<(), CorpusError>,
) -> Result<u64, CorpusError> {
    let mut documents = source.documents();
    let mut done = TokenizeProgress {
        stage,
        documents: 0,
        text_bytes: 0,
        read_bytes: 0,
        total_bytes: source.bytes(),
    };
    let mut batch: Vec<Document> = Vec::new();
    loop {
        batch.clear();
        let mut bytes = 0;
        while batch.len() < BATCH_DOCUMENTS && bytes < BATCH_BYTES {
            let Some(document) = documents.next().transpose()? else {
                break;
            };
            bytes += document.text.len();
            batch.push(document);
        }
        if batch.is_empty() {
            break;
        }
        each(done.documents, &batch)?;
        done.documents += batch.len() as u64;
        done.text_bytes += bytes as u64;
        done.read_bytes = documents.bytes_read();
        progress(&done);
    }
    if done.documents == 0 {
        return Err(CorpusError::EmptyCorpus {
            path: source.settings().path.clone(),
            empty: documents.empty(),
        });
    }
    Ok(documents.empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::SourceSettings;

    fn sample() -> DocumentSource {
        DocumentSource::open(&SourceSettings::new("builtin:tinystories-sample")).unwrap()
    }

    #[test]
    fn the_sample_becomes_two_stores() {
        let directory = tempfile::tempdir().unwrap();
        let source = sample();
        let split = Split::new(0.05, 7).unwrap();
        let choice = TokenizerChoice::Bpe { vocabulary: 2048 };
        let mut seen = Vec::new();
        let mut progress = |progress: &TokenizeProgress| seen.push(*progress);
        let tokenizer = choice.build(&source, Some(&split), &mut progress).unwrap();
        let paths = ["training.bin", "validation.bin"].map(|name| directory.path().join(name));
        let corpus = tokenize(
            &source,
            &tokenizer,
            &split,
            &paths[0],
            &paths[1],
            &mut progress,
        )
        .unwrap();

        assert_eq!(corpus.empty_documents, 0);
        assert_eq!(
            corpus.training.documents() + corpus.validation.documents(),
            997
        );
        assert!((20..90).contains(&corpus.validation.documents()));
        let mut stores = [
            (&corpus.training, corpus.training_totals, 0),
            (&corpus.validation, corpus.validation_totals, 0),
        ];
        for (i, document) in (0..).zip(source.documents()) {
            let text = document.unwrap().text;
            let (store, totals, next) = &mut stores[usize::from(split.is_validation(i))];
            let tokens = store.document(*next).to_vec();
            let (&end, tokens) = tokens.split_last().unwrap();
            assert_eq!(end, tokenizer.end_of_text());
            assert_eq!(tokenizer.decode(tokens).unwrap(), text);
            totals.bytes -= text.len() as u64;
            *next += 1;
        }
        for (store, totals, _) in stores {
            assert_eq!(totals.bytes, 0);
            assert_eq!(totals.documents, store.documents() as u64);
            assert_eq!(totals.tokens, store.tokens());
        }

        let last = seen.last().unwrap();
        assert_eq!((last.stage, last.documents), (TokenizeStage::Encode, 997));
        assert_eq!((last.read_bytes, last.total_bytes), (969_876, 969_876));
        assert!(
            seen.iter()
                .any(|p| p.stage == TokenizeStage::TrainTokenizer)
        );
    }

    #[test]
    fn the_stores_do_not_depend_on_threads() {
        let directory = tempfile::tempdir().unwrap();
        let checksums = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let (store, totals) = pool.build().unwrap().install(|| {
                let path = directory.path().join("all.bin");
                tokenize_whole(&sample(), &Tokenizer::gpt2(), path, &mut |_| {}).unwrap()
            });
            assert_eq!(totals.documents, 997);
            store.checksum()
        });
        assert_eq!(checksums[0], checksums[1]);
    }

    #[test]
    fn a_split_has_two_sides_and_a_corpus_has_text() {
        let directory = tempfile::tempdir().unwrap();
        let run = |text: &str| {
            let path = directory.path().join("a.txt");
            fs::write(&path, text).unwrap();
            let source =
                DocumentSource::open(&SourceSettings::new(path.display().to_string())).unwrap();
            let split = Split::new(0.5, 1).unwrap();
            let stores = ["t.bin", "v.bin"].map(|name| directory.path().join(name));
            let tokenizer = Tokenizer::gpt2();
            let error = tokenize(
                &source,
                &tokenizer,
                &split,
                &stores[0],
                &stores[1],
                &mut |_| {},
            )
            .unwrap_err();
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
            error
        };
        assert!(matches!(
            run("one document"),
            CorpusError::EmptySplit { documents: 1, .. }
        ));
        assert!(matches!(
            run(" \n"),
            CorpusError::EmptyCorpus { empty: 1, .. }
        ));
    }

    #[test]
    fn choices_are_read_as_written() {
        for (json, choice) in [
            (r#"{"kind":"gpt2"}"#, TokenizerChoice::Gpt2),
            (
                r#"{"kind":"bpe","vocabulary":2048}"#,
                TokenizerChoice::Bpe { vocabulary: 2048 },
            ),
            (
                r#"{"kind":"file","path":"a.json"}"#,
                TokenizerChoice::File {
                    path: "a.json".into(),
                },
            ),
        ] {
            assert_eq!(serde_json::to_string(&choice).unwrap(), json);
            assert_eq!(
                serde_json::from_str::<TokenizerChoice>(json).unwrap(),
                choice
            );
        }
    }
}
