//! `autophage tokenize`: from text to token stores, without a run.

use std::path::PathBuf;

use autophage_corpus::{DocumentTotals, Split, TokenizerChoice, tokenize, tokenize_whole};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::CorpusOptions;
use crate::terminal::number::{count, significant};
use crate::terminal::{say, table::Table, write_json};

/// Turn text into token stores: flat .bin files as nanoGPT reads them, with a document index.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: autophage tokenize stories.jsonl --out tokens --tokenizer bpe")]
pub(crate) struct Arguments {
    /// A file, a directory, a glob, or builtin:tinystories-sample.
    corpus: String,

    /// Directory for the stores and the tokenizer; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// gpt2, bpe (trained on the corpus), or the path of a Hugging Face tokenizer.json.
    #[arg(long, default_value = "gpt2")]
    tokenizer: String,

    /// Number of tokens of a trained tokenizer.
    #[arg(long, default_value_t = TokenizerChoice::USUAL_VOCABULARY)]
    vocabulary: u32,

    /// Share of the documents that goes to validation.bin; 0 for none.
    #[arg(long, default_value_t = 0.05)]
    validation: f64,

    /// Seed of the split.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    corpus_options: CorpusOptions,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    vocabulary: u32,
    end_of_text: u32,
    stores: Vec<Store>,
}

#[derive(Debug, Serialize)]
struct Store {
    path: PathBuf,
    #[serde(flatten)]
    totals: DocumentTotals,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let source = arguments.corpus_options.open(&arguments.corpus)?;
    let split = match arguments.validation {
        0.0 => None,
        share => Some(Split::new(share, arguments.seed)?),
    };
    let choice = match arguments.tokenizer.as_str() {
        "gpt2" => TokenizerChoice::Gpt2,
        "bpe" => TokenizerChoice::Bpe {
            vocabulary: arguments.vocabulary,
        },
        path => TokenizerChoice::File { path: path.into() },
    };
    let tokenizer = choice.build(&source, split.as_ref(), &mut |_| ())?;
    std::fs::create_dir_all(&arguments.out).map_err(|error| {
        Failure::failed(format!(
            "cannot create {}: {error}",
            arguments.out.display()
        ))
    })?;
    let training = arguments.out.join("train.bin");
    let stores = match split {
        None => {
            let (_, totals) = tokenize_whole(&source, &tokenizer, &training, &mut |_| ())?;
            vec![Store {
                path: training,
                totals,
            }]
        }
        Some(split) => {
            let validation = arguments.out.join("validation.bin");
            let corpus = tokenize(
                &source,
                &tokenizer,
                &split,
                &training,
                &validation,
                &mut |_| (),
            )?;
            vec![
                Store {
                    path: training,
                    totals: corpus.training_totals,
                },
                Store {
                    path: validation,
                    totals: corpus.validation_totals,
                },
            ]
        }
    };
    tokenizer.save_pretrained(&arguments.out)?;
    let report = Report {
        vocabulary: tokenizer.vocabulary(),
        end_of_text: tokenizer.end_of_text(),
        stores,
    };
    if arguments.json {
        write_json(&report);
    } else {
        print(&report);
    }
    Ok(())
}

fn print(report: &Report) {
    let mut table = Table::new(&["<store", "documents", "tokens", "text bytes", "bytes/token"]);
    for store in &report.stores {
        let totals = &store.totals;
        table.row(vec![
            store.path.display().to_string(),
            count(totals.documents),
            count(totals.tokens),
            count(totals.bytes),
            significant(totals.bytes as f64 / totals.tokens as f64, 3),
        ]);
    }
    table.print();
    say!("");
    say!(
        "vocabulary {}, end of text {}",
        count(report.vocabulary.into()),
        report.end_of_text
    );
}
