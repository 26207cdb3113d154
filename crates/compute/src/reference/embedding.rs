//! Embeddings, and the gathering of rows.

use crate::HostMemory;
use crate::operation::{Embed, EmbedBackward, Gather};

pub(super) fn embed(o: Embed<'_, HostMemory>) {
    let channels = o.shape.channels;
    for n in 0..o.shape.rows {
        for c in 0..channels {
            let token = o.tokens.rows[n] as usize;
            let mut sum = o.tokens.weight[token * channels + c];
            if let Some(positions) = &o.positions {
                sum += positions.weight[positions.rows[n] as usize * channels + c];
            }
            o.out[n * channels + c] = sum;
        }
    }
}

pub(super) fn embed_backward(o: EmbedBackward<'_, HostMemory>) {
    let channels = o.shape.channels;
    for table in [Some(o.tokens), o.positions].into_iter().flatten() {
        for n in 0..o.shape.rows {
            for c in 0..channels {
                let row = table.rows[n] as usize;
                table.d_weight[row * channels + c] += o.d_out[n * channels + c];
            }
        }
    }
}

pub(super) fn gather(o: Gather<'_, HostMemory>) {
    let channels = o.shape.channels;
    for n in 0..o.shape.rows {
        for c in 0..channels {
            o.out[n * channels + c] = o.x[o.rows[n] as usize * channels + c];
        }
    }
}
