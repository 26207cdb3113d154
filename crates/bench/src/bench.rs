//! The measurement as a whole.

use std::sync::Arc;
use std::time::Duration;

use autophage_compute::{CpuBackend, CpuSettings, Isa, Precision, Profiled};

use crate::report::{BenchReport, ModelReport, REPORT_VERSION, Task};
use crate::workload::Workload;
use crate::{BenchError, BenchModel, Machine, MachineCeilings};

/// What is measured, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchSettings {
    /// The models.
    pub models: Vec<BenchModel>,
    /// What each of them does.
    pub tasks: Vec<Task>,
    /// Number of threads; one for each processor if not given.
    pub threads: Option<usize>,
    /// The instruction set; that of the environment, or else the best, if not given.
    pub isa: Option<Isa>,
    /// The precision of matrix products; bf16 where the instruction set has it, if not given.
    pub precision: Option<Precision>,
    /// A first impression in seconds instead of a measurement in a minute or two.
    pub quick: bool,
}

impl Default for BenchSettings {
    fn default() -> Self {
        Self {
            models: BenchModel::USUAL.to_vec(),
            tasks: Task::ALL.to_vec(),
            threads: None,
            isa: None,
            precision: None,
            quick: false,
        }
    }
}

/// Measures the ceilings of the machine, and how fast it trains, samples and scores models.
/// `progress` hears of every measurement before it begins.
///
/// # Errors
/// No models, or an instruction set that is not there.
pub fn bench(
    settings: &BenchSettings,
    progress: &mut dyn FnMut(&str),
) -> Result<BenchReport, BenchError> {
    if settings.models.is_empty() || settings.tasks.is_empty() {
        return Err(BenchError::Nothing);
    }
    let isa = match settings.isa {
        Some(isa) => isa,
        None => Isa::from_environment()?,
    };
    let cpu = CpuBackend::with_settings(CpuSettings {
        threads: settings.threads,
        isa,
        precision: settings.precision,
    })?;
    progress("ceilings of the machine");
    let time = Duration::from_millis(if settings.quick { 600 } else { 4000 });
    let machine = Machine::of(&cpu);
    let ceilings = MachineCeilings::measure(&cpu, time)?;
    let backend = Arc::new(Profiled::new(cpu));
    let mut models = Vec::new();
    for &model in &settings.models {
        let workload = Workload {
            backend: &backend,
            model,
            quick: settings.quick,
            ceilings: &ceilings,
        };
        let failed = BenchError::model(model.name());
        let network = model.config().map_err(&failed)?.architecture;
        let mut tasks = Vec::new();
        for &task in &settings.tasks {
            progress(&format!("{}: {}", model.name(), task.name()));
            tasks.push(workload.measure(task).map_err(&failed)?);
        }
        models.push(ModelReport {
            name: model.name(),
            parameters: network.parameter_count(),
            vocabulary: network.vocabulary,
            hidden: network.hidden,
            layers: network.layers,
            heads: network.attention.heads,
            tasks,
        });
    }
    Ok(BenchReport {
        version: REPORT_VERSION,
        software_version: env!("CARGO_PKG_VERSION"),
        quick: settings.quick,
        machine,
        ceilings,
        models,
    })
}

#[cfg(test)]
mod tests {
    use autophage_model::TrainingSettings;

    use super::*;

    /// The shape of the JSON form, which scripts rely on, and what must hold of any measurement.
    #[test]
    fn a_quick_report_is_whole() {
        let settings = BenchSettings {
            models: vec![BenchModel::Demo],
            threads: Some(2),
            quick: true,
            ..BenchSettings::default()
        };
        let mut steps = Vec::new();
        let report = bench(&settings, &mut |step| steps.push(step.to_owned())).unwrap();
        assert_eq!(steps[1..], ["demo: train", "demo: sample", "demo: score"]);

        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["version"], 1);
        assert_eq!(json["machine"]["threads"], 2);
        for ceiling in [
            "gflops",
            "matrix_peak_gflops",
            "matrix_gflops",
            "giga_exponentials",
            "memory_read_gb",
            "memory_write_gb",
            "cache_read_gb",
            "cache_write_gb",
        ] {
            assert!(
                json["ceilings"][ceiling].as_f64().unwrap() > 0.0,
                "{ceiling}"
            );
        }
        let tasks = json["models"][0]["tasks"].as_array().unwrap();
        let kinds: Vec<_> = tasks.iter().map(|task| task["task"].as_str()).collect();
        assert_eq!(kinds, [Some("train"), Some("sample"), Some("score")]);
        for task in tasks {
            assert!(task["tokens_per_second"]["median"].as_f64().unwrap() > 0.0);
            let operations = task["operations"].as_array().unwrap();
            let shares: Vec<f64> = operations
                .iter()
                .map(|operation| operation["share"].as_f64().unwrap())
                .collect();
            assert!(shares.is_sorted_by(|a, b| a >= b), "the longest first");
            let outside = task["share_outside"].as_f64().unwrap();
            let total = shares.iter().sum::<f64>() + outside;
            assert!((total - 1.0).abs() < 1e-9, "{total}");
            assert!(outside > -1e-9, "{outside}");
        }
        // A pass has as many calls of each operation as the network has places for it: four square
        // layers and two of the feed-forward part in each of four blocks. A step
        // of 4,096 tokens has several passes.
        let passes = 4096 / TrainingSettings::default().micro_batch_tokens;
        let train = tasks[0]["operations"].as_array().unwrap();
        let linear = train
            .iter()
            .find(|operation| operation["operation"] == "linear");
        assert_eq!(linear.unwrap()["calls"], 4 * 6 * passes);
    }

    #[test]
    fn nothing_to_measure_is_an_error() {
        let settings = BenchSettings {
            models: Vec::new(),
            ..BenchSettings::default()
        };
        let error = bench(&settings, &mut |_| ()).unwrap_err().to_string();
        assert!(
            error.contains("`1m`") && error.contains("`score`"),
            "{error}"
        );
    }
}
