//! Operands that do not fit are refused by a panic that names the operation.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::conformance::comparison::Row;
use crate::conformance::defect::Defect;
use crate::conformance::trial::{Fault, Kind, Trial, room};
use crate::operation::{
    Attention, AttentionBackward, AttentionCached, AttentionShape, HeadSample, HeadShape, Rotate,
    Rotation, SamplingFilter,
};
use crate::{Backend, CacheEntries, CacheEntry, KeyValueCache, Operation, Packed, Sequences};

/// Runs the first case of a row with each of its operands too short, and each of its indices out of range.
pub(in crate::conformance) fn short_operands<B: Backend, C>(
    row: &Row<B, C>,
    backend: &B,
) -> Result<(), Defect> {
    let Some(case) = row.cases.first() else {
        return Ok(());
    };
    let mut whole = Trial::new(backend, None);
    (row.run)(&mut whole, case);
    for (which, &kind) in whole.operands().iter().enumerate() {
        let out_of_range = (kind == Kind::Indices).then_some(Fault::OutOfRange(which));
        for fault in [Some(Fault::Short(which)), out_of_range]
            .into_iter()
            .flatten()
        {
            let run = || (row.run)(&mut Trial::new(backend, Some(fault)), case);
            refused(row.operation, &format!("{fault:?}"), run)?;
        }
    }
    Ok(())
}

/// Runs what must panic with a message that names the operation.
fn refused(operation: Operation, what: &str, run: impl FnOnce()) -> Result<(), Defect> {
    let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else {
        let what = format!("not refused: {what}");
        return Err(Defect::new(operation, what));
    };
    let message = message(&*panic);
    if message.contains(&format!("{operation}: ")) {
        return Ok(());
    }
    let what = format!("{what}: refused with a message that does not name it: {message}");
    Err(Defect::new(operation, what))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default()
}

/// Shapes and settings that mean nothing.
pub(in crate::conformance) fn shapes<B: Backend>(backend: &B) -> Vec<Defect> {
    let heads = AttentionShape {
        heads: 4,
        key_value_heads: 2,
        head_dimension: 2,
        scale: 1.0,
        window: None,
    };
    let mut refusals = Vec::new();
    let no_heads = [
        ("no heads of keys and values", 0),
        ("heads that cannot be divided", 3),
    ];
    let shapes = no_heads.map(|(what, key_value_heads)| {
        let shape = AttentionShape {
            key_value_heads,
            ..heads
        };
        (what, shape)
    });
    let blind = AttentionShape {
        window: Some(0),
        ..heads
    };
    for (what, shape) in shapes.into_iter().chain([("a window of 0", blind)]) {
        for operation in [
            Operation::Attention,
            Operation::AttentionBackward,
            Operation::AttentionCached,
        ] {
            refusals.push(refused(operation, what, || {
                attend(backend, operation, shape, 0)
            }));
        }
    }
    let beyond = || attend(backend, Operation::AttentionCached, heads, 3);
    let what = "a position beyond the cache";
    refusals.push(refused(Operation::AttentionCached, what, beyond));
    for (what, rotated) in [
        ("an odd number of rotated channels", 3),
        ("more rotated channels than there are", 6),
    ] {
        refusals.push(refused(Operation::Rotate, what, || {
            rotate(backend, rotated)
        }));
    }
    for (what, temperature, vocabulary) in [
        ("a temperature of 0", 0.0, 3),
        ("a temperature that is no number", f32::NAN, 3),
        ("an empty vocabulary", 1.0, 0),
    ] {
        let sample = || sample(backend, temperature, vocabulary);
        refusals.push(refused(Operation::HeadSample, what, sample));
    }
    refusals.into_iter().filter_map(Result::err).collect()
}

/// One row of attention, at this position of a cache of three.
fn attend<B: Backend>(backend: &B, operation: Operation, shape: AttentionShape, position: usize) {
    let t = Trial::new(backend, None);
    let buffer = || t.whole(&[1.0; 64]);
    let x = buffer();
    let [mut out, mut log_sums, mut d_keys, mut d_values] = [(); 4].map(|()| buffer());
    let sequences = room(Packed::new(backend, Sequences::from_lengths([1])));
    match operation {
        Operation::AttentionCached => {
            // The shape of a cache is right.
            let right = AttentionShape {
                key_value_heads: shape.heads,
                window: None,
                ..shape
            };
            let mut cache = room(KeyValueCache::new(backend, right, 1, 3));
            let entries = vec![CacheEntry { slot: 0, position }];
            backend.attention_cached(AttentionCached {
                shape,
                entries: &room(CacheEntries::new(backend, entries)),
                queries: &x,
                keys: &x,
                values: &x,
                cache: &mut cache,
                out: &mut out,
            });
        }
        Operation::AttentionBackward => backend.attention_backward(AttentionBackward {
            shape,
            sequences: &sequences,
            queries: &x,
            keys: &x,
            values: &x,
            out: &x,
            log_sums: &x,
            d_out: &x,
            d_queries: &mut out,
            d_keys: &mut d_keys,
            d_values: &mut d_values,
        }),
        _ => backend.attention(Attention {
            shape,
            sequences: &sequences,
            queries: &x,
            keys: &x,
            values: &x,
            out: &mut out,
            log_sums: &mut log_sums,
        }),
    }
}

fn rotate<B: Backend>(backend: &B, rotated: usize) {
    let t = Trial::new(backend, None);
    backend.rotate(Rotate {
        shape: Rotation {
            rows: 1,
            heads: 2,
            head_dimension: 4,
            rotated,
        },
        positions: &room(backend.indices(&[0])),
        table: &t.whole(&[1.0; 12]),
        inverse: false,
        x: &mut t.whole(&[1.0; 12]),
    });
}

fn sample<B: Backend>(backend: &B, temperature: f32, vocabulary: usize) {
    let t = Trial::new(backend, None);
    backend.head_sample(HeadSample {
        shape: HeadShape {
            rows: 1,
            channels: 2,
            vocabulary,
        },
        hidden: &t.whole(&[1.0; 2]),
        weight: &t.whole(&[1.0; 6]),
        filter: SamplingFilter {
            temperature,
            ..SamplingFilter::default()
        },
        uniforms: &[0.5],
        tokens: &mut room(backend.indices(&[0])),
    });
}
