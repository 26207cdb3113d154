//! Between the stages and the observer: keeps the time, notes when the observer breaks off, and
//! leaves a status file for other processes.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::manifest::write_json;
use crate::{Event, LabError, Observer, Stage, StageTiming};

/// How often the status file is written at most.
const STATUS_INTERVAL: Duration = Duration::from_secs(2);

/// Why the work on a generation ended before its end.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The observer broke off.
    Stopped,
    /// Something went wrong.
    Failed(Box<LabError>),
}

impl From<LabError> for Halt {
    fn from(error: LabError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<autophage_corpus::CorpusError> for Halt {
    fn from(error: autophage_corpus::CorpusError) -> Self {
        Self::Failed(Box::new(error.into()))
    }
}

/// What a run that is in progress was last doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the stage: see [`Stage::name`].
    pub stage: String,
    /// Generation that it works on; 0 for what comes before the first.
    pub generation: u32,
    /// How much of the stage is done, in [`Stage::unit`]s.
    pub done: u64,
    /// How much there is to do; `None` if that is not known.
    pub total: Option<u64>,
    /// When this was written, in seconds since 1970.
    pub unix_seconds: u64,
}

/// The stage at hand.
#[derive(Debug)]
struct Current {
    stage: Stage,
    generation: u32,
    total: Option<u64>,
    began: Instant,
}

pub(crate) struct Reporter<'a> {
    observer: &'a mut dyn Observer,
    status: PathBuf,
    written: Option<Instant>,
    current: Option<Current>,
    stopped: bool,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(observer: &'a mut dyn Observer, status: PathBuf) -> Self {
        Self {
            observer,
            status,
            written: None,
            current: None,
            stopped: false,
        }
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) {
        self.stopped |= self.observer.observe(event).is_break();
    }

    pub(crate) fn warn(&mut self, message: &str) {
        self.event(&Event::Warning { message });
    }

    /// Begins a stage.
    pub(crate) fn start(&mut self, stage: Stage, generation: u32, total: Option<u64>) {
        self.current = Some(Current {
            stage,
            generation,
            total,
            began: Instant::now(),
        });
        self.written = None;
        self.event(&Event::StageStarted {
            stage,
            generation,
            total,
        });
        self.write_status(0);
    }

    /// Reports progress in the stage; `total` replaces what was said at its start.
    pub(crate) fn progress(
        &mut self,
        done: u64,
        total: Option<u64>,
        tokens: u64,
        loss: Option<f64>,
    ) -> ControlFlow<()> {
        let Some(current) = &mut self.current else {
            return self.flow();
        };
        current.total = total.or(current.total);
        let seconds = current.began.elapsed().as_secs_f64();
        let event = Event::Progress {
            stage: current.stage,
            generation: current.generation,
            done,
            total: current.total,
            tokens_per_second: if seconds > 0.0 {
                tokens as f64 / seconds
            } else {
                0.0
            },
            loss,
        };
        self.event(&event);
        self.write_status(done);
        self.flow()
    }

    /// Ends the stage.
    pub(crate) fn finish(&mut self, tokens: u64) -> Result<StageTiming, Halt> {
        let timing = match self.current.take() {
            Some(current) => {
                let seconds = current.began.elapsed().as_secs_f64();
                self.event(&Event::StageFinished {
                    stage: current.stage,
                    generation: current.generation,
                    seconds,
                    tokens,
                });
                StageTiming { seconds, tokens }
            }
            None => StageTiming::default(),
        };
        self.check()?;
        Ok(timing)
    }

    /// Goes on unless the observer broke off.
    pub(crate) fn check(&self) -> Result<(), Halt> {
        match self.stopped {
            true => Err(Halt::Stopped),
            false => Ok(()),
        }
    }

    fn flow(&self) -> ControlFlow<()> {
        match self.stopped {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn write_status(&mut self, done: u64) {
        let due = self
            .written
            .is_none_or(|written| written.elapsed() >= STATUS_INTERVAL);
        let Some(current) = self.current.as_ref().filter(|_| due) else {
            return;
        };
        self.written = Some(Instant::now());
        let status = Status {
            stage: current.stage.name().to_owned(),
            generation: current.generation,
            done,
            total: current.total,
            unix_seconds: unix_seconds(),
        };
        // Nothing depends on this file, and what is wrong with the disk shows elsewhere.
        let _ = write_json(&self.status, &status);
    }
}

/// Seconds since 1970.
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
