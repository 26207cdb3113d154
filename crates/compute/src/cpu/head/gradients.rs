//! The gradients of the losses.
//!
//! The second pass multiplies the exponentials that the first one kept with weights and hidden states.
//! What turns the exponentials of a row into probabilities is one factor for each part of the
//! vocabulary, applied to the hidden states and to the products. So the exponentials are operands as
//! they are, and a logit is computed and its exponential taken only once. The target has no part in
//! these products: the gradient of its logit, probability − 1, is often small, and would be lost in
//! operands of few digits.

use std::marker::PhantomData;
use std::ops::Range;

use super::loss_operands::{COLUMNS, Operands, TOKENS, groups, statistics_len};
use super::operands::{HeadWords, HiddenPanels};
use super::partition::{ROWS, parts};
use super::second_pass::SecondPass;
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::{Format, Pairs, Single};
use crate::cpu::simd::{Kernel, Simd};
use crate::operation::{HeadLossesBackward, HeadShape};
use crate::{HostBuffer, HostMemory, Precision};

/// Most words of exponentials that are kept.
const KEPT: usize = 1 << 24;

/// Rows of a task that adds up the shares of the groups.
const CHUNK: usize = 64;

pub(in crate::cpu) fn losses_backward(engine: &Engine, o: HeadLossesBackward<'_, HostMemory>) {
    let gradients = Gradients {
        engine,
        shape: o.shape,
        hidden: o.hidden,
        weight: o.weight,
        scale: o.scale,
        d_hidden: Shared::new(o.d_hidden),
        d_weight: Shared::new(o.d_weight),
    };
    let losses = &mut o.losses[..o.shape.rows];
    match engine.precision() {
        Precision::F32 => gradients.compute::<Single>(o.weight, o.targets, losses),
        Precision::Bf16 => gradients.compute::<Pairs>(o.weight, o.targets, losses),
    }
}

/// What the gradients are computed from, and where they go.
#[derive(Clone, Copy)]
struct Gradients<'a> {
    engine: &'a Engine,
    shape: HeadShape,
    hidden: &'a [f32],
    weight: &'a [f32],
    scale: f32,
    d_hidden: Shared<'a>,
    d_weight: Shared<'a>,
}

impl Gradients<'_> {
    fn compute<F: Format>(self, weight: &HostBuffer, targets: &[u32], losses: &mut [f32]) {
        let Self { engine, shape, .. } = self;
        let words = HeadWords::new::<F>(engine, shape.channels, weight);
        let groups = groups(shape);
        let most = (F::NUMBERS * KEPT / shape.vocabulary.max(1) / COLUMNS * COLUMNS)
            .clamp(COLUMNS, ROWS)
            .min(shape.rows.next_multiple_of(COLUMNS));
        let mut panels = HiddenPanels::new::<F>(engine, shape.channels, most);
        let mut statistics = engine.scratch(statistics_len(shape, most));
        let mut log_sums = engine.scratch(most);
        let mut kept = engine.scratch(shape.vocabulary * most / F::NUMBERS);
        let mut partial = engine.scratch(groups.count() * shape.channels * most);
        for rows in parts(0..shape.rows, most) {
            panels.pack::<F>(engine, rows.clone(), self.hidden);
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
