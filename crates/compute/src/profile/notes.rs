//! What was noted of operations: how often, how long, how much.

use std::time::Duration;

use crate::{Operation, Work};

/// What was noted of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How often it was called.
    pub calls: u64,
    /// Wall-clock time of all calls together.
    pub time: Duration,
    /// What all calls together had to do.
    pub work: Work,
    /// The part of it that was done in calls whose operands are more than [`CACHES`] bytes.
    pub beyond_caches: Work,
}

/// Operands of up to so many bytes may lie in the caches of a processor: 32 MiB. Larger ones have to
/// come from memory.
pub const CACHES: u64 = 1 << 25;

/// What was noted of every operation that was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    noted: [Noted; Operation::ALL.len()],
    pub(super) allocated: u64,
}

impl Profile {
    /// Every operation that was called, in the order of [`Operation`].
    pub fn operations(&self) -> impl Iterator<Item = (Operation, Noted)> {
        Operation::ALL
            .iter()
            .map(|&operation| (operation, self.of(operation)))
            .filter(|(_, noted)| noted.calls > 0)
    }

    /// What was noted of one operation.
    pub fn of(&self, operation: Operation) -> Noted {
        self.noted[operation as usize]
    }

    /// Time of all operations together.
    pub fn time(&self) -> Duration {
        self.noted.iter().map(|noted| noted.time).sum()
    }

    /// Work of all operations together.
    pub fn work(&self) -> Work {
        self.noted
            .iter()
            .fold(Work::default(), |sum, noted| sum + noted.work)
    }

    /// Bytes of all buffers that were made with [`Device::zeros`](crate::Device::zeros), whether they
    /// are still there or not.
    pub fn allocated_bytes(&self) -> u64 {
        self.allocated
    }

    /// Adds what another profile noted.
    pub fn merge(&mut self, other: &Self) {
        for (noted, other) in self.noted.iter_mut().zip(other.noted) {
            noted.calls += other.calls;
            noted.time += other.time;
            noted.work = noted.work + other.work;
            noted.beyond_caches = noted.beyond_caches + other.beyond_caches;
        }
        self.allocated += other.allocated;
    }

    pub(super) fn add(&mut self, operation: Operation, work: Work, time: Duration) {
        let noted = &mut self.noted[operation as usize];
        noted.calls += 1;
        noted.time += time;
        noted.work = noted.work + work;
        if work.bytes_read + work.bytes_written > CACHES {
            noted.beyond_caches = noted.beyond_caches + work;
        }
    }
}
