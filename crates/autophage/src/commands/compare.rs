//! `autophage compare`: runs set against each other.

use std::path::PathBuf;

use autophage_report::{
    BITS_PER_BYTE, CompareOptions, Comparison, ComparisonRow, Contrast, Method, PERPLEXITY, compare,
};
use autophage_theory::Interval;

use crate::failure::Failure;
use crate::terminal::number::{percent, significant};
use crate::terminal::screen::shown;
use crate::terminal::table::{Table, spread};
use crate::terminal::{say, write_json};

/// Set runs against each other: perplexity by generation, and everything else in one generation,
/// with the uncertainty of every difference.
///
/// Runs that differ in nothing but their seed count as one, with the spread over the seeds; the
/// others are set against the first. Intervals are of 95%. Two single runs on the same held-out
/// documents are paired document by document: their interval is about other documents, while other
/// seeds would also change the models. Several seeds are compared by Welch's interval.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage compare runs/replace runs/mixed
  autophage compare runs/replace-* runs/mixed-*        # several seeds of each
  autophage compare runs/seed-1 runs/seed-2 --each")]
pub(crate) struct Arguments {
    /// Directories of the runs; the others are set against the first.
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    directories: Vec<PathBuf>,

    /// Every run for itself, also where runs differ in nothing but their seed.
    #[arg(long)]
    each: bool,

    /// The generation in which everything is compared; the last that all runs have if not given.
    #[arg(long, short)]
    generation: Option<u32>,

    /// Print JSON: all numbers of all generations.
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print CSV: a row for every number, generation and run.
    #[arg(long)]
    csv: bool,
}

/// Generations of which the perplexity is shown, at most; `--json` and `--csv` have them all.
const ROWS: usize = 12;

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let options = CompareOptions {
        each: arguments.each,
    };
    let comparison = compare(&arguments.directories, options)?;
    if arguments.json {
        write_json(&comparison);
        return Ok(());
    }
    if arguments.csv {
        say!("{}", comparison.csv().trim_end());
        return Ok(());
    }
    let last = comparison.generations;
    let generation = arguments.generation.unwrap_or(last);
    if !(1..=last).contains(&generation) {
        return Err(Failure::usage(format!(
            "--generation {generation}: the runs have the generations 1 to {last} in common"
        )));
    }
    print_cases(&comparison);
    if comparison.cases.len() == 1 {
        print_only(&comparison, generation);
    }
    for case in 1..comparison.cases.len() {
        print_perplexity(&comparison, case);
        print_generation(&comparison, case, generation);
    }
    print_notes(&comparison);
    Ok(())
}

/// What is compared, and the settings that differ.
fn print_cases(comparison: &Comparison) {
    for case in &comparison.cases {
        for (place, run) in case.runs.iter().enumerate() {
            let label = if place == 0 { case.label.as_str() } else { "" };
            say!(
                "{label:2} {} ({}, seed {})",
                run.directory.display(),
                case.paradigm,
                run.seed
            );
        }
    }
    if !comparison.settings.is_empty() {
        say!("");
    }
    for difference in &comparison.settings {
        // Cases with the same value stand together.
        let mut values: Vec<(&str, Vec<&str>)> = Vec::new();
        for (case, value) in comparison.cases.iter().zip(&difference.values) {
            let value = value.as_deref().unwrap_or("not set");
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, cases)) => cases.push(&case.label),
                None => values.push((value, vec![&case.label])),
            }
        }
        let values: Vec<String> = values
            .iter()
            .map(|(value, cases)| format!("{} {value}", cases.join(", ")))
            .collect();
        say!("{}: {}", difference.key, values.join("; "));
    }
}

/// One case alone: its numbers with their intervals over the seeds.
fn print_only(comparison: &Comparison, generation: u32) {
    let label = &comparison.cases[0].label;
    say!("");
    say!("Perplexity on real text");
    say!("");
    let mut table = Table::new(&["generation", label, "<95% interval"]);
    for generation in spread(comparison.generations as usize, ROWS) {
        for row in comparison.rows_of(generation as u32, PERPLEXITY) {
            table.row(vec![
                generation.to_string(),
                number(row, row.value),
                interval(row),
            ]);
        }
    }
    table.print();
    say!("");
    say!("Generation {generation}");
    say!("");
    let mut table = Table::new(&["<", label, "<95% interval"]);
    for row in comparison
        .rows
        .iter()
        .filter(|row| row.generation == generation)
    {
        table.row(vec![
            row.label.clone(),
            number(row, row.value),
            interval(row),
        ]);
    }
    table.print();
}

/// The perplexities of a case and of the first, generation by generation.
fn print_perplexity(comparison: &Comparison, case: usize) {
    let (first, other) = labels(comparison, case);
    say!("");
    say!("{other} against {first}: perplexity on real text");
    say!("");
    let ratio = format!("{other} / {first}");
    let mut table = Table::new(&[
        "generation",
        &format!("<{first}"),
        &format!("<{other}"),
        &ratio,
        "<95% interval",
    ]);
    let mut method = Method::None;
    for generation in spread(comparison.generations as usize, ROWS) {
        let rows = comparison.rows_of(generation as u32, PERPLEXITY);
        let find = |label: &str| rows.iter().find(|row| row.case == label).copied();
        let mut cells = vec![generation.to_string()];
        cells.extend([find(first), find(other)].map(|row| {
            row.map_or_else(dash, |row| {
                format!("{} {}", number(row, row.value), interval(row))
            })
        }));
        cells.extend(against(find(other)));
        if let Some(found) = find(other).and_then(|row| row.against_first.as_ref()) {
            method = found.method;
        }
        table.row(cells);
    }
    table.print();
    let seeds = |case: usize| comparison.cases[case].runs.len();
    match method {
        Method::PairedDocuments { documents } => {
            say!("({ratio} paired over {documents} held-out documents)");
        }
        Method::IndependentDocuments => say!("({ratio} not paired)"),
        Method::Seeds => say!(
            "(over {} and {} seeds; {ratio} by Welch's interval)",
            seeds(0),
            seeds(case)
        ),
        Method::None => {}
    }
}

/// Everything else in one generation.
fn print_generation(comparison: &Comparison, case: usize, generation: u32) {
    let (first, other) = labels(comparison, case);
    let in_other_tokens = comparison
        .settings
        .iter()
        .any(|difference| difference.key.starts_with("tokenizer."));
    say!("");
    say!("{other} against {first} in generation {generation}");
    say!("");
    let difference = format!("{other} − {first}");
    let mut table = Table::new(&["<", first, other, &difference, "<95% interval"]);
    let all = || {
        comparison
            .rows
            .iter()
            .filter(|row| row.generation == generation)
    };
    for row in all().filter(|row| row.case == other) {
        // Bits per byte say what perplexity says, except between tokenizers.
        if row.metric == PERPLEXITY || (row.metric == BITS_PER_BYTE && !in_other_tokens) {
            continue;
        }
        let theirs = all().find(|known| known.case == first && known.metric == row.metric);
        let mut cells = vec![
            row.label.clone(),
            theirs.map_or_else(dash, |known| number(known, known.value)),
            number(row, row.value),
        ];
        cells.extend(against(Some(row)));
        table.row(cells);
    }
    table.print();
}

fn print_notes(comparison: &Comparison) {
    if !comparison.notes.is_empty() {
        say!("");
    }
    for note in &comparison.notes {
        say!("note: {}", shown(note));
    }
}

fn labels(comparison: &Comparison, case: usize) -> (&str, &str) {
    (&comparison.cases[0].label, &comparison.cases[case].label)
}

/// A ratio or a difference, and its interval.
fn against(row: Option<&ComparisonRow>) -> [String; 2] {
    let Some((row, found)) = row.and_then(|row| Some((row, row.against_first.as_ref()?))) else {
        return [dash(), String::new()];
    };
    let number = |value: f64| match found.contrast {
        Contrast::Ratio => significant(value, 4),
        Contrast::Difference => signed(row, value),
    };
    let estimate = match found.contrast {
        // In a column of differences, a ratio must be known as one.
        Contrast::Ratio if row.metric != PERPLEXITY => format!("×{}", number(found.estimate)),
        _ => number(found.estimate),
    };
    [estimate, ends(found.interval, &number)]
}

fn number(row: &ComparisonRow, value: f64) -> String {
    match row.percent {
        true => percent(value),
        false => significant(value, 4),
    }
}

fn signed(row: &ComparisonRow, value: f64) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    match row.percent {
        true => format!("{sign}{}", percent(value)),
        false => format!("{sign}{}", significant(value, 3)),
    }
}

/// The interval of the number itself, which needs fewer digits.
fn interval(row: &ComparisonRow) -> String {
    ends(row.interval, &|value| match row.percent {
        true => percent(value),
        false => significant(value, 3),
    })
}

fn ends(interval: Option<Interval>, number: &dyn Fn(f64) -> String) -> String {
    interval.map_or_else(String::new, |interval| {
        format!("[{}, {}]", number(interval.low), number(interval.high))
    })
}

fn dash() -> String {
    "-".to_owned()
}
