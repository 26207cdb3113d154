//! Token and position embeddings, and the gathering of rows.

use super::elementwise::Add;
use super::engine::{Engine, Shared};
use crate::HostMemory;
use crate::operation::{Embed, EmbedBackward, Gather, Lookup, Rows};

/// Rows of a task.
const CHUNK: usize = 128;

pub(super) fn embed(engine: &Engine, o: Embed<'_, HostMemory>) {
    let channels = o.shape.channels;
    for_each_row(engine, o.shape, o.out, |n, out| {
        out.copy_from_slice(row(&o.tokens, n, channels));
        if let Some(positions) = &o.positions {
            let x = row(positions, n, channels);
            engine.run(Add { x, out });
        }
    });
}

/// On one thread: rows of the gradients are hit several times, and in a fixed order, and the work
/// is one addition a number.
pub(super) fn embed_backward(engine: &Engine, o: EmbedBackward<'_, HostMemory>) {
    let channels = o.shape.channels;
    for table in [Some(o.tokens), o.positions].into_iter().flatten() {
        let d_weight: &mut [f32] = table.d_weight;
        for n in 0..o.shape.rows {
            let x = &o.d_out[n * channels..][..channels];
            let out = &mut d_weight[table.rows[n] as usize * channels..][..channels];
            engine.run(Add { x, out });
        }
    }
}

pub(super) fn gather(engine: &Engine, o: Gather<'_, HostMemory>) {
    for_each_row(engine, o.shape, o.out, |n, out| {
        out.copy_from_slice(row_of(o.x, o.rows[n], o.shape.channels));
    });
}

/// The row of a table for row `n` of the result.
fn row<'a>(table: &Lookup<'a, HostMemory>, n: usize, channels: usize) -> &'a [f32] {
    row_of(table.weight, table.rows[n], channels)
}

/// Row `index` of a matrix.
fn row_of(x: &[f32], index: u32, channels: usize) -> &[f32] {
    &x[index as usize * channels..][..channels]
}

/// Runs `write(n, row n of out)` for all rows.
fn for_each_row(
    engine: &Engine,
    shape: Rows,
    out: &mut [f32],
    write: impl Fn(usize, &mut [f32]) + Send + Sync,
) {
    let out = Shared::new(out);
    let channels = shape.channels;
    engine.for_each_if_worth(shape.elements(), shape.rows.div_ceil(CHUNK), |chunk| {
        for n in chunk * CHUNK..shape.rows.min((chunk + 1) * CHUNK) {
            // SAFETY: every row belongs to one task.
            write(n, unsafe { out.part(n * channels..(n + 1) * channels) });
        }
    });
}
