//! The gradient of attention, with the weights recomputed tile by tile.

use std::f32::consts::LOG2_E;
use std::marker::PhantomData;
use std::ops::Range;

use super::attention::for_each_head;
use super::attention_narrow_backward;
use super::attention_tile::{HeadShape, SHORT_STRIP, STRIP, TILE, add_weighted, strip};
use super::engine::{Engine, Shared};
use super::format::{Format, Pairs, Single};
use super::math::exp2;
use super::microkernel::{Left, MAX_PANEL, PANEL_VECTORS, Panel, Product, multiply_words};
use super::pack::pack_rows;
use super::simd::{Kernel, MAX_LANES, Simd};
use crate::{Attention, Precision};

/// The matrices of the operation; see [`Backend::attention_backward`](crate::Backend).
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) queries: &'a [f32],
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
    pub(super) out: &'a [f32],
    pub(super) log_sums: &'a [f32],
    pub(super) d_out: &'a [f32],
}

pub(super) fn attention_backward(
    engine: &Engine,
    shape: Attention<'_>,
    inputs: Inputs<'_>,
    d_queries: &mut [f32],
    d_keys: &mut [f32],
    d_values: &mut [f32],
) {
    let gradients = [d_queries, d_keys, d_values].map(Shared::new);
    for_each_head(engine, shape, |row, head, head_shape| {
        let offset = row * shape.channels + head * head_shape.dimension;
        let head = BackwardHead {
            shape: head_shape,
            inputs: Inputs {
                queries: &inputs.queries[offset..],
                keys: &inputs.keys[offset..],
                values: &inputs.values[offset..],
                out: &inputs.out[offset..],
                log_sums: &inputs.log_sums[row * shape.heads + head..],
                d_out: &inputs.d_out[offset..],
            },
            gradients,
            offset,
            heads: shape.heads,
        };
        match (head_shape.dimension, engine.precision()) {
            (4, _) => narrow::<4>(engine, head),
            (8, _) => narrow::<8>(engine, head),
            (_, Precision::F32) => tiled::<Single>(engine, head),
            (_, Precision::Bf16) => tiled::<Pairs>(engine, head),
        }
    });
}

/// What the gradients of one head of one sequence are computed from, and where they go.
#[derive(Clone, Copy)]
pub(super) struct BackwardHead<'a> {
    pub(super) shape: HeadShape,
    /// From the head's first channel in the first row of the sequence on.
    pub(super) inputs: Inputs<'a>,
    /// Of queries, keys and values.
    pub(super) gradients: [Shared<'a>; 3],
    /// Where the head starts in the gradients.
    pub(super) offset: usize,
    pub(super) heads: usize,
}

fn narrow<const D: usize>(engine: &Engine, head: BackwardHead<'_>) {
    let len = attention_narrow_backward::scratch_len::<D>(head.shape.len);
    let mut scratch = engine.scratch(len);
    engine.run(attention_narrow_backward::Backward::<'_, D> {
        head,
        scratch: &mut scratch,
    });
}

fn tiled<F: Format>(engine: &Engine, head: BackwardHead<'_>) {
    let mut scratch = engine.scratch(scratch_len(head.shape));
    engine.run_with::<F, _>(Backward::<F> {
        head,
        scratch: &mut scratch,
        format: PhantomData,
    });
}

/// Numbers that [`Backward`] needs to work with.
fn scratch_len(shape: HeadShape) -> usize {
    let padded = shape.dimension.next_multiple_of(MAX_PANEL);
    3 * TILE
        + (3 * shape.dimension + 2 * padded) * MAX_PANEL
        + (3 * shape.dimension + 2 * padded) * shape.padded_len()
}

/// One head of one sequence.
struct Backward<'a, F> {
    head: BackwardHead<'a>,
    scratch: &'a mut [f32],
    format: PhantomData<F>,
}

impl<F: Format> Kernel for Backward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let head = self.head;
        let BackwardHead { shape, inputs, .. } = head;
        let (dimension, padded_len) = (shape.dimension, shape.padded_len());
        let padded = dimension.next_multiple_of(S::LANES);
        let mut rest = self.scratch;
        let mut room = |len| {
            rest.split_off_mut(..len)
                .expect("`scratch_len` counts them all")
        };
        let mut tile = Tile::<F> {
            weights: room(TILE),
            d_scores: room(TILE),
            d_scores_panel: room(if F::NUMBERS > 1 { TILE } else { 0 }),
            format: PhantomData,
        };
        let [query_panel, d_out_panel, d_query_panel] =
            std::array::from_fn(|_| room(dimension * MAX_PANEL));
        let [query_rows, d_out_rows] =
            std::array::from_fn(|_| room(dimension.next_multiple_of(width) * MAX_PANEL));
        let [keys, values] = std::array::from_fn(|_| room(padded_len * dimension));
        let key_columns = room(F::words(padded_len) * dimension);
        let [d_keys, d_values] = std::array::from_fn(|_| room(padded_len * padded));
        shape.pack_rows(s, inputs.keys, keys);
        shape.pack_rows(s, inputs.values, values);
        shape.pack_columns::<F, S>(s, inputs.keys, key_columns);
        d_keys.fill(0.0);
        d_values.fill(0.0);
        for first in (0..shape.len).step_by(width) {
            let queries = first..shape.len.min(first + width);
            shape.pack_queries(s, &queries, inputs.queries, query_panel);
            shape.pack_panel(s, &queries, inputs.d_out, d_out_panel);
            pack_query_rows::<F, S>(s, shape, &queries, inputs.queries, query_rows);
            pack_query_rows::<F, S>(s, shape, &queries, inputs.d_out, d_out_rows);
            let panels = Panels {
                first,
                queries: query_panel,
                d_out: d_out_panel,
                statistics: statistics(s, shape, inputs, head.heads, &queries),
            };
            d_query_panel[..dimension * width].fill(0.0);
            for tile_keys in shape.key_tiles::<S>(first) {
                let keys = &keys[tile_keys.start * dimension..];
                let values = &values[tile_keys.start * dimension..];
                if S::LANES == MAX_LANES {
                    tile.compute::<S, STRIP>(s, shape, &panels, &tile_keys, keys, values);
                } else {
                    tile.compute::<S, SHORT_STRIP>(s, shape, &panels, &tile_keys, keys, values);
                }
                let words = F::words(tile_keys.start)..F::words(tile_keys.end);
                add_weighted::<F, S>(
                    s,
                    [dimension, words.len()],
                    &key_columns[words.start * dimension..],
                    tile.d_scores_panel(),
                    d_query_panel,
                );
                let rows = tile_keys.start * padded..tile_keys.end * padded;
                for (left, panels, sums) in [
                    (&*tile.weights, &*d_out_rows, &mut d_values[rows.clone()]),
                    (&*tile.d_scores, &*query_rows, &mut d_keys[rows]),
                ] {
                    let sizes = [tile_keys.len(), F::words(queries.len()), padded];
                    add_rows::<F, S>(s, sizes, left, panels, sums);
                }
            }
            // SAFETY: this head's channels of this sequence's rows belong to this task.
            unsafe {
                shape.unpack(s, &queries, d_query_panel, head.gradients[0], head.offset);
            }
        }
        for (gradient, sums) in [(head.gradients[1], d_keys), (head.gradients[2], d_values)] {
            for (row, sums) in sums.chunks_exact(padded).enumerate().take(shape.len) {
                let start = head.offset + row * shape.stride;
                // SAFETY: as above.
                let gradient = unsafe { gradient.part(start..start + dimension) };
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

/// Packs a panel's queries as right operands (words of queries, dimension), side by side.
#[inline(always)]
fn pack_query_rows<F: Format, S: Simd>(
    s: S,
    shape: HeadShape,
    queries: &Range<usize>,
    source: &[f32],
    panels: &mut [f32],
) {
    let width = PANEL_VECTORS * S::LANES;
    let source = &source[queries.start * shape.stride..];
    let panels = panels.chunks_exact_mut(F::words(queries.len()) * width);
    for (column, panel) in (0..shape.dimension).step_by(width).zip(panels) {
        let columns = width.min(shape.dimension - column);
        let source = &source[column..];
        pack_rows::<F, S>(s, queries.len(), columns, source, shape.stride, panel);
    }
}

/// Of a panel's queries the negatives of the logarithms of the sums, in bits, and of the gradients of
/// these: the sums of dO ∘ O over the channels.
#[inline(always)]
fn statistics<S: Simd>(
    s: S,
    shape: HeadShape,
    inputs: Inputs<'_>,
    heads: usize,
    queries: &Range<usize>,
) -> [[S::Vector; PANEL_VECTORS]; 2] {
    // −∞ where there is no query, so that the weights there are 0.
    let mut log_sums = [f32::NEG_INFINITY; MAX_PANEL];
    let mut d_log_sums = [0.0; MAX_PANEL];
    for (log_sum, query) in log_sums.iter_mut().zip(queries.clone()) {
        *log_sum = -LOG2_E * inputs.log_sums[query * heads];
    }
    for (i, sums) in d_log_sums.chunks_exact_mut(4).enumerate() {
        let mut products = [s.splat(0.0); 4];
        for (query, product) in queries.clone().skip(4 * i).zip(&mut products) {
            let row = query * shape.stride..query * shape.stride + shape.dimension;
            let out = inputs.out[row.clone()].chunks(S::LANES);
            for (out, d_out) in out.zip(inputs.d_out[row].chunks(S::LANES)) {
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
    /// (dimension, queries), times log₂ e.
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

    /// Computes the weights P, the gradient of the weights dP, and from both that of the scores:
    /// P ∘ (dP − rowsum(dO ∘ O)).
    #[inline(always)]
    fn compute<S: Simd, const M: usize>(
        &mut self,
        s: S,
        shape: HeadShape,
        panels: &Panels<'_, S>,
        tile_keys: &Range<usize>,
        keys: &[f32],
        values: &[f32],
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
