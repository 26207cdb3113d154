//! The logits themselves.

use std::marker::PhantomData;

use super::operands::{HeadWords, HiddenPanels};
use super::partition::{Groups, ROWS, TILE, parts};
use super::tile::LogitsTile;
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::{Format, Pairs, Single};
use crate::operation::{HeadLogits, HeadShape};
use crate::{HostBuffer, HostMemory, Precision};

pub(in crate::cpu) fn logits(engine: &Engine, o: HeadLogits<'_, HostMemory>) {
    all_logits(engine, o.shape, o.hidden, o.weight, o.logits);
}

/// All logits, (N, V).
pub(super) fn all_logits(
    engine: &Engine,
    shape: HeadShape,
    hidden: &[f32],
    weight: &HostBuffer,
    logits: &mut [f32],
) {
    match engine.precision() {
        Precision::F32 => logits_in::<Single>(engine, shape, hidden, weight, logits),
        Precision::Bf16 => logits_in::<Pairs>(engine, shape, hidden, weight, logits),
    }
}

fn logits_in<F: Format>(
    engine: &Engine,
    shape: HeadShape,
    hidden: &[f32],
    weight: &HostBuffer,
    logits: &mut [f32],
) {
    let width = engine.panel();
    let groups = Groups::new(shape.vocabulary, TILE, TILE);
    let weight = HeadWords::new::<F>(engine, shape.channels, weight);
    let mut panels = HiddenPanels::new::<F>(engine, shape.channels, ROWS.min(shape.rows));
    let out = Shared::new(logits);
    for rows in parts(0..shape.rows, ROWS) {
        panels.pack::<F>(engine, rows.clone(), hidden);
        let work = rows.len() * shape.vocabulary * shape.channels;
        engine.for_each_if_worth(work, groups.count(), |group| {
            let mut tile = engine.scratch(TILE * width);
            for tokens in parts(groups.get(group), TILE) {
                for (i, columns) in parts(rows.clone(), width).enumerate() {
                    engine.run_with::<F, _>(LogitsTile {
                        depth: weight.row(),
                        weight: weight.of(&tokens),
                        panel: panels.panel(i * width),
                        tile: &mut tile,
                        format: PhantomData::<F>,
                    });
                    for (lane, n) in columns.enumerate() {
                        let start = n * shape.vocabulary;
                        // SAFETY: these tokens of every row belong to this task.
                        let out = unsafe { out.part(start + tokens.start..start + tokens.end) };
                        for (out, row) in out.iter_mut().zip(tile.chunks_exact(width)) {
                            *out = row[lane];
                        }
                    }
                }
            }
        });
    }
}
