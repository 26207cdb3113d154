//! `autophage bench`: how fast this machine is.

use std::str::FromStr;

use autophage_bench::{BenchError, BenchSettings, bench, estimate};
use autophage_compute::{Isa, Precision};
use autophage_lab::Experiment;

use crate::failure::Failure;
use crate::terminal::{estimates, rates, write_json};

/// Measure how fast this machine trains, samples and scores models, beside what it can do at most.
///
/// The ceilings (multiply-adds, matrix products, exponentials, memory) are measured by the same
/// command. Takes about two minutes on two cores. With --estimate: what an experiment would take
/// here, in time, memory and disk, from a few seconds of its own work.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage bench
  autophage bench --quick --models demo
  autophage bench --isa avx2 --threads 1 --json
  autophage bench --estimate demo
  autophage bench --estimate tinystories-1m --set corpus.path=stories.jsonl")]
pub(crate) struct Arguments {
    /// Models to measure: demo, 1m, 33m, demo-llama, smollm2-135m; the first three if not given.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    models: Option<Vec<String>>,

    /// What to measure: train, sample, score; all of it if not given.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    tasks: Option<Vec<String>>,

    /// Threads to compute with; all processors if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: Option<u32>,

    /// Instruction set: portable, avx2, avx512, avx512bf16 or amx; the best of this processor if not
    /// given.
    #[arg(long)]
    isa: Option<String>,

    /// Precision of matrix products: f32, bf16, or auto for bf16 where the instruction set has it.
    #[arg(long, default_value = "auto")]
    precision: String,

    /// Say what this experiment (a preset or the path of a file) would take, and measure only that.
    #[arg(long, value_name = "PRESET|FILE", conflicts_with_all = ["models", "tasks", "threads", "isa", "precision", "quick"])]
    estimate: Option<String>,

    /// Set a key of the experiment, such as compute.threads=2. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "estimate")]
    overrides: Vec<String>,

    /// A first impression in a few seconds: less work, fewer repetitions.
    #[arg(long)]
    quick: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let mut progress = |step: &str| anstream::eprintln!("measuring {step}");
    if let Some(specification) = &arguments.estimate {
        let experiment = Experiment::load(specification, &arguments.overrides)?;
        let estimate = estimate(&experiment, &mut progress)?;
        if arguments.json {
            write_json(&estimate);
        } else {
            estimates::print(&estimate);
        }
        return Ok(());
    }
    let report = bench(&settings(arguments)?, &mut progress)?;
    if arguments.json {
        write_json(&report);
    } else {
        rates::print(&report);
    }
    Ok(())
}

fn settings(arguments: &Arguments) -> Result<BenchSettings, BenchError> {
    let usual = BenchSettings::default();
    Ok(BenchSettings {
        models: named(arguments.models.as_deref(), usual.models)?,
        tasks: named(arguments.tasks.as_deref(), usual.tasks)?,
        threads: arguments.threads.map(|threads| threads as usize),
        isa: arguments
            .isa
            .as_deref()
            .map(str::parse::<Isa>)
            .transpose()?,
        precision: match arguments.precision.as_str() {
            "auto" => None,
            name => Some(name.parse::<Precision>()?),
        },
        quick: arguments.quick,
    })
}

/// What the names stand for, or everything.
fn named<T: FromStr<Err = BenchError>>(
    names: Option<&[String]>,
    all: Vec<T>,
) -> Result<Vec<T>, BenchError> {
    match names {
        None => Ok(all),
        Some(names) => names.iter().map(|name| name.parse()).collect(),
    }
}
