//! Threads that share the tasks of one operation after another.
//!
//! A pass through a network is a long row of short operations, each of which waits for the one
//! before. The threads therefore look out for the next operation for a while before they sleep, and
//! the caller computes as well: starting an operation costs about a microsecond where waking a thread
//! costs ten or more.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Looks at the state before a thread gives its core to others, and before it sleeps.
const LOOKS_BEFORE_YIELD: u32 = 2_000;
const LOOKS_BEFORE_SLEEP: u32 = 6_000;

thread_local! {
    /// Whether this thread is computing a task: operations inside it run on this thread.
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
}

/// The threads besides the one that calls.
pub(super) struct Pool {
    state: Arc<State>,
    /// Held while an operation runs.
    operation: Mutex<()>,
    threads: Vec<JoinHandle<()>>,
}

/// A task by its number.
type Task = dyn Fn(usize) + Sync;

/// What the threads share.
struct State {
    /// The operation under way, and the number of its tasks. Written only while it is closed and
    /// nobody is in it.
    job: UnsafeCell<Option<(*const Task, usize)>>,
    /// Number of the operation under way; 0 while it is closed.
    open: AtomicUsize,
    /// The number of the next operation: odd, so that none is 0.
    number: AtomicUsize,
    /// The next task that nobody has begun.
    next: AtomicUsize,
    /// Threads that may be reading `job`.
    inside: AtomicUsize,
    stop: AtomicBool,
    /// Threads that sleep, or are about to.
    sleeping: Mutex<usize>,
    sleepers: AtomicUsize,
    wake: Condvar,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the one thread that holds `Pool::operation`, while `open` is 0 and
// `inside` is 0; it is read only by threads that have raised `inside` and then seen `open` not 0. The
// task it points to may be called from any thread, and outlives its operation (see `Pool::run`).
unsafe impl Send for State {}
// SAFETY: as above.
unsafe impl Sync for State {}

impl Pool {
    /// A pool of `threads` threads, the caller among them; as many as the system grants.
    pub(super) fn new(threads: usize) -> Self {
        let state = Arc::new(State {
            job: UnsafeCell::new(None),
            open: AtomicUsize::new(0),
            number: AtomicUsize::new(1),
            next: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            sleeping: Mutex::new(0),
            sleepers: AtomicUsize::new(0),
            wake: Condvar::new(),
            panic: Mutex::new(None),
        });
        let threads = (1..threads)
            .map_while(|index| {
                let state = state.clone();
                std::thread::Builder::new()
                    .name(format!("compute-{index}"))
                    .spawn(move || state.work())
                    .ok()
            })
            .collect();
        Self {
            state,
            operation: Mutex::new(()),
            threads,
        }
    }

    /// Number of threads with the caller.
    pub(super) fn threads(&self) -> usize {
        self.threads.len() + 1
    }

    /// Runs `task(0)` … `task(tasks − 1)`, each once, in any order and side by side.
    ///
    /// Inside a task, and while another thread's operation is under way, all run on this thread.
    ///
    /// # Panics
    /// Where a task does.
    pub(super) fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let alone = tasks < 2 || self.threads.is_empty() || IN_TASK.get();
        let operation = match alone {
            true => None,
            false => self.operation.try_lock().ok(),
        };
        let Some(_operation) = operation else {
            return (0..tasks).for_each(task);
        };
        let state = &*self.state;
        // SAFETY: only the lifetime is forgotten. The pointer is used by threads inside the
        // operation alone, and this function returns when none is and none can enter.
        let task: *const Task = unsafe { std::mem::transmute(task) };
        // SAFETY: the operation is closed and nobody is inside: see the end of this function.
        unsafe { *state.job.get() = Some((task, tasks)) };
        state.next.store(0, Ordering::Relaxed);
        let number = state.number.fetch_add(2, Ordering::Relaxed);
        state.open.store(number, Ordering::SeqCst);
        if state.sleepers.load(Ordering::SeqCst) > 0 {
            let _sleeping = lock(&state.sleeping);
            state.wake.notify_all();
        }
        // SAFETY: the task lives as long as the caller waits.
        let own = catch_unwind(AssertUnwindSafe(|| unsafe { state.compute(task, tasks) }));
        state.open.store(0, Ordering::SeqCst);
        let mut looks = 0;
        while state.inside.load(Ordering::SeqCst) > 0 {
            pause(&mut looks);
        }
        let theirs = lock(&state.panic).take();
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }
}

impl State {
    /// What a thread of the pool does.
    fn work(&self) {
        let mut last = 0;
        loop {
            let mut looks = 0;
            loop {
                if self.stop.load(Ordering::Relaxed) {
                    return;
                }
                let open = self.open.load(Ordering::Relaxed);
                if open != 0 && open != last {
                    break;
                }
                pause(&mut looks);
                if looks > LOOKS_BEFORE_SLEEP {
                    self.sleep(last);
                    looks = 0;
                }
            }
            self.inside.fetch_add(1, Ordering::SeqCst);
            // Only now may the operation not be closed without waiting for this thread.
            let open = self.open.load(Ordering::SeqCst);
            if open != 0 {
                last = open;
                // SAFETY: the operation is open, so that the job is there, and its caller waits
                // for this thread.
                let result = catch_unwind(AssertUnwindSafe(|| unsafe {
                    if let Some((task, tasks)) = *self.job.get() {
                        self.compute(task, tasks);
                    }
                }));
                if let Err(panic) = result {
                    *lock(&self.panic) = Some(panic);
                }
            }
            self.inside.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Computes tasks until all have been begun.
    ///
    /// # Safety
    /// The task must live.
    unsafe fn compute(&self, task: *const Task, tasks: usize) {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                IN_TASK.set(false);
            }
        }
        IN_TASK.set(true);
        let _leave = Leave;
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= tasks {
                return;
            }
            // SAFETY: what the caller promises.
            unsafe { (*task)(index) };
        }
    }

    /// Waits for an operation other than the last one.
    fn sleep(&self, last: usize) {
        let mut sleeping = lock(&self.sleeping);
        *sleeping += 1;
        self.sleepers.store(*sleeping, Ordering::SeqCst);
        loop {
            let open = self.open.load(Ordering::SeqCst);
            if (open != 0 && open != last) || self.stop.load(Ordering::SeqCst) {
                break;
            }
            sleeping = self
                .wake
                .wait(sleeping)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *sleeping -= 1;
        self.sleepers.store(*sleeping, Ordering::SeqCst);
    }
}

/// Passes a moment: at first on the core, then leaving it to others.
fn pause(looks: &mut u32) {
    *looks = looks.saturating_add(1);
    if *looks < LOOKS_BEFORE_YIELD {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// What these locks protect is valid whatever a thread that held them was doing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Pool {
    fn drop(&mut self) {
        {
            let _sleeping = lock(&self.state.sleeping);
            self.state.stop.store(true, Ordering::SeqCst);
            self.state.wake.notify_all();
        }
        for thread in self.threads.drain(..) {
            // A thread of the pool catches the panics of tasks, and has none of its own.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} threads)", self.threads())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_operation_after_operation() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(threads);
            assert_eq!(pool.threads(), threads);
            for round in 0..2_000 {
                let tasks = round % 7;
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                pool.run(tasks, &|index| {
                    counts[index].fetch_add(1, Ordering::Relaxed);
                });
                assert!(
                    counts
                        .iter()
                        .all(|count| count.load(Ordering::Relaxed) == 1)
                );
                if round % 500 == 0 {
                    // Long enough that the threads go to sleep.
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
        }
    }

    #[test]
    fn operations_in_tasks_and_of_several_callers_run_once() {
        let pool = Pool::new(3);
        let total = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        pool.run(5, &|_| {
                            pool.run(3, &|_| {
                                total.fetch_add(1, Ordering::Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(total.load(Ordering::Relaxed), 4 * 200 * 5 * 3);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let pool = Pool::new(2);
        for bad in 0..20 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.run(20, &|index| assert_ne!(index, bad, "task {index}"));
            }));
            assert!(result.is_err());
            let count = AtomicUsize::new(0);
            pool.run(9, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.load(Ordering::Relaxed), 9);
        }
    }
}
