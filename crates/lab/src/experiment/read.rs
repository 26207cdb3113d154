//! From the keys of a file to an [`Experiment`]: defaults, types, ranges, and what goes together.

use autophage_corpus::{Format, Separator, TokenizerChoice};
use autophage_measure::probe::Conditioning;
use autophage_model::{Schedule, TrainingSettings};
use autophage_theory::Paradigm;

use super::read_model;
use super::section::{Interval, Section};
use super::settings::*;
use super::tree::Node;
use super::{Experiment, ExperimentError};

/// The most tokens of a sequence: a bound on memory, far above any use.
pub(super) const LONGEST: u64 = 1 << 20;
/// The most of anything that is counted in 32 bits.
const MANY: u64 = u32::MAX as u64;
/// The largest integer of TOML.
const LARGEST: u64 = i64::MAX as u64;

/// The prefix of corpora that the program brings along.
const BUILTIN: &str = "builtin:";

pub(super) fn experiment(root: &Node) -> Result<Experiment, ExperimentError> {
    let top = Section::root(root);
    top.allow(
        &[
            "name",
            "seed",
            "generations",
            "corpus",
            "tokenizer",
            "model",
            "training",
            "generation",
            "paradigm",
            "measure",
            "compute",
        ],
        &[],
    )?;
    let name = top.string("name")?.unwrap_or_else(|| "experiment".into());
    let seed = top.integer("seed", 0..=LARGEST)?.unwrap_or(1);
    let generations = top.integer("generations", 1..=1_000_000)?.unwrap_or(8) as u32;
    let corpus = corpus(&top.section("corpus")?)?;
    let tokenizer = tokenizer(&top.section("tokenizer")?)?;
    let training = training(&top.section("training")?)?;
    let generation = generation(&top.section("generation")?, &training)?;
    let measure = measure(&top.section("measure")?, &training)?;
    let model = read_model::model(
        &top.section("model")?,
        &[
            ("training.context", training.settings.context as u32),
            ("generation.context", generation.context),
            ("measure.context", measure.context),
        ],
    )?;
    let measure = MeasureSection {
        conditioning: conditioning(&top.section("measure")?, &model)?,
        ..measure
    };
    let paradigm = paradigm(&top.section("paradigm")?)?;
    if matches!(paradigm, Paradigm::FreshShare { .. }) && corpus.tokens.is_none() {
        return Err(top.section("paradigm")?.conflict(
            "kind",
            "fresh-share",
            "which needs real documents beyond the initial corpus: set corpus.tokens, the size of \
             the initial corpus in tokens, so that some are left",
        ));
    }
    Ok(Experiment {
        name,
        seed,
        generations,
        corpus,
        tokenizer,
        model,
        training,
        generation,
        paradigm,
        measure,
        compute: compute(&top.section("compute")?)?,
    })
}

fn corpus(section: &Section<'_>) -> Result<CorpusSettings, ExperimentError> {
    section.allow(
        &[
            "path",
            "format",
            "field",
            "separator",
            "validation",
            "tokens",
        ],
        &[],
    )?;
    let path = match section.string("path")? {
        Some(path) if path.starts_with(BUILTIN) => path,
        Some(path) if !path.is_empty() => section.path("path")?.unwrap_or(path),
        _ => {
            return Err(ExperimentError::Missing {
                key: section.name("path"),
                purpose: "the documents of the initial corpus, a file, a directory or a glob",
                example: "stories.jsonl",
            });
        }
    };
    let format = match section.word("format", &["auto", "text", "jsonl", "parquet"])? {
        Some("text") => Some(Format::Text),
        Some("jsonl") => Some(Format::Jsonl),
        Some("parquet") => Some(Format::Parquet),
        _ => None,
    };
    let separator = section
        .string("separator")?
        .filter(|text| text != "none")
        .map(|text| {
            Separator::try_from(text.clone()).map_err(|_| {
                section.conflict(
                    "separator",
                    format!("{text:?}"),
                    "which separates nothing: give a text such as \"<|endoftext|>\", or \
                     \"blank-lines\", or \"none\" for one document a file",
                )
            })
        })
        .transpose()?;
    Ok(CorpusSettings {
        path,
        format,
        field: section.string("field")?.unwrap_or_else(|| "text".into()),
        separator,
        validation: section
            .number("validation", Interval::Open)?
            .unwrap_or(0.05),
        tokens: section.integer_or("tokens", 1..=LARGEST, "all")?.flatten(),
    })
}

fn tokenizer(section: &Section<'_>) -> Result<TokenizerChoice, ExperimentError> {
    let all = ["path", "vocabulary"];
    Ok(match section.word("kind", &["gpt2", "file", "bpe"])? {
        Some("file") => {
            section.allow(&["kind", "path"], &all)?;
            TokenizerChoice::File {
                path: section
                    .path("path")?
                    .ok_or_else(|| ExperimentError::Missing {
                        key: section.name("path"),
                        purpose: "the tokenizer of kind \"file\"",
                        example: "tokenizer.json",
                    })?
                    .into(),
            }
        }
        Some("bpe") => {
            section.allow(&["kind", "vocabulary"], &all)?;
            TokenizerChoice::Bpe {
                // 256 bytes and the end of text are always there.
                vocabulary: section
                    .integer("vocabulary", 257..=1_000_000)?
                    .unwrap_or(2048) as u32,
            }
        }
        _ => {
            section.allow(&["kind"], &all)?;
            TokenizerChoice::Gpt2
        }
    })
}

fn training(section: &Section<'_>) -> Result<TrainingSection, ExperimentError> {
    section.allow(
        &[
            "sequences_per_step",
            "micro_batch_tokens",
            "context",
            "learning_rate",
            "schedule",
            "warmup_steps",
            "beta1",
            "beta2",
            "epsilon",
            "weight_decay",
            "clip_norm",
            "epochs",
            "max_epochs",
            "patience",
            "tokens",
        ],
        &[],
    )?;
    let usual = TrainingSettings::default();
    let size = |key, bound, default: usize| -> Result<usize, ExperimentError> {
        Ok(section
            .integer(key, 1..=bound)?
            .map_or(default, |n| n as usize))
    };
    let number = |key, interval, default: f64| -> Result<f64, ExperimentError> {
        Ok(section.number(key, interval)?.unwrap_or(default))
    };
    let epochs = match section.integer_or("epochs", 1..=MANY, "early-stopping")? {
        Some(None) => EpochCount::EarlyStopping,
        Some(Some(epochs)) => EpochCount::Fixed(epochs as u32),
        None => EpochCount::Fixed(3),
    };
    Ok(TrainingSection {
        settings: TrainingSettings {
            sequences_per_step: size("sequences_per_step", 1 << 20, 16)?,
            micro_batch_tokens: size("micro_batch_tokens", 1 << 30, usual.micro_batch_tokens)?,
            context: size("context", LONGEST, 256)?,
            learning_rate: number("learning_rate", Interval::Positive, usual.learning_rate)?,
            schedule: match section.word("schedule", &["constant", "cosine"])? {
                Some("cosine") => Schedule::Cosine,
                _ => Schedule::Constant,
            },
            warmup_steps: section.integer("warmup_steps", 0..=LARGEST)?.unwrap_or(0),
            beta1: number("beta1", Interval::BelowOne, usual.beta1)?,
            beta2: number("beta2", Interval::BelowOne, usual.beta2)?,
            epsilon: number("epsilon", Interval::Positive, usual.epsilon)?,
            weight_decay: number("weight_decay", Interval::NonNegative, usual.weight_decay)?,
            clip_norm: number("clip_norm", Interval::PositiveOrInfinite, usual.clip_norm)?,
        },
        epochs,
        max_epochs: section.integer("max_epochs", 1..=MANY)?.unwrap_or(10) as u32,
        patience: section.integer("patience", 1..=MANY)?.unwrap_or(1) as u32,
        tokens: section
            .integer_or("tokens", 1..=LARGEST, "paradigm")?
            .flatten(),
    })
}

fn generation(
    section: &Section<'_>,
    training: &TrainingSection,
) -> Result<GenerationSection, ExperimentError> {
    section.allow(
        &[
            "form",
            "max_tokens",
            "context",
            "overflow",
            "temperature",
            "top_k",
            "top_p",
            "batch",
            "tokens",
        ],
        &[],
    )?;
    let form = match section.word("form", &["documents", "stream"])? {
        Some("stream") => FormKind::Stream,
        _ => FormKind::Documents,
    };
    let overflow = match section.word("overflow", &["slide", "hop"])? {
        Some("hop") => OverflowKind::Hop,
        _ => OverflowKind::Slide,
    };
    Ok(GenerationSection {
        form,
        max_tokens: section
            .integer("max_tokens", 1..=LONGEST)?
            .map_or(training.settings.context as u32, |n| n as u32),
        context: section
            .integer("context", 1..=LONGEST)?
            .map_or(training.settings.context as u32, |n| n as u32),
        overflow,
        temperature: section
            .number("temperature", Interval::Positive)?
            .unwrap_or(1.0),
        top_k: section.integer_or("top_k", 1..=MANY, "off")?.flatten(),
        top_p: section
            .number_or("top_p", Interval::Share, "off")?
            .flatten(),
        batch: section.integer("batch", 1..=1 << 20)?.unwrap_or(64) as u32,
        tokens: section
            .integer_or("tokens", 1..=LARGEST, "paradigm")?
            .flatten(),
    })
}

fn paradigm(section: &Section<'_>) -> Result<Paradigm, ExperimentError> {
    let kind = section.word("kind", &Paradigm::NAMES)?.unwrap_or("replace");
    let all = ["rate", "share"];
    let (valid, parameter, example): (&[&str], _, _) = match kind {
        "accumulate-subsample" => (&["kind", "rate"], "rate", "0.5"),
        "fixed-share" | "fresh-share" => (&["kind", "share"], "share", "0.1"),
        _ => (&["kind"], "", ""),
    };
    section.allow(valid, &all)?;
    if valid.contains(&parameter) && section.origin(parameter).is_none() {
        return Err(ExperimentError::Missing {
            key: section.name(parameter),
            purpose: if parameter == "rate" {
                "the text that each generation adds to the corpus, in multiples of the initial one"
            } else {
                "the part of each training set that is real"
            },
            example,
        });
    }
    let of = |name: &str, interval| {
        if parameter == name {
            section.number(name, interval)
        } else {
            Ok(None)
        }
    };
    let rate = of("rate", Interval::Positive)?;
    let share = of("share", Interval::Open)?;
    Paradigm::named(kind, rate, share).map_err(|error| {
        section.conflict(
            if parameter.is_empty() {
                "kind"
            } else {
                parameter
            },
            rate.or(share)
                .map_or_else(|| kind.to_owned(), |x| x.to_string()),
            error.to_string(),
        )
    })
}

fn measure(
    section: &Section<'_>,
    training: &TrainingSection,
) -> Result<MeasureSection, ExperimentError> {
    section.allow(
        &[
            "context",
            "documents",
            "sample_tokens",
            "contexts",
            "context_length",
            "conditioning",
            "probe",
        ],
        &[],
    )?;
    let mut probe = Vec::new();
    for entry in section.sections("probe")?.unwrap_or_default() {
        entry.allow(&["context", "next"], &[])?;
        let missing = |key, example| ExperimentError::Missing {
            key: entry.name(key),
            purpose: "every probe has a context and a list of next texts",
            example,
        };
        probe.push(ProbeSettings {
            context: entry
                .string("context")?
                .ok_or_else(|| missing("context", "\"there\""))?,
            next: entry
                .strings("next")?
                .filter(|next| !next.is_empty() && next.iter().all(|text| !text.is_empty()))
                .ok_or_else(|| missing("next", "[\" was\"]"))?,
        });
    }
    Ok(MeasureSection {
        context: section
            .integer("context", 1..=LONGEST)?
            .map_or(training.settings.context as u32, |n| n as u32),
        documents: section
            .integer_or("documents", 1..=LARGEST, "all")?
            .flatten(),
        sample_tokens: section
            .integer("sample_tokens", 1..=LARGEST)?
            .unwrap_or(100_000),
        contexts: section.integer("contexts", 0..=1_000_000)?.unwrap_or(200) as u32,
        context_length: section.integer("context_length", 1..=4)?.unwrap_or(3) as u32,
        conditioning: Conditioning::default(),
        probe,
    })
}

/// By default what the kind of model was trained to be asked.
fn conditioning(
    section: &Section<'_>,
    model: &ModelSettings,
) -> Result<Conditioning, ExperimentError> {
    let word = section.word("conditioning", &["start-of-text", "bare"])?;
    Ok(match (word, model) {
        (Some("bare"), _) | (None, ModelSettings::NGram(_)) => Conditioning::Bare,
        _ => Conditioning::StartOfText,
    })
}

fn compute(section: &Section<'_>) -> Result<ComputeSection, ExperimentError> {
    section.allow(&["backend", "threads", "isa", "precision"], &[])?;
    Ok(ComputeSection {
        backend: match section.word("backend", &["cpu", "reference"])? {
            Some("reference") => BackendKind::Reference,
            _ => BackendKind::Cpu,
        },
        threads: section.integer_or("threads", 1..=4096, "all")?.flatten(),
        isa: section
            .word(
                "isa",
                &["auto", "portable", "avx2", "avx512", "avx512bf16", "amx"],
            )?
            .unwrap_or("auto")
            .to_owned(),
        precision: section
            .word("precision", &["auto", "f32", "bf16"])?
            .unwrap_or("auto")
            .to_owned(),
    })
}
