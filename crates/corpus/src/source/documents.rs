//! The documents of a corpus, one after another.

use std::iter::FusedIterator;

use super::document::Document;
use super::files::{self, CorpusFile, Place};
use super::input::{Input, ReadCounter};
use super::json_lines::JsonDocuments;
use super::parquet::ParquetDocuments;
use super::settings::{Format, SourceSettings};
use super::text::TextDocuments;
use crate::CorpusError;

/// A corpus of text files.
#[derive(Clone, Debug)]
pub struct DocumentSource {
    settings: SourceSettings,
    files: Vec<CorpusFile>,
}

impl DocumentSource {
    /// Finds the files of the corpus. They are read by [`documents`](Self::documents).
    ///
    /// # Errors
    /// A path without a corpus, a directory or glob without matching files, a file of unknown
    /// format.
    pub fn open(settings: &SourceSettings) -> Result<Self, CorpusError> {
        let mut settings = settings.clone();
        let files = files::find(&settings)?;
        if matches!(files[0].place, Place::Memory { .. }) {
            // Bundled corpora have their own fields.
            settings.text_field = SourceSettings::new("").text_field;
        }
        Ok(Self { settings, files })
    }

    /// What the corpus was opened with.
    pub fn settings(&self) -> &SourceSettings {
        &self.settings
    }

    /// Size of all files, as they are stored.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The documents, from the first: file after file in the order of their paths, each from front
    /// to back. Of any file only the document at hand is in memory.
    pub fn documents(&self) -> Documents<'_> {
        Documents {
            source: self,
            files: self.files.iter(),
            current: None,
            empty: 0,
            counter: ReadCounter::default(),
            failed: false,
        }
    }
}

/// Iterator over the documents of a [`DocumentSource`]. Documents that are empty or nothing but
/// white space are skipped and counted. An error ends it.
pub struct Documents<'a> {
    source: &'a DocumentSource,
    files: std::slice::Iter<'a, CorpusFile>,
    current: Option<FileDocuments>,
    empty: u64,
    counter: ReadCounter,
    failed: bool,
}

type FileDocuments = Box<dyn Iterator<Item = Result<Document, CorpusError>> + Send>;

impl Documents<'_> {
    /// Number of empty documents so far.
    pub fn empty(&self) -> u64 {
        self.empty
    }

    /// Bytes of files that have been read so far, of [`DocumentSource::bytes`]. Buffers make it run
    /// ahead of the documents a little.
    pub fn bytes_read(&self) -> u64 {
        self.counter.get()
    }

    fn open(&self, file: &CorpusFile) -> Result<FileDocuments, CorpusError> {
        let settings = &self.source.settings;
        let input = || Input::open(file, &self.counter);
        Ok(match (file.format, &file.place) {
            (Format::Text, _) => Box::new(TextDocuments::new(input()?, settings.separator.clone())),
            (Format::Parquet, Place::Disk(path)) => Box::new(ParquetDocuments::open(
                path,
                &settings.text_field,
                file.bytes,
                &self.counter,
            )?),
            // Bundled corpora are JSON lines.
            (Format::Jsonl, _) | (Format::Parquet, Place::Memory { .. }) => {
                Box::new(JsonDocuments::new(input()?, settings.text_field.clone()))
            }
        })
    }

    fn advance(&mut self) -> Result<Option<Document>, CorpusError> {
        loop {
            let Some(current) = &mut self.current else {
                let Some(file) = self.files.next() else {
                    return Ok(None);
                };
                self.current = Some(self.open(file)?);
                continue;
            };
            match current.next().transpose()? {
                None => self.current = None,
                Some(document) if document.text.trim().is_empty() => self.empty += 1,
                Some(document) => return Ok(Some(document)),
            }
        }
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let document = self.advance();
        self.failed = document.is_err();
        document.transpose()
    }
}

impl FusedIterator for Documents<'_> {}
