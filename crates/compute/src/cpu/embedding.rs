//! Token and position embeddings, and the gathering of rows.

use super::elementwise::Add;
use super::engine::{Engine, Shared};
use crate::Rows;

/// Rows of a task.
const CHUNK: usize = 128;

pub(super) fn embed(
    engine: &Engine,
    shape: Rows,
    tokens: &[u32],
    positions: &[u32],
    token_weight: &[f32],
    position_weight: &[f32],
    out: &mut [f32],
) {
    for_each_row(engine, shape, out, |n, out| {
        out.copy_from_slice(row(token_weight, tokens[n], shape.channels));
        engine.run(Add {
            x: row(position_weight, positions[n], shape.channels),
            out,
        });
    });
}

/// On one thread: rows of the gradients are hit several times, and in a fixed order, and the work
/// is one addition a number.
pub(super) fn embed_backward(
    engine: &Engine,
    shape: Rows,
    tokens: &[u32],
    positions: &[u32],
    d_out: &[f32],
    d_token_weight: &mut [f32],
    d_position_weight: &mut [f32],
) {
    let channels = shape.channels;
    for n in 0..shape.rows {
        let x = &d_out[n * channels..][..channels];
        for (index, d_weight) in [
            (tokens[n], &mut *d_token_weight),
            (positions[n], &mut *d_position_weight),
        ] {
            let out = &mut d_weight[index as usize * channels..][..channels];
            engine.run(Add { x, out });
        }
    }
}

pub(super) fn gather(engine: &Engine, channels: usize, rows: &[u32], x: &[f32], out: &mut [f32]) {
    let shape = Rows {
        rows: rows.len(),
        channels,
    };
    for_each_row(engine, shape, out, |n, out| {
        out.copy_from_slice(row(x, rows[n], channels));
    });
}

/// Row `index` of a matrix.
fn row(x: &[f32], index: u32, channels: usize) -> &[f32] {
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
    let work = shape.rows * shape.channels;
    engine.for_each_if_worth(work, shape.rows.div_ceil(CHUNK), |chunk| {
        for n in chunk * CHUNK..shape.rows.min((chunk + 1) * CHUNK) {
            // SAFETY: every row belongs to one task.
            write(n, unsafe {
                out.part(n * shape.channels..(n + 1) * shape.channels)
            });
        }
    });
}
