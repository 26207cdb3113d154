//! The table by generation: how perplexity, probes and diversity move.

use autophage_lab::{LabError, Metrics, Run};

use super::number::{percent, significant};
use super::table::{Table, spread};

/// Probability columns that fit beside the others in 80 columns.
const PROBE_COLUMNS: usize = 2;

/// Generations that are shown, at most; `--json` has them all.
const ROWS: usize = 40;

/// Prints one row a finished generation, with the real text in front; further probes are left to
/// `autophage probe`.
pub(crate) fn print(run: &Run) -> Result<(), LabError> {
    let finished = run.finished()?;
    let metrics = spread(finished as usize, ROWS)
        .into_iter()
        .map(|n| run.metrics(n as u32))
        .collect::<Result<Vec<_>, _>>()?;
    let baseline = run.baseline()?;
    let columns = probe_columns(metrics.first());
    let mut titles = vec!["<generation", "perplexity"];
    titles.extend(columns.iter().map(|column| column.title.as_str()));
    titles.extend(["distinct-2", "entropy", "vocabulary"]);
    let mut table = Table::new(&titles);
    if let Some(baseline) = &baseline {
        let mut cells = vec!["real text".to_owned(), String::new()];
        cells.extend(columns.iter().map(|column| {
            let truth = &baseline.probes[column.probe].truth.next[column.next];
            truth
                .probability
                .map_or_else(|| "-".to_owned(), |p| significant(p, 3))
        }));
        cells.extend(diversity_cells(&baseline.diversity));
        table.row(cells);
    }
    for metrics in &metrics {
        let mut cells = vec![metrics.generation.to_string(), perplexity(metrics)];
        cells.extend(
            columns.iter().map(|column| {
                significant(metrics.probes[column.probe].probabilities[column.next], 3)
            }),
        );
        cells.extend(diversity_cells(&metrics.diversity));
        table.row(cells);
    }
    table.print();
    Ok(())
}

/// `28.41 ±0.52`
pub(crate) fn perplexity(metrics: &Metrics) -> String {
    let perplexity = &metrics.perplexity;
    let value = significant(perplexity.perplexity, 4);
    match perplexity.perplexity_standard_error {
        Some(error) => format!("{value} ±{}", significant(error, 2)),
        None => value,
    }
}

/// A column with the probability of one continuation.
struct ProbeColumn {
    probe: usize,
    next: usize,
    title: String,
}

fn probe_columns(metrics: Option<&Metrics>) -> Vec<ProbeColumn> {
    let probes = metrics.map_or(&[][..], |metrics| &metrics.probes);
    probes
        .iter()
        .enumerate()
        .flat_map(|(probe, asked)| {
            asked
                .next
                .iter()
                .enumerate()
                .map(move |(next, text)| ProbeColumn {
                    probe,
                    next,
                    title: format!("{}→{}", asked.context.trim(), text.trim()),
                })
        })
        .take(PROBE_COLUMNS)
        .collect()
}

fn diversity_cells(diversity: &autophage_measure::diversity::Diversity) -> [String; 3] {
    let sample = &diversity.sample;
    [
        significant(sample.distinct_2.unwrap_or(f64::NAN), 3),
        significant(sample.composition.entropy_bits, 3),
        percent(diversity.corpus.composition.initial_vocabulary_share),
    ]
}
