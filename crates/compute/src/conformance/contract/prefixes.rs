//! The attention of a prefix does not depend on what follows, nor on the sequences beside it.

use crate::conformance::defect::Defect;
use crate::conformance::random::Random;
use crate::conformance::trial::{Trial, room};
use crate::operation::{Attention, AttentionShape};
use crate::{Backend, Operation, Packed, Sequences};

/// The same bits for the first rows of a sequence, alone, with more behind them, and beside another.
pub(in crate::conformance) fn prefixes<B: Backend>(backend: &B) -> Result<(), Defect> {
    for (heads, key_value_heads, head_dimension) in [(6, 6, 4), (6, 2, 4), (3, 3, 16), (2, 1, 40)] {
        for window in [None, Some(40)] {
            let shape = AttentionShape {
                heads,
                key_value_heads,
                head_dimension,
                scale: 1.0,
                window,
            };
            one(backend, shape)?;
        }
    }
    Ok(())
}

fn one<B: Backend>(backend: &B, shape: AttentionShape) -> Result<(), Defect> {
    let wide = shape.channels();
    let deviation = 1.0 / (shape.head_dimension as f32).sqrt().sqrt();
    // Keys and values are the first channels of the queries.
    let x = Random::new(2).normal(200 * wide, deviation);
    let whole = attend(backend, shape, &[200], &x);
    for len in [1, 31, 64, 65, 150] {
        let part = &x[..len * wide];
        let alone = attend(backend, shape, &[len], part);
        let beside = [&x[x.len() - 30 * wide..], part].concat();
        let beside = attend(backend, shape, &[30, len], &beside);
        for (out, what) in [
            (&alone[..], "follows"),
            (&beside[30 * wide..], "stands beside it"),
        ] {
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
            if bits(out) != bits(&whole[..len * wide]) {
                let what = format!("{shape:?}: the first {len} rows depend on what {what}");
                return Err(Defect::new(Operation::Attention, what));
            }
        }
    }
    Ok(())
}

fn attend<B: Backend>(
    backend: &B,
    shape: AttentionShape,
    lengths: &[usize],
    x: &[f32],
) -> Vec<f32> {
    let [wide, narrow] = [shape.channels(), shape.key_value_channels()];
    let t = Trial::new(backend, None);
    let sequences = Sequences::from_lengths(lengths.iter().copied());
    let rows = sequences.rows();
    let keys: Vec<f32> = x
        .chunks(wide)
        .flat_map(|row| &row[..narrow])
        .copied()
        .collect();
    let [queries, keys] = [x, &keys].map(|x| t.whole(x));
    let [mut out, mut log_sums] =
        [wide, shape.heads].map(|width| t.whole(&vec![0.0; rows * width]));
    backend.attention(Attention {
        shape,
        sequences: &room(Packed::new(backend, sequences)),
        queries: &queries,
        keys: &keys,
        values: &keys,
        out: &mut out,
        log_sums: &mut log_sums,
    });
    let mut values = vec![0.0; rows * wide];
    backend.read(&out, 0, &mut values);
    values
}
