//! Exported files, read back by readers that know nothing of the writers.

mod common;
#[path = "../../../tests/tools.rs"]
mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use autophage_lab::Run;
use autophage_report::{MetricRow, metric_rows, write_csv, write_tensorboard};
use common::Bench;

/// The fields of a protocol buffer: number and contents. Numbers of eight and four bytes come as their
/// bytes, and integers as theirs.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for place in 0.. {
            let (&byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                let value = varint(&mut bytes);
                found.push((key >> 3, value.to_le_bytes().to_vec()));
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (contents, rest) = bytes.split_at(length);
        found.push((key >> 3, contents.to_vec()));
        bytes = rest;
    }
    found
}

fn field(message: &[u8], number: u64) -> Option<Vec<u8>> {
    let found = fields(message);
    found.into_iter().find(|(n, _)| *n == number).map(|f| f.1)
}

fn double(bytes: &[u8]) -> f64 {
    f64::from_le_bytes(bytes.try_into().unwrap())
}

/// The data of every record; checksums are looked at by the unit test and by TensorBoard.
fn records(path: &Path) -> Vec<Vec<u8>> {
    let file = fs::read(path).unwrap();
    let mut rest = &file[..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        found.push(rest[12..12 + length].to_vec());
        rest = &rest[16 + length..];
    }
    found
}

#[test]
fn event_files_hold_every_number_by_generation() {
    let bench = Bench::new();
    let directory = bench.run("run", &[]);
    let run = Run::open(&directory).unwrap();
    let events = bench.directory.path().join("events");
    let files = write_tensorboard(std::slice::from_ref(&run), &events).unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].parent().unwrap(), events.join("run"));
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents."), "{name}");

    let records = records(&files[0]);
    assert_eq!(field(&records[0], 3).unwrap(), b"brain.Event:2");
    assert_eq!(records.len(), 1 + 5);
    let mut scalars: BTreeMap<(u32, String), f32> = BTreeMap::new();
    let mut texts = BTreeMap::new();
    let mut histograms = BTreeMap::new();
    let mut before = run.record().created_unix_seconds as f64;
    for (generation, record) in (0u32..).zip(&records[1..]) {
        let time = double(&field(record, 1).unwrap());
        assert!(time >= before);
        before = time;
        let step = field(record, 2).unwrap();
        assert_eq!(step[0], generation as u8);
        for (_, value) in fields(&field(record, 5).unwrap()) {
            let tag = String::from_utf8(field(&value, 1).unwrap()).unwrap();
            let key = (generation, tag);
            if let Some(number) = field(&value, 2) {
                let number = f32::from_le_bytes(number[..].try_into().unwrap());
                assert!(scalars.insert(key, number).is_none());
            } else if let Some(histogram) = field(&value, 5) {
                histograms.insert(key, histogram);
            } else {
                let text = field(&field(&value, 8).unwrap(), 8).unwrap();
                texts.insert(key, String::from_utf8(text).unwrap());
            }
        }
    }
    let rows = metric_rows(&run).unwrap();
    assert_eq!(rows.len(), scalars.len());
    for row in &rows {
        let found = scalars[&(row.generation, row.metric.clone())];
        assert_eq!(found, row.value as f32, "{}", row.metric);
    }
    for generation in 1..=4 {
        let text = run.excerpt(generation, 1).unwrap().unwrap();
        assert_eq!(texts[&(generation, "sample/1".to_owned())], text);
        let histogram = &histograms[&(generation, "generated/length_tokens".to_owned())];
        let corpus = run.metrics(generation).unwrap().diversity.corpus;
        let documents = double(&field(histogram, 3).unwrap());
        assert_eq!(documents, corpus.documents as f64);
        let limits = field(histogram, 6).unwrap();
        let counts = field(histogram, 7).unwrap();
        assert_eq!(limits.len(), counts.len());
        let counts: f64 = counts.chunks(8).map(double).sum();
        assert_eq!(counts, documents);
    }
    assert!(texts[&(0, "experiment".to_owned())].contains("kind = \"ngram\""));

    // Again: the same file with the same bytes, and no second one.
    let bytes = fs::read(&files[0]).unwrap();
    write_tensorboard(&[run], &events).unwrap();
    assert_eq!(fs::read(&files[0]).unwrap(), bytes);
    assert_eq!(fs::read_dir(events.join("run")).unwrap().count(), 1);
}

#[test]
fn runs_of_one_name_have_folders_of_their_own() {
    let bench = Bench::new();
    let runs = ["a/run", "b/run"].map(|name| {
        fs::create_dir_all(bench.directory.path().join(name)).unwrap();
        Run::open(&bench.run(name, &["generations=1"])).unwrap()
    });
    let events = bench.directory.path().join("events");
    let files = write_tensorboard(&runs, &events).unwrap();
    let folders = files.iter().map(|file| file.parent().unwrap());
    assert!(folders.eq([events.join("run"), events.join("run-2")]));
}

#[test]
fn the_table_has_what_was_recorded() {
    let bench = Bench::new();
    let directory = bench.run("run", &["seed=7"]);
    let run = Run::open(&directory).unwrap();
    let rows = metric_rows(&run).unwrap();
    let find = |generation: u32, metric: &str| -> &MetricRow {
        let mut found = rows
            .iter()
            .filter(|row| row.generation == generation && row.metric == metric);
        let row = found.next().unwrap_or_else(|| panic!("{metric}"));
        assert!(found.next().is_none(), "{metric}");
        row
    };
    for generation in 1..=4 {
        let metrics = run.metrics(generation).unwrap();
        let perplexity = find(generation, "perplexity/perplexity");
        assert_eq!(perplexity.value, metrics.perplexity.perplexity);
        assert_eq!(
            perplexity.standard_error,
            metrics.perplexity.perplexity_standard_error
        );
        assert_eq!(
            (perplexity.seed, perplexity.paradigm.as_str()),
            (7, "replace")
        );
        let probe = find(generation, "probe/\" there\"→\" were\"/model");
        assert_eq!(probe.value, metrics.probes[0].probabilities[1]);
        let retention = find(generation, "errors/retention/median");
        assert_eq!(retention.value, metrics.errors.unwrap().retention.median);
        let timing = run.timing(generation).unwrap();
        let seconds = find(generation, "timing/train/seconds");
        assert_eq!(seconds.value, timing.stages.get("train").unwrap().seconds);
    }
    let baseline = run.baseline().unwrap().unwrap();
    let truth = find(0, "probe/\" there\"→\" was\"/corpus/probability");
    assert_eq!(
        Some(truth.value),
        baseline.probes[0].truth.next[0].probability
    );

    let path = bench.directory.path().join("metrics.csv");
    write_csv(&rows, &path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1 + rows.len());
    for (line, row) in text.lines().skip(1).zip(&rows) {
        // The last two fields are numbers, whatever stands before them.
        let mut ends = line.rsplitn(3, ',');
        let error = ends.next().unwrap();
        assert_eq!(error.parse().ok(), row.standard_error);
        assert_eq!(ends.next().unwrap().parse::<f64>().unwrap(), row.value);
        let metric = row.metric.replace('"', "\"\"");
        assert!(ends.next().unwrap().contains(&metric));
    }
}

#[test]
fn tensorboard_opens_the_files() {
    let Some(python) = tools::python_with(&["tensorboard"]) else {
        return;
    };
    let bench = Bench::new();
    let directory = bench.run("run", &[]);
    let run = Run::open(&directory).unwrap();
    let events = bench.directory.path().join("events");
    write_tensorboard(std::slice::from_ref(&run), &events).unwrap();
    let expected = bench.directory.path().join("expected.json");
    let rows: Vec<_> = metric_rows(&run)
        .unwrap()
        .iter()
        .map(|row| serde_json::json!([row.metric, row.generation, row.value]))
        .collect();
    let expect = serde_json::json!({
        "scalars": rows,
        "sample": run.excerpt(3, 0).unwrap(),
        "documents": run.metrics(3).unwrap().diversity.corpus.documents,
    });
    fs::write(&expected, expect.to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/open_events.py");
    let answer = Command::new(python)
        .arg(script)
        .args([events.join("run"), expected])
        .output()
        .unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (said(&answer.stdout), said(&answer.stderr));
    assert!(answer.status.success(), "{out}{err}");
}
