//! `autophage count`: exact counts in any corpus of a run, or in a token store.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_corpus::{CountIndex, DocumentSet, TokenStore, Tokenizer};
use autophage_lab::Run;
use autophage_theory::{Interval, wilson};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::run_and_generation;
use crate::terminal::number::{count, significant};
use crate::terminal::{say, table::Table, write_json};

/// Count a context in a corpus, exactly: how often it occurs, what follows it, and where.
///
/// A document is counted with the start of text in front, and nothing reaches from one document
/// into the next. An index is built at the first question and kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage count runs/demo \" there\" --top 10
  autophage count runs/demo@8 \" there\" --next \" was\" --next \" were\"
  autophage count tokens/train.bin \"Once upon a time\"")]
pub(crate) struct Arguments {
    /// RUN (its initial corpus), RUN@GENERATION (the corpus which that generation wrote), or a token
    /// store (.bin) with its tokenizer.json beside it.
    corpus: String,

    /// The text to count. Words within a text begin with a space. Empty: every token.
    context: String,

    /// A token after it; all that occur if none is given. May be given several times.
    #[arg(long)]
    next: Vec<String>,

    /// Most continuations to show.
    #[arg(long, default_value_t = 20)]
    top: usize,

    /// Show so many places where the context stands, as document and token number.
    #[arg(long, default_value_t = 0)]
    positions: usize,

    /// Count in the training set of the generation instead of the corpus that it wrote.
    #[arg(long)]
    training: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    context: String,
    tokens: Vec<u32>,
    /// Occurrences that are followed by a token: c(x).
    count: u64,
    corpus_tokens: u64,
    corpus_documents: usize,
    next: Vec<Continuation>,
    positions: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Continuation {
    text: String,
    token: u32,
    /// c(xv).
    count: u64,
    /// c(xv) / c(x).
    probability: f64,
    interval_95: Interval,
}

/// Token 0 of a document is the start of text in front of it.
#[derive(Debug, Serialize)]
struct Place {
    document: usize,
    token: usize,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let Source {
        documents,
        tokenizer,
        index,
    } = Source::open(arguments)?;
    let index = CountIndex::open_or_build(&documents, &index)?;
    let tokens = tokenizer.encode(&arguments.context)?;
    let total = index.count(&tokens);
    if total == 0 {
        return Err(never(arguments, &tokenizer, &index, &tokens));
    }
    let report = Report {
        context: arguments.context.clone(),
        count: total,
        corpus_tokens: index.tokens(),
        corpus_documents: index.documents(),
        next: continuations(arguments, &tokenizer, &index, &tokens, total)?,
        positions: index
            .positions(&tokens)
            .take(arguments.positions)
            .map(|place| Place {
                document: place.document,
                token: place.offset,
            })
            .collect(),
        tokens,
    };
    if arguments.json {
        write_json(&report);
    } else {
        print(&report);
    }
    Ok(())
}

/// A corpus with its tokenizer and the place of its index.
struct Source {
    documents: DocumentSet,
    tokenizer: Tokenizer,
    index: PathBuf,
}

impl Source {
    fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let path = Path::new(&arguments.corpus);
        if arguments.training && path.is_dir() {
            return Err(Failure::usage("--training needs a generation: write RUN@3"));
        }
        if let Some((run, generation)) = run_and_generation(&arguments.corpus)? {
            let (documents, name) = if arguments.training {
                (
                    run.training_set(generation)?,
                    format!("{generation:03}-training"),
                )
            } else {
                (
                    DocumentSet::whole(run.corpus(generation)?),
                    format!("{generation:03}-corpus"),
                )
            };
            return Self::of_run(&run, documents, &name);
        }
        if path.is_dir() {
            let run = Run::open(path)?;
            return Self::of_run(&run, run.initial_corpus()?, "initial");
        }
        if path.is_file() && path.extension().is_none_or(|extension| extension != "bin") {
            return Err(Failure::usage(format!(
                "{0} is not a token store (.bin): make one with `autophage tokenize {0} --out DIR`",
                arguments.corpus
            )));
        }
        let store = TokenStore::open(path)?;
        let tokenizer = Tokenizer::from_file(path.with_file_name("tokenizer.json"))?;
        Ok(Self {
            documents: DocumentSet::whole(Arc::new(store)),
            tokenizer,
            index: path.with_extension("counts"),
        })
    }

    fn of_run(run: &Run, documents: DocumentSet, name: &str) -> Result<Self, Failure> {
        let directory = run.layout().counts();
        fs::create_dir_all(&directory).map_err(|error| {
            Failure::failed(format!("cannot create {}: {error}", directory.display()))
        })?;
        Ok(Self {
            documents,
            tokenizer: run.tokenizer()?,
            index: directory.join(format!("{name}.counts")),
        })
    }
}

/// That the context never occurs, and how much of it does.
fn never(
    arguments: &Arguments,
    tokenizer: &Tokenizer,
    index: &CountIndex,
    tokens: &[u32],
) -> Failure {
    let suffix = index.longest_suffix(tokens);
    let rest = match tokenizer.decode(suffix) {
        Ok(text) if !suffix.is_empty() => {
            format!(
                "the longest end of it that does is {text:?}, {} times",
                count(index.count(suffix))
            )
        }
        _ => "no end of it does".to_owned(),
    };
    Failure::failed(format!(
        "{:?} never occurs before a token in {}; {rest}",
        arguments.context, arguments.corpus
    ))
}

fn continuations(
    arguments: &Arguments,
    tokenizer: &Tokenizer,
    index: &CountIndex,
    context: &[u32],
    total: u64,
) -> Result<Vec<Continuation>, Failure> {
    let mut found: Vec<(u32, u64)> = if arguments.next.is_empty() {
        index.next_tokens(context).next.into_iter().collect()
    } else {
        arguments
            .next
            .iter()
            .map(|text| match tokenizer.encode(text)?.as_slice() {
                &[token] => Ok((token, index.count_next(context, token))),
                tokens => Err(Failure::usage(format!(
                    "--next {text:?} is {} tokens, and must be one; put the others into the context",
                    tokens.len()
                ))),
            })
            .collect::<Result<_, _>>()?
    };
    found.sort_by_key(|&(token, count)| (std::cmp::Reverse(count), token));
    found.truncate(arguments.top);
    found
        .into_iter()
        .map(|(token, count)| {
            Ok(Continuation {
                text: tokenizer.decode(&[token])?,
                token,
                count,
                probability: count as f64 / total as f64,
                interval_95: wilson(count, total, 0.95)?,
            })
        })
        .collect()
}

fn print(report: &Report) {
    say!(
        "{:?} occurs {} times before a token, in {} tokens of {} documents",
        report.context,
        count(report.count),
        count(report.corpus_tokens),
        count(report.corpus_documents as u64)
    );
    say!("");
    let mut table = Table::new(&["<next", "count", "share", "95% interval"]);
    for next in &report.next {
        table.row(vec![
            format!("{:?}", next.text),
            count(next.count),
            significant(next.probability, 3),
            format!(
                "[{}, {}]",
                significant(next.interval_95.low, 3),
                significant(next.interval_95.high, 3)
            ),
        ]);
    }
    table.print();
    if !report.positions.is_empty() {
        say!("");
        let mut table = Table::new(&["document", "token"]);
        for place in &report.positions {
            table.row(vec![place.document.to_string(), place.token.to_string()]);
        }
        table.print();
    }
}
