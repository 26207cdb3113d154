//! Output layer and cross-entropy in one: the losses without ever holding all logits.
//!
//! A first pass over tiles of logits sums the exponentials of every row, part of the vocabulary by
//! part. For gradients it keeps them, for a block of rows at a time, and there is a second pass: see
//! [`gradients`](super::gradients).

use std::marker::PhantomData;

use super::loss_operands::{Operands, statistics_len};
use super::operands::{HeadWords, HiddenPanels};
use super::partition::{ROWS, parts};
use crate::cpu::engine::Engine;
use crate::cpu::format::{Format, Pairs, Single};
use crate::operation::{HeadLosses, HeadShape};
use crate::{HostMemory, Precision};

pub(in crate::cpu) fn losses(engine: &Engine, o: HeadLosses<'_, HostMemory>) {
    match engine.precision() {
        Precision::F32 => losses_in::<Single>(engine, o),
        Precision::Bf16 => losses_in::<Pairs>(engine, o),
    }
}

fn losses_in<F: Format>(engine: &Engine, o: HeadLosses<'_, HostMemory>) {
    let HeadShape { rows, channels, .. } = o.shape;
    let words = HeadWords::new::<F>(engine, channels, o.weight);
    let most = ROWS.min(rows);
    let mut panels = HiddenPanels::new::<F>(engine, channels, most);
    let mut statistics = engine.scratch(statistics_len(o.shape, most));
    let mut log_sums = engine.scratch(most);
    let losses = &mut o.losses[..rows];
    for rows in parts(0..rows, ROWS) {
        panels.pack::<F>(engine, rows.clone(), o.hidden);
        let operands = Operands {
            shape: o.shape,
            weight: &words,
            panels: &panels,
            targets: &o.targets[rows.clone()],
            format: PhantomData::<F>,
        };
        operands.first_pass(engine, &mut statistics, None);
        operands.sum_up(engine, &statistics, &mut losses[rows], &mut log_sums);
    }
}
