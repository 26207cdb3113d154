//! Threads, instruction set and working memory: what every operation computes with.

use std::marker::PhantomData;
use std::ops::Range;

use super::format::Format;
use super::isa::CheckedIsa;
use super::pool::Pool;
use super::product::PANEL_VECTORS;
use super::scratch::{Scratch, ScratchBuffer};
use super::simd::Kernel;
use crate::Precision;

/// The means of computation of a backend.
#[derive(Debug)]
pub(super) struct Engine {
    isa: CheckedIsa,
    precision: Precision,
    pool: Pool,
    scratch: Scratch,
}

impl Engine {
    /// An engine of `threads` threads, at least one.
    ///
    /// Where the system refuses to start threads, there are fewer: the results are the same.
    pub(super) fn new(isa: CheckedIsa, precision: Precision, threads: usize) -> Self {
        Self {
            isa,
            precision,
            pool: Pool::new(threads),
            scratch: Scratch::default(),
        }
    }

    pub(super) fn isa(&self) -> CheckedIsa {
        self.isa
    }

    /// Of the operands of matrix products.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    pub(super) fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Columns of a panel.
    pub(super) fn panel(&self) -> usize {
        PANEL_VECTORS * self.isa.lanes()
    }

    /// Working memory with arbitrary contents.
    pub(super) fn scratch(&self, len: usize) -> ScratchBuffer<'_> {
        self.scratch.take(len)
    }

    /// Runs a kernel on this thread.
    pub(super) fn run<K: Kernel>(&self, kernel: K) -> K::Output {
        self.isa.run(kernel)
    }

    /// Runs a kernel that computes with operands of a format on this thread.
    pub(super) fn run_with<F: Format, K: Kernel>(&self, kernel: K) -> K::Output {
        F::run(self.isa, kernel)
    }

    /// Runs `task(0)` … `task(tasks − 1)`, each once, in any order and side by side.
    pub(super) fn for_each(&self, tasks: usize, task: impl Fn(usize) + Sync + Send) {
        self.pool.run(tasks, &task);
    }

    /// Runs tasks as [`for_each`](Self::for_each) does where `work`, in multiply-adds or so, is
    /// worth waking other threads; else on this one.
    pub(super) fn for_each_if_worth(
        &self,
        work: usize,
        tasks: usize,
        task: impl Fn(usize) + Sync + Send,
    ) {
        const WORTH: usize = 100_000;
        if work < WORTH {
            (0..tasks).for_each(task);
        } else {
            self.for_each(tasks, task);
        }
    }
}

/// A slice of which several tasks write different parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'a, T = f32> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: access is only through `part`, whose callers see to it that parts do not overlap.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(super) fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            slice: PhantomData,
        }
    }

    /// A part of the slice.
    ///
    /// # Safety
    /// While the part lives, nothing else may access its elements.
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn part(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: in bounds by the assertion, unique by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// Writes element `index`.
    ///
    /// # Safety
    /// Nothing else may access the element meanwhile.
    pub(super) unsafe fn set(&self, index: usize, value: T) {
        // SAFETY: unique by the caller's promise.
        let part = unsafe { self.part(index..index + 1) };
        part[0] = value;
    }

    /// The address of element `index`, for a matrix of which a task writes some columns.
    ///
    /// # Safety
    /// `index` must be at most the length; what is accessed through it must be inside the slice and
    /// not be accessed otherwise meanwhile.
    pub(super) unsafe fn at(&self, index: usize) -> *mut T {
        debug_assert!(index <= self.len);
        // SAFETY: in bounds by the caller's promise.
        unsafe { self.start.add(index) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::Isa;

    #[test]
    fn every_task_runs_once() {
        let isa = CheckedIsa::new(Isa::Portable).unwrap();
        for threads in [1, 2, 5] {
            let engine = Engine::new(isa, Precision::F32, threads);
            let mut counts = vec![0.0; 1000];
            let shared = Shared::new(&mut counts);
            engine.for_each(1000, |i| {
                // SAFETY: every task has an element of its own.
                let count = unsafe { shared.part(i..i + 1) };
                count[0] += 1.0;
            });
            assert!(counts.iter().all(|&count| count == 1.0));
        }
    }
}
