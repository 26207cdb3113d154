//! Attention of whole sequences with an online softmax: only a tile of scores exists at a time.

use std::f32::consts::LN_2;

use super::attention_narrow;
use super::attention_tile::{HeadShape, TILE};
use super::engine::{Engine, Shared};
use super::math::exp2;
use super::microkernel::{MAX_PANEL, PANEL_VECTORS};
use super::simd::{Kernel, Simd};
use crate::Attention;

/// Runs `task(sequence's first row, head, shape)` for every head of every sequence.
pub(super) fn for_each_head(
    engine: &Engine,
    shape: Attention<'_>,
    task: impl Fn(usize, usize, HeadShape) + Send + Sync,
) {
    let dimension = shape.channels / shape.heads;
    let sequences = shape.sequences;
    // Long sequences first would balance better, but their number is large next to the threads'.
    engine.for_each(sequences.count() * shape.heads, |i| {
        let (sequence, head) = (i / shape.heads, i % shape.heads);
        let rows = sequences.range(sequence);
        if !rows.is_empty() && dimension > 0 {
            let shape = HeadShape {
                len: rows.len(),
                dimension,
                stride: shape.channels,
                window: shape.window,
            };
            task(rows.start, head, shape);
        }
    });
}

pub(super) fn attention(
    engine: &Engine,
    shape: Attention<'_>,
    queries: &[f32],
    keys: &[f32],
    values: &[f32],
    out: &mut [f32],
    log_sums: &mut [f32],
) {
    let out = Shared::new(out);
    let log_sums = Shared::new(log_sums);
    for_each_head(engine, shape, |row, head, head_shape| {
        let offset = row * shape.channels + head * head_shape.dimension;
        macro_rules! narrow {
            ($d:literal) => {{
                let len = attention_narrow::scratch_len::<$d>(head_shape.len);
                let mut scratch = engine.scratch(len);
                engine.run(attention_narrow::Forward::<'_, $d> {
                    shape: head_shape,
                    queries: &queries[offset..],
                    keys: &keys[offset..],
                    values: &values[offset..],
                    out,
                    out_offset: offset,
                    log_sums,
                    log_sums_offset: row * shape.heads + head,
                    heads: shape.heads,
                    scratch: &mut scratch,
                })
            }};
        }
        match head_shape.dimension {
            4 => return narrow!(4),
            8 => return narrow!(8),
            _ => {}
        }
        let mut scratch = engine.scratch(TILE + 2 * head_shape.dimension * MAX_PANEL);
        engine.run(Forward {
            shape: head_shape,
            queries: &queries[offset..],
            keys: &keys[offset..],
            values: &values[offset..],
            out,
            out_offset: offset,
            log_sums,
            log_sums_offset: row * shape.heads + head,
            heads: shape.heads,
            scratch: &mut scratch,
        });
    });
}

/// One head of one sequence.
struct Forward<'a> {
    shape: HeadShape,
    queries: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    out: Shared<'a>,
    out_offset: usize,
    log_sums: Shared<'a>,
    log_sums_offset: usize,
    heads: usize,
    scratch: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let shape = self.shape;
        let (tile, rest) = self.scratch.split_at_mut(TILE);
        let (panel, sums) = rest.split_at_mut(shape.dimension * MAX_PANEL);
        let sums = &mut sums[..shape.dimension * width];
        for first in (0..shape.len).step_by(width) {
            let queries = first..shape.len.min(first + width);
            shape.pack_queries(s, &queries, self.queries, panel);
            sums.fill(0.0);
            // Not −∞, whose difference from a score of −∞ is not a number.
            let mut maxima = [f32::MIN; MAX_PANEL];
            let mut totals = [0.0; MAX_PANEL];
            for keys in shape.key_tiles(&queries) {
                shape.products(s, &keys, self.keys, panel, tile);
                shape.mask(s, &queries, &keys, tile);
                let scores = &mut tile[..keys.len() * width];
                softmax_step(s, scores, &mut maxima, &mut totals, sums);
                shape.add_weighted(s, &keys, self.values, tile, sums);
            }
            for sums in sums.chunks_exact_mut(width) {
                for lanes in (0..width).step_by(S::LANES) {
                    let sum = &mut sums[lanes..][..S::LANES];
                    s.store_front(
                        sum,
                        s.div(s.load_front(sum), s.load_front(&totals[lanes..])),
                    );
                }
            }
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            unsafe { shape.unpack(s, &queries, sums, self.out, self.out_offset) };
            for (lane, query) in queries.enumerate() {
                let at = self.log_sums_offset + query * self.heads;
                // SAFETY: as above.
                let log_sum = unsafe { self.log_sums.part(at..at + 1) };
                log_sum[0] = maxima[lane] * LN_2 + totals[lane].ln();
            }
        }
    }
}

/// Takes a tile of scores into the running maxima and totals, rescales the sums that were weighted
/// with the old maxima, and turns the scores into weights.
#[inline(always)]
fn softmax_step<S: Simd>(
    s: S,
    tile: &mut [f32],
    maxima: &mut [f32; MAX_PANEL],
    totals: &mut [f32; MAX_PANEL],
    sums: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    for lanes in (0..width).step_by(S::LANES) {
        let before = s.load_front(&maxima[lanes..]);
        let mut max = before;
        for row in tile.chunks_exact(width) {
            max = s.max(max, s.load_front(&row[lanes..][..S::LANES]));
        }
        let shrink = exp2(s, s.sub(before, max));
        for row in sums.chunks_exact_mut(width) {
            let sum = &mut row[lanes..][..S::LANES];
            s.store_front(sum, s.mul(s.load_front(sum), shrink));
        }
        let mut total = s.mul(s.load_front(&totals[lanes..]), shrink);
        for row in tile.chunks_exact_mut(width) {
            let score = &mut row[lanes..][..S::LANES];
            let weight = exp2(s, s.sub(s.load_front(score), max));
            total = s.add(total, weight);
            s.store_front(score, weight);
        }
        s.store_front(&mut maxima[lanes..], max);
        s.store_front(&mut totals[lanes..], total);
    }
}
