//! How often a measurement is repeated.

use std::time::{Duration, Instant};

/// How much time measurements may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Fewest repetitions of work that is short enough.
    pub(crate) repetitions: usize,
    /// Repeats until this is over.
    pub(crate) least: Duration,
    /// No further repetition is begun after this; a first pass that takes longer is the measurement.
    pub(crate) most: Duration,
}

impl Effort {
    /// A measurement to rely on.
    pub(crate) const FULL: Self = Self {
        repetitions: 3,
        least: Duration::from_secs(2),
        most: Duration::from_secs(8),
    };

    /// A first impression.
    pub(crate) const QUICK: Self = Self {
        repetitions: 1,
        least: Duration::from_millis(100),
        most: Duration::from_millis(300),
    };
}

/// Does `once` again and again and returns the time and the result of each repetition. A first pass,
/// in which memory is touched for the first time, is not among them, unless it takes all the time
/// there is.
pub(crate) fn repeat<T, E>(
    effort: Effort,
    mut once: impl FnMut() -> Result<T, E>,
) -> Result<Vec<(Duration, T)>, E> {
    let mut pass = || {
        let begin = Instant::now();
        once().map(|result| (begin.elapsed(), result))
    };
    let first = pass()?;
    if first.0 > effort.most {
        return Ok(vec![first]);
    }
    let begin = Instant::now();
    let mut passes = Vec::new();
    while passes.is_empty()
        || (begin.elapsed() < effort.most
            && (passes.len() < effort.repetitions || begin.elapsed() < effort.least))
    {
        passes.push(pass()?);
    }
    Ok(passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the passes that count.
    fn counted(effort: Effort) -> Vec<u32> {
        let mut done = 0;
        let passes = repeat::<u32, ()>(effort, || {
            done += 1;
            std::thread::sleep(Duration::from_millis(1));
            Ok(done)
        });
        passes.unwrap().into_iter().map(|(_, n)| n).collect()
    }

    #[test]
    fn the_first_pass_is_left_out_unless_it_is_long() {
        let effort = Effort {
            repetitions: 4,
            least: Duration::ZERO,
            most: Duration::from_secs(60),
        };
        assert_eq!(counted(effort), [2, 3, 4, 5]);
        let none = Effort {
            most: Duration::ZERO,
            ..effort
        };
        assert_eq!(counted(none), [1]);
    }

    #[test]
    fn a_failure_ends_it() {
        assert_eq!(repeat::<(), _>(Effort::QUICK, || Err("no")), Err("no"));
    }
}
