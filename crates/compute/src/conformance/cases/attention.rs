//! Causal attention: whole sequences, its gradient, and cached steps of it.

use crate::conformance::accuracy::{Accuracy, Closeness, Tolerance};
use crate::conformance::comparison::Case;
use crate::conformance::trial::{Trial, room};
use crate::operation::{Attention, AttentionBackward, AttentionCached, AttentionShape};
use crate::{Backend, CacheEntries, CacheEntry, KeyValueCache, Packed, Sequences};

/// Lengths of sequences, and heads with their channels, at the edges of strips of queries and of blocks
/// of keys.
const CASES: [(&[usize], usize, usize); 17] = [
    (&[3, 2], 2, 2),
    (&[1], 1, 1),
    (&[300], 2, 4),
    (&[1, 2, 31, 32, 33, 0, 63, 64, 65, 97], 3, 4),
    (&[1, 2, 31, 32, 33, 0, 63, 64, 65, 97], 2, 16),
    (&[129, 5], 2, 16),
    (&[130, 7], 1, 48),
    (&[70, 1], 2, 7),
    (&[40, 66], 1, 33),
    (&[300], 1, 12),
    (&[100], 1, 64),
    (&[1, 15, 16, 17, 130, 3], 3, 8),
    // Longer than what stays in the first-level cache.
    (&[1037], 1, 4),
    (&[530], 1, 8),
    (&[77, 40], 2, 2),
    (&[300, 1, 70], 4, 4),
    (&[90, 131], 3, 16),
];

const WINDOWS: [Option<usize>; 8] = [
    None,
    Some(1),
    Some(2),
    Some(3),
    Some(40),
    Some(64),
    Some(100),
    Some(1000),
];

/// Heads of queries that share heads of keys and values.
const GROUPS: [(usize, usize); 5] = [(2, 2), (4, 2), (3, 1), (2, 1), (9, 3)];

/// Sequences, and heads.
#[derive(Debug)]
pub(in crate::conformance) struct AttentionCase {
    lengths: Vec<usize>,
    shape: AttentionShape,
    /// Whether a query sees enough keys that the gradients of scores do not cancel out.
    many: bool,
}

impl Case for AttentionCase {
    fn tolerance(&self, row: Closeness, accuracy: Accuracy) -> Option<Tolerance> {
        let factor = match accuracy {
            Accuracy::F32 if self.many => 0.5,
            // Where a query sees its own key alone, the terms of its score's gradient cancel out, and
            // what is left is what rounding them has left.
            Accuracy::Bf16 if self.shape.window == Some(1) => 3.0,
            _ => 1.0,
        };
        Some(row.at(accuracy).times(factor))
    }
}

pub(in crate::conformance) fn cases() -> Vec<AttentionCase> {
    let mut cases = Vec::new();
    for (lengths, heads, head_dimension) in CASES {
        cases.extend(WINDOWS.map(|window| AttentionCase {
            lengths: lengths.to_vec(),
            shape: AttentionShape {
                heads,
                key_value_heads: heads,
                head_dimension,
                scale: 1.0,
                window,
            },
            many: false,
        }));
    }
    for head_dimension in (1..=64).chain([80, 128]) {
        let group = GROUPS[head_dimension % GROUPS.len()];
        let usual = 1.0 / (head_dimension as f32).sqrt();
        for (window, (heads, key_value_heads), scale) in [
            (None, (2, 2), 1.0),
            (Some(20), (2, 2), 1.0),
            (None, group, usual),
            (Some(20), group, usual),
        ] {
            cases.push(AttentionCase {
                lengths: vec![37 + head_dimension % 5, 1 + head_dimension],
                shape: AttentionShape {
                    heads,
                    key_value_heads,
                    head_dimension,
                    scale,
                    window,
                },
                many: true,
            });
        }
    }
    // Groups over several blocks of keys, and scales that are no power of the dimension.
    for (heads, key_value_heads) in GROUPS {
        for (head_dimension, scale, window) in
            [(4, 0.25, None), (16, 2.0, Some(70)), (64, 0.1, None)]
        {
            cases.push(AttentionCase {
                lengths: vec![150, 1, 66],
                shape: AttentionShape {
                    heads,
                    key_value_heads,
                    head_dimension,
                    scale,
                    window,
                },
                many: false,
            });
        }
    }
    cases
}

/// The deviation of queries and keys with which scores have one of 2, whatever the shape.
fn deviation(shape: AttentionShape) -> f32 {
    (2.0 / ((shape.head_dimension as f32).sqrt() * shape.scale)).sqrt()
}

/// Queries, keys and values.
fn inputs<B: Backend>(t: &mut Trial<'_, B>, shape: AttentionShape, rows: usize) -> [Vec<f32>; 3] {
    let [wide, narrow] = [shape.channels(), shape.key_value_channels()];
    let deviation = deviation(shape);
    [
        t.random.normal(rows * wide, deviation),
        t.random.normal(rows * narrow, deviation),
        t.random.normal(rows * narrow, 1.0),
    ]
}

fn packed<B: Backend>(t: &Trial<'_, B>, case: &AttentionCase) -> Packed<B::Memory> {
    let sequences = Sequences::from_lengths(case.lengths.iter().copied());
    room(Packed::new(t.backend, sequences))
}

pub(in crate::conformance) fn attention<B: Backend>(t: &mut Trial<'_, B>, case: &AttentionCase) {
    let shape = case.shape;
    let sequences = packed(t, case);
    let rows = sequences.sequences().rows();
    let [queries, keys, values] = inputs(t, shape, rows).map(|x| t.buffer(&x));
    let mut out = t.result(rows * shape.channels());
    let mut log_sums = t.result(rows * shape.heads);
    t.backend.attention(Attention {
        shape,
        sequences: &sequences,
        queries: &queries,
        keys: &keys,
        values: &values,
        out: &mut out,
        log_sums: &mut log_sums,
    });
    t.keep("out", &out, rows * shape.channels());
    t.keep("log_sums", &log_sums, rows * shape.heads);
}

pub(in crate::conformance) fn backward<B: Backend>(t: &mut Trial<'_, B>, case: &AttentionCase) {
    let shape = case.shape;
    let sequences = packed(t, case);
    let rows = sequences.sequences().rows();
    let [wide, narrow] = [shape.channels(), shape.key_value_channels()].map(|width| rows * width);
    let inputs = inputs(t, shape, rows);
    let [out, log_sums] = {
        let [queries, keys, values] = inputs.each_ref().map(|x| t.whole(x));
        let [mut out, mut log_sums] =
            [wide, rows * shape.heads].map(|len| t.whole(&vec![0.0; len]));
        t.backend.attention(Attention {
            shape,
            sequences: &sequences,
            queries: &queries,
            keys: &keys,
            values: &values,
            out: &mut out,
            log_sums: &mut log_sums,
        });
        [(out, wide), (log_sums, rows * shape.heads)].map(|(buffer, len)| {
            let mut values = vec![0.0; len];
            t.backend.read(&buffer, 0, &mut values);
            t.buffer(&values)
        })
    };
    let [queries, keys, values] = inputs.map(|x| t.buffer(&x));
    let d_out = t.normal(wide, 1.0);
    let [mut d_queries, mut d_keys, mut d_values] = [wide, narrow, narrow].map(|len| t.result(len));
    t.backend.attention_backward(AttentionBackward {
        shape,
        sequences: &sequences,
        queries: &queries,
        keys: &keys,
        values: &values,
        out: &out,
        log_sums: &log_sums,
        d_out: &d_out,
        d_queries: &mut d_queries,
        d_keys: &mut d_keys,
        d_values: &mut d_values,
    });
    t.keep("d_queries", &d_queries, wide);
    t.keep("d_keys", &d_keys, narrow);
    t.keep("d_values", &d_values, narrow);
}

/// So many sequences, each with at most `past` cached positions, in slots in random order.
#[derive(Debug)]
pub(in crate::conformance) struct CachedCase {
    rows: usize,
    past: usize,
    shape: AttentionShape,
}

impl Case for CachedCase {
    fn tolerance(&self, row: Closeness, accuracy: Accuracy) -> Option<Tolerance> {
        // The more results, the further off is the worst of them.
        let factor = match accuracy {
            Accuracy::Bf16 if self.past > 40 => 4.0,
            _ => 1.0,
        };
        Some(row.at(accuracy).times(factor))
    }
}

pub(in crate::conformance) fn cached_cases() -> Vec<CachedCase> {
    let mut cases = Vec::new();
    for (rows, past, heads, key_value_heads, head_dimension, scale) in [
        (3, 5, 2, 2, 4, 1.0),
        (1, 0, 1, 1, 1, 1.0),
        (7, 300, 16, 16, 4, 1.0),
        (40, 130, 8, 8, 4, 1.0),
        (5, 64, 4, 4, 8, 1.0),
        (4, 65, 3, 3, 16, 1.0),
        (2, 130, 2, 2, 48, 1.0),
        (2, 17, 5, 5, 7, 1.0),
        (2, 33, 2, 2, 7, 1.0),
        (3, 40, 2, 2, 4, 1.0),
        (2, 20, 1, 1, 48, 1.0),
        (2, 33, 1, 1, 64, 1.0),
        (3, 70, 4, 2, 4, 0.5),
        (2, 40, 6, 2, 8, 0.35),
        (3, 33, 9, 3, 16, 0.25),
        (2, 35, 3, 1, 33, 3.0),
        (2, 20, 4, 1, 64, 0.125),
        (2, 18, 4, 2, 80, 0.11),
        (3, 34, 2, 1, 128, 0.088),
    ] {
        cases.extend(
            [None, Some(1), Some(9), Some(33), Some(64), Some(1000)].map(|window| {
                let shape = AttentionShape {
                    heads,
                    key_value_heads,
                    head_dimension,
                    scale,
                    window,
                };
                CachedCase { rows, past, shape }
            }),
        );
    }
    cases
}

pub(in crate::conformance) fn cached<B: Backend>(t: &mut Trial<'_, B>, case: &CachedCase) {
    let &CachedCase { rows, past, shape } = case;
    let [wide, narrow] = [shape.channels(), shape.key_value_channels()];
    let capacity = past + 1;
    let slots = rows + 2;
    let last = t.random.indices(rows, capacity);
    let last: Vec<(usize, usize)> = t
        .random
        .permutation(slots)
        .into_iter()
        .zip(last)
        .map(|(slot, position)| (slot, position as usize))
        .collect();
    let mut cache = room(KeyValueCache::new(t.backend, shape, slots, capacity));
    // What other sequences have left there has no influence.
    let len = t.backend.cache_len(shape, slots, capacity);
    cache.buffers = [(); 2].map(|()| t.whole(&vec![f32::NAN; len]));
    let deviation = deviation(shape);
    for position in 0..capacity {
        let entries: Vec<CacheEntry> = last
            .iter()
            .filter(|&&(_, last)| last >= position)
            .map(|&(slot, _)| CacheEntry { slot, position })
            .collect();
        let entries = room(CacheEntries::new(t.backend, entries));
        let rows = entries.entries().len();
        let queries = t.normal(rows * wide, deviation);
        let keys = t.normal(rows * narrow, deviation);
        let values = t.normal(rows * narrow, 1.0);
        let mut out = t.result(rows * wide);
        t.backend.attention_cached(AttentionCached {
            shape,
            entries: &entries,
            queries: &queries,
            keys: &keys,
            values: &values,
            cache: &mut cache,
            out: &mut out,
        });
        t.keep("out", &out, rows * wide);
    }
}
