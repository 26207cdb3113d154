//! Documents of plain text files.

use super::document::{Document, Origin};
use super::input::Input;
use super::settings::Separator;
use crate::CorpusError;

/// The documents of a text file, in order. Empty documents are among them.
pub(super) struct TextDocuments {
    input: Input,
    separator: Option<Separator>,
    /// Number of the line that is read next.
    line: u64,
    ended: bool,
}

impl TextDocuments {
    pub(super) fn new(input: Input, separator: Option<Separator>) -> Self {
        Self {
            input,
            separator,
            line: 1,
            ended: false,
        }
    }

    /// The whole file, as it is.
    fn whole(&mut self) -> Result<Option<Document>, CorpusError> {
        let mut bytes = Vec::new();
        self.input.read_to_end(&mut bytes)?;
        self.ended = true;
        self.document(bytes).map(Some)
    }

    /// All up to the next `separator`.
    fn piece(&mut self, separator: &[u8]) -> Result<Option<Document>, CorpusError> {
        let last = *separator.last().expect("a separator is not empty");
        let mut bytes = Vec::new();
        while !bytes.ends_with(separator) {
            if self.input.read_until(last, &mut bytes, self.line)? == 0 {
                self.ended = true;
                // What follows the last separator is a document only if there is text in it: most
                // files end with a separator and a line break.
                return match bytes.trim_ascii().is_empty() {
                    true => Ok(None),
                    false => self.trimmed(bytes, 0).map(Some),
                };
            }
        }
        self.trimmed(bytes, separator.len()).map(Some)
    }

    /// The lines up to the next blank one.
    fn paragraph(&mut self) -> Result<Option<Document>, CorpusError> {
        let mut bytes = Vec::new();
        let mut blank = 0;
        loop {
            let before = bytes.len();
            if self.input.read_until(b'\n', &mut bytes, self.line)? == 0 {
                self.ended = true;
                break;
            }
            if bytes[before..].trim_ascii().is_empty() {
                if before > 0 {
                    blank = bytes.len() - before;
                    break;
                }
                self.line += 1;
                bytes.clear();
            }
        }
        match bytes.is_empty() {
            true => Ok(None),
            false => self.trimmed(bytes, blank).map(Some),
        }
    }

    /// A document of `bytes` without the last `separator` of them and without the line breaks around
    /// it.
    fn trimmed(&mut self, mut bytes: Vec<u8>, separator: usize) -> Result<Document, CorpusError> {
        let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let text = &bytes[..bytes.len() - separator];
        let end = text.iter().rposition(|b| !is_break(b)).map_or(0, |i| i + 1);
        let begin = text[..end].iter().position(|b| !is_break(b)).unwrap_or(0);
        let (before, after) = (count_lines(&bytes[..begin]), count_lines(&bytes[end..]));
        bytes.truncate(end);
        bytes.drain(..begin);
        self.line += before;
        let document = self.document(bytes)?;
        self.line += after;
        Ok(document)
    }

    /// A document of these bytes, which begin in the present line.
    fn document(&mut self, bytes: Vec<u8>) -> Result<Document, CorpusError> {
        let begin = self.line;
        self.line += count_lines(&bytes);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Document {
                text,
                origin: Origin::line(&self.input.file, begin),
            }),
            Err(error) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                Err(CorpusError::InvalidUtf8 {
                    origin: Origin::line(&self.input.file, begin + count_lines(valid)),
                })
            }
        }
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

impl Iterator for TextDocuments {
    type Item = Result<Document, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let separator = self.separator.take();
        let document = match &separator {
            None => self.whole(),
            Some(Separator::BlankLines) => self.paragraph(),
            Some(Separator::Literal(text)) => self.piece(text.as_bytes()),
        };
        self.separator = separator;
        document.transpose()
    }
}
