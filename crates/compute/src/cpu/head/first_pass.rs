//! The first pass of the losses: the sums of the exponentials of every row, and the losses.

use std::ops::Range;

use super::loss_operands::{COLUMNS, Operands, TILE, TOKENS};
use super::partition::parts;
use super::tile::logits_tile;
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::Format;
use crate::cpu::math::exp2;
use crate::cpu::product::PANEL_VECTORS;
use crate::cpu::simd::{Kernel, Simd};

/// How far a logit may exceed the reference of its row: e⁴⁰ is far from the largest number.
const HEADROOM: f32 = 40.0;

/// Rows whose statistics are summed up by a task.
const CHUNK: usize = 64;

impl<F: Format> Operands<'_, F> {
    /// The [`Statistics`] of every group, and all exponentials where there is room for them.
    pub(super) fn first_pass(
        &self,
        engine: &Engine,
        statistics: &mut [f32],
        kept: Option<&mut [f32]>,
    ) {
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
    pub(super) fn sum_up(
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
