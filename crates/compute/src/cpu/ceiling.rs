//! What this machine can do at most: rates of kernels that do nothing else.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::bf16;
use super::engine::Engine;
use super::format::Pairs;
use super::isa::{CheckedIsa, Isa, IsaError};
use super::math::exp;
use super::matmul::{MAX_PANEL, multiply_words};
use super::product::{Left, PANEL_VECTORS, Panel, Product};
use super::simd::{Kernel, MAX_LANES, Simd};
use crate::host::Aligned;

/// Rates that no computation with this instruction set and so many threads exceeds, each the best of
/// several tries: other work on the machine can only make them seem lower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceilings {
    /// Multiply-adds a second on operands in registers, in single precision.
    pub multiply_adds: f64,
    /// Multiply-adds a second on operands in bf16, in registers or the first-level cache; `None` for
    /// instruction sets without instructions for them.
    pub bf16_multiply_adds: Option<f64>,
    /// Exponential functions a second, as the operations compute them, of operands in the
    /// first-level cache.
    pub exponentials: f64,
    /// Bytes read a second from memory: a buffer that no cache holds.
    pub bytes_read: f64,
    /// Bytes written a second to memory, with plain stores.
    pub bytes_written: f64,
    /// Bytes read a second from the caches: a part for each thread that fits in 256 KiB.
    pub cached_bytes_read: f64,
    /// Bytes written a second to the caches.
    pub cached_bytes_written: f64,
}

/// Numbers of the buffer that stands for memory: 256 MiB.
const MEMORY: usize = 1 << 26;
/// Numbers of a thread's part of the caches: 256 KiB.
const CACHED: usize = 1 << 16;
/// Numbers whose exponentials are taken: 4 KiB.
const EXPONENTIALS: usize = 1 << 10;
/// Multiply-adds of a chain between two looks at the clock, and turns over [`EXPONENTIALS`].
const CHAIN: usize = 1 << 10;
const TURNS: usize = 16;
/// Tries of each rate, of which the best counts.
const TRIES: u32 = 5;

impl Ceilings {
    /// Measures the rates of `isa` with `threads` threads, in about `time` altogether; half a second
    /// or more gives stable figures.
    ///
    /// # Errors
    /// This processor lacks the instruction set.
    pub fn measure(isa: Isa, threads: usize, time: Duration) -> Result<Self, IsaError> {
        let engine = Engine::new(CheckedIsa::new(isa)?, crate::Precision::F32, threads);
        let lanes = engine.isa().lanes();
        let numbers = |count: usize| (count * size_of::<f32>()) as f64;
        let rate = |task: &Task<'_>| best_rate(&engine, time / (8 * TRIES), task);

        let multiply_adds = rate(&|_, _| {
            engine.run(Chains);
            (CHAIN * CHAINS * lanes) as f64
        });
        let bf16_multiply_adds = isa.has_bf16().then(|| {
            let chains = rate(&|_, _| {
                engine.run_with::<Pairs, _>(PairChains);
                (2 * CHAIN * CHAINS * lanes) as f64
            });
            // The matrix unit, where there is one, is reached through products alone.
            let products = rate(&|_, _| {
                engine.run_with::<Pairs, _>(SmallProducts);
                (2 * TURNS * SIDE * SIDE * PAIRS) as f64
            });
            chains.max(products)
        });
        let exponentials = rate(&|_, _| {
            engine.run(Exponentials);
            (EXPONENTIALS * TURNS) as f64
        });

        let mut memory = Aligned::working(MEMORY);
        // Written once, so that every page is there.
        memory.fill(1.0);
        let pieces: Vec<Mutex<&mut [f32]>> = memory.chunks_mut(CACHED).map(Mutex::new).collect();
        // Each thread goes through a part of its own, piece by piece, or stays at its first piece.
        let part = (pieces.len() / engine.threads()).max(1);
        let place = |thread, turn| (thread * part + turn % part) % pieces.len();
        let read = |piece: usize| {
            let piece = pieces[piece].lock().expect("no task panics");
            engine.run(Read(&piece));
            numbers(piece.len())
        };
        let write = |piece: usize| {
            let mut piece = pieces[piece].lock().expect("no task panics");
            engine.run(Write(&mut piece));
            numbers(piece.len())
        };
        Ok(Self {
            multiply_adds,
            bf16_multiply_adds,
            exponentials,
            bytes_read: rate(&|thread, turn| read(place(thread, turn))),
            bytes_written: rate(&|thread, turn| write(place(thread, turn))),
            cached_bytes_read: rate(&|thread, _| read(place(thread, 0))),
            cached_bytes_written: rate(&|thread, _| write(place(thread, 0))),
        })
    }
}

/// A little work for a thread in the turn of that number; returns how much it did.
type Task<'a> = dyn Fn(usize, usize) -> f64 + Sync + 'a;

/// The best rate over several tries of about `time` each, in which every thread does `task` again
/// and again.
fn best_rate(engine: &Engine, time: Duration, task: &Task<'_>) -> f64 {
    let mut best: f64 = 0.0;
    for _ in 0..TRIES {
        let done = Mutex::new(0.0);
        let begin = Instant::now();
        engine.for_each(engine.threads(), |thread| {
            let mut turn = 0;
            let mut own = 0.0;
            while begin.elapsed() < time {
                own += task(thread, turn);
                turn += 1;
            }
            *done.lock().expect("no task panics") += own;
        });
        let done = done.into_inner().expect("no task panics");
        best = best.max(done / begin.elapsed().as_secs_f64());
    }
    best
}

/// Independent chains of multiply-adds: as many as hide the latency and fit in the registers.
const CHAINS: usize = 12;

/// Multiply-adds that wait for nothing but the one before in their chain.
struct Chains;

impl Kernel for Chains {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        // What the compiler cannot know: else it would compute the result itself.
        let (factor, term) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
        let mut chains = [s.splat(black_box(0.0)); CHAINS];
        for _ in 0..CHAIN {
            for chain in &mut chains {
                *chain = s.mul_add(*chain, factor, term);
            }
        }
        let mut sum = chains[0];
        for chain in &chains[1..] {
            sum = s.add(sum, *chain);
        }
        black_box(s.sum(sum));
    }
}

/// As [`Chains`], of pairs of numbers in bf16.
struct PairChains;

impl Kernel for PairChains {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        // Both halves of the word are 0.5.
        let factor = s.splat(black_box(bf16::pair(0.5, 0.5)));
        let mut chains = [s.splat(black_box(0.0)); CHAINS];
        for _ in 0..CHAIN {
            for chain in &mut chains {
                *chain = s.dot_pairs(factor, factor, *chain);
            }
        }
        let mut sum = chains[0];
        for chain in &chains[1..] {
            sum = s.add(sum, *chain);
        }
        black_box(s.sum(sum));
    }
}

/// Rows and columns of a product of two by two tiles.
const SIDE: usize = 32;
/// Words of its inner dimension: with these the operands fit in the first-level cache.
const PAIRS: usize = 128;

/// Products of matrices in bf16 that lie in the first-level cache.
struct SmallProducts;

impl Kernel for SmallProducts {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (left, panel) = ([0.0f32; SIDE * PAIRS], [0.0f32; SIDE * PAIRS]);
        let mut product = [0.0f32; SIDE * SIDE];
        for _ in 0..TURNS {
            let left = Left {
                start: black_box(&left).as_ptr(),
                row: PAIRS,
                step: 1,
            };
            let panel = Panel {
                start: black_box(&panel).as_ptr(),
                row: SIDE,
            };
            let target = Product {
                start: product.as_mut_ptr(),
                row: SIDE,
                columns: PANEL_VECTORS * S::LANES,
            };
            // SAFETY: the operands have these sizes, and no panel is wider than 32 columns.
            unsafe { multiply_words::<Pairs, S>(s, [SIDE, PAIRS], left, panel, target, false) };
            black_box(&mut product);
        }
    }
}

/// The exponentials of numbers that lie in the first-level cache, several times over.
struct Exponentials;

impl Kernel for Exponentials {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (numbers, mut results) = ([-1.0f32; EXPONENTIALS], [0.0f32; EXPONENTIALS]);
        for _ in 0..TURNS {
            let numbers = black_box(&numbers).chunks_exact(S::LANES);
            for (x, result) in numbers.zip(results.chunks_exact_mut(S::LANES)) {
                s.store_front(result, exp(s, s.load_front(x)));
            }
            black_box(&mut results);
        }
    }
}

/// Vectors that are loaded or stored in one turn of a loop.
const TURN: usize = 4;

/// Reads a slice and adds it up.
struct Read<'a>(&'a [f32]);

impl Kernel for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut sums = [s.splat(0.0); TURN];
        for turn in black_box(self.0).chunks_exact(TURN * S::LANES) {
            for (sum, chunk) in sums.iter_mut().zip(turn.chunks_exact(S::LANES)) {
                // SAFETY: the chunk has the numbers of a vector.
                *sum = s.add(*sum, unsafe { s.load(chunk.as_ptr()) });
            }
        }
        let sum = s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3]));
        black_box(s.sum(sum));
    }
}

/// Writes a slice.
struct Write<'a>(&'a mut [f32]);

impl Kernel for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let value = s.splat(black_box(1.0));
        let slice = black_box(self.0);
        for turn in slice.chunks_exact_mut(TURN * S::LANES) {
            for chunk in turn.chunks_exact_mut(S::LANES) {
                // SAFETY: the chunk has room for a vector.
                unsafe { s.store(chunk.as_mut_ptr(), value) };
            }
        }
        black_box(slice);
    }
}

const _: () = assert!(
    SIDE == MAX_PANEL && TURN * MAX_LANES <= CACHED && EXPONENTIALS.is_multiple_of(MAX_LANES)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_has_positive_rates() {
        for isa in Isa::available() {
            let ceilings = Ceilings::measure(isa, 2, Duration::from_millis(60)).unwrap();
            assert_eq!(ceilings.bf16_multiply_adds.is_some(), isa.has_bf16());
            for rate in [
                ceilings.multiply_adds,
                ceilings.bf16_multiply_adds.unwrap_or(f64::MAX),
                ceilings.exponentials,
                ceilings.bytes_read,
                ceilings.bytes_written,
                ceilings.cached_bytes_read,
                ceilings.cached_bytes_written,
            ] {
                assert!(rate.is_finite() && rate > 1e3, "{isa}: {ceilings:?}");
            }
        }
    }
}
