//! Signals that ask a run to end: SIGINT (Ctrl-C), SIGTERM and SIGHUP.
//!
//! The first asks the run to stop at the next place where it can. Not every piece of work has such a
//! place soon enough, and none needs one: what is in a run's directory is whole at any moment. So the
//! process ends anyway when [`PATIENCE`] is over, and at once when a second signal comes.

use std::fmt::{Debug, Formatter, Result as Formatted};
use std::io::{IsTerminal, Write, stderr};
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use crate::failure::Failure;

/// How long a run has to stop by itself. The process ends within two seconds.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Waits for signals while a run is on.
#[derive(Debug)]
pub(crate) struct Interruption(Arc<State>);

struct State {
    /// The signal that came first; 0 before it.
    signal: Arc<AtomicUsize>,
    said: Once,
    farewell: Box<dyn Fn() -> String + Send + Sync>,
}

impl Interruption {
    /// Waits for signals from now on; `farewell` says what is kept and how to go on.
    pub(crate) fn watch(
        farewell: impl Fn() -> String + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let state = Arc::new(State {
            signal: Arc::default(),
            said: Once::new(),
            farewell: Box::new(farewell),
        });
        #[cfg(unix)]
        unix::listen(Arc::clone(&state))
            .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
        Ok(Self(state))
    }

    /// Whether a signal has come.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.signal.load(Ordering::Relaxed) != 0
    }

    /// Ends the process after a signal.
    pub(crate) fn end(&self) -> ! {
        self.0.end()
    }
}

impl State {
    /// Says what is kept and ends the process, with the status that shells give to one that a signal
    /// ended. Two threads may come here, and one of them speaks.
    fn end(&self) -> ! {
        self.said.call_once(|| {
            // Where a bar stands on a terminal, the line takes its place. Nobody may be left to read it:
            // then it is lost.
            let mut stderr = stderr();
            let clear = if stderr.is_terminal() { "\r\x1b[K" } else { "" };
            let _ = writeln!(stderr, "{clear}interrupted: {}", (self.farewell)());
        });
        exit(128 + self.signal.load(Ordering::Relaxed) as i32)
    }
}

impl Debug for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> Formatted {
        f.debug_struct("State")
            .field("signal", &self.signal)
            .finish_non_exhaustive()
    }
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    use super::{PATIENCE, State};

    pub(super) fn listen(state: Arc<State>) -> io::Result<()> {
        let mut signals = vec![SIGINT, SIGTERM];
        if !is_hangup_ignored() {
            signals.push(SIGHUP);
        }
        let again = Arc::new(AtomicBool::new(false));
        for &signal in &signals {
            // What is registered first is done first: a signal ends the process if one came before.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(signal, Arc::clone(&state.signal), signal as usize)?;
        }
        let mut signals = Signals::new(signals)?;
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                if signals.forever().next().is_some() {
                    thread::sleep(PATIENCE);
                    state.end();
                }
            })?;
        Ok(())
    }

    /// Whether the process was started so that it outlives its terminal, as by `nohup`. Linux tells;
    /// elsewhere a hangup ends the process as it ends any other that does not care.
    fn is_hangup_ignored() -> bool {
        let Ok(status) = fs::read_to_string("/proc/self/status") else {
            return true;
        };
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_none_or(|mask| mask & (1 << (SIGHUP - 1)) != 0)
    }
}
