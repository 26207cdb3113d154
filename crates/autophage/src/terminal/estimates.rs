//! What an experiment would take, as a table.

use autophage_bench::Estimate;
use autophage_lab::Stage;

use super::number::{count, percent, seconds};
use super::say;
use super::table::Table;

/// Prints an estimate.
pub(crate) fn print(estimate: &Estimate) {
    let machine = &estimate.machine;
    let generations = match estimate.generations {
        1 => "one generation".to_owned(),
        n => format!("{n} generations"),
    };
    say!(
        "{}: {generations} with {}, {}, {} threads",
        estimate.name,
        machine.isa,
        machine.precision,
        machine.threads
    );
    let corpus = &estimate.corpus;
    say!(
        "corpus: {}{} tokens to train on, {} held out and measured",
        if corpus.exact { "" } else { "about " },
        count(corpus.training_tokens),
        count(corpus.validation_tokens)
    );
    say!(
        "a generation: trained on {} tokens (the last on {}), epochs: {}; writes {}",
        count(estimate.first_training_tokens),
        count(estimate.last_training_tokens),
        estimate.epochs,
        count(estimate.last_generated_tokens)
    );
    say!("");
    times(estimate);
    say!("");
    say!(
        "Between {} and {}, if:",
        seconds(estimate.low_seconds),
        seconds(estimate.high_seconds)
    );
    for assumption in &estimate.assumptions {
        say!("  {assumption}");
    }
    say!("");
    let memory: Vec<String> = estimate
        .memory_bytes
        .iter()
        .map(|(stage, memory)| format!("{stage} {}", bytes(*memory)))
        .collect();
    say!(
        "memory: {} at most ({})",
        bytes(estimate.peak_memory_bytes),
        memory.join(", ")
    );
    say!("disk:   {}", bytes(estimate.disk_bytes.total()));
}

fn times(estimate: &Estimate) {
    let total = estimate.total_seconds;
    let mut table = Table::new(&["<stage", "time", "share", "a generation"]);
    let each = |value: f64| seconds(value / f64::from(estimate.generations));
    let mut once = 0.0;
    for (stage, &value) in estimate.seconds.iter() {
        let repeated = stage != Stage::TOKENIZE.name();
        if !repeated {
            once += value;
        }
        table.row(vec![
            stage.to_owned(),
            seconds(value),
            percent(value / total),
            if repeated { each(value) } else { String::new() },
        ]);
    }
    table.row(vec![
        "total".to_owned(),
        seconds(total),
        String::new(),
        each(total - once),
    ]);
    table.print();
}

/// A size in bytes: `35 MB`, `1.2 GB`.
fn bytes(value: u64) -> String {
    let value = value as f64;
    if value < 1e9 {
        format!("{:.0} MB", (1e-6 * value).max(1.0))
    } else {
        format!("{:.1} GB", 1e-9 * value)
    }
}
