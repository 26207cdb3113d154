//! Output layer and cross-entropy in one: losses and gradients without ever holding all logits.
//!
//! A first pass over tiles of logits sums the exponentials of every row, part of the vocabulary by
//! part. For gradients it keeps them, for a block of rows at a time; the second pass multiplies them
//! with weights and hidden states. What turns the exponentials of a row into probabilities is one
//! factor for each part of the vocabulary, applied to the hidden states and to the products. So the
//! exponentials are operands as they are, and a logit is computed and its exponential taken only once.
//! The target has no part in these products: the gradient of its logit, probability − 1, is often small,
//! and would be lost in operands of few digits.

use std::marker::PhantomData;
use std::ops::Range;

use super::engine::{Engine, Shared};
use super::format::{Format, Pairs, Single};
use super::head::{GROUPS, Groups, HeadWords, HiddenPanels, ROWS, logits_tile, parts};
use super::math::exp2;
use super::matmul::{LeftLayout, Operand, PackLeft};
use super::microkernel::{Left, PANEL_VECTORS, Panel, Product, multiply_words};
use super::pack::pack_scaled_rows;
use super::simd::{Kernel, Simd};
use crate::host::Weight;
use crate::{Head, Precision};

/// Rows of a block of exponentials.
const COLUMNS: usize = 128;

/// Most tokens of the vocabulary of a block of exponentials. The more, the less often the sums of
/// products over them are read and written.
const TOKENS: usize = 384;

/// Tokens of the vocabulary of a tile of logits.
const TILE: usize = 192;

/// Fewest tokens of a group: the gradient of the hidden states has a share of each group.
const GROUP: usize = 256;

/// Most words of exponentials that are kept.
const KEPT: usize = 1 << 24;

/// How far a logit may exceed the reference of its row: e⁴⁰ is far from the largest number.
const HEADROOM: f32 = 40.0;

/// Rows whose statistics are summed up by a task.
const CHUNK: usize = 64;

pub(super) fn losses(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: Weight<'_>,
    targets: &[u32],
    losses: &mut [f32],
) {
    match engine.precision() {
        Precision::F32 => losses_in::<Single>(engine, shape, hidden, weight, targets, losses),
        Precision::Bf16 => losses_in::<Pairs>(engine, shape, hidden, weight, targets, losses),
    }
}

fn losses_in<F: Format>(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: Weight<'_>,
    targets: &[u32],
    losses: &mut [f32],
) {
    let words = HeadWords::new::<F>(engine, shape, weight);
    let most = ROWS.min(shape.rows);
    let mut panels = HiddenPanels::new::<F>(engine, shape, most);
    let mut statistics = engine.scratch(statistics_len(shape, most));
    let mut log_sums = engine.scratch(most);
    for rows in parts(0..shape.rows, ROWS) {
        panels.pack::<F>(engine, shape, rows.clone(), hidden);
        let operands = Operands {
            shape,
            weight: &words,
            panels: &panels,
            targets: &targets[rows.clone()],
            format: PhantomData::<F>,
        };
        operands.first_pass(engine, &mut statistics, None);
        operands.sum_up(engine, &statistics, &mut losses[rows], &mut log_sums);
    }
}

fn groups(shape: Head) -> Groups {
    // Whole blocks; of a small vocabulary equal parts.
    let unit = if shape.vocabulary < GROUPS * TOKENS {
        16
    } else {
        TOKENS
    };
    Groups::new(shape.vocabulary, unit, GROUP)
}

/// Numbers in the statistics of up to `rows` rows.
fn statistics_len(shape: Head, rows: usize) -> usize {
    groups(shape).count() * 3 * rows.next_multiple_of(COLUMNS)
}

/// What both passes read, for at most [`ROWS`] rows.
struct Operands<'a, F> {
    shape: Head,
    weight: &'a HeadWords<'a>,
    panels: &'a HiddenPanels<'a>,
    targets: &'a [u32],
    format: PhantomData<F>,
}

impl<F> Clone for Operands<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Operands<'_, F> {}

impl<F: Format> Operands<'_, F> {
    fn groups(&self) -> Groups {
        groups(self.shape)
    }

    /// Rows with those that fill up the last block.
    fn padded(&self) -> usize {
        self.targets.len().next_multiple_of(COLUMNS)
    }

    /// Words of the exponentials of some tokens of the vocabulary.
    fn kept_words(&self, tokens: usize) -> usize {
        tokens * self.padded() / F::NUMBERS
    }

    /// Where the exponential of a token, counted from the start of its group, and row `n` is among
    /// those of the group, which has `len` tokens; its word, if a word is several.
    ///
    /// They are in blocks, (tokens of the block, [`COLUMNS`] rows): for every [`TOKENS`] tokens, for
    /// every [`COLUMNS`] rows.
    #[inline(always)]
    fn kept_at(&self, len: usize, token: usize, n: usize) -> usize {
        let block = token / TOKENS * TOKENS;
        let tokens = TOKENS.min(len - block);
        self.kept_words(block)
            + (n / COLUMNS * tokens + token - block) * (COLUMNS / F::NUMBERS)
            + n % COLUMNS / F::NUMBERS
    }

    /// The [`Statistics`] of every group, and all exponentials where there is room for them.
    fn first_pass(&self, engine: &Engine, statistics: &mut [f32], kept: Option<&mut [f32]>) {
        let groups = self.groups();
        let len = 3 * self.padded();
        let statistics = Shared::new(statistics);
        let kept = kept.map(Shared::new);
        let work = self.targets.len() * self.shape.vocabulary * self.shape.channels;
        engine.for_each_if_worth(work, groups.count(), |group| {
            let tokens = groups.get(group);
            // SAFETY: every group has statistics and exponentials of its own.
            let (statistics, kept) = unsafe {
                let words = self.kept_words(tokens.start)..self.kept_words(tokens.end);
                (
                    statistics.part(group * len..(group + 1) * len),
                    kept.map(|kept| kept.part(words)),
                )
            };
            let mut tile = engine.scratch(TILE * engine.panel());
            engine.run_with::<F, _>(FirstPass {
                operands: *self,
                tokens,
                statistics: Statistics::split(statistics),
                kept,
                tile: &mut tile,
            });
        });
    }

    /// Losses, and ln Σ exp of the logits of every row.
    fn sum_up(
        &self,
        engine: &Engine,
        statistics: &[f32],
        losses: &mut [f32],
        log_sums: &mut [f32],
    ) {
        let groups = self.groups();
        let padded = self.padded();
        let rows = losses.len();
        let (losses, log_sums) = (Shared::new(losses), Shared::new(log_sums));
        let work = 40 * rows * groups.count();
        engine.for_each_if_worth(work, rows.div_ceil(CHUNK), |chunk| {
            for n in chunk * CHUNK..rows.min((chunk + 1) * CHUNK) {
                let of = |group: usize, which: usize| {
                    f64::from(statistics[(group * 3 + which) * padded + n])
                };
                let reference = (0..groups.count())
                    .map(|group| of(group, 0))
                    .fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = (0..groups.count())
                    .map(|group| of(group, 1) * (of(group, 0) - reference).exp())
                    .sum();
                let log_sum = reference + sum.ln();
                let target_logit = of(groups.of(self.targets[n]), 2);
                // SAFETY: every row belongs to one task.
                unsafe {
                    losses.set(n, (log_sum - target_logit) as f32);
                    log_sums.set(n, log_sum as f32);
                }
            }
        });
    }
}

/// What the first pass finds of every row in one group of the vocabulary.
struct Statistics<'a> {
    /// What the exponentials are relative to: near the largest logit, or above it.
    references: &'a mut [f32],
    /// Σ exp(logit − reference).
    sums: &'a mut [f32],
    /// The logit of the row's target, if it is in the group.
    target_logits: &'a mut [f32],
}

impl<'a> Statistics<'a> {
    fn split(statistics: &'a mut [f32]) -> Self {
        let padded = statistics.len() / 3;
        let (references, rest) = statistics.split_at_mut(padded);
        let (sums, target_logits) = rest.split_at_mut(padded);
        Self {
            references,
            sums,
            target_logits,
        }
    }
}

/// The first pass over one group.
struct FirstPass<'a, F> {
    operands: Operands<'a, F>,
    tokens: Range<usize>,
    statistics: Statistics<'a>,
    /// Where the exponentials are kept: see [`Operands::kept_at`].
    kept: Option<&'a mut [f32]>,
    tile: &'a mut [f32],
}

impl<F: Format> Kernel for FirstPass<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let operands = self.operands;
        let rows = operands.targets.len().next_multiple_of(width);
        let blocks = parts(self.tokens.clone(), TOKENS);
        for tokens in blocks.flat_map(|block| parts(block, TILE)) {
            let weight = operands.weight.of(&tokens);
            for first in (0..rows).step_by(width) {
                let panel = operands.panels.panel(first);
                let last = first + width >= rows;
                logits_tile::<F, S>(s, operands.weight.row(), weight, panel, self.tile, last);
                let targets = operands.targets[first..].iter().take(width);
                for (lane, &target) in targets.enumerate() {
                    if tokens.contains(&(target as usize)) {
                        self.statistics.target_logits[first + lane] =
                            self.tile[(target as usize - tokens.start) * width + lane];
                    }
                }
                self.choose_references(s, &tokens, first);
                self.exponentials(s, &tokens, first);
            }
        }
    }
}

impl<F: Format> FirstPass<'_, F> {
    /// Sees to it that the exponentials of a tile relative to the references are in range: in the
    /// first tile they are the largest logits; later they are raised if a logit is far above.
    #[inline(always)]
    fn choose_references<S: Simd>(&mut self, s: S, tokens: &Range<usize>, first: usize) {
        let width = PANEL_VECTORS * S::LANES;
        let begins = tokens.start == self.tokens.start;
        for lanes in (0..width).step_by(S::LANES) {
            // Not −∞, whose difference from a logit of −∞ is not a number. Two chains, since a
            // maximum takes several cycles.
            let mut max = [s.splat(f32::MIN); 2];
            for rows in self.tile[..tokens.len() * width].chunks(2 * width) {
                for (max, row) in max.iter_mut().zip(rows.chunks_exact(width)) {
                    *max = s.max(*max, s.load_front(&row[lanes..][..S::LANES]));
                }
            }
            let max = s.max(max[0], max[1]);
            let at = first + lanes..first + lanes + S::LANES;
            if begins {
                s.store_front(&mut self.statistics.references[at.clone()], max);
                s.store_front(&mut self.statistics.sums[at], s.splat(0.0));
                continue;
            }
            let reference = s.load_front(&self.statistics.references[at.clone()]);
            let excess = s.to_array(s.sub(max, reference));
            if excess[..S::LANES].iter().any(|&excess| excess > HEADROOM) {
                self.raise_references(tokens, at, &s.to_array(max));
            }
        }
    }

    /// Raises references to the largest logits so far where these are far above, and scales what was
    /// computed with the old ones.
    fn raise_references(&mut self, tokens: &Range<usize>, rows: Range<usize>, maxima: &[f32]) {
        for (n, &max) in rows.zip(maxima) {
            let reference = &mut self.statistics.references[n];
            if max - *reference <= HEADROOM {
                continue;
            }
            let factor = (*reference - max).exp();
            *reference = max;
            self.statistics.sums[n] *= factor;
            let operands = &self.operands;
            let Some(kept) = &mut self.kept else { continue };
            for token in 0..tokens.start - self.tokens.start {
                let word = &mut kept[operands.kept_at(self.tokens.len(), token, n)];
                *word = F::scale(*word, n % F::NUMBERS, factor);
            }
        }
    }

    /// Adds the exponentials of a tile to the sums, and keeps them.
    #[inline(always)]
    fn exponentials<S: Simd>(&mut self, s: S, tokens: &Range<usize>, first: usize) {
        let width = PANEL_VECTORS * S::LANES;
        let Statistics {
            references, sums, ..
        } = &mut self.statistics;
        let reference = [0, 1].map(|i| s.load_front(&references[first + i * S::LANES..]));
        let mut sum = [0, 1].map(|i| s.load_front(&sums[first + i * S::LANES..]));
        let tile = self.tile[..tokens.len() * width].chunks_exact(width);
        match &mut self.kept {
            None => {
                for row in tile {
                    let [left, right] = weights(s, row, reference);
                    sum = [s.add(sum[0], left), s.add(sum[1], right)];
                }
            }
            Some(kept) => {
                let token = tokens.start - self.tokens.start;
                let start = self.operands.kept_at(self.tokens.len(), token, first);
                let kept = kept[start..].chunks_mut(COLUMNS / F::NUMBERS);
                for (row, kept) in tile.zip(kept) {
                    let [left, right] = weights(s, row, reference);
                    sum = [s.add(sum[0], left), s.add(sum[1], right)];
                    F::store_row(s, [left, right], kept);
                }
            }
        }
        for (i, sum) in sum.into_iter().enumerate() {
            s.store_front(&mut sums[first + i * S::LANES..][..S::LANES], sum);
        }
    }
}

/// The exponentials of a panel's row of logits relative to their references.
#[inline(always)]
fn weights<S: Simd>(s: S, row: &[f32], references: [S::Vector; 2]) -> [S::Vector; 2] {
    let (left, right) = row.split_at(S::LANES);
    let sharpness = s.splat(std::f32::consts::LOG2_E);
    [
        exp2(
            s,
            s.mul(s.sub(s.load_front(left), references[0]), sharpness),
        ),
        exp2(
            s,
            s.mul(s.sub(s.load_front(right), references[1]), sharpness),
        ),
    ]
}

#[allow(clippy::too_many_arguments)]
pub(super) fn losses_backward(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: Weight<'_>,
    targets: &[u32],
    scale: f32,
    losses: &mut [f32],
    d_hidden: &mut [f32],
    d_weight: &mut [f32],
) {
    let gradients = Gradients {
        engine,
        shape,
        hidden,
        weight: weight.values(),
        scale,
        d_hidden: Shared::new(d_hidden),
        d_weight: Shared::new(d_weight),
    };
    match engine.precision() {
        Precision::F32 => gradients.compute::<Single>(weight, targets, losses),
        Precision::Bf16 => gradients.compute::<Pairs>(weight, targets, losses),
    }
}

/// What the gradients are computed from, and where they go.
#[derive(Clone, Copy)]
struct Gradients<'a> {
    engine: &'a Engine,
    shape: Head,
    hidden: &'a [f32],
    weight: &'a [f32],
    scale: f32,
    d_hidden: Shared<'a>,
    d_weight: Shared<'a>,
}

impl Gradients<'_> {
    fn compute<F: Format>(self, weight: Weight<'_>, targets: &[u32], losses: &mut [f32]) {
        let Self { engine, shape, .. } = self;
        let words = HeadWords::new::<F>(engine, shape, weight);
        let groups = groups(shape);
        let most = (F::NUMBERS * KEPT / shape.vocabulary.max(1) / COLUMNS * COLUMNS)
            .clamp(COLUMNS, ROWS)
            .min(shape.rows.next_multiple_of(COLUMNS));
        let mut panels = HiddenPanels::new::<F>(engine, shape, most);
        let mut statistics = engine.scratch(statistics_len(shape, most));
        let mut log_sums = engine.scratch(most);
        let mut kept = engine.scratch(shape.vocabulary * most / F::NUMBERS);
        let mut partial = engine.scratch(groups.count() * shape.channels * most);
        for rows in parts(0..shape.rows, most) {
            panels.pack::<F>(engine, shape, rows.clone(), self.hidden);
            let operands = Operands {
                shape,
                weight: &words,
                panels: &panels,
                targets: &targets[rows.clone()],
                format: PhantomData::<F>,
            };
            operands.first_pass(engine, &mut statistics, Some(&mut kept));
            let losses = &mut losses[rows.clone()];
            operands.sum_up(engine, &statistics, losses, &mut log_sums);
            let block = Block {
                gradients: self,
                operands,
                losses,
                rows,
                statistics: &statistics,
                log_sums: &log_sums,
            };
            block.second_pass(&mut kept, &mut partial);
            block.sum_groups(&partial);
        }
    }
}

/// The gradients of one block of rows.
struct Block<'a, F> {
    gradients: Gradients<'a>,
    operands: Operands<'a, F>,
    losses: &'a [f32],
    rows: Range<usize>,
    statistics: &'a [f32],
    log_sums: &'a [f32],
}

impl<F: Format> Block<'_, F> {
    /// What turns the exponentials of the rows in a group into their share of the gradient of the
    /// logits: `scale · exp(reference − ln Σ exp)`.
    fn factors(&self, group: usize, rows: Range<usize>, factors: &mut [f32]) {
        let start = group * 3 * self.operands.padded();
        let references = &self.statistics[start..][rows.clone()];
        let log_sums = &self.log_sums[rows];
        for ((factor, reference), log_sum) in factors.iter_mut().zip(references).zip(log_sums) {
            *factor = self.gradients.scale * (reference - log_sum).exp();
        }
    }

    /// The gradient of the logit of the target of row `n`: `scale · (probability − 1)`.
    fn target_gradient(&self, n: usize) -> f32 {
        self.gradients.scale * (-self.losses[n]).exp_m1()
    }

    /// Rows of this block whose targets are in a group, with the target counted from its start.
    fn targets_in(&self, tokens: &Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        let targets = self.operands.targets.iter().enumerate();
        targets
            .map(|(n, &target)| (n, target as usize))
            .filter(|(_, target)| tokens.contains(target))
            .map(|(n, target)| (n, target - tokens.start))
    }

    /// Takes the targets out of the exponentials of a group.
    fn clear_targets(&self, tokens: &Range<usize>, kept: &mut [f32]) {
        for (n, target) in self.targets_in(tokens) {
            let word = &mut kept[self.operands.kept_at(tokens.len(), target, n)];
            *word = F::scale(*word, n % F::NUMBERS, 0.0);
        }
    }

    /// The gradient of the weights, and every group's share of that of the hidden states.
    fn second_pass(&self, kept: &mut [f32], partial: &mut [f32]) {
        let Gradients {
            engine,
            shape,
            hidden,
            weight,
            d_weight,
            ..
        } = self.gradients;
        let channels = shape.channels;
        let groups = self.operands.groups();
        let padded_channels = channels.next_multiple_of(engine.panel());
        let (rows, padded) = (self.rows.len(), self.operands.padded());
        let partial_len = channels * padded;
        let partial = Shared::new(partial);
        let kept = Shared::new(kept);
        engine.for_each(groups.count(), |group| {
            let tokens = groups.get(group);
            let words =
                self.operands.kept_words(tokens.start)..self.operands.kept_words(tokens.end);
            // SAFETY: every group has its exponentials …
            let kept = unsafe { kept.part(words) };
            self.clear_targets(&tokens, kept);
            let mut factors = engine.scratch(rows);
            self.factors(group, 0..rows, &mut factors);
            let mut hidden_panels = engine.scratch(F::words(rows) * padded_channels);
            let mut weight_words = engine.scratch(F::words(TOKENS) * channels);
            let mut panels = engine.scratch(match F::NUMBERS {
                1 => 0,
                _ => F::words(TOKENS) * COLUMNS,
            });
            // SAFETY: … its rows of the gradient …
            let d_weight = unsafe { d_weight.part(tokens.start * channels..tokens.end * channels) };
            engine.run_with::<F, _>(SecondPass {
                channels,
                rows,
                tokens: tokens.clone(),
                hidden: &hidden[self.rows.start * channels..self.rows.end * channels],
                weight: &weight[tokens.start * channels..tokens.end * channels],
                factors: &factors,
                kept,
                d_weight,
                // SAFETY: … and a share of its own.
                partial: unsafe { partial.part(group * partial_len..(group + 1) * partial_len) },
                hidden_panels: &mut hidden_panels,
                weight_words: &mut weight_words,
                panels: &mut panels,
                format: PhantomData::<F>,
            });
            for (n, target) in self.targets_in(&tokens) {
                engine.run(AddScaled {
                    x: &hidden[(self.rows.start + n) * channels..][..channels],
                    factor: self.target_gradient(n),
                    out: &mut d_weight[target * channels..][..channels],
                });
            }
        });
    }

    /// The gradient of the hidden states, from the shares of all groups.
    fn sum_groups(&self, partial: &[f32]) {
        let Gradients {
            engine,
            shape,
            weight,
            d_hidden,
            ..
        } = self.gradients;
        let channels = shape.channels;
        let groups = self.operands.groups();
        let padded = self.operands.padded();
        let rows = self.rows.len();
        let work = groups.count() * channels * rows;
        engine.for_each_if_worth(work, rows.div_ceil(CHUNK), |chunk| {
            let here = chunk * CHUNK..rows.min((chunk + 1) * CHUNK);
            let mut factors = engine.scratch(groups.count() * CHUNK);
            for (group, factors) in factors.chunks_exact_mut(CHUNK).enumerate() {
                factors.fill(0.0);
                self.factors(group, here.clone(), factors);
            }
            let mut sums = engine.scratch(channels * CHUNK);
            engine.run(SumGroups {
                channels,
                padded,
                first: here.start,
                partial,
                factors: &factors,
                sums: &mut sums,
            });
            for n in here.clone() {
                let start = (self.rows.start + n) * channels;
                let row = self.operands.targets[n] as usize * channels;
                // SAFETY: every task has rows of its own.
                let out = unsafe { d_hidden.part(start..start + channels) };
                let target = &weight[row..][..channels];
                let factor = self.target_gradient(n);
                for (c, (out, target)) in out.iter_mut().zip(target).enumerate() {
                    *out = sums[c * CHUNK + n - here.start] + factor * target;
                }
            }
        });
    }
}

/// The second pass over one group.
struct SecondPass<'a, F> {
    channels: usize,
    rows: usize,
    /// The tokens of the vocabulary.
    tokens: Range<usize>,
    hidden: &'a [f32],
    /// Of the group's tokens.
    weight: &'a [f32],
    /// See [`Block::factors`].
    factors: &'a [f32],
    /// See [`Operands::kept_at`]; 0 for the targets.
    kept: &'a [f32],
    /// The gradient of the group's weights, added to.
    d_weight: &'a mut [f32],
    /// The group's share of the gradient of the hidden states without the factors, as (channels,
    /// rows), overwritten.
    partial: &'a mut [f32],
    /// Room for the hidden states with their factors, in panels (words of rows, channels).
    hidden_panels: &'a mut [f32],
    /// Room for the weights of a block as a left operand (channels, words of tokens).
    weight_words: &'a mut [f32],
    /// Room for a block of exponentials in panels (words of tokens, rows).
    panels: &'a mut [f32],
    format: PhantomData<F>,
}

impl<F: Format> Kernel for SecondPass<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let Self { channels, rows, .. } = self;
        let padded = rows.next_multiple_of(COLUMNS);
        let panel_len = F::words(rows) * width;
        for (columns, panel) in
            parts(0..channels, width).zip(self.hidden_panels.chunks_exact_mut(panel_len))
        {
            let source = &self.hidden[columns.start..];
            pack_scaled_rows::<F, S>(s, columns.len(), source, channels, self.factors, panel);
        }
        let mut kept = self.kept;
        for tokens in parts(0..self.tokens.len(), TOKENS) {
            let (blocks, rest) = kept.split_at(tokens.len() * padded / F::NUMBERS);
            kept = rest;
            let weight = self.transposed_weight(s, &tokens);
            let blocks = blocks.chunks_exact(tokens.len() * COLUMNS / F::NUMBERS);
            for (block, first) in blocks.zip((0..rows).step_by(COLUMNS)) {
                let len = COLUMNS.min(rows - first);
                self.add_to_weight_gradient(s, &tokens, block, first, len);
                let panels = F::panels(s, block, tokens.len(), COLUMNS, self.panels);
                for column in (0..len).step_by(width) {
                    let (start, row) = panels.at(column);
                    let product = Product {
                        start: self.partial[first + column..].as_mut_ptr(),
                        row: padded,
                        columns: width,
                    };
                    // SAFETY: the weights have `channels` rows and the tile's words; a panel has
                    // as many words; the share has `channels` rows, and its columns go on to the
                    // end of the block.
                    unsafe {
                        multiply_words::<F, S>(
                            s,
                            [channels, F::words(tokens.len())],
                            weight,
                            Panel { start, row },
                            product,
                            tokens.start > 0,
                        );
                    }
                }
            }
        }
    }
}

impl<F: Format> SecondPass<'_, F> {
    /// The weights of a block as a left operand (channels, words of tokens).
    #[inline(always)]
    fn transposed_weight<S: Simd>(&mut self, s: S, tokens: &Range<usize>) -> Left {
        let channels = self.channels;
        let weight = &self.weight[tokens.start * channels..tokens.end * channels];
        if F::NUMBERS == 1 {
            return Left {
                start: weight.as_ptr(),
                row: 1,
                step: channels,
            };
        }
        let layout = LeftLayout::new::<F>([channels, tokens.len()], true);
        PackLeft {
            depth: tokens.len(),
            left: Operand {
                values: weight,
                stride: channels,
                transposed: true,
            },
            lines: 0..layout.lines,
            len: layout.len,
            words: &mut self.weight_words[..layout.lines * layout.len],
            format: PhantomData::<F>,
        }
        .run(s);
        Left {
            start: self.weight_words.as_ptr(),
            row: layout.row,
            step: layout.step,
        }
    }

    /// Adds the products of a block of exponentials with the hidden states of its `len` rows from
    /// `first` on.
    #[inline(always)]
    fn add_to_weight_gradient<S: Simd>(
        &mut self,
        s: S,
        tokens: &Range<usize>,
        block: &[f32],
        first: usize,
        len: usize,
    ) {
        let width = PANEL_VECTORS * S::LANES;
        let channels = self.channels;
        let panel_len = F::words(self.rows) * width;
        let left = Left {
            start: block.as_ptr(),
            row: COLUMNS / F::NUMBERS,
            step: 1,
        };
        for (columns, panel) in
            parts(0..channels, width).zip(self.hidden_panels.chunks_exact(panel_len))
        {
            let panel = Panel {
                start: panel[first / F::NUMBERS * width..].as_ptr(),
                row: width,
            };
            let product = Product {
                start: self.d_weight[tokens.start * channels + columns.start..].as_mut_ptr(),
                row: channels,
                columns: columns.len(),
            };
            // SAFETY: the block has a row for each of its tokens, and the panel and the
            // gradient have the rows and columns.
            unsafe {
                multiply_words::<F, S>(
                    s,
                    [tokens.len(), F::words(len)],
                    left,
                    panel,
                    product,
                    true,
                );
            }
        }
    }
}

/// `out += factor · x`.
struct AddScaled<'a> {
    x: &'a [f32],
    factor: f32,
    out: &'a mut [f32],
}

impl Kernel for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let factor = s.splat(self.factor);
        for (x, out) in self.x.chunks(S::LANES).zip(self.out.chunks_mut(S::LANES)) {
            let sum = s.mul_add(factor, s.load_front(x), s.load_front(out));
            s.store_front(out, sum);
        }
    }
}

/// Adds up the groups' shares of the gradient of [`CHUNK`] hidden states with their factors, in
/// order, as (channels, rows).
struct SumGroups<'a> {
    channels: usize,
    /// Rows of a share.
    padded: usize,
    /// The first of the rows.
    first: usize,
    partial: &'a [f32],
    /// For each group, one for each row.
    factors: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for SumGroups<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let share = self.channels * self.padded;
        for (c, sums) in self.sums.chunks_exact_mut(CHUNK).enumerate() {
            for (i, out) in sums.chunks_exact_mut(S::LANES).enumerate() {
                let at = c * self.padded + self.first + i * S::LANES;
                let mut sum = s.splat(0.0);
                let factors = self.factors.chunks_exact(CHUNK);
                for (group, factors) in factors.enumerate() {
                    let product = s.load_front(&self.partial[group * share + at..][..S::LANES]);
                    sum = s.mul_add(s.load_front(&factors[i * S::LANES..]), product, sum);
                }
                s.store_front(out, sum);
            }
        }
    }
}
