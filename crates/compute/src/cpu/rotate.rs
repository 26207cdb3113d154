//! Rotary position embedding.

use super::engine::{Engine, Shared};
use super::simd::{Kernel, Simd};
use crate::HostMemory;
use crate::operation::Rotate;

/// Rows of a task.
const CHUNK: usize = 32;

pub(super) fn rotate(engine: &Engine, o: Rotate<'_, HostMemory>) {
    let shape = o.shape;
    let width = shape.heads * shape.head_dimension;
    if shape.rotated == 0 || width == 0 {
        return;
    }
    let table: &[f32] = o.table;
    let x = Shared::new(&mut o.x[..shape.rows * width]);
    let work = 4 * shape.rows * shape.heads * shape.rotated;
    engine.for_each_if_worth(work, shape.rows.div_ceil(CHUNK), |chunk| {
        let rows = chunk * CHUNK..shape.rows.min((chunk + 1) * CHUNK);
        // SAFETY: the rows of different tasks do not overlap.
        let rows_of_x = unsafe { x.part(rows.start * width..rows.end * width) };
        for (row, &position) in rows_of_x.chunks_exact_mut(width).zip(&o.positions[rows]) {
            let angle = &table[position as usize * shape.rotated..][..shape.rotated];
            let (cosines, sines) = angle.split_at(shape.rotated / 2);
            engine.run(RotateRow {
                head_dimension: shape.head_dimension,
                cosines,
                sines,
                sign: if o.inverse { -1.0 } else { 1.0 },
                row,
            });
        }
    });
}

/// Rotates the heads of one row by the same angles.
struct RotateRow<'a> {
    head_dimension: usize,
    /// Of the angle of each pair of channels.
    cosines: &'a [f32],
    sines: &'a [f32],
    /// Of the angles.
    sign: f32,
    row: &'a mut [f32],
}

impl Kernel for RotateRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let half = self.cosines.len();
        let sign = s.splat(self.sign);
        for head in self.row.chunks_exact_mut(self.head_dimension) {
            let (first, second) = head[..2 * half].split_at_mut(half);
            let channels = first
                .chunks_mut(S::LANES)
                .zip(second.chunks_mut(S::LANES))
                .zip(self.cosines.chunks(S::LANES))
                .zip(self.sines.chunks(S::LANES));
            for (((first, second), cos), sin) in channels {
                let (a, b) = (s.load_front(first), s.load_front(second));
                let (cos, sin) = (s.load_front(cos), s.mul(s.load_front(sin), sign));
                let minus_b = s.sub(s.splat(0.0), b);
                s.store_front(first, s.mul_add(a, cos, s.mul(minus_b, sin)));
                s.store_front(second, s.mul_add(b, cos, s.mul(a, sin)));
            }
        }
    }
}
