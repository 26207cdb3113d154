//! Documents of JSON lines: an object a line, with the text in one of its fields.

use serde_json::Value;

use super::document::{Document, Origin};
use super::input::Input;
use crate::CorpusError;

/// The documents of a JSON lines file, in order. Empty documents are among them; blank lines are
/// not documents.
pub(super) struct JsonDocuments {
    input: Input,
    field: String,
    /// Number of lines that have been read.
    line: u64,
    buffer: Vec<u8>,
}

impl JsonDocuments {
    pub(super) fn new(input: Input, field: String) -> Self {
        Self {
            input,
            field,
            line: 0,
            buffer: Vec::new(),
        }
    }

    fn document(&self) -> Result<Document, CorpusError> {
        let origin = Origin::line(&self.input.file, self.line);
        let invalid = |origin, problem: String| Err(CorpusError::InvalidJson { origin, problem });
        let Ok(line) = std::str::from_utf8(&self.buffer) else {
            return Err(CorpusError::InvalidUtf8 { origin });
        };
        let mut object = match serde_json::from_str(line) {
            Ok(Value::Object(object)) => object,
            Ok(other) => return invalid(origin, format!("this is {}", kind(&other))),
            Err(error) => {
                // The parser speaks of its own line 1; the column is of use.
                let problem = error.to_string();
                let problem = problem.replacen("at line 1 column", "at column", 1);
                return invalid(origin, problem);
            }
        };
        match object.remove(&self.field) {
            Some(Value::String(text)) => Ok(Document { text, origin }),
            Some(other) => Err(CorpusError::WrongFieldType {
                origin,
                field: self.field.clone(),
                found: kind(&other).into(),
            }),
            None => Err(CorpusError::MissingField {
                origin,
                field: self.field.clone(),
                found: object.into_iter().map(|(name, _)| name).collect(),
            }),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl Iterator for JsonDocuments {
    type Item = Result<Document, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.buffer.clear();
            let line = self.line + 1;
            match self.input.read_until(b'\n', &mut self.buffer, line) {
                Ok(0) => return None,
                Ok(_) => self.line = line,
                Err(error) => return Some(Err(error)),
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Some(self.document());
            }
        }
    }
}
