//! Operations element by element: filling, and the residual sum.

use super::engine::{Engine, Shared};
use super::simd::{Kernel, Simd};
use crate::HostMemory;
use crate::operation;

/// Elements of a task.
pub(super) const CHUNK: usize = 1 << 14;

/// Splits a slice into the chunks of the tasks and runs `task(first element, chunk)` on each.
pub(super) fn for_each_chunk(
    engine: &Engine,
    x: &mut [f32],
    task: impl Fn(usize, &mut [f32]) + Send + Sync,
) {
    let len = x.len();
    let shared = Shared::new(x);
    engine.for_each(len.div_ceil(CHUNK), |i| {
        let range = i * CHUNK..len.min((i + 1) * CHUNK);
        // SAFETY: the chunks of different tasks do not overlap.
        task(range.start, unsafe { shared.part(range) });
    });
}

pub(super) fn fill(engine: &Engine, o: operation::Fill<'_, HostMemory>) {
    for_each_chunk(engine, o.buffer, |_, chunk| chunk.fill(o.value));
}

pub(super) fn add(engine: &Engine, o: operation::Add<'_, HostMemory>) {
    let x: &[f32] = o.x;
    for_each_chunk(engine, &mut o.out[..o.shape.elements()], |start, out| {
        engine.run(Add {
            x: &x[start..][..out.len()],
            out,
        });
    });
}

/// `out += x`.
pub(super) struct Add<'a> {
    pub(super) x: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (x, out) in self.x.chunks(S::LANES).zip(self.out.chunks_mut(S::LANES)) {
            s.store_front(out, s.add(s.load_front(out), s.load_front(x)));
        }
    }
}
