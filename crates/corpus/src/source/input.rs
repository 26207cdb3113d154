//! The bytes of a corpus file, decompressed as they are read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::document::Origin;
use super::files::{Compression, CorpusFile, Place};
use crate::CorpusError;

/// How many bytes of the corpus have been read, as they are stored.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadCounter(Arc<AtomicU64>);

impl ReadCounter {
    pub(super) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The lines of a file, or the pieces between other bytes.
pub(super) struct Input {
    reader: Box<dyn BufRead + Send>,
    compression: Compression,
    pub(super) file: Arc<Path>,
}

impl Input {
    pub(super) fn open(file: &CorpusFile, counter: &ReadCounter) -> Result<Self, CorpusError> {
        let (name, bytes): (Arc<Path>, Box<dyn Read + Send>) = match &file.place {
            Place::Disk(path) => {
                let opened = File::open(path).map_err(CorpusError::io("open", path))?;
                (path.as_path().into(), Box::new(opened))
            }
            Place::Memory { name, bytes } => (Path::new(name).into(), Box::new(*bytes)),
        };
        let counted = BufReader::with_capacity(
            1 << 17,
            Counted {
                bytes,
                counter: counter.clone(),
            },
        );
        let reader: Box<dyn BufRead + Send> = match file.compression {
            Compression::None => Box::new(counted),
            Compression::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(counted))),
            Compression::Zstandard => Box::new(BufReader::new(
                zstd::Decoder::with_buffer(counted).map_err(CorpusError::io("read", &name))?,
            )),
        };
        Ok(Self {
            reader,
            compression: file.compression,
            file: name,
        })
    }

    /// Appends to `bytes` what follows up to and with the next `end`, or up to the end of the file.
    /// `line` is the number of the line that is being read, for messages.
    pub(super) fn read_until(
        &mut self,
        end: u8,
        bytes: &mut Vec<u8>,
        line: u64,
    ) -> Result<usize, CorpusError> {
        self.reader
            .read_until(end, bytes)
            .map_err(|error| self.error(error, line))
    }

    /// Appends all the rest to `bytes`.
    pub(super) fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> Result<usize, CorpusError> {
        self.reader
            .read_to_end(bytes)
            .map_err(|error| self.error(error, 1))
    }

    fn error(&self, error: io::Error, line: u64) -> CorpusError {
        let format = match self.compression {
            Compression::None => return CorpusError::io("read", &self.file)(error),
            Compression::Gzip => "gzip",
            Compression::Zstandard => "zstd",
        };
        CorpusError::DamagedFile {
            origin: Origin::line(&self.file, line),
            format,
            problem: error.to_string(),
        }
    }
}

struct Counted {
    bytes: Box<dyn Read + Send>,
    counter: ReadCounter,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.counter.add(read as u64);
        Ok(read)
    }
}
