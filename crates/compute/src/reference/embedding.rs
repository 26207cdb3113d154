//! Token and position embeddings, and the gathering of rows.

use crate::Rows;

pub(super) fn embed(
    shape: Rows,
    tokens: &[u32],
    positions: &[u32],
    token_weight: &[f32],
    position_weight: &[f32],
    out: &mut [f32],
) {
    let channels = shape.channels;
    for n in 0..shape.rows {
        for c in 0..channels {
            out[n * channels + c] = token_weight[tokens[n] as usize * channels + c]
                + position_weight[positions[n] as usize * channels + c];
        }
    }
}

pub(super) fn embed_backward(
    shape: Rows,
    tokens: &[u32],
    positions: &[u32],
    d_out: &[f32],
    d_token_weight: &mut [f32],
    d_position_weight: &mut [f32],
) {
    let channels = shape.channels;
    for n in 0..shape.rows {
        for c in 0..channels {
            let d = d_out[n * channels + c];
            d_token_weight[tokens[n] as usize * channels + c] += d;
            d_position_weight[positions[n] as usize * channels + c] += d;
        }
    }
}

pub(super) fn gather(channels: usize, rows: &[u32], x: &[f32], out: &mut [f32]) {
    for (i, &row) in rows.iter().enumerate() {
        for c in 0..channels {
            out[i * channels + c] = x[row as usize * channels + c];
        }
    }
}
