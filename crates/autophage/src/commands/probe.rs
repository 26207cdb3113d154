//! `autophage probe`: a next-token probability, generation by generation, beside the truth.

use std::path::PathBuf;

use autophage_corpus::{DocumentSet, Tokenizer};
use autophage_lab::Run;
use autophage_measure::probe::{
    Conditioning, CorpusAnswer, Frequency, Probe, probe_corpus, probe_model,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal::number::{count, significant};
use crate::terminal::{say, table::Table, write_json};

/// Ask every model of a run for the probability of what follows a context, beside the initial
/// corpus and the corpora that the models wrote.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Words within a text begin with a space: \" there\", not \"there\".

Example: autophage probe runs/demo \" there\" --next \" was\" --next \" were\""
)]
pub(crate) struct Arguments {
    /// Directory of the run.
    #[arg(value_name = "RUN")]
    directory: PathBuf,

    /// The text before. Empty: the beginning of a text.
    context: String,

    /// A text after it. May be given several times.
    #[arg(long, required = true)]
    next: Vec<String>,

    /// Condition on the context alone, without the start of text in front.
    #[arg(long)]
    bare: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    context: String,
    next: Vec<String>,
    truth: CorpusAnswer,
    generations: Vec<Answer>,
}

#[derive(Debug, Serialize)]
struct Answer {
    generation: u32,
    /// The model's probability of each text.
    probabilities: Vec<f64>,
    /// What the corpus that the model wrote says.
    generated: CorpusAnswer,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let run = Run::open(&arguments.directory)?;
    let tokenizer = run.tokenizer()?;
    let report = ask(arguments, &run, &tokenizer)?;
    if arguments.json {
        write_json(&report);
        return Ok(());
    }
    print(&report);
    hint(arguments, &run, &tokenizer, &report)
}

fn ask(arguments: &Arguments, run: &Run, tokenizer: &Tokenizer) -> Result<Report, Failure> {
    let probe = Probe {
        context: tokenizer.encode(&arguments.context)?,
        next: arguments
            .next
            .iter()
            .map(|text| tokenizer.encode(text))
            .collect::<Result<_, _>>()?,
    };
    let probes = std::slice::from_ref(&probe);
    let conditioning = if arguments.bare {
        Conditioning::Bare
    } else {
        Conditioning::StartOfText
    };
    let mut generations = Vec::new();
    for generation in 1..=run.finished()? {
        let model = run.model(generation)?;
        let answer = probe_model(
            model.as_ref(),
            probes,
            tokenizer.end_of_text(),
            conditioning,
        )?;
        generations.push(Answer {
            generation,
            probabilities: only(answer).probabilities,
            generated: count_in(&DocumentSet::whole(run.corpus(generation)?), &probe)?,
        });
    }
    Ok(Report {
        context: arguments.context.clone(),
        next: arguments.next.clone(),
        truth: count_in(&run.initial_corpus()?, &probe)?,
        generations,
    })
}

fn count_in(documents: &DocumentSet, probe: &Probe) -> Result<CorpusAnswer, Failure> {
    Ok(only(probe_corpus(documents, std::slice::from_ref(probe))?))
}

/// The answer to the one question that was asked.
fn only<T>(answers: Vec<T>) -> T {
    answers
        .into_iter()
        .next()
        .expect("one answer for every probe")
}

fn print(report: &Report) {
    let mut titles = vec!["<generation".to_owned()];
    for next in &report.next {
        titles.push(format!("p({next:?})"));
        titles.push("in its text".to_owned());
    }
    titles.push("occurrences".to_owned());
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut table = Table::new(&titles);
    let mut row = vec!["real text".to_owned()];
    for frequency in &report.truth.next {
        row.push(share(frequency));
        row.push(interval(frequency));
    }
    row.push(count(report.truth.context_count));
    table.row(row);
    for answer in &report.generations {
        let mut row = vec![answer.generation.to_string()];
        for (probability, frequency) in answer.probabilities.iter().zip(&answer.generated.next) {
            row.push(significant(*probability, 3));
            row.push(share(frequency));
        }
        row.push(count(answer.generated.context_count));
        table.row(row);
    }
    say!("after {:?}:", report.context);
    say!("");
    table.print();
}

fn share(frequency: &Frequency) -> String {
    frequency
        .probability
        .map_or_else(|| "-".to_owned(), |p| significant(p, 3))
}

/// The 95% interval of a share.
fn interval(frequency: &Frequency) -> String {
    frequency.interval_95.map_or_else(String::new, |interval| {
        format!(
            "[{}, {}]",
            significant(interval.low, 2),
            significant(interval.high, 2)
        )
    })
}

/// Says so where a space in front of the context is probably what was meant.
fn hint(
    arguments: &Arguments,
    run: &Run,
    tokenizer: &Tokenizer,
    report: &Report,
) -> Result<(), Failure> {
    if !arguments.context.starts_with(char::is_alphanumeric) {
        return Ok(());
    }
    let spaced = format!(" {}", arguments.context);
    let probe = Probe {
        context: tokenizer.encode(&spaced)?,
        next: vec![vec![0]],
    };
    let within = count_in(&run.initial_corpus()?, &probe)?.context_count;
    if within > report.truth.context_count {
        say!("");
        say!(
            "{:?} occurs {} times in the initial corpus, and {spaced:?}, as it stands within a \
             text, {} times: is that what you mean?",
            arguments.context,
            count(report.truth.context_count),
            count(within)
        );
    }
    Ok(())
}
