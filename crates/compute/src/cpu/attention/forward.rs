//! Attention of whole sequences: which head is computed how.

use std::marker::PhantomData;

use super::forward_narrow;
use super::forward_tiled::{self, Forward};
use super::head::{ForwardHead, for_each_head};
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::{Format, Pairs, Single};
use crate::operation::Attention;
use crate::{HostMemory, Precision};

pub(in crate::cpu) fn attention(engine: &Engine, o: Attention<'_, HostMemory>) {
    let shape = o.shape;
    let dimension = shape.head_dimension;
    let [queries, keys, values]: [&[f32]; 3] = [o.queries, o.keys, o.values];
    let [out, log_sums] = [o.out, o.log_sums].map(|target| Shared::new(target));
    let sequences = o.sequences.sequences();
    for_each_head(engine, shape, sequences, shape.heads, |place| {
        let head = [place.head, shape.heads];
        let key_value_head = [place.head / shape.group(), shape.key_value_heads];
        let head = ForwardHead {
            shape: place.shape,
            queries: place.rows(queries, head, dimension),
            keys: place.rows(keys, key_value_head, dimension),
            values: place.rows(values, key_value_head, dimension),
            out: place.target(out, head, dimension),
            log_sums: place.target(log_sums, head, 1),
        };
        match (dimension, engine.precision()) {
            (4, _) => narrow::<4>(engine, head),
            (8, _) => narrow::<8>(engine, head),
            (_, Precision::F32) => tiled::<Single>(engine, head),
            (_, Precision::Bf16) => tiled::<Pairs>(engine, head),
        }
    });
}

fn narrow<const D: usize>(engine: &Engine, head: ForwardHead<'_>) {
    let mut scratch = engine.scratch(forward_narrow::scratch_len::<D>(head.shape.len));
    engine.run(forward_narrow::Forward::<'_, D> {
        head,
        scratch: &mut scratch,
    });
}

fn tiled<F: Format>(engine: &Engine, head: ForwardHead<'_>) {
    let mut scratch = engine.scratch(forward_tiled::scratch_len(head.shape));
    engine.run_with::<F, _>(Forward::<F> {
        head,
        scratch: &mut scratch,
        format: PhantomData,
    });
}
