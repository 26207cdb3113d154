//! The loop: from an experiment to a directory with all its generations.

use std::fs;
use std::path::Path;

use autophage_corpus::{Tokenizer, TokenizerChoice};
use autophage_durable::{scratch_path, write_atomically};
use autophage_measure::diversity::Reference;
use autophage_model::Learner;

use crate::baseline::baseline;
use crate::curation::{Curator, Everything};
use crate::generation::{Common, Past, make};
use crate::lock::Lock;
use crate::manifest::{verify, write_json};
use crate::record::{RunRecord, read_experiment, write_experiment};
use crate::reporter::{Halt, Reporter};
use crate::{
    Event, Experiment, LabError, Layout, Observer, Run, Vocabulary, build_learner, measurement,
    prepared, remedy,
};

/// How a call of [`run`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All generations are there.
    Complete,
    /// The observer broke off. The same call goes on after the last finished generation.
    Stopped {
        /// Number of finished generations.
        finished: u32,
    },
}

/// Makes a learner for an experiment and its vocabulary, with a description of what computes.
pub type LearnerFactory<'a> =
    &'a dyn Fn(&Experiment, Vocabulary) -> Result<(Box<dyn Learner>, String), LabError>;

/// Runs `experiment` in `directory`, which is made if it is not there, or goes on with the run of
/// this experiment that is in it. What is made does not depend on how often it was stopped.
///
/// # Errors
/// Everything that [`LabError`] lists. What can be known beforehand is checked before anything is
/// written.
pub fn run(
    experiment: &Experiment,
    directory: &Path,
    observer: &mut dyn Observer,
) -> Result<Outcome, LabError> {
    run_with(experiment, directory, Equipment::default(), observer)
}

/// What a run is made with beside its experiment. [`Default`] is what [`run`] takes.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Equipment<'a> {
    /// Makes the learner.
    pub learners: LearnerFactory<'a>,
    /// Decides what goes on of each generation's text.
    pub curator: &'a dyn Curator,
}

impl Default for Equipment<'_> {
    fn default() -> Self {
        Self {
            learners: &build_learner,
            curator: &Everything,
        }
    }
}

/// As [`run`], with other equipment.
///
/// # Errors
/// As for [`run`].
pub fn run_with(
    experiment: &Experiment,
    directory: &Path,
    equipment: Equipment<'_>,
    observer: &mut dyn Observer,
) -> Result<Outcome, LabError> {
    experiment.validate()?;
    let layout = Layout::new(directory);
    inspect(directory, &layout)?;
    if !layout.tokens().exists() {
        prepared::preflight(experiment)?;
        if let Some(vocabulary) = known_vocabulary(&experiment.tokenizer)? {
            (equipment.learners)(experiment, vocabulary)?;
        }
    }
    fs::create_dir_all(directory).map_err(LabError::file("create", directory))?;
    let _lock = Lock::take(&layout)?;
    // Once more: another process may have begun a run meanwhile.
    let record = match inspect(directory, &layout)? {
        State::Run if has_artefacts(&layout) => resume(experiment, &layout)?,
        State::Run | State::Empty => begin(experiment, &layout)?,
    };
    let mut reporter = Reporter::new(observer, layout.status());
    match generations(experiment, &layout, record, equipment, &mut reporter) {
        Ok(()) => Ok(Outcome::Complete),
        Err(Halt::Stopped) => Ok(Outcome::Stopped {
            finished: layout.finished_generations(),
        }),
        Err(Halt::Failed(error)) => Err(*error),
    }
}

enum State {
    Empty,
    Run,
}

/// Whether the directory holds a run, or can hold a new one.
fn inspect(directory: &Path, layout: &Layout) -> Result<State, LabError> {
    if layout.experiment().exists() {
        return Ok(State::Run);
    }
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::Empty),
        Err(error) => return Err(LabError::file("use", directory)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(LabError::file("read", directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What a run leaves that was stopped before it had begun.
        let ours = [
            layout.lock(),
            layout.record(),
            scratch_path(&layout.record()),
            scratch_path(&layout.experiment()),
        ];
        if !ours.contains(&entry.path()) {
            return Err(LabError::NotARun {
                path: directory.to_owned(),
                found: name,
            });
        }
    }
    Ok(State::Empty)
}

/// Whether anything is there that depends on the experiment. If not, as after a mistake in the name
/// of the text field, a corrected experiment may take the place of the first.
fn has_artefacts(layout: &Layout) -> bool {
    layout.tokens().exists() || layout.generations().exists()
}

/// The vocabulary, where it is known before the corpus has been read.
fn known_vocabulary(tokenizer: &TokenizerChoice) -> Result<Option<Vocabulary>, LabError> {
    let tokenizer = match tokenizer {
        TokenizerChoice::Gpt2 => Tokenizer::gpt2(),
        TokenizerChoice::File { path } => Tokenizer::from_file(path)?,
        TokenizerChoice::Bpe { .. } => return Ok(None),
    };
    Ok(Some(Vocabulary::of(&tokenizer)))
}

/// Writes what makes a directory a run; the experiment last, for a run is there when it is.
fn begin(experiment: &Experiment, layout: &Layout) -> Result<RunRecord, LabError> {
    let record = RunRecord::new(experiment.seed);
    record.write(layout)?;
    write_experiment(experiment, layout)?;
    Ok(record)
}

/// Checks that the run in the directory is one of this experiment.
fn resume(experiment: &Experiment, layout: &Layout) -> Result<RunRecord, LabError> {
    let record = RunRecord::read(layout)?;
    let there = read_experiment(layout)?;
    let differences = there.incompatibilities(experiment);
    if !differences.is_empty() {
        return Err(LabError::OtherExperiment {
            path: layout.root().to_owned(),
            differences,
        });
    }
    let finished = layout.finished_generations();
    if finished > experiment.generations {
        return Err(LabError::TooManyGenerations {
            path: layout.root().to_owned(),
            finished,
            wanted: experiment.generations,
        });
    }
    if there != *experiment {
        write_experiment(experiment, layout)?;
    }
    Ok(record)
}

/// Makes all generations that are not there.
fn generations(
    experiment: &Experiment,
    layout: &Layout,
    mut record: RunRecord,
    equipment: Equipment<'_>,
    reporter: &mut Reporter<'_>,
) -> Result<(), Halt> {
    let finished = layout.finished_generations();
    if finished > 0 {
        reporter.event(&Event::Resumed { finished });
    }
    if record.software_version != env!("CARGO_PKG_VERSION") {
        reporter.warn(&format!(
            "the run was begun by version {} and goes on with version {}: results may differ from \
             those of either alone",
            record.software_version,
            env!("CARGO_PKG_VERSION")
        ));
    }
    let prepared = prepared::prepare(experiment, layout, reporter)?;
    let (learner, backend) = (equipment.learners)(experiment, Vocabulary::of(&prepared.tokenizer))?;
    if finished > 0 && record.backend != backend {
        reporter.warn(&format!(
            "the run was begun with {} and goes on with {backend}: the last digits of its results \
             may differ from those of either alone",
            record.backend
        ));
    } else if record.backend != backend {
        record.backend = backend;
        record.write(layout)?;
    }
    let composer = prepared.composer(experiment)?;
    let initial = composer.initial();
    let reference = Reference::new(&initial);
    if !layout.baseline().exists() {
        let baseline = baseline(experiment, &prepared, &initial, &reference)?;
        write_json(&layout.baseline(), &baseline)?;
    }
    let probes = measurement::probes(experiment, &prepared.tokenizer)?;
    let tracked = measurement::tracked(experiment, &initial, &probes)?;
    let common = Common {
        experiment,
        layout,
        learner: learner.as_ref(),
        curator: equipment.curator,
        prepared: &prepared,
        composer: &composer,
        reference: &reference,
        probes: &probes,
        tracked: &tracked,
    };
    let mut past = Past::default();
    let mut lines = Lines::default();
    for n in 1..=experiment.generations {
        if n <= finished {
            verify(
                layout.generation(n).directory(),
                &remedy::generation(layout, n),
            )?;
            past.read(layout, n, equipment.curator)?;
            lines.add(layout, n)?;
            continue;
        }
        reporter.check()?;
        let (metrics, timing) = make(&common, n, &mut past, reporter)?;
        lines.add(layout, n)?;
        lines.write(layout)?;
        reporter.event(&Event::GenerationFinished {
            metrics: &metrics,
            timing: &timing,
        });
    }
    // A run that was stopped between the last generation and this file has it now.
    Ok(lines.write(layout)?)
}

/// The metrics of all generations so far, a line each, byte for byte as each generation has them.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn add(&mut self, layout: &Layout, n: u32) -> Result<(), LabError> {
        let path = layout.generation(n).metrics();
        self.0
            .extend(fs::read(&path).map_err(LabError::file("read", &path))?);
        Ok(())
    }

    fn write(&self, layout: &Layout) -> Result<(), LabError> {
        let path = layout.metrics();
        write_atomically(&path, &self.0).map_err(LabError::file("write", &path))
    }
}

impl Run {
    /// Runs `experiment` in `directory` as [`run`] does, and opens the run.
    ///
    /// # Errors
    /// As for [`run`].
    pub fn make(
        experiment: &Experiment,
        directory: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(Self, Outcome), LabError> {
        let outcome = run(experiment, directory, observer)?;
        Ok((Self::open(directory)?, outcome))
    }
}
