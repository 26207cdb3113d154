//! The gradient of attention: which head is computed how.
//!
//! A task has a head of keys and values in a sequence, with all the query heads that read it: their
//! shares of the gradients of keys and values are added up in order.

use std::marker::PhantomData;

use super::backward_narrow;
use super::backward_tiled::{self, Backward};
use super::head::{BackwardGroup, QueryHead, for_each_head};
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::{Format, Pairs, Single};
use crate::operation::AttentionBackward;
use crate::{HostMemory, Precision};

pub(in crate::cpu) fn attention_backward(engine: &Engine, o: AttentionBackward<'_, HostMemory>) {
    let shape = o.shape;
    let dimension = shape.head_dimension;
    let [queries, keys, values]: [&[f32]; 3] = [o.queries, o.keys, o.values];
    let [out, log_sums, d_out]: [&[f32]; 3] = [o.out, o.log_sums, o.d_out];
    let gradients = [o.d_queries, o.d_keys, o.d_values].map(|gradient| Shared::new(gradient));
    let [d_queries, d_keys, d_values] = gradients;
    let sequences = o.sequences.sequences();
    for_each_head(engine, shape, sequences, shape.key_value_heads, |place| {
        let key_value_head = [place.head, shape.key_value_heads];
        let query_head = |i: usize| {
            let head = [place.head * shape.group() + i, shape.heads];
            QueryHead {
                queries: place.rows(queries, head, dimension),
                out: place.rows(out, head, dimension),
                d_out: place.rows(d_out, head, dimension),
                log_sums: place.rows(log_sums, head, 1),
                d_queries: place.target(d_queries, head, dimension),
            }
        };
        let query_heads: Vec<QueryHead<'_>> = (0..shape.group()).map(query_head).collect();
        let group = BackwardGroup {
            shape: place.shape,
            keys: place.rows(keys, key_value_head, dimension),
            values: place.rows(values, key_value_head, dimension),
            d_keys: place.target(d_keys, key_value_head, dimension),
            d_values: place.target(d_values, key_value_head, dimension),
            query_heads: &query_heads,
        };
        match (dimension, engine.precision()) {
            (4, _) => narrow::<4>(engine, group),
            (8, _) => narrow::<8>(engine, group),
            (_, Precision::F32) => tiled::<Single>(engine, group),
            (_, Precision::Bf16) => tiled::<Pairs>(engine, group),
        }
    });
}

fn narrow<const D: usize>(engine: &Engine, group: BackwardGroup<'_>) {
    let len = backward_narrow::scratch_len::<D>(group.shape.len);
    let mut scratch = engine.scratch(len);
    engine.run(backward_narrow::Backward::<'_, D> {
        group,
        scratch: &mut scratch,
    });
}

fn tiled<F: Format>(engine: &Engine, group: BackwardGroup<'_>) {
    let mut scratch = engine.scratch(backward_tiled::scratch_len(group.shape));
    engine.run_with::<F, _>(Backward::<F> {
        group,
        scratch: &mut scratch,
        format: PhantomData,
    });
}
