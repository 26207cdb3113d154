//! What a run tells of its progress, for whoever shows it.

use std::ops::ControlFlow;

use crate::{Metrics, Stage, Timing};

/// Something that happened in a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The run goes on where it was stopped.
    Resumed {
        /// Number of generations that are there already.
        finished: u32,
    },
    /// A stage begins.
    StageStarted {
        /// Which.
        stage: Stage,
        /// Of which generation; 0 for what comes before the first.
        generation: u32,
        /// How much there is to do, in [`Stage::unit`]s; `None` if that is not known.
        total: Option<u64>,
    },
    /// A stage goes on.
    Progress {
        /// Which.
        stage: Stage,
        /// Of which generation.
        generation: u32,
        /// How much is done.
        done: u64,
        /// How much there is to do; `None` if that is not known.
        total: Option<u64>,
        /// Tokens dealt with a second, since the stage began.
        tokens_per_second: f64,
        /// In training: the mean loss of the latest step, in nats a token.
        loss: Option<f64>,
    },
    /// A stage is done.
    StageFinished {
        /// Which.
        stage: Stage,
        /// Of which generation.
        generation: u32,
        /// Wall-clock seconds that it took.
        seconds: f64,
        /// Tokens that it dealt with.
        tokens: u64,
    },
    /// A generation is done, measured, and on disk.
    GenerationFinished {
        /// What was measured.
        metrics: &'a Metrics,
        /// How long it took.
        timing: &'a Timing,
    },
    /// Something that the user should know and that stops nothing.
    Warning {
        /// What.
        message: &'a str,
    },
}

/// Hears of what happens in a run.
pub trait Observer {
    /// Hears of `event`. Breaking off stops the run at the next place where it can be stopped; the
    /// same command takes it up again. The training of one model is not such a place.
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(&Event<'_>) -> ControlFlow<()>> Observer for F {
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}
