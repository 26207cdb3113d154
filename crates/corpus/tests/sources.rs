//! Corpora in every format, whole and damaged, through the public interface.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_corpus::{CorpusError, DocumentSource, Format, Position, Separator, SourceSettings};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use tempfile::TempDir;

/// A directory with one file of these contents, and settings that name the file.
fn corpus(name: &str, contents: impl AsRef<[u8]>) -> (TempDir, SourceSettings) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, contents).unwrap();
    (directory, SourceSettings::new(path.display().to_string()))
}

/// All texts and the number of empty documents.
fn read(settings: &SourceSettings) -> Result<(Vec<String>, u64), CorpusError> {
    let source = DocumentSource::open(settings)?;
    let mut documents = source.documents();
    let texts = documents.by_ref().map(|d| d.map(|d| d.text));
    let texts = texts.collect::<Result<_, _>>()?;
    Ok((texts, documents.empty()))
}

fn lines(settings: &SourceSettings) -> Vec<(String, u64)> {
    let source = DocumentSource::open(settings).unwrap();
    let line = |document: autophage_corpus::Document| match document.origin.position {
        Position::Line(line) | Position::Row(line) => (document.text, line),
    };
    source.documents().map(|d| line(d.unwrap())).collect()
}

fn with_separator(settings: SourceSettings, separator: &str) -> SourceSettings {
    SourceSettings {
        separator: Some(Separator::try_from(separator.to_owned()).unwrap()),
        ..settings
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 0).unwrap()
}

/// A Parquet file with a number and a text in every row, `group` rows in a row group.
fn parquet(texts: &[Option<&[u8]>], group: usize) -> Vec<u8> {
    let schema = "message rows { required int32 number; optional binary text (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for texts in texts.chunks(group) {
        let mut rows = writer.next_row_group().unwrap();
        let mut column = rows.next_column().unwrap().unwrap();
        let numbers: Vec<i32> = (0..texts.len() as i32).collect();
        let typed = column.typed::<Int32Type>();
        typed.write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
        let mut column = rows.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = texts.iter().flatten().map(|t| t.to_vec().into()).collect();
        let levels: Vec<i16> = texts.iter().map(|t| i16::from(t.is_some())).collect();
        let typed = column.typed::<ByteArrayType>();
        typed.write_batch(&values, Some(&levels), None).unwrap();
        column.close().unwrap();
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_text_file_is_one_document_as_it_is() {
    let (_directory, settings) = corpus("a.txt", "\n one\n\ntwo<|endoftext|>\n");
    let whole = "\n one\n\ntwo<|endoftext|>\n".to_owned();
    assert_eq!(read(&settings).unwrap(), (vec![whole], 0));
    let (_directory, settings) = corpus("a.txt", "");
    assert_eq!(read(&settings).unwrap(), (vec![], 1));
}

#[test]
fn a_separator_may_stand_anywhere() {
    let text = "one\ntwo\n<|endoftext|>\n\nthree > <|endoftext|><|endoftext|> \r\n four\r\n";
    let (_directory, settings) = corpus("a.txt", text);
    let settings = with_separator(settings, "<|endoftext|>");
    assert_eq!(
        lines(&settings),
        [
            ("one\ntwo".into(), 1),
            ("three > ".into(), 5),
            (" \r\n four".into(), 5)
        ]
    );
    assert_eq!(read(&settings).unwrap().1, 1);
    let (_directory, settings) = corpus("a.txt", "one<|endoftext|>\n");
    let settings = with_separator(settings, "<|endoftext|>");
    assert_eq!(read(&settings).unwrap(), (vec!["one".into()], 0));
}

#[test]
fn blank_lines_separate_paragraphs() {
    let (_directory, settings) = corpus("a.txt", "\n\none\n two\n \t\n\r\n\nthree\r\n\r\nfour");
    let settings = with_separator(settings, "blank-lines");
    assert_eq!(
        lines(&settings),
        [
            ("one\n two".into(), 3),
            ("three".into(), 8),
            ("four".into(), 10)
        ]
    );
}

#[test]
fn json_lines_plain_and_compressed() {
    let text = "{\"text\": \"one\\n\", \"id\": 1}\n\n{\"text\": \"\"}\n{\"text\": \" \"}\n{\"text\":\"zwei ü\"}";
    let bytes = text.as_bytes();
    // Compressed files may be several put together.
    let two_parts = [zstandard(&bytes[..20]), zstandard(&bytes[20..])].concat();
    for (name, contents) in [
        ("a.jsonl", bytes.to_vec()),
        ("a.ndjson", bytes.to_vec()),
        ("a.jsonl.gz", gzip(bytes)),
        (
            "a.jsonl.gz",
            [gzip(&bytes[..30]), gzip(&bytes[30..])].concat(),
        ),
        ("a.jsonl.zst", zstandard(bytes)),
        ("a.jsonl.zst", two_parts),
    ] {
        let (_directory, settings) = corpus(name, contents);
        let expected = vec!["one\n".into(), "zwei ü".into()];
        assert_eq!(read(&settings).unwrap(), (expected, 2), "{name}");
        assert_eq!(lines(&settings)[1].1, 5, "{name}");
    }
}

#[test]
fn parquet_in_several_row_groups() {
    let texts: Vec<String> = (0..500).map(|i| format!("text {}", i % 7)).collect();
    let rows: Vec<Option<&[u8]>> = texts.iter().map(|text| Some(text.as_bytes())).collect();
    let (_directory, settings) = corpus("a.parquet", parquet(&rows, 130));
    assert_eq!(read(&settings).unwrap(), (texts, 0));
    assert_eq!(lines(&settings)[499].1, 500);
    let (_directory, settings) = corpus("a.parquet", parquet(&[], 10));
    assert_eq!(read(&settings).unwrap(), (vec![], 0));
}

#[test]
fn a_directory_is_read_in_the_order_of_names() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("b")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
    write("c.txt", b"c");
    write("b/x.parquet", &parquet(&[Some(b"b")], 1));
    write("a.jsonl.gz", &gzip(b"{\"text\": \"a\"}"));
    let settings = SourceSettings::new(directory.path().display().to_string());
    assert_eq!(read(&settings).unwrap().0, ["a", "b", "c"]);
    let source = DocumentSource::open(&settings).unwrap();
    let mut documents = source.documents();
    assert_eq!(documents.by_ref().count(), 3);
    assert_eq!(documents.bytes_read(), source.bytes());
}

#[test]
fn the_bundled_stories() {
    let settings = SourceSettings::new("builtin:tinystories-sample");
    let (texts, empty) = read(&settings).unwrap();
    assert_eq!((texts.len(), empty), (997, 0));
    assert!(texts[0].starts_with("One day, a little girl named Lily found a needle"));
}

/// The message of the error, with the path as `FILE`.
fn message(settings: &SourceSettings) -> String {
    let error = read(settings).unwrap_err().to_string();
    error.replace(&settings.path, "FILE")
}

#[test]
fn invalid_utf8_is_found_with_its_line() {
    for (separator, line) in [
        (None, 4),
        (Some("<|endoftext|>"), 4),
        (Some("blank-lines"), 4),
    ] {
        let (_directory, settings) = corpus("a.txt", b"one\n\ntwo\nth\xffree\n");
        let settings = match separator {
            Some(separator) => with_separator(settings, separator),
            None => settings,
        };
        let expected = format!("FILE, line {line}: invalid UTF-8");
        assert!(message(&settings).starts_with(&expected));
    }
    let (_directory, settings) = corpus("a.jsonl", b"{\"text\": \"\"}\n{\"text\": \"\xc3\"}\n");
    assert!(message(&settings).starts_with("FILE, line 2: invalid UTF-8"));
    let rows: [Option<&[u8]>; 2] = [Some(b"one"), Some(b"\xc3")];
    let (_directory, settings) = corpus("a.parquet", parquet(&rows, 1));
    assert!(message(&settings).starts_with("FILE, row 2: invalid UTF-8"));
}

#[test]
fn json_that_has_no_text_is_explained() {
    for (line, expected) in [
        (
            r#"{"story": "x", "id": 1}"#,
            r#"FILE, line 2: there is no field "text"; the fields are "id" and "story""#,
        ),
        (
            r#"{}"#,
            r#"FILE, line 2: there is no field "text"; the fields are none"#,
        ),
        (
            r#"{"text": 1}"#,
            r#"FILE, line 2: the field "text" is a number, not a string"#,
        ),
        (
            r#"{"text": null}"#,
            r#"FILE, line 2: the field "text" is null, not a string"#,
        ),
        (
            r#"["text"]"#,
            "FILE, line 2: this is an array; every line must be one JSON object",
        ),
        (
            r#"{"text": "x"#,
            "FILE, line 2: EOF while parsing a string at column 11; every line must be one JSON object",
        ),
    ] {
        let (_directory, settings) = corpus("a.jsonl", format!("{{\"text\": \"\"}}\n{line}"));
        assert_eq!(message(&settings), expected);
    }
    let (_directory, settings) = corpus("a.jsonl", r#"{"story": "x", "text": 1}"#);
    let settings = SourceSettings {
        text_field: "story".into(),
        ..settings
    };
    assert_eq!(read(&settings).unwrap().0, ["x"]);
}

#[test]
fn parquet_that_has_no_text_is_explained() {
    let (_directory, settings) = corpus("a.parquet", parquet(&[Some(b"one"), None], 2));
    assert_eq!(
        message(&settings),
        r#"FILE, row 2: the field "text" is null, not a string"#
    );
    let field = |name: &str| SourceSettings {
        text_field: name.into(),
        ..settings.clone()
    };
    assert_eq!(
        message(&field("story")),
        r#"FILE, row 1: there is no field "story"; the fields are "number" and "text""#
    );
    assert_eq!(
        message(&field("number")),
        r#"FILE, row 1: the field "number" is of type INT32, not a string"#
    );
}

#[test]
fn truncated_files_are_noticed() {
    let text = "{\"text\": \"a story of some length\"}\n".repeat(500);
    let rows = vec![Some(text.as_bytes()); 3];
    for (name, bytes, format) in [
        ("a.jsonl.gz", gzip(text.as_bytes()), "gzip"),
        ("a.jsonl.zst", zstandard(text.as_bytes()), "zstd"),
        ("a.parquet", parquet(&rows, 1), "Parquet"),
    ] {
        for keep in [bytes.len() / 3, bytes.len() - 5] {
            let (_directory, settings) = corpus(name, &bytes[..keep]);
            let message = message(&settings);
            let expected = format!("cannot be read as {format}: ");
            assert!(message.starts_with("FILE, "), "{message}");
            assert!(message.contains(&expected), "{message}");
            assert!(message.contains("truncated"), "{message}");
        }
    }
    let (_directory, settings) = corpus("a.jsonl.gz", "this is no gzip");
    assert!(message(&settings).contains("cannot be read as gzip"));
}

#[test]
fn missing_and_unknown_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { directory.path().join(name) };
    fs::write(path("notes.md"), "x").unwrap();
    let settings = |path: &Path| SourceSettings::new(path.display().to_string());
    assert!(message(&settings(&path("none.txt"))).starts_with("there is no corpus at FILE"));
    assert!(message(&settings(directory.path())).starts_with("there are no corpus files in FILE"));
    assert!(message(&settings(&path("*.txt"))).starts_with("there are no corpus files in FILE"));
    assert!(message(&settings(&path("notes.md"))).starts_with("cannot tell the format of FILE"));
    assert!(message(&SourceSettings::new("builtin:none")).contains("builtin:tinystories-sample"));
    let forced = SourceSettings {
        format: Some(Format::Text),
        ..settings(&path("notes.md"))
    };
    assert_eq!(read(&forced).unwrap().0, ["x"]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        name in prop::sample::select(vec![
            "a.txt", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        separator in prop::sample::select(vec![None, Some("blank-lines"), Some("\n"), Some("aba")]),
    ) {
        let (_directory, settings) = corpus(name, bytes);
        let settings = match separator {
            Some(separator) => with_separator(settings, separator),
            None => settings,
        };
        let _ = read(&settings);
    }

    #[test]
    fn damage_never_panics(
        format in 0usize..3,
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let text = "{\"text\": \"a story\"}\n".repeat(20);
        let rows: Vec<Option<&[u8]>> = (0..20).map(|i| Some(&text.as_bytes()[i..])).collect();
        let (name, mut bytes) = match format {
            0 => ("a.jsonl.gz", gzip(text.as_bytes())),
            1 => ("a.jsonl.zst", zstandard(text.as_bytes())),
            _ => ("a.parquet", parquet(&rows, 7)),
        };
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let (_directory, settings) = corpus(name, bytes);
        let _ = read(&settings);
    }

    #[test]
    fn any_lines_come_back(texts in proptest::collection::vec(any::<String>(), 0..20)) {
        let mut file = String::new();
        for text in &texts {
            file += &serde_json::json!({ "n": 1, "text": text }).to_string();
            file += "\n";
        }
        let (_directory, settings) = corpus("a.jsonl", file);
        let (read, empty) = read(&settings).unwrap();
        let mut texts = texts;
        let all = texts.len();
        texts.retain(|text| !text.trim().is_empty());
        prop_assert_eq!(empty as usize, all - texts.len());
        prop_assert_eq!(read, texts);
    }

    /// A naive reading: split at the separator, drop line breaks around each piece.
    #[test]
    fn separated_texts_are_as_split(text in "[ab|\n]{0,60}") {
        let (_directory, settings) = corpus("a.txt", &text);
        let mut expected: Vec<&str> = text.split("||").map(|t| t.trim_matches('\n')).collect();
        expected.retain(|text| !text.trim().is_empty());
        prop_assert_eq!(read(&with_separator(settings, "||")).unwrap().0, expected);
    }
}
