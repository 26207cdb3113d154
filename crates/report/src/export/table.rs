//! All measurements of some runs as one long table: a row for every number of every generation.

use std::fmt::Write;
use std::path::Path;

use autophage_durable::write_atomically;
use autophage_lab::{LabError, Run, StageTiming};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ReportError;
use crate::csv::field;

/// One number of one generation of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// Directory of the run, as it was given.
    pub run: String,
    /// Name of its experiment.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Its paradigm, with its parameter.
    pub paradigm: String,
    /// The generation; 0 for what is known of the real documents.
    pub generation: u32,
    /// Which number: its place in the record that `docs/formats.md` describes, joined by slashes. A
    /// probe is named by its texts, and its frequencies in a corpus stand under `corpus`.
    pub metric: String,
    /// The number.
    pub value: f64,
    /// Its standard error, where it is an estimate that has one.
    pub standard_error: Option<f64>,
}

/// A number with its name, before it is known which run it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    pub(super) metric: String,
    pub(super) value: f64,
    pub(super) standard_error: Option<f64>,
}

/// Every number of a run: of the real documents, of each finished generation, and how long each took.
/// Numbers that are not there or infinite are left out; histograms are no numbers.
///
/// # Errors
/// A file of the run that is damaged.
pub fn metric_rows(run: &Run) -> Result<Vec<MetricRow>, ReportError> {
    let mut rows = Vec::new();
    let experiment = run.experiment();
    for generation in 0..=run.finished()? {
        for scalar in scalars(run, generation)? {
            rows.push(MetricRow {
                run: run.directory().display().to_string(),
                name: experiment.name.clone(),
                seed: experiment.seed,
                paradigm: experiment.paradigm.to_string(),
                generation,
                metric: scalar.metric,
                value: scalar.value,
                standard_error: scalar.standard_error,
            });
        }
    }
    Ok(rows)
}

/// The numbers of a generation, or of the real documents for 0.
pub(super) fn scalars(run: &Run, generation: u32) -> Result<Vec<Scalar>, LabError> {
    if generation == 0 {
        return Ok(run.baseline()?.as_ref().map(flattened).unwrap_or_default());
    }
    let mut scalars = flattened(&run.metrics(generation)?);
    for (stage, timing) in run.timing(generation)?.stages.iter() {
        scalars.extend(of_stage(stage, timing));
    }
    Ok(scalars)
}

fn of_stage(stage: &str, timing: &StageTiming) -> [Scalar; 3] {
    [
        ("seconds", timing.seconds),
        ("tokens", timing.tokens as f64),
        ("tokens_per_second", timing.tokens_per_second()),
    ]
    .map(|(name, value)| Scalar {
        metric: format!("timing/{stage}/{name}"),
        value,
        standard_error: None,
    })
}

/// Every number of a record, so that none is forgotten when records grow.
fn flattened(record: &impl Serialize) -> Vec<Scalar> {
    let record = serde_json::to_value(record).expect("records are serialisable");
    let mut scalars = Vec::new();
    if let Value::Object(mut fields) = record {
        // They say which record it is.
        fields.remove("version");
        fields.remove("generation");
        let probes = fields.remove("probes");
        object("", &fields, &mut scalars);
        for probe in probes.iter().filter_map(Value::as_array).flatten() {
            of_probe(probe, &mut scalars);
        }
    }
    scalars
}

/// What marks the standard error of a number, whose name is the rest.
const ERROR: &str = "_standard_error";

fn object(prefix: &str, fields: &Map<String, Value>, scalars: &mut Vec<Scalar>) {
    for (key, value) in fields {
        match value {
            Value::Object(inner) => object(&format!("{prefix}{key}/"), inner, scalars),
            Value::Number(number) if !key.contains(ERROR) && key != "generation" => {
                let error = fields
                    .iter()
                    .find(|(name, _)| name.contains(ERROR) && name.replace(ERROR, "") == *key);
                scalars.push(Scalar {
                    metric: format!("{prefix}{key}"),
                    value: number.as_f64().unwrap_or(f64::NAN),
                    standard_error: error.and_then(|(_, error)| error.as_f64()),
                });
            }
            _ => {}
        }
    }
}

/// A probe has a list of texts and beside it lists of what is known of each.
fn of_probe(probe: &Value, scalars: &mut Vec<Scalar>) {
    let texts = probe["next"].as_array().into_iter().flatten();
    // What a model wrote, or the real text.
    let corpus = ["generated", "truth"].iter().find_map(|key| probe.get(key));
    for (place, next) in texts.enumerate() {
        let prefix = format!("probe/{}→{next}/", probe["context"]);
        let mut fields = Map::new();
        if let Some(probability) = probe["probabilities"].get(place) {
            fields.insert("model".to_owned(), probability.clone());
        }
        if let Some(corpus) = corpus {
            let mut frequency = corpus["next"][place].clone();
            frequency["context_count"] = corpus["context_count"].clone();
            fields.insert("corpus".to_owned(), frequency);
        }
        object(&prefix, &fields, scalars);
    }
}

/// Writes the rows as CSV (RFC 4180, with a line feed after every row). Numbers have all their digits.
///
/// # Errors
/// A file that cannot be written.
pub fn write_csv(rows: &[MetricRow], path: &Path) -> Result<(), ReportError> {
    let mut text = "run,name,seed,paradigm,generation,metric,value,standard_error\n".to_owned();
    for row in rows {
        let error = row.standard_error.map(|error| error.to_string());
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{}",
            field(&row.run),
            field(&row.name),
            row.seed,
            row.paradigm,
            row.generation,
            field(&row.metric),
            row.value,
            error.unwrap_or_default()
        );
    }
    write_atomically(path, text.as_bytes()).map_err(ReportError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_named_by_their_place() {
        let record = json!({
            "version": 1,
            "generation": 4,
            "perplexity": {
                "perplexity": 9.5,
                "perplexity_standard_error": 0.25,
                "loss_nats_per_token": 2.25,
                "loss_standard_error_nats_per_token": null,
                "text_bytes": null,
            },
            "errors": { "generation": 4, "retention": { "median": 0.5 } },
            "histogram": { "documents": [1, 2] },
            "probes": [{
                "context": " a",
                "next": [" b", "/c"],
                "probabilities": [0.75, 0.125],
                "generated": {
                    "context_count": 8,
                    "next": [
                        { "count": 6, "interval_95": { "low": 0.5, "high": 1.0 } },
                        { "count": 0, "interval_95": null },
                    ],
                },
            }],
        });
        let mut found = flattened(&record);
        found.sort_by(|a, b| a.metric.cmp(&b.metric));
        let found: Vec<(&str, f64, Option<f64>)> = found
            .iter()
            .map(|scalar| (scalar.metric.as_str(), scalar.value, scalar.standard_error))
            .collect();
        assert_eq!(
            found,
            [
                ("errors/retention/median", 0.5, None),
                ("perplexity/loss_nats_per_token", 2.25, None),
                ("perplexity/perplexity", 9.5, Some(0.25)),
                ("probe/\" a\"→\" b\"/corpus/context_count", 8.0, None),
                ("probe/\" a\"→\" b\"/corpus/count", 6.0, None),
                ("probe/\" a\"→\" b\"/corpus/interval_95/high", 1.0, None),
                ("probe/\" a\"→\" b\"/corpus/interval_95/low", 0.5, None),
                ("probe/\" a\"→\" b\"/model", 0.75, None),
                ("probe/\" a\"→\"/c\"/corpus/context_count", 8.0, None),
                ("probe/\" a\"→\"/c\"/corpus/count", 0.0, None),
                ("probe/\" a\"→\"/c\"/model", 0.125, None),
            ]
        );
    }
}
