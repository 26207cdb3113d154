//! Documents of Parquet files: one column, read a few rows at a time.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::document::{Document, Origin};
use super::input::ReadCounter;
use crate::CorpusError;

/// Rows that are read at once.
const BATCH: usize = 64;

/// The documents of a Parquet file, in order. Empty documents are among them.
pub(super) struct ParquetDocuments {
    file: Arc<Path>,
    reader: SerializedFileReader<File>,
    field: String,
    /// Number of the text column.
    column: usize,
    /// Number of row groups that have been begun.
    row_groups: usize,
    /// The text column of the present row group, and how many of its rows are left.
    texts: Option<(ColumnReaderImpl<ByteArrayType>, u64)>,
    /// Texts that have been read; `None` where the column has no value.
    batch: std::vec::IntoIter<Option<ByteArray>>,
    /// Number of rows that have been handed out.
    row: u64,
    counter: ReadCounter,
    /// What a row adds to the counter: its share of the file.
    bytes_per_row: f64,
    counted: u64,
}

impl ParquetDocuments {
    pub(super) fn open(
        path: &Path,
        field: &str,
        bytes: u64,
        counter: &ReadCounter,
    ) -> Result<Self, CorpusError> {
        let file: Arc<Path> = path.into();
        let opened = File::open(path).map_err(CorpusError::io("open", path))?;
        let reader = guarded(|| SerializedFileReader::new(opened))
            .map_err(|error| damaged(&file, 1, error))?;
        let metadata = reader.metadata().file_metadata();
        let columns = metadata.schema_descr().columns();
        let Some(column) = columns
            .iter()
            .position(|column| column.path().string() == field)
        else {
            return Err(CorpusError::MissingField {
                origin: Origin::row(&file, 1),
                field: field.into(),
                found: columns.iter().map(|c| c.path().string()).collect(),
            });
        };
        let found = &columns[column];
        if found.physical_type() != Type::BYTE_ARRAY || found.max_rep_level() > 0 {
            return Err(CorpusError::WrongFieldType {
                origin: Origin::row(&file, 1),
                field: field.into(),
                found: match found.max_rep_level() {
                    0 => format!("of type {}", found.physical_type()),
                    _ => "a list".into(),
                },
            });
        }
        let rows = metadata.num_rows().max(1);
        Ok(Self {
            field: field.into(),
            column,
            row_groups: 0,
            texts: None,
            batch: Vec::new().into_iter(),
            row: 0,
            counter: counter.clone(),
            bytes_per_row: bytes as f64 / rows as f64,
            counted: 0,
            file,
            reader,
        })
    }

    /// Reads the next rows; none at the end of the file.
    fn fill(&mut self) -> ParquetResult<()> {
        while self.batch.as_slice().is_empty() {
            let Some((texts, left)) = &mut self.texts else {
                if self.row_groups == self.reader.num_row_groups() {
                    return Ok(());
                }
                let group = self.reader.get_row_group(self.row_groups)?;
                let rows = u64::try_from(group.metadata().num_rows())
                    .map_err(|_| ParquetError::General("negative number of rows".into()))?;
                let ColumnReader::ByteArrayColumnReader(texts) =
                    group.get_column_reader(self.column)?
                else {
                    return Err(ParquetError::General("the column changes its type".into()));
                };
                self.row_groups += 1;
                self.texts = Some((texts, rows));
                continue;
            };
            if *left == 0 {
                self.texts = None;
                continue;
            }
            let (mut levels, mut values) = (Vec::new(), Vec::new());
            let wanted = (*left).min(BATCH as u64) as usize;
            let (rows, ..) = texts.read_records(wanted, Some(&mut levels), None, &mut values)?;
            if rows == 0 {
                return Err(ParquetError::EOF("a row group ends before its rows".into()));
            }
            *left -= rows as u64;
            // Without levels every row has a value; with them, those of the highest level have.
            let highest = self.reader.metadata().file_metadata().schema_descr();
            let highest = highest.column(self.column).max_def_level();
            let mut values = values.into_iter();
            let batch: Vec<Option<ByteArray>> = match highest {
                0 => values.map(Some).collect(),
                _ => levels
                    .iter()
                    .map(|&level| {
                        if level == highest {
                            values.next()
                        } else {
                            None
                        }
                    })
                    .collect(),
            };
            self.batch = batch.into_iter();
        }
        Ok(())
    }

    fn document(&self, value: Option<ByteArray>) -> Result<Document, CorpusError> {
        let origin = Origin::row(&self.file, self.row);
        let Some(value) = value else {
            return Err(CorpusError::WrongFieldType {
                origin,
                field: self.field.clone(),
                found: "null".into(),
            });
        };
        match std::str::from_utf8(value.data()) {
            Ok(text) => Ok(Document {
                text: text.into(),
                origin,
            }),
            Err(_) => Err(CorpusError::InvalidUtf8 { origin }),
        }
    }
}

impl Iterator for ParquetDocuments {
    type Item = Result<Document, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = guarded(|| self.fill()) {
            return Some(Err(damaged(&self.file, self.row + 1, error)));
        }
        let value = self.batch.next()?;
        self.row += 1;
        let counted = (self.row as f64 * self.bytes_per_row) as u64;
        self.counter.add(counted - self.counted);
        self.counted = counted;
        Some(self.document(value))
    }
}

/// The Parquet reader trusts some of what a file says, and panics where a damaged one contradicts
/// itself.
fn guarded<T>(read: impl FnOnce() -> ParquetResult<T>) -> ParquetResult<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(ParquetError::General(
            "its contents contradict themselves".into(),
        ))
    })
}

fn damaged(file: &Arc<Path>, row: u64, error: ParquetError) -> CorpusError {
    CorpusError::DamagedFile {
        origin: Origin::row(file, row),
        format: "Parquet",
        problem: error.to_string(),
    }
}
