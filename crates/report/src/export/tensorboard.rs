//! Runs as TensorBoard shows them: every number as a scalar, lengths and perplexities of generated
//! text as histograms, and what was written as text, all by generation.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use autophage_durable::write_atomically;
use autophage_lab::{LabError, Metrics, Run};

use super::event::{self, Histogram, Summary};
use super::record;
use super::table::scalars;
use crate::ReportError;

/// Documents of every generation that are shown.
const SAMPLES: usize = 3;

/// Writes every run into a folder of its own below `directory`, and returns the files. What an earlier
/// call wrote of the same run is continued, so that a TensorBoard that looks on sees new generations.
///
/// The step of an event is its generation; 0 is the real text. Its time is that at which the run was
/// begun plus what its generations took, pauses not counted.
///
/// # Errors
/// A damaged file of a run, or one that cannot be written.
pub fn write_tensorboard(runs: &[Run], directory: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut folders = BTreeSet::new();
    let mut files = Vec::new();
    for run in runs {
        let folder = directory.join(folder(run, &mut folders));
        fs::create_dir_all(&folder).map_err(ReportError::file(&folder))?;
        let begun = run.record().created_unix_seconds;
        let path = folder.join(format!("events.out.tfevents.{begun}.autophage"));
        write_or_continue(&path, &events(run)?).map_err(ReportError::file(&path))?;
        files.push(path);
    }
    Ok(files)
}

/// Appends what is new where the file has the beginning of `events`; else replaces it.
fn write_or_continue(path: &Path, events: &[u8]) -> io::Result<()> {
    let known = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        known => known?,
    };
    match events.strip_prefix(&known[..]) {
        Some(new) if !known.is_empty() => {
            let mut file = fs::OpenOptions::new().append(true).open(path)?;
            file.write_all(new)?;
            file.sync_all()
        }
        _ => write_atomically(path, events),
    }
}

/// The name of the run's directory, or that with a number where another run has it.
fn folder(run: &Run, known: &mut BTreeSet<String>) -> String {
    let name = crate::run_data::name_of(run);
    let mut unique = name.clone();
    let mut number = 1;
    while !known.insert(unique.clone()) {
        number += 1;
        unique = format!("{name}-{number}");
    }
    unique
}

fn events(run: &Run) -> Result<Vec<u8>, LabError> {
    let mut time = run.record().created_unix_seconds as f64;
    let mut file = Vec::new();
    record::push(&mut file, &event::version(time));
    for generation in 0..=run.finished()? {
        let mut tagged: Vec<(String, Summary)> = scalars(run, generation)?
            .into_iter()
            .map(|scalar| (scalar.metric, Summary::Scalar(scalar.value)))
            .collect();
        if generation == 0 {
            let text = format!("```toml\n{}```\n", run.experiment().to_toml());
            tagged.push(("experiment".to_owned(), Summary::Text(text)));
        } else {
            time += run.timing(generation)?.seconds();
            tagged.extend(histograms(&run.metrics(generation)?));
            tagged.extend(samples(run, generation)?);
        }
        record::push(&mut file, &event::summaries(time, generation, &tagged));
    }
    Ok(file)
}

fn histograms(metrics: &Metrics) -> Vec<(String, Summary)> {
    let length = &metrics.diversity.corpus.length;
    let lengths = Histogram::of_classes(
        length.histogram.class_width_tokens as f64,
        &length.histogram.documents,
        (
            length.quantiles_tokens.minimum,
            length.quantiles_tokens.maximum,
        ),
    );
    let scored = metrics.perplexity_under_first.as_ref().map(|scored| {
        let documents = scored.perplexity.document_perplexity;
        Histogram::of_classes(
            scored.histogram.class_width_nats_per_token,
            &scored.histogram.documents,
            (documents.minimum.ln(), documents.maximum.ln()),
        )
    });
    [
        ("generated/length_tokens", lengths),
        (
            "generated/loss_under_first_nats_per_token",
            scored.flatten(),
        ),
    ]
    .into_iter()
    .filter_map(|(tag, found)| Some((tag.to_owned(), Summary::Histogram(found?))))
    .collect()
}

impl Histogram {
    /// From classes of equal width that begin at 0, and the least and the greatest value. `None`
    /// without a value.
    fn of_classes(width: f64, counts: &[u64], (least, greatest): (f64, f64)) -> Option<Self> {
        let first = counts.iter().position(|&count| count > 0)?;
        let limits: Vec<f64> = (first..counts.len())
            .map(|class| (class + 1) as f64 * width)
            .collect();
        let last = *limits.last()?;
        Some(Self {
            minimum: least.max(first as f64 * width),
            // An infinite loss is in the last class.
            maximum: if greatest.is_finite() { greatest } else { last },
            limits,
            counts: counts[first..].iter().map(|&count| count as f64).collect(),
        })
    }
}

fn samples(run: &Run, generation: u32) -> Result<Vec<(String, Summary)>, LabError> {
    let mut tagged = Vec::new();
    for document in 0..SAMPLES {
        if let Some(text) = run.excerpt(generation, document)? {
            tagged.push((format!("sample/{document}"), Summary::Text(text)));
        }
    }
    Ok(tagged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_continued_where_it_can_be() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events");
        // Another process that has the file open.
        let mut reader = None;
        for (events, continued) in [
            (&b"one"[..], false),
            (b"one two", true),
            (b"one two", true),
            (b"one three", false),
        ] {
            write_or_continue(&path, events).unwrap();
            assert_eq!(fs::read(&path).unwrap(), events);
            let mut seen = Vec::new();
            let mut file = reader
                .take()
                .unwrap_or_else(|| fs::File::open(&path).unwrap());
            io::Seek::rewind(&mut file).unwrap();
            io::Read::read_to_end(&mut file, &mut seen).unwrap();
            assert!(!continued || seen == events);
            reader = Some(file);
        }
    }
}
