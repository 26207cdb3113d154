//! Output layer and cross-entropy in one: losses and gradients without ever holding the logits.
//!
//! Two passes over tiles of logits. The first finds the maximum and the sum of exponentials of every
//! row, part of the vocabulary by part; the second computes the tiles again, turns them into
//! gradients of the logits, and multiplies these with hidden states and weights at once.

use std::ops::Range;

use super::engine::{Engine, Shared};
use super::head::{Groups, ROWS, TILE, logits_tile, pack_hidden, parts};
use super::math::exp;
use super::microkernel::{Left, PANEL_VECTORS, Product, multiply};
use super::pack::pack_rows;
use super::simd::{Kernel, Simd};
use crate::Head;

/// Tokens of a tile in the second pass.
const COLUMNS: usize = 128;

pub(super) fn losses(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    targets: &[u32],
    losses: &mut [f32],
) {
    let padded = ROWS.min(shape.rows.next_multiple_of(COLUMNS));
    let mut panels = engine.scratch(padded * shape.channels);
    let mut log_sums = engine.scratch(padded);
    for rows in parts(0..shape.rows, ROWS) {
        pack_hidden(engine, shape, rows.clone(), hidden, &mut panels);
        let operands = Operands {
            shape,
            weight,
            panels: &panels,
            targets: &targets[rows.clone()],
        };
        first_pass(engine, operands, &mut losses[rows], &mut log_sums);
    }
}

/// What both passes read, for at most [`ROWS`] rows.
#[derive(Clone, Copy)]
struct Operands<'a> {
    shape: Head,
    weight: &'a [f32],
    /// The hidden states, packed by [`pack_hidden`].
    panels: &'a [f32],
    targets: &'a [u32],
}

impl<'a> Operands<'a> {
    /// The weights of some tokens of the vocabulary.
    #[inline(always)]
    fn weight(&self, tokens: &Range<usize>) -> &'a [f32] {
        let channels = self.shape.channels;
        &self.weight[tokens.start * channels..tokens.end * channels]
    }
}

/// Losses, and ln Σ exp of the logits of every row.
fn first_pass(engine: &Engine, operands: Operands<'_>, losses: &mut [f32], log_sums: &mut [f32]) {
    let rows = losses.len();
    let padded = rows.next_multiple_of(engine.panel());
    let groups = Groups::new(operands.shape.vocabulary);
    // For every group: maxima, sums of exponentials, logits of the targets.
    let mut statistics = engine.scratch(groups.count() * 3 * padded);
    let shared = Shared::new(&mut statistics);
    let work = rows * operands.shape.vocabulary * operands.shape.channels;
    engine.for_each_if_worth(work, groups.count(), |group| {
        // SAFETY: every group has statistics of its own.
        let statistics = unsafe { shared.part(group * 3 * padded..(group + 1) * 3 * padded) };
        let mut tile = engine.scratch(TILE * engine.panel());
        engine.run(FirstPass {
            operands,
            tokens: groups.get(group),
            statistics,
            tile: &mut tile,
        });
    });
    for (n, (loss, &target)) in losses.iter_mut().zip(operands.targets).enumerate() {
        let of =
            |group: usize, which: usize| f64::from(statistics[(group * 3 + which) * padded + n]);
        let max = (0..groups.count())
            .map(|group| of(group, 0))
            .fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..groups.count())
            .map(|group| of(group, 1) * (of(group, 0) - max).exp())
            .sum();
        let log_sum = max + sum.ln();
        *loss = (log_sum - of(groups.of(target), 2)) as f32;
        log_sums[n] = log_sum as f32;
    }
}

/// The first pass over one group.
struct FirstPass<'a> {
    operands: Operands<'a>,
    tokens: Range<usize>,
    statistics: &'a mut [f32],
    tile: &'a mut [f32],
}

impl Kernel for FirstPass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let channels = self.operands.shape.channels;
        let padded = self.statistics.len() / 3;
        let (maxima, rest) = self.statistics.split_at_mut(padded);
        let (sums, target_logits) = rest.split_at_mut(padded);
        // Not −∞, whose difference from a logit of −∞ is not a number.
        maxima.fill(f32::MIN);
        sums.fill(0.0);
        for tokens in parts(self.tokens, TILE) {
            let weight = self.operands.weight(&tokens);
            for first in (0..padded).step_by(width) {
                let panel = &self.operands.panels[first * channels..];
                logits_tile(s, channels, weight, panel, self.tile, width);
                let tile = &self.tile[..tokens.len() * width];
                add_exponentials(s, tile, &mut maxima[first..], &mut sums[first..]);
                let targets = self.operands.targets[first..].iter().take(width);
                for (lane, &target) in targets.enumerate() {
                    if tokens.contains(&(target as usize)) {
                        target_logits[first + lane] =
                            tile[(target as usize - tokens.start) * width + lane];
                    }
                }
            }
        }
    }
}

/// Takes a tile into the running maxima and the running sums of `exp(logit − maximum)`.
#[inline(always)]
fn add_exponentials<S: Simd>(s: S, tile: &[f32], maxima: &mut [f32], sums: &mut [f32]) {
    let width = PANEL_VECTORS * S::LANES;
    for lanes in (0..width).step_by(S::LANES) {
        let before = s.load_front(&maxima[lanes..][..S::LANES]);
        // Two chains, since a maximum takes several cycles.
        let mut max = [before; 2];
        for rows in tile.chunks(2 * width) {
            for (max, row) in max.iter_mut().zip(rows.chunks_exact(width)) {
                *max = s.max(*max, s.load_front(&row[lanes..][..S::LANES]));
            }
        }
        let max = s.max(max[0], max[1]);
        let mut sum = s.mul(
            s.load_front(&sums[lanes..][..S::LANES]),
            exp(s, s.sub(before, max)),
        );
        for row in tile.chunks_exact(width) {
            sum = s.add(
                sum,
                exp(s, s.sub(s.load_front(&row[lanes..][..S::LANES]), max)),
            );
        }
        s.store_front(&mut maxima[lanes..][..S::LANES], max);
        s.store_front(&mut sums[lanes..][..S::LANES], sum);
    }
}

#[allow(clippy::too_many_arguments)]
pub(super) fn losses_backward(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    targets: &[u32],
    scale: f32,
    losses: &mut [f32],
    d_hidden: &mut [f32],
    d_weight: &mut [f32],
) {
    let channels = shape.channels;
    let width = engine.panel();
    let groups = Groups::new(shape.vocabulary);
    let padded = ROWS.min(shape.rows.next_multiple_of(COLUMNS));
    let padded_channels = channels.next_multiple_of(width);
    let mut panels = engine.scratch(padded * channels);
    let mut channel_panels = engine.scratch(padded * padded_channels);
    let mut log_sums = engine.scratch(padded);
    let mut partial = engine.scratch(groups.count() * padded * channels);
    let d_weight = Shared::new(d_weight);
    let d_hidden = Shared::new(d_hidden);
    for rows in parts(0..shape.rows, ROWS) {
        pack_hidden(engine, shape, rows.clone(), hidden, &mut panels);
        pack_channels(engine, shape, rows.clone(), hidden, &mut channel_panels);
        let operands = Operands {
            shape,
            weight,
            panels: &panels,
            targets: &targets[rows.clone()],
        };
        first_pass(engine, operands, &mut losses[rows.clone()], &mut log_sums);
        let len = rows.len() * channels;
        let shared_partial = Shared::new(&mut partial);
        let (log_sums, channel_panels): (&[f32], &[f32]) = (&log_sums, &channel_panels);
        engine.for_each(groups.count(), |group| {
            let tokens = groups.get(group);
            let mut tile = engine.scratch(TILE * COLUMNS);
            let mut weight_panels = engine.scratch(TILE * padded_channels);
            engine.run(SecondPass {
                operands,
                channel_panels,
                log_sums: &log_sums[..rows.len()],
                scale,
                // SAFETY: every group has a partial sum of its own …
                d_hidden: unsafe { shared_partial.part(group * len..(group + 1) * len) },
                // SAFETY: … and its own rows of the weights.
                d_weight: unsafe { d_weight.part(tokens.start * channels..tokens.end * channels) },
                tokens,
                tile: &mut tile,
                weight_panels: &mut weight_panels,
            });
        });
        let partial: &[f32] = &partial[..groups.count() * len];
        engine.for_each_if_worth(len * groups.count(), rows.len().div_ceil(COLUMNS), |i| {
            let here = i * COLUMNS * channels..len.min((i + 1) * COLUMNS * channels);
            let first = rows.start * channels;
            // SAFETY: every task has rows of its own.
            let out = unsafe { d_hidden.part(first + here.start..first + here.end) };
            engine.run(SumGroups {
                partial,
                len,
                here,
                out,
            });
        });
    }
}

/// Packs rows of hidden states into panels (tokens, channels): for every [`COLUMNS`] tokens the
/// panels of all channels.
fn pack_channels(
    engine: &Engine,
    shape: Head,
    rows: Range<usize>,
    hidden: &[f32],
    panels: &mut [f32],
) {
    let channels = shape.channels;
    let block_len = COLUMNS * channels.next_multiple_of(engine.panel());
    let panels = Shared::new(panels);
    let blocks = rows.len().div_ceil(COLUMNS);
    engine.for_each_if_worth(8 * rows.len() * channels, blocks, |i| {
        let first = rows.start + i * COLUMNS;
        let tokens = COLUMNS.min(rows.end - first);
        engine.run(PackChannels {
            rows: tokens,
            channels,
            source: &hidden[first * channels..][..tokens * channels],
            // SAFETY: every task has a block of its own.
            panels: unsafe { panels.part(i * block_len..(i + 1) * block_len) },
        });
    });
}

/// Packs a row-major matrix into panels (rows, channels).
struct PackChannels<'a> {
    rows: usize,
    channels: usize,
    source: &'a [f32],
    panels: &'a mut [f32],
}

impl Kernel for PackChannels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let panels = self.panels.chunks_exact_mut(self.rows * width);
        for (columns, panel) in parts(0..self.channels, width).zip(panels) {
            let source = &self.source[columns.start..];
            pack_rows(s, self.rows, columns.len(), source, self.channels, panel);
        }
    }
}

/// The second pass over one group.
struct SecondPass<'a> {
    operands: Operands<'a>,
    /// The hidden states, packed by [`pack_channels`].
    channel_panels: &'a [f32],
    log_sums: &'a [f32],
    scale: f32,
    /// The tokens of the vocabulary.
    tokens: Range<usize>,
    /// The group's share of the gradient, overwritten.
    d_hidden: &'a mut [f32],
    /// The gradient of the group's weights, added to.
    d_weight: &'a mut [f32],
    tile: &'a mut [f32],
    weight_panels: &'a mut [f32],
}

impl Kernel for SecondPass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let channels = self.operands.shape.channels;
        let block_len = COLUMNS * channels.next_multiple_of(width);
        for tokens in parts(self.tokens.clone(), TILE) {
            let weight = self.operands.weight(&tokens);
            PackChannels {
                rows: tokens.len(),
                channels,
                source: weight,
                panels: self.weight_panels,
            }
            .run(s);
            let first_tile = tokens.start == self.tokens.start;
            for (block, rows) in parts(0..self.log_sums.len(), COLUMNS).enumerate() {
                for first in rows.clone().step_by(width) {
                    let panel = &self.operands.panels[first * channels..];
                    let tile = &mut self.tile[first - rows.start..];
                    logits_tile(s, channels, weight, panel, tile, COLUMNS);
                }
                let tile = &mut self.tile[..tokens.len() * COLUMNS];
                let log_sums = &self.log_sums[rows.clone()];
                exponentials(s, tile, log_sums, self.scale);
                for (column, &target) in self.operands.targets[rows.clone()].iter().enumerate() {
                    if tokens.contains(&(target as usize)) {
                        tile[(target as usize - tokens.start) * COLUMNS + column] -= self.scale;
                    }
                }
                let offset = (tokens.start - self.tokens.start) * channels;
                add_product(
                    s,
                    [tokens.len(), rows.len(), channels],
                    Left {
                        start: tile.as_ptr(),
                        row: COLUMNS,
                        step: 1,
                    },
                    &self.channel_panels[block * block_len..],
                    &mut self.d_weight[offset..],
                    true,
                );
                add_product(
                    s,
                    [rows.len(), tokens.len(), channels],
                    Left {
                        start: tile.as_ptr(),
                        row: 1,
                        step: COLUMNS,
                    },
                    self.weight_panels,
                    &mut self.d_hidden[rows.start * channels..],
                    !first_tile,
                );
            }
        }
    }
}

/// Turns a tile of logits into `scale · softmax`.
#[inline(always)]
fn exponentials<S: Simd>(s: S, tile: &mut [f32], log_sums: &[f32], scale: f32) {
    let scale = s.splat(scale);
    for lanes in (0..log_sums.len()).step_by(S::LANES) {
        let end = log_sums.len().min(lanes + S::LANES);
        let log_sum = s.load_front(&log_sums[lanes..end]);
        for row in tile.chunks_exact_mut(COLUMNS) {
            let logits = &mut row[lanes..][..S::LANES];
            let weight = exp(s, s.sub(s.load_front(logits), log_sum));
            s.store_front(logits, s.mul(weight, scale));
        }
    }
}

/// `out (+)= tile · matrix` for a matrix packed by [`PackChannels`] and `out` (rows, channels).
#[inline(always)]
fn add_product<S: Simd>(
    s: S,
    [rows, depth, channels]: [usize; 3],
    left: Left,
    panels: &[f32],
    out: &mut [f32],
    accumulate: bool,
) {
    let width = PANEL_VECTORS * S::LANES;
    assert!(out.len() >= rows * channels);
    assert!(panels.len() >= depth * channels.next_multiple_of(width));
    for columns in parts(0..channels, width) {
        let product = Product {
            // SAFETY: a column of the first row.
            start: unsafe { out.as_mut_ptr().add(columns.start) },
            row: channels,
            columns: columns.len(),
        };
        let panel = panels[columns.start * depth..].as_ptr();
        // SAFETY: the caller's tile has `rows` and `depth`; the assertions say that the panel and
        // the product have theirs.
        unsafe { multiply(s, rows, depth, left, panel, product, accumulate) };
    }
}

/// Adds up the groups' shares of the gradient of the hidden states, in order.
struct SumGroups<'a> {
    partial: &'a [f32],
    /// Numbers in a share.
    len: usize,
    /// Which of them.
    here: Range<usize>,
    out: &'a mut [f32],
}

impl Kernel for SumGroups<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (i, out) in self.out.chunks_mut(S::LANES).enumerate() {
            let first = self.here.start + i * S::LANES;
            let mut sum = s.splat(0.0);
            for share in self.partial.chunks_exact(self.len) {
                sum = s.add(sum, s.load_front(&share[first..][..out.len()]));
            }
            s.store_front(out, sum);
        }
    }
}
