//! `autophage run`: the main job.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use autophage_lab::{Event, Experiment, Layout, ModelSettings, Observer, Outcome, Preset, Run};
use autophage_report::{ReportError, RunPage, write_tensorboard};

use crate::failure::Failure;
use crate::interruption::Interruption;
use crate::options::ComputeOptions;
use crate::terminal::number::{seconds, significant};
use crate::terminal::progress::Progress;
use crate::terminal::{say, trends, write_json};

/// Run an experiment: train, generate, measure, generation after generation.
///
/// The run is a directory. A run that was stopped, however, goes on from its last finished
/// generation with the same command. Ctrl-C stops it within two seconds, and a second Ctrl-C at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage run demo
  autophage run demo --set paradigm.kind=accumulate-subsample --set paradigm.rate=1 --out runs/mixed
  autophage run tinystories-1m --set corpus.path=TinyStories-train.parquet")]
pub(crate) struct Arguments {
    /// A preset (see `autophage presets`) or the path of an experiment file.
    #[arg(value_name = "PRESET|FILE")]
    specification: String,

    /// Directory of the run; runs/NAME if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Set a key of the experiment, such as training.learning_rate=1e-3. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,

    #[command(flatten)]
    compute: ComputeOptions,

    /// Write event files for TensorBoard into a folder of the run's name in DIR, after every
    /// generation.
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,

    /// Print the metrics of all generations as JSON instead of a table.
    #[arg(long)]
    json: bool,

    /// Print the experiment with every default explicit, and do nothing else.
    #[arg(long, conflicts_with = "json")]
    dry_run: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let compute = arguments.compute.overrides();
    let overrides: Vec<String> = arguments.overrides.iter().cloned().chain(compute).collect();
    let experiment = Experiment::load(&arguments.specification, &overrides)?;
    if arguments.dry_run {
        say!("{}", experiment.to_toml().trim_end());
        return Ok(());
    }
    let directory = arguments
        .out
        .clone()
        .unwrap_or_else(|| Path::new("runs").join(&experiment.name));
    anstream::eprintln!("experiment {}, in {}", experiment.name, directory.display());
    let interruption = Interruption::watch({
        let directory = directory.clone();
        move || kept(&directory)
    })?;
    let mut observer = Reporting {
        interruption: &interruption,
        progress: Progress::new(experiment.generations),
        page: RunPage::new(&directory),
        tensorboard: arguments.tensorboard.as_deref(),
        directory: &directory,
    };
    let outcome = autophage_lab::run(&experiment, &directory, &mut observer)?;
    // Once more, for now the run is no longer going on.
    observer.write_views();
    if let Outcome::Stopped { .. } = outcome {
        drop(observer);
        interruption.end();
    }
    let run = Run::open(&directory)?;
    if arguments.json {
        let metrics = (1..=run.finished()?)
            .map(|generation| run.metrics(generation))
            .collect::<Result<Vec<_>, _>>()?;
        write_json(&metrics);
        return Ok(());
    }
    trends::print(&run)?;
    say!("");
    conclusion(&run, &arguments.specification)
}

/// What is kept of a run that is interrupted, and how it goes on.
fn kept(directory: &Path) -> String {
    let finished = Run::open(directory).and_then(|run| run.finished());
    let directory = directory.display();
    match finished.unwrap_or(0) {
        0 => format!("no generation of {directory} is finished; the same command goes on with it"),
        1 => format!("generation 1 of {directory} is kept; the same command goes on after it"),
        n => format!(
            "generations 1 to {n} of {directory} are kept; the same command goes on after them"
        ),
    }
}

/// Shows progress, keeps the run's page and events up to date, and stops the run when it is
/// interrupted.
struct Reporting<'a> {
    interruption: &'a Interruption,
    progress: Progress,
    page: RunPage,
    tensorboard: Option<&'a Path>,
    directory: &'a Path,
}

impl Reporting<'_> {
    /// These are views of the run and no part of it: where one cannot be written, the run goes on.
    fn write_views(&mut self) {
        if let Err(error) = self.page.write() {
            self.warn(&format!("{error}; the run goes on without its page"));
        }
        if let Err(error) = self.write_events() {
            self.warn(&format!("{error}; the run goes on without events"));
        }
    }

    fn write_events(&self) -> Result<(), ReportError> {
        if let Some(events) = self.tensorboard {
            write_tensorboard(&[Run::open(self.directory)?], events)?;
        }
        Ok(())
    }

    fn warn(&mut self, message: &str) {
        // Progress never breaks off.
        let _ = self.progress.observe(&Event::Warning { message });
    }
}

impl Observer for Reporting<'_> {
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if self.interruption.is_asked() {
            return ControlFlow::Break(());
        }
        let flow = self.progress.observe(event);
        if let Event::GenerationFinished { .. } = event {
            self.write_views();
        }
        flow
    }
}

/// What came of it in a few lines, and where to look further.
fn conclusion(run: &Run, specification: &str) -> Result<(), Failure> {
    let last = run.finished()?;
    if let Some(baseline) = run.baseline()? {
        say!(
            "A unigram model of the real text has perplexity {} on it.",
            significant(baseline.unigram.perplexity, 4)
        );
    }
    let mut total = 0.0;
    for generation in 1..=last {
        total += run.timing(generation)?.seconds();
    }
    let directory = run.directory().display();
    let generations = if last == 1 {
        "generation"
    } else {
        "generations"
    };
    say!("{last} {generations} took {}.", seconds(total));
    say!("");
    say!("Everything is in {directory}:");
    let opens = match run.experiment().model {
        ModelSettings::Transformer(_) => " (opens in Hugging Face transformers)",
        ModelSettings::NGram(_) => "",
    };
    let name = Layout::generation_name(last);
    for (file, what) in [
        (
            Layout::EXPERIMENT,
            "the experiment, with every default explicit",
        ),
        (
            Layout::PAGE,
            "one page with figures and texts, to look at or to mail",
        ),
        (Layout::METRICS, "all measurements, a line a generation"),
        (
            &name.to_string_lossy(),
            &format!("the last model{opens} and its text"),
        ),
    ] {
        say!("  {file:<18} {what}");
    }
    say!("");
    say!("Look further:");
    if Preset::named(specification).is_some_and(|preset| preset.name == "demo") {
        say!("  autophage probe {directory} \" there\" --next \" was\" --next \" were\"");
    }
    say!("  autophage sample {directory} --generation {last}");
    say!("  autophage status {directory} --generations");
    Ok(())
}
