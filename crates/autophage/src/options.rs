//! Arguments that several commands share.

use std::path::{Path, PathBuf};

use autophage_corpus::{DocumentSource, Format, Separator, SourceSettings, Tokenizer};
use autophage_lab::{ComputeSection, Layout, Run, load_model};
use autophage_model::LanguageModel;

use crate::failure::Failure;

/// How the text of a corpus is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reading the corpus")]
pub(crate) struct CorpusOptions {
    /// Format of the files: text, jsonl or parquet; by their extensions if not given.
    #[arg(long, value_parser = format_of)]
    format: Option<Format>,

    /// The field (JSON lines) or column (Parquet) that has the text.
    #[arg(long, default_value = "text")]
    field: String,

    /// What separates documents in text files: blank-lines, or a text such as `<|endoftext|>`. A
    /// file is one document if not given.
    #[arg(long, value_parser = separator_of)]
    separator: Option<Separator>,
}

impl CorpusOptions {
    /// The documents at `path`.
    pub(crate) fn open(&self, path: &str) -> Result<DocumentSource, Failure> {
        Ok(DocumentSource::open(&SourceSettings {
            path: path.to_owned(),
            format: self.format,
            text_field: self.field.clone(),
            separator: self.separator.clone(),
        })?)
    }
}

fn format_of(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "jsonl" => Ok(Format::Jsonl),
        "parquet" => Ok(Format::Parquet),
        _ => Err("expected text, jsonl or parquet".to_owned()),
    }
}

fn separator_of(text: &str) -> Result<Separator, String> {
    Separator::try_from(text.to_owned()).map_err(str::to_owned)
}

/// A model on disk.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelOptions {
    /// A model directory, or a generation of a run as RUN@GENERATION.
    #[arg(value_name = "MODEL")]
    location: String,

    #[command(flatten)]
    compute: ComputeOptions,
}

/// What computes. Whatever is not given is chosen automatically.
#[derive(Debug, clap::Args)]
pub(crate) struct ComputeOptions {
    /// Threads to compute with; all processors if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: Option<u32>,

    /// Instruction set: portable, avx2, avx512, avx512bf16 or amx; the best of this processor, or
    /// that in AUTOPHAGE_ISA, if not given.
    #[arg(long)]
    isa: Option<String>,

    /// Precision of matrix products: f32, bf16, or auto for bf16 where the processor multiplies
    /// numbers in bf16.
    #[arg(long)]
    precision: Option<String>,
}

impl ComputeOptions {
    /// These settings, and `defaults` where none was given.
    fn section(&self, defaults: ComputeSection) -> ComputeSection {
        ComputeSection {
            threads: self.threads.map(u64::from).or(defaults.threads),
            isa: self.isa.clone().unwrap_or(defaults.isa),
            precision: self.precision.clone().unwrap_or(defaults.precision),
            ..defaults
        }
    }

    /// As settings of an experiment.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = String> {
        let given =
            |key: &str, value: Option<String>| value.map(|value| format!("compute.{key}={value}"));
        [
            given("threads", self.threads.map(|threads| threads.to_string())),
            given("isa", self.isa.clone()),
            given("precision", self.precision.clone()),
        ]
        .into_iter()
        .flatten()
    }
}

impl ModelOptions {
    /// The model with its tokenizer.
    pub(crate) fn open(&self) -> Result<(Box<dyn LanguageModel>, Tokenizer), Failure> {
        let (directory, compute) = self.directory()?;
        let tokenizer = Tokenizer::from_file(&directory)?;
        let model = load_model(&directory, &self.compute.section(compute))?;
        if model.vocabulary() < tokenizer.vocabulary() as usize {
            return Err(Failure::failed(format!(
                "{}: the tokenizer has {} tokens and the model {}: they do not belong together",
                directory.display(),
                tokenizer.vocabulary(),
                model.vocabulary()
            )));
        }
        Ok((model, tokenizer))
    }

    /// Where the model is, and how it is computed if nothing else is asked for: that of a run as in
    /// the run, any other one as precisely as can be.
    fn directory(&self) -> Result<(PathBuf, ComputeSection), Failure> {
        match run_and_generation(&self.location)? {
            Some((run, generation)) => {
                let compute = run.experiment().compute.clone();
                Ok((run.model_directory(generation)?, compute))
            }
            None if Layout::new(Path::new(&self.location)).experiment().exists() => {
                Err(Failure::usage(format!(
                    "{0} is a run: write {0}@1 for the model of its first generation",
                    self.location
                )))
            }
            None => {
                let compute = ComputeSection {
                    precision: "f32".to_owned(),
                    ..ComputeSection::default()
                };
                Ok((PathBuf::from(&self.location), compute))
            }
        }
    }
}

/// Reads `RUN@GENERATION`; `None` where that is not what it is.
pub(crate) fn run_and_generation(location: &str) -> Result<Option<(Run, u32)>, Failure> {
    if Path::new(location).exists() {
        return Ok(None);
    }
    let Some((run, generation)) = location.rsplit_once('@') else {
        return Ok(None);
    };
    let generation = generation.parse().map_err(|_| {
        Failure::usage(format!(
            "{location:?}: {generation:?} is not the number of a generation; write RUN@3"
        ))
    })?;
    Ok(Some((Run::open(Path::new(run))?, generation)))
}
