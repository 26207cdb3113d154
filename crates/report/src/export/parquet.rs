//! The long table as a Parquet file.

use std::path::Path;
use std::sync::Arc;

use autophage_durable::write_atomically;
use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::MetricRow;
use crate::ReportError;

const SCHEMA: &str = "message metrics {
    required binary run (UTF8);
    required binary name (UTF8);
    required int64 seed (UINT_64);
    required binary paradigm (UTF8);
    required int32 generation (UINT_32);
    required binary metric (UTF8);
    required double value;
    optional double standard_error;
}";

/// Writes the rows as Parquet, with columns of the names that [`MetricRow`] has.
///
/// # Errors
/// A file that cannot be written.
pub fn write_parquet(rows: &[MetricRow], path: &Path) -> Result<(), ReportError> {
    let bytes = encode(rows).map_err(|error| ReportError::File {
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })?;
    write_atomically(path, &bytes).map_err(ReportError::file(path))
}

fn encode(rows: &[MetricRow]) -> ParquetResult<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("autophage {}", env!("CARGO_PKG_VERSION")))
        .build();
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let mut column = 0;
    while let Some(mut into) = group.next_column()? {
        write_column(into.untyped(), column, rows)?;
        into.close()?;
        column += 1;
    }
    group.close()?;
    writer.into_inner()
}

/// Writes the column of this place in the schema.
fn write_column(
    writer: &mut ColumnWriter<'_>,
    place: usize,
    rows: &[MetricRow],
) -> ParquetResult<()> {
    match writer {
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let text = |row: &MetricRow| match place {
                0 => ByteArray::from(row.run.as_str()),
                1 => ByteArray::from(row.name.as_str()),
                3 => ByteArray::from(row.paradigm.as_str()),
                _ => ByteArray::from(row.metric.as_str()),
            };
            let values: Vec<ByteArray> = rows.iter().map(text).collect();
            writer.write_batch(&values, None, None)?;
        }
        // Unsigned numbers are stored by their bits.
        ColumnWriter::Int64ColumnWriter(writer) => {
            let values: Vec<i64> = rows.iter().map(|row| row.seed.cast_signed()).collect();
            writer.write_batch(&values, None, None)?;
        }
        ColumnWriter::Int32ColumnWriter(writer) => {
            let values: Vec<i32> = rows
                .iter()
                .map(|row| row.generation.cast_signed())
                .collect();
            writer.write_batch(&values, None, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) if place == 6 => {
            let values: Vec<f64> = rows.iter().map(|row| row.value).collect();
            writer.write_batch(&values, None, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let levels: Vec<i16> = rows
                .iter()
                .map(|row| i16::from(row.standard_error.is_some()))
                .collect();
            let values: Vec<f64> = rows.iter().filter_map(|row| row.standard_error).collect();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        _ => {
            return Err(ParquetError::General(
                "the schema has a type without a column".to_owned(),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, RowAccessor};

    fn row(generation: u32, metric: &str, value: f64, standard_error: Option<f64>) -> MetricRow {
        MetricRow {
            run: "runs/a, b".to_owned(),
            name: "naïve".to_owned(),
            seed: u64::MAX,
            paradigm: "replace".to_owned(),
            generation,
            metric: metric.to_owned(),
            value,
            standard_error,
        }
    }

    /// The crate's row reader knows nothing of how the columns were written.
    #[test]
    fn a_reader_finds_every_row() {
        let rows = [
            row(0, "probe/\" a\"→\" b\"/model", 0.1 + 0.2, None),
            row(1, "perplexity/perplexity", 55.5, Some(2.25)),
            row(
                2,
                "perplexity/perplexity",
                f64::MAX,
                Some(f64::MIN_POSITIVE),
            ),
        ];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.parquet");
        write_parquet(&rows, &path).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let found: Vec<MetricRow> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|found| {
                let found = found.unwrap();
                let text = |place| found.get_string(place).unwrap().clone();
                let error = found.get_column_iter().last().unwrap();
                MetricRow {
                    run: text(0),
                    name: text(1),
                    seed: found.get_ulong(2).unwrap(),
                    paradigm: text(3),
                    generation: found.get_uint(4).unwrap(),
                    metric: text(5),
                    value: found.get_double(6).unwrap(),
                    standard_error: match error.1 {
                        Field::Double(error) => Some(*error),
                        _ => None,
                    },
                }
            })
            .collect();
        assert_eq!(found, rows);
        write_parquet(&[], &path).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
