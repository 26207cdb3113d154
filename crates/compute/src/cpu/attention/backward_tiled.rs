//! The gradient of attention, with the weights recomputed tile by tile.

use std::f32::consts::LOG2_E;
use std::marker::PhantomData;
use std::ops::Range;

use super::head::{BackwardGroup, HeadRows, HeadShape, QueryHead};
use super::tile::{SHORT_STRIP, STRIP, TILE, add_weighted, multiply_by, strip};
use crate::cpu::format::Format;
use crate::cpu::math::exp2;
use crate::cpu::matmul::{MAX_PANEL, multiply_words, pack_rows};
use crate::cpu::product::{Left, PANEL_VECTORS, Panel, Product};
use crate::cpu::simd::{Kernel, MAX_LANES, Simd};

/// Numbers that [`Backward`] needs to work with.
pub(super) fn scratch_len(shape: HeadShape) -> usize {
    let padded = shape.dimension.next_multiple_of(MAX_PANEL);
    3 * TILE
        + (3 * shape.dimension + 2 * padded) * MAX_PANEL
        + (3 * shape.dimension + 2 * padded) * shape.padded_len()
}

/// The query heads of one sequence that read one head of keys and values.
pub(super) struct Backward<'a, F> {
    pub(super) group: BackwardGroup<'a>,
    /// As long as [`scratch_len`] says.
    pub(super) scratch: &'a mut [f32],
    pub(super) format: PhantomData<F>,
}

impl<F: Format> Kernel for Backward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let group = self.group;
        let shape = group.shape;
        let (dimension, padded_len) = (shape.dimension, shape.padded_len());
        let padded = dimension.next_multiple_of(S::LANES);
        let mut rest = self.scratch;
        let mut room = |len| {
            rest.split_off_mut(..len)
                .expect("`scratch_len` counts them all")
        };
        let mut work = Work::<F> {
            tile: Tile {
                weights: room(TILE),
                d_scores: room(TILE),
                d_scores_panel: room(if F::NUMBERS > 1 { TILE } else { 0 }),
                format: PhantomData,
            },
            panels: std::array::from_fn(|_| room(dimension * MAX_PANEL)),
            query_rows: std::array::from_fn(|_| {
                room(dimension.next_multiple_of(PANEL_VECTORS * S::LANES) * MAX_PANEL)
            }),
            keys: room(padded_len * dimension),
            values: room(padded_len * dimension),
            key_columns: room(F::words(padded_len) * dimension),
            d_keys: room(padded_len * padded),
            d_values: room(padded_len * padded),
        };
        shape.pack_rows(s, group.keys, work.keys);
        shape.pack_rows(s, group.values, work.values);
        shape.pack_columns::<F, S>(s, group.keys, work.key_columns);
        work.d_keys.fill(0.0);
        work.d_values.fill(0.0);
        for head in group.query_heads {
            work.add_head(s, shape, head);
        }
        multiply_by(s, shape.scale, work.d_keys);
        let gradients = [(group.d_keys, work.d_keys), (group.d_values, work.d_values)];
        for (gradient, sums) in gradients {
            for (row, sums) in sums.chunks_exact(padded).enumerate().take(shape.len) {
                // SAFETY: this head's channels of this sequence's rows belong to this task.
                let gradient = unsafe { gradient.row(row, dimension) };
                for (gradient, sums) in gradient
                    .chunks_mut(S::LANES)
                    .zip(sums.chunks_exact(S::LANES))
                {
                    s.store_front(gradient, s.load_front(sums));
                }
            }
        }
    }
}

/// What the heads of a group share, and room for what each needs.
struct Work<'a, F> {
    tile: Tile<'a, F>,
    /// A panel's queries, gradients of the output, and gradients of the queries, (dimension, queries).
    panels: [&'a mut [f32]; 3],
    /// See [`pack_query_rows`]: the queries, and the gradients of the output.
    query_rows: [&'a mut [f32]; 2],
    /// (keys, dimension).
    keys: &'a mut [f32],
    values: &'a mut [f32],
    /// (dimension, words of keys).
    key_columns: &'a mut [f32],
    /// Sums, (keys, dimension in whole vectors); that of the keys without the scale.
    d_keys: &'a mut [f32],
    d_values: &'a mut [f32],
}

impl<F: Format> Work<'_, F> {
    /// The gradient of the queries of one head, and its share of those of keys and values.
    #[inline(always)]
    fn add_head<S: Simd>(&mut self, s: S, shape: HeadShape, head: &QueryHead<'_>) {
        let width = PANEL_VECTORS * S::LANES;
        let dimension = shape.dimension;
        let padded = dimension.next_multiple_of(S::LANES);
        let [query_panel, d_out_panel, d_query_panel] = &mut self.panels;
        let [query_rows, d_out_rows] = &mut self.query_rows;
        for first in (0..shape.len).step_by(width) {
            let queries = first..shape.len.min(first + width);
            shape.pack_queries(s, &queries, head.queries, query_panel);
            shape.pack_panel(s, &queries, head.d_out, d_out_panel);
            pack_query_rows::<F, S>(s, dimension, &queries, head.queries, query_rows);
            pack_query_rows::<F, S>(s, dimension, &queries, head.d_out, d_out_rows);
            let panels = Panels {
                first,
                queries: query_panel,
                d_out: d_out_panel,
                statistics: statistics(s, dimension, head, &queries),
            };
            let d_query_panel = &mut d_query_panel[..dimension * width];
            d_query_panel.fill(0.0);
            for tile_keys in shape.key_tiles::<S>(first) {
                let keys = &self.keys[tile_keys.start * dimension..];
                let values = &self.values[tile_keys.start * dimension..];
                let tile = &mut self.tile;
                if S::LANES == MAX_LANES {
                    tile.compute::<S, STRIP>(s, shape, &panels, &tile_keys, [keys, values]);
                } else {
                    tile.compute::<S, SHORT_STRIP>(s, shape, &panels, &tile_keys, [keys, values]);
                }
                let words = F::words(tile_keys.start)..F::words(tile_keys.end);
                add_weighted::<F, S>(
                    s,
                    [dimension, words.len()],
                    &self.key_columns[words.start * dimension..],
                    tile.d_scores_panel(),
                    d_query_panel,
                );
                let rows = tile_keys.start * padded..tile_keys.end * padded;
                for (left, panels, sums) in [
                    (
                        &*tile.weights,
                        &**d_out_rows,
                        &mut self.d_values[rows.clone()],
                    ),
                    (&*tile.d_scores, &**query_rows, &mut self.d_keys[rows]),
                ] {
                    let sizes = [tile_keys.len(), F::words(queries.len()), padded];
                    add_rows::<F, S>(s, sizes, left, panels, sums);
                }
            }
            multiply_by(s, shape.scale, d_query_panel);
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            unsafe { shape.unpack(s, &queries, d_query_panel, head.d_queries) };
        }
    }
}

/// Packs a panel's queries as right operands (words of queries, dimension), side by side.
#[inline(always)]
fn pack_query_rows<F: Format, S: Simd>(
    s: S,
    dimension: usize,
    queries: &Range<usize>,
    source: HeadRows<'_>,
    panels: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let HeadRows { values, stride } = source;
    let values = &values[queries.start * stride..];
    let panels = panels.chunks_exact_mut(F::words(queries.len()) * width);
    for (column, panel) in (0..dimension).step_by(width).zip(panels) {
        let columns = width.min(dimension - column);
        let values = &values[column..];
        pack_rows::<F, S>(s, queries.len(), columns, values, stride, panel);
    }
}

/// Of a panel's queries the negatives of the logarithms of the sums, in bits, and of the gradients of
/// these: the sums of dO ∘ O over the channels.
#[inline(always)]
fn statistics<S: Simd>(
    s: S,
    dimension: usize,
    head: &QueryHead<'_>,
    queries: &Range<usize>,
) -> [[S::Vector; PANEL_VECTORS]; 2] {
    // −∞ where there is no query, so that the weights there are 0.
    let mut log_sums = [f32::NEG_INFINITY; MAX_PANEL];
    let mut d_log_sums = [0.0; MAX_PANEL];
    for (log_sum, query) in log_sums.iter_mut().zip(queries.clone()) {
        *log_sum = -LOG2_E * head.log_sums.row(query, 1)[0];
    }
    for (i, sums) in d_log_sums.chunks_exact_mut(4).enumerate() {
        let mut products = [s.splat(0.0); 4];
        for (query, product) in queries.clone().skip(4 * i).zip(&mut products) {
            let out = head.out.row(query, dimension).chunks(S::LANES);
            let d_out = head.d_out.row(query, dimension).chunks(S::LANES);
            for (out, d_out) in out.zip(d_out) {
                *product = s.mul_add(s.load_front(out), s.load_front(d_out), *product);
            }
        }
        for (sum, product) in sums.iter_mut().zip(s.sum_four(products)) {
            *sum = -product;
        }
    }
    [log_sums, d_log_sums]
        .map(|all| std::array::from_fn(|v| s.load_front(&all[v * S::LANES..][..S::LANES])))
}

/// What a tile is computed from on the side of the queries.
struct Panels<'a, S: Simd> {
    /// The first query.
    first: usize,
    /// (dimension, queries), times scale and log₂ e.
    queries: &'a [f32],
    /// The gradient of the output, (dimension, queries).
    d_out: &'a [f32],
    /// See [`statistics`].
    statistics: [[S::Vector; PANEL_VECTORS]; 2],
}

/// Attention weights and the gradient of the scores, as they are read: both as (keys, words of
/// queries), and the latter as (words of keys, queries) besides, which are the same if a word is one
/// number.
struct Tile<'a, F> {
    weights: &'a mut [f32],
    d_scores: &'a mut [f32],
    d_scores_panel: &'a mut [f32],
    format: PhantomData<F>,
}

impl<F: Format> Tile<'_, F> {
    #[inline(always)]
    fn d_scores_panel(&self) -> &[f32] {
        match F::NUMBERS {
            1 => self.d_scores,
            _ => self.d_scores_panel,
        }
    }

    /// Computes the weights P, the gradient of the weights dP, and from both that of the scores
    /// before they are scaled: P ∘ (dP − rowsum(dO ∘ O)).
    #[inline(always)]
    fn compute<S: Simd, const M: usize>(
        &mut self,
        s: S,
        shape: HeadShape,
        panels: &Panels<'_, S>,
        tile_keys: &Range<usize>,
        [keys, values]: [&[f32]; 2],
    ) {
        let width = PANEL_VECTORS * S::LANES;
        let depth = shape.dimension;
        let row_len = width / F::NUMBERS;
        let [log_sums, d_log_sums] = panels.statistics;
        for strip_keys in (0..tile_keys.len()).step_by(M) {
            let keys = &keys[strip_keys * depth..];
            let mut weights = strip::<S, M>(s, depth, keys, panels.queries, log_sums);
            shape.hide(s, panels.first, tile_keys.start + strip_keys, &mut weights);
            let rows = strip_keys * row_len..(strip_keys + M) * row_len;
            let stored = self.weights[rows.clone()].chunks_exact_mut(row_len);
            for (weights, stored) in weights.iter_mut().zip(stored) {
                for weight in weights.iter_mut() {
                    *weight = exp2(s, *weight);
                }
                F::store_row(s, *weights, stored);
            }
            let values = &values[strip_keys * depth..];
            let mut d_scores = strip::<S, M>(s, depth, values, panels.d_out, d_log_sums);
            let stored = self.d_scores[rows].chunks_exact_mut(row_len);
            for ((d_scores, weights), stored) in d_scores.iter_mut().zip(weights).zip(stored) {
                for (d_score, weight) in d_scores.iter_mut().zip(weights) {
                    *d_score = s.mul(weight, *d_score);
                }
                F::store_row(s, *d_scores, stored);
            }
            if F::NUMBERS == 1 {
                continue;
            }
            let panel = &mut self.d_scores_panel[strip_keys / F::NUMBERS * width..];
            let panel = panel.chunks_exact_mut(width);
            for (d_scores, row) in d_scores.chunks_exact(F::NUMBERS).zip(panel) {
                for (v, row) in row.chunks_exact_mut(S::LANES).enumerate() {
                    let word = F::join(s, d_scores[0][v], d_scores[F::NUMBERS - 1][v]);
                    s.store_front(row, word);
                }
            }
        }
    }
}

/// `sums += tile · panels`: (keys, words of queries) by (words of queries, dimension).
#[inline(always)]
fn add_rows<F: Format, S: Simd>(
    s: S,
    [keys, words, padded]: [usize; 3],
    tile: &[f32],
    panels: &[f32],
    sums: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let row = width / F::NUMBERS;
    assert!(words <= row && tile.len() >= keys * row && sums.len() >= keys * padded);
    assert!(panels.len() >= padded.next_multiple_of(width) * words);
    let left = Left {
        start: tile.as_ptr(),
        row,
        step: 1,
    };
    for column in (0..padded).step_by(width) {
        let product = Product {
            // SAFETY: a column of the first row.
            start: unsafe { sums.as_mut_ptr().add(column) },
            row: padded,
            columns: width.min(padded - column),
        };
        let panel = Panel {
            start: panels[column * words..].as_ptr(),
            row: width,
        };
        // SAFETY: the assertions say that the operands have these sizes.
        unsafe { multiply_words::<F, S>(s, [keys, words], left, panel, product, true) };
    }
}
