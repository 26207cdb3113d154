//! The rates of this machine as tables.

use std::collections::BTreeMap;

use autophage_bench::{BenchReport, ModelReport, OperationReport, TaskReport};

use super::number::{count, significant};
use super::say;
use super::table::Table;

/// Operations with a smaller share of every task are not listed one by one.
const LISTED: f64 = 0.005;

/// Prints a report.
pub(crate) fn print(report: &BenchReport) {
    machine(report);
    say!("");
    rates(report);
    for model in &report.models {
        say!("");
        operations(model);
    }
    say!("");
    say!("GFLOP/s, G/s: 10⁹ floating-point operations a second, two a multiply-add, of");
    say!("those that the results need. of peak: share of the rate of multiply-adds in");
    say!("registers. of limit, of: share of what the ceilings allow, where each operation");
    say!("is held to its multiply-adds, exponentials or bytes, whichever take longest.");
    say!("Operations are named as in autophage_compute::Backend.");
}

fn machine(report: &BenchReport) {
    let machine = &report.machine;
    let ceilings = &report.ceilings;
    let processor = machine.processor.as_deref().unwrap_or("processor unknown");
    say!(
        "{processor}, {}, {}, {} threads",
        machine.isa,
        machine.precision,
        machine.threads
    );
    let rate = |value: f64| significant(value, 3);
    say!(
        "ceilings: multiply-adds {} GFLOP/s in f32, {} in {}, products {}",
        rate(ceilings.gflops),
        rate(ceilings.matrix_peak_gflops),
        machine.precision,
        rate(ceilings.matrix_gflops)
    );
    say!(
        "  exponentials {} G/s; GB/s: memory read {}, write {}; caches {}, {}",
        rate(ceilings.giga_exponentials),
        rate(ceilings.memory_read_gb),
        rate(ceilings.memory_write_gb),
        rate(ceilings.cache_read_gb),
        rate(ceilings.cache_write_gb)
    );
}

fn rates(report: &BenchReport) {
    let mut table = Table::new(&[
        "<model", "<task", "tokens/s", "slowest", "fastest", "GFLOP/s", "of peak", "of limit",
    ]);
    for model in &report.models {
        for (index, task) in model.tasks.iter().enumerate() {
            let name = if index == 0 { model.name } else { "" };
            let rate = |value: f64| count(value.round() as u64);
            table.row(vec![
                name.to_owned(),
                task.task.name().to_owned(),
                rate(task.tokens_per_second.median),
                rate(task.tokens_per_second.min),
                rate(task.tokens_per_second.max),
                significant(task.gflops, 3),
                whole_percent(task.share_of_peak),
                whole_percent(task.share_of_bound),
            ]);
        }
    }
    table.print();
}

/// Where the time of a model goes: a row for each operation, and for each task its share of the
/// time, its floating-point operations a second, and the share of its limit.
fn operations(model: &ModelReport) {
    let mut titles = vec![format!("<{}", model.name)];
    for task in &model.tasks {
        titles.extend([task.task.name(), "G/s", "of"].map(str::to_owned));
    }
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut table = Table::new(&titles);

    let mut shares: BTreeMap<&str, f64> = BTreeMap::new();
    for operation in model.tasks.iter().flat_map(|task| &task.operations) {
        let share = shares.entry(operation.operation).or_default();
        *share = share.max(operation.share);
    }
    let mut names: Vec<&str> = shares.keys().copied().collect();
    names.sort_by(|a, b| shares[b].total_cmp(&shares[a]));
    let (listed, others): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| shares[name] >= LISTED);
    let find = |task: &TaskReport, name: &str| -> Option<OperationReport> {
        let mut operations = task.operations.iter();
        operations
            .find(|operation| operation.operation == name)
            .copied()
    };
    for name in listed {
        let mut row = vec![name.to_owned()];
        for task in &model.tasks {
            row.extend(match find(task, name) {
                None => [String::new(), String::new(), String::new()],
                Some(operation) => [
                    whole_percent(operation.share),
                    if operation.gflops > 0.0 {
                        short(operation.gflops)
                    } else {
                        String::new()
                    },
                    whole_percent(operation.share_of_bound),
                ],
            });
        }
        table.row(row);
    }
    let mut row = vec!["the rest".to_owned()];
    for task in &model.tasks {
        let small: f64 = others
            .iter()
            .filter_map(|name| find(task, name))
            .map(|operation| operation.share)
            .sum();
        row.extend([
            whole_percent(small + task.share_outside),
            String::new(),
            String::new(),
        ]);
    }
    table.row(row);
    table.print();
}

/// A rate in at most four characters, up to 9,999.
fn short(value: f64) -> String {
    let decimals = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// A share as a whole percentage.
fn whole_percent(share: f64) -> String {
    // Where other work on the machine made a ceiling seem low, the share has no bound: it keeps to its
    // column.
    if share >= 9.995 {
        return format!("{share:.0}×");
    }
    format!("{:.0}%", 100.0 * share)
}
