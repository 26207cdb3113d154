//! How near an operation comes to what the machine allows.
//!
//! An operation needs at least the time of its multiply-adds at their ceiling, of its exponentials at
//! theirs, and of moving its operands, each taken alone: the greatest of these times is a bound that
//! nothing undercuts, and the bound over the time taken is the share of the machine's ceiling (the
//! roofline model of Williams et al., 2009).

use autophage_compute::{Noted, Operation, Work};
use serde::Serialize;

use crate::MachineCeilings;

/// What an operation cannot be faster than.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Its multiply-adds.
    MultiplyAdds,
    /// Its exponential functions.
    Exponentials,
    /// Moving its operands through the caches.
    Caches,
    /// Moving its operands through memory.
    Memory,
}

/// The least time of an operation in seconds, and what decides it.
pub(crate) fn bound(
    operation: Operation,
    noted: &Noted,
    ceilings: &MachineCeilings,
) -> (f64, Limit) {
    let work = noted.work;
    let share = operation.matrix_share();
    let multiply_adds = time(2 * work.multiply_adds, ceilings.matrix_peak_gflops) * share
        + time(2 * work.multiply_adds, ceilings.gflops) * (1.0 - share);
    let far = noted.beyond_caches;
    let near = Work {
        bytes_read: work.bytes_read - far.bytes_read,
        bytes_written: work.bytes_written - far.bytes_written,
        ..Work::default()
    };
    // Reading and writing may go on side by side.
    let memory = time(far.bytes_read, ceilings.memory_read_gb)
        .max(time(far.bytes_written, ceilings.memory_write_gb));
    let caches = time(near.bytes_read, ceilings.cache_read_gb)
        .max(time(near.bytes_written, ceilings.cache_write_gb));
    let transport = if memory > caches {
        Limit::Memory
    } else {
        Limit::Caches
    };
    [
        (multiply_adds, Limit::MultiplyAdds),
        (
            time(work.exponentials, ceilings.giga_exponentials),
            Limit::Exponentials,
        ),
        (memory + caches, transport),
    ]
    .into_iter()
    .max_by(|a, b| a.0.total_cmp(&b.0))
    .expect("three times")
}

/// Seconds for `amount` at `rate` 10⁹ a second.
fn time(amount: u64, rate: f64) -> f64 {
    1e-9 * amount as f64 / rate
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CEILINGS: MachineCeilings = MachineCeilings {
        gflops: 100.0,
        matrix_peak_gflops: 400.0,
        matrix_gflops: 50.0,
        giga_exponentials: 10.0,
        memory_read_gb: 20.0,
        memory_write_gb: 10.0,
        cache_read_gb: 200.0,
        cache_write_gb: 100.0,
    };

    fn noted(work: Work, beyond_caches: Work) -> Noted {
        Noted {
            calls: 1,
            time: Duration::from_secs(1),
            work,
            beyond_caches,
        }
    }

    #[test]
    fn the_slowest_resource_decides() {
        let work = Work {
            multiply_adds: 50_000_000_000,
            exponentials: 1_000_000_000,
            bytes_read: 4_000_000_000,
            bytes_written: 1_000_000_000,
        };
        let is = |work, beyond_caches, expected: f64, by| {
            let (seconds, limit) =
                bound(Operation::Attention, &noted(work, beyond_caches), &CEILINGS);
            assert_eq!(limit, by);
            assert!((seconds - expected).abs() < 1e-12, "{seconds}");
        };
        let none = Work::default();
        // Half of its multiply-adds at each of the two peaks.
        is(work, none, 0.625, Limit::MultiplyAdds);
        let exponentials = Work {
            exponentials: 30_000_000_000,
            ..work
        };
        is(exponentials, none, 3.0, Limit::Exponentials);
        // 4 GB at 200 GB/s from the caches, and at 20 GB/s from memory.
        let moves = Work {
            multiply_adds: 0,
            exponentials: 0,
            ..work
        };
        is(moves, none, 0.02, Limit::Caches);
        is(moves, moves, 0.2, Limit::Memory);
        // All of them at the peak of matrix products.
        let product = bound(Operation::Linear, &noted(work, none), &CEILINGS);
        assert_eq!(product, (0.25, Limit::MultiplyAdds));
    }
}
