//! `autophage theory`: what the theorem says about a paradigm and an error, without any run.

use autophage_theory::{Asymptotics, Paradigm, RetentionSteps, TheoryError, generation_below};
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal::number::{count, significant};
use crate::terminal::table::{Table, spread};
use crate::terminal::{say, write_json};

/// What the theorem says: training sets, retention and its fate, for a paradigm and an error term.
///
/// Retention is the share of a generation's output that still is the initial corpus; the rest is
/// made of nothing but accumulated errors.
#[derive(Debug, clap::Args)]
#[command(allow_negative_numbers = true)]
#[command(after_help = "Examples:
  autophage theory --paradigm accumulate-subsample --rate 0.1 --error 0.02 --generations 1000
  autophage theory --error 0.05 --compare replace,accumulate-subsample:1,fixed-share:0.1")]
pub(crate) struct Arguments {
    /// How training sets are put together: replace, accumulate-subsample, accumulate,
    /// replace-grown, fixed-share or fresh-share.
    #[arg(long, default_value = "replace", conflicts_with = "compare")]
    paradigm: String,

    /// Tokens that a generation adds, in multiples of the initial corpus (accumulate-subsample).
    #[arg(long, conflicts_with = "compare")]
    rate: Option<f64>,

    /// Part of each training set that is real (fixed-share, fresh-share).
    #[arg(long, conflicts_with = "compare")]
    share: Option<f64>,

    /// Several paradigms side by side, such as replace,accumulate-subsample:0.1,fixed-share:0.2.
    #[arg(long, value_delimiter = ',', value_name = "PARADIGMS")]
    compare: Vec<Paradigm>,

    /// The error term b that every generation makes.
    #[arg(long)]
    error: f64,

    /// How far to look.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    generations: u32,

    /// Say when retention falls under this.
    #[arg(long, default_value_t = 0.5)]
    threshold: f64,

    /// Print JSON, every generation included.
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print comma-separated values, every generation included.
    #[arg(long)]
    csv: bool,
}

/// One paradigm's future.
#[derive(Debug, Serialize)]
struct Outlook {
    paradigm: Paradigm,
    within_theorem: bool,
    error: f64,
    asymptotics: Asymptotics,
    threshold: f64,
    /// The first generation below the threshold, if it comes within the horizon.
    generation_below_threshold: Option<u32>,
    generations: Vec<Generation>,
}

/// The training set of a generation and what its model retains.
#[derive(Debug, Serialize)]
struct Generation {
    generation: u32,
    training_volume: f64,
    real_share: f64,
    latest_share: f64,
    earlier_share: f64,
    retention: f64,
}

/// How far ahead the threshold is looked for, in multiples of the generations that are shown.
const HORIZON: u32 = 1_000;
/// Generations that a table shows, at most.
const ROWS: usize = 20;

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let paradigms = if arguments.compare.is_empty() {
        vec![Paradigm::named(
            &arguments.paradigm,
            arguments.rate,
            arguments.share,
        )?]
    } else {
        arguments.compare.clone()
    };
    let outlooks = paradigms
        .into_iter()
        .map(|paradigm| outlook(paradigm, arguments))
        .collect::<Result<Vec<_>, TheoryError>>()?;
    match outlooks.as_slice() {
        outlooks if arguments.json => write_json(&outlooks),
        outlooks if arguments.csv => print_csv(outlooks),
        [only] => print_one(only),
        several => print_side_by_side(several),
    }
    Ok(())
}

fn outlook(paradigm: Paradigm, arguments: &Arguments) -> Result<Outlook, TheoryError> {
    let (error, threshold) = (arguments.error, arguments.threshold);
    let horizon = arguments.generations.saturating_mul(HORIZON);
    let asymptotics = paradigm.asymptotics(error)?;
    let mut steps = RetentionSteps::new(paradigm);
    let generations = (1..=arguments.generations)
        .map(|generation| {
            let shares = paradigm.shares(generation);
            let earlier = f64::from(generation.saturating_sub(2));
            Generation {
                generation,
                training_volume: paradigm.volume(generation),
                real_share: shares.real,
                latest_share: shares.latest,
                earlier_share: shares.earlier * earlier,
                retention: steps.step(error),
            }
        })
        .collect();
    Ok(Outlook {
        paradigm,
        within_theorem: paradigm.is_within_theorem(),
        error,
        asymptotics,
        threshold,
        generation_below_threshold: generation_below(paradigm, threshold, horizon, |_| error)?,
        generations,
    })
}

/// The fate in words.
fn fate(asymptotics: Asymptotics) -> String {
    match asymptotics {
        Asymptotics::Kept => "no error, nothing is lost".to_owned(),
        Asymptotics::Exponential { half_life } => {
            format!("halves every {} generations", significant(half_life, 3))
        }
        Asymptotics::PowerLaw { exponent, constant } => {
            format!(
                "~ {} n^{}",
                significant(constant, 3),
                significant(exponent, 3)
            )
        }
        Asymptotics::Limit { retention } => format!("stays at {}", significant(retention, 3)),
    }
}

fn below(outlook: &Outlook) -> String {
    outlook.generation_below_threshold.map_or_else(
        || format!("not in {} generations", count(horizon_of(outlook))),
        |generation| count(u64::from(generation)),
    )
}

fn horizon_of(outlook: &Outlook) -> u64 {
    outlook.generations.len() as u64 * u64::from(HORIZON)
}

fn print_one(outlook: &Outlook) {
    say!(
        "{}, error term b = {} in every generation",
        outlook.paradigm,
        outlook.error
    );
    say!("in the long run: retention {}", fate(outlook.asymptotics));
    say!("below {}: {}", outlook.threshold, below(outlook));
    if !outlook.within_theorem {
        say!(
            "outside the theorem: real data is not a finite set here, and retention counts real data \
             of any time"
        );
    }
    say!("");
    let mut table = Table::new(&[
        "generation",
        "volume",
        "real",
        "latest",
        "earlier",
        "retention",
    ]);
    for row in spread(outlook.generations.len(), ROWS) {
        let row = &outlook.generations[row - 1];
        table.row(vec![
            row.generation.to_string(),
            significant(row.training_volume, 3),
            significant(row.real_share, 3),
            significant(row.latest_share, 3),
            significant(row.earlier_share, 3),
            significant(row.retention, 4),
        ]);
    }
    table.print();
}

fn print_side_by_side(outlooks: &[Outlook]) {
    let mut summary = Table::new(&[
        "<paradigm",
        "<retention in the long run",
        "<below threshold",
    ]);
    for outlook in outlooks {
        summary.row(vec![
            outlook.paradigm.to_string(),
            fate(outlook.asymptotics),
            below(outlook),
        ]);
    }
    summary.print();
    say!("");
    let names: Vec<String> = outlooks
        .iter()
        .map(|outlook| outlook.paradigm.to_string())
        .collect();
    let mut titles = vec!["generation"];
    titles.extend(names.iter().map(String::as_str));
    let mut table = Table::new(&titles);
    for row in spread(outlooks[0].generations.len(), ROWS) {
        let mut cells = vec![row.to_string()];
        cells.extend(
            outlooks
                .iter()
                .map(|outlook| significant(outlook.generations[row - 1].retention, 4)),
        );
        table.row(cells);
    }
    table.print();
}

fn print_csv(outlooks: &[Outlook]) {
    say!(
        "paradigm,error,generation,training_volume,real_share,latest_share,earlier_share,retention"
    );
    for outlook in outlooks {
        for row in &outlook.generations {
            say!(
                "{},{},{},{},{},{},{},{}",
                outlook.paradigm,
                outlook.error,
                row.generation,
                row.training_volume,
                row.real_share,
                row.latest_share,
                row.earlier_share,
                row.retention
            );
        }
    }
}
