//! A row of a result does not depend on which rows are computed with it.

use crate::conformance::comparison::same_bits;
use crate::conformance::defect::Defect;
use crate::conformance::random::Random;
use crate::conformance::trial::{Trial, room};
use crate::operation::{
    Activate, ActivateBackward, Activation, AttentionCached, AttentionShape, Embed, Gate,
    GateBackward, HeadLogits, HeadLosses, HeadLossesBackward, HeadSample, HeadShape, Linear,
    LinearBackwardInput, LinearShape, Lookup, Norm, NormKind, Normalize, NormalizeBackward, Rotate,
    Rotation, Rows, SamplingFilter,
};
use crate::{Backend, Buffer, CacheEntries, CacheEntry, IndexArray, KeyValueCache, Operation};

const ROWS: usize = 256;
const CHANNELS: usize = 48;
const OUTPUTS: usize = 70;
/// Positions of a cache.
const CAPACITY: usize = 20;

/// What all rows are computed from.
struct Operands<'a, B: Backend> {
    backend: &'a B,
    /// (ROWS, CHANNELS).
    x: Vec<f32>,
    /// (ROWS, OUTPUTS).
    wide: Vec<f32>,
    /// (ROWS), below OUTPUTS.
    indices: Vec<u32>,
    /// (ROWS).
    uniforms: Vec<f64>,
    /// (OUTPUTS, CHANNELS).
    weight: Buffer<B>,
    /// (OUTPUTS).
    bias: Buffer<B>,
}

/// Computes `len` rows from a first one on.
type Compute<B> = fn(&Operands<'_, B>, first: usize, len: usize) -> Vec<f32>;

/// Computes rows in batches of several sizes; all must give the same bits.
pub(in crate::conformance) fn batches<B: Backend>(backend: &B) -> Vec<Defect> {
    let mut random = Random::new(1);
    let t = Trial::new(backend, None);
    let operands = Operands {
        backend,
        x: random.normal(ROWS * CHANNELS, 1.0),
        wide: random.normal(ROWS * OUTPUTS, 1.0),
        indices: random.indices(ROWS, OUTPUTS),
        uniforms: random.uniforms(ROWS),
        weight: t.whole(&random.normal(OUTPUTS * CHANNELS, 0.3)),
        bias: t.whole(&random.normal(OUTPUTS, 1.0)),
    };
    let rows: [(Operation, Compute<B>); 17] = [
        (Operation::Embed, embed),
        (Operation::Normalize, |o, first, len| {
            normalize(o, first, len, NormKind::Layer)
        }),
        (Operation::Normalize, |o, first, len| {
            normalize(o, first, len, NormKind::RootMeanSquare)
        }),
        (Operation::NormalizeBackward, normalize_backward),
        (Operation::Linear, linear),
        (Operation::LinearBackwardInput, linear_backward_input),
        (Operation::Rotate, rotate),
        (Operation::AttentionCached, attention_cached),
        (Operation::Activate, activate),
        (Operation::ActivateBackward, activate_backward),
        (Operation::Gate, gate),
        (Operation::GateBackward, gate_backward),
        (Operation::HeadLosses, head_losses),
        (Operation::HeadLossesBackward, head_losses_backward),
        (Operation::HeadLogits, head_logits),
        (Operation::HeadSample, |o, first, len| {
            sample(o, first, len, None)
        }),
        (Operation::HeadSample, |o, first, len| {
            sample(o, first, len, Some(0.9))
        }),
    ];
    let defects = rows.map(|(operation, compute)| one(operation, &operands, compute));
    defects.into_iter().filter_map(Result::err).collect()
}

fn one<B: Backend>(
    operation: Operation,
    operands: &Operands<'_, B>,
    compute: Compute<B>,
) -> Result<(), Defect> {
    let numbers = |x: Vec<f32>| x.into_iter().map(f64::from);
    let expected: Vec<f64> = numbers(compute(operands, 0, ROWS)).collect();
    for batch in [1, 7, 100] {
        let actual: Vec<f64> = (0..ROWS)
            .step_by(batch)
            .flat_map(|first| numbers(compute(operands, first, batch.min(ROWS - first))))
            .collect();
        if let Some(what) = same_bits(&actual, &expected) {
            let what = format!("rows depend on their batch: {what} in batches of {batch}");
            return Err(Defect::new(operation, what));
        }
    }
    Ok(())
}

impl<B: Backend> Operands<'_, B> {
    fn buffer(&self, values: &[f32]) -> Buffer<B> {
        Trial::new(self.backend, None).whole(values)
    }

    fn zeros(&self, len: usize) -> Buffer<B> {
        room(self.backend.zeros(len))
    }

    fn rows(&self, first: usize, len: usize) -> Buffer<B> {
        self.buffer(&self.x[first * CHANNELS..][..len * CHANNELS])
    }

    /// The same rows in reverse order, for operations on two of them.
    fn other_rows(&self, first: usize, len: usize) -> Buffer<B> {
        let reversed: Vec<f32> = self.x.iter().rev().copied().collect();
        self.buffer(&reversed[first * CHANNELS..][..len * CHANNELS])
    }

    fn wide_rows(&self, first: usize, len: usize) -> Buffer<B> {
        self.buffer(&self.wide[first * OUTPUTS..][..len * OUTPUTS])
    }

    fn indices(&self, first: usize, len: usize) -> IndexArray<B> {
        room(self.backend.indices(&self.indices[first..][..len]))
    }

    fn read(&self, buffer: &Buffer<B>, len: usize) -> Vec<f32> {
        let mut values = vec![0.0; len];
        self.backend.read(buffer, 0, &mut values);
        values
    }
}

fn shape(rows: usize) -> Rows {
    Rows {
        rows,
        channels: CHANNELS,
    }
}

fn linear_shape(rows: usize) -> LinearShape {
    LinearShape {
        rows,
        inputs: CHANNELS,
        outputs: OUTPUTS,
        exact: false,
    }
}

fn head_shape(rows: usize) -> HeadShape {
    HeadShape {
        rows,
        channels: CHANNELS,
        vocabulary: OUTPUTS,
    }
}

fn embed<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let indices = o.indices(first, len);
    let lookup = || Lookup {
        rows: &indices,
        weight: &o.weight,
    };
    let mut out = o.zeros(len * CHANNELS);
    o.backend.embed(Embed {
        shape: shape(len),
        tokens: lookup(),
        positions: Some(lookup()),
        out: &mut out,
    });
    o.read(&out, len * CHANNELS)
}

fn normalize<B: Backend>(
    o: &Operands<'_, B>,
    first: usize,
    len: usize,
    kind: NormKind,
) -> Vec<f32> {
    let mut out = o.zeros(len * CHANNELS);
    o.backend.normalize(Normalize {
        shape: shape(len),
        norm: Norm {
            kind,
            epsilon: 1e-5,
        },
        x: &o.rows(first, len),
        weight: &o.weight,
        bias: Some(&o.bias),
        out: &mut out,
        statistics: &mut o.zeros(2 * len),
    });
    o.read(&out, len * CHANNELS)
}

fn normalize_backward<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut d_x = o.rows(first, len);
    o.backend.normalize_backward(NormalizeBackward {
        shape: shape(len),
        norm: Norm {
            kind: NormKind::Layer,
            epsilon: 1e-5,
        },
        x: &o.rows(first, len),
        weight: &o.weight,
        // As if the mean was 0.1 and the deviation 1.
        statistics: &o.buffer(&[0.1, 1.0].repeat(len)),
        d_out: &o.other_rows(first, len),
        d_x: &mut d_x,
        d_weight: &mut o.zeros(CHANNELS),
        d_bias: Some(&mut o.zeros(CHANNELS)),
    });
    o.read(&d_x, len * CHANNELS)
}

fn linear<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut out = o.zeros(len * OUTPUTS);
    o.backend.linear(Linear {
        shape: linear_shape(len),
        x: &o.rows(first, len),
        weight: &o.weight,
        bias: Some(&o.bias),
        out: &mut out,
    });
    o.read(&out, len * OUTPUTS)
}

fn linear_backward_input<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut d_x = o.rows(first, len);
    o.backend.linear_backward_input(LinearBackwardInput {
        shape: linear_shape(len),
        weight: &o.weight,
        d_out: &o.wide_rows(first, len),
        accumulate: true,
        d_x: &mut d_x,
    });
    o.read(&d_x, len * CHANNELS)
}

fn rotate<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut x = o.rows(first, len);
    o.backend.rotate(Rotate {
        shape: Rotation {
            rows: len,
            heads: 2,
            head_dimension: CHANNELS / 2,
            rotated: CHANNELS / 3,
        },
        positions: &o.indices(first, len),
        // Any numbers will do.
        table: &o.weight,
        inverse: false,
        x: &mut x,
    });
    o.read(&x, len * CHANNELS)
}

/// Sequences of different lengths, one in each slot.
fn attention_cached<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let shape = AttentionShape {
        heads: 12,
        key_value_heads: 12,
        head_dimension: CHANNELS / 12,
        scale: 1.0,
        window: None,
    };
    let mut cache = room(KeyValueCache::new(o.backend, shape, ROWS, CAPACITY));
    let mut results = vec![Vec::new(); len];
    for position in 0..CAPACITY {
        let entries: Vec<CacheEntry> = (first..first + len)
            .filter(|slot| position <= slot % CAPACITY)
            .map(|slot| CacheEntry { slot, position })
            .collect();
        let x: Vec<f32> = entries
            .iter()
            .flat_map(|entry| &o.x[(entry.slot + position) % ROWS * CHANNELS..][..CHANNELS])
            .copied()
            .collect();
        let x = o.buffer(&x);
        let mut out = o.zeros(entries.len() * CHANNELS);
        o.backend.attention_cached(AttentionCached {
            shape,
            entries: &room(CacheEntries::new(o.backend, entries.clone())),
            queries: &x,
            keys: &x,
            values: &x,
            cache: &mut cache,
            out: &mut out,
        });
        let out = o.read(&out, entries.len() * CHANNELS);
        for (entry, out) in entries.iter().zip(out.chunks(CHANNELS)) {
            results[entry.slot - first].extend(out);
        }
    }
    results.concat()
}

fn activate<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut out = o.zeros(len * CHANNELS);
    o.backend.activate(Activate {
        shape: shape(len),
        activation: Activation::GeluTanh,
        x: &o.rows(first, len),
        out: &mut out,
    });
    o.read(&out, len * CHANNELS)
}

fn activate_backward<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut d = o.other_rows(first, len);
    o.backend.activate_backward(ActivateBackward {
        shape: shape(len),
        activation: Activation::Gelu,
        x: &o.rows(first, len),
        d: &mut d,
    });
    o.read(&d, len * CHANNELS)
}

fn gate<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut out = o.zeros(len * CHANNELS);
    o.backend.gate(Gate {
        shape: shape(len),
        activation: Activation::Silu,
        gate: &o.rows(first, len),
        x: &o.other_rows(first, len),
        out: &mut out,
    });
    o.read(&out, len * CHANNELS)
}

fn gate_backward<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut d = o.rows(first, len);
    let mut d_gate = o.zeros(len * CHANNELS);
    o.backend.gate_backward(GateBackward {
        shape: shape(len),
        activation: Activation::Silu,
        gate: &o.rows(first, len),
        x: &o.other_rows(first, len),
        d: &mut d,
        d_gate: &mut d_gate,
    });
    o.read(&d_gate, len * CHANNELS)
}

fn head_losses<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut losses = o.zeros(len);
    o.backend.head_losses(HeadLosses {
        shape: head_shape(len),
        hidden: &o.rows(first, len),
        weight: &o.weight,
        targets: &o.indices(first, len),
        losses: &mut losses,
    });
    o.read(&losses, len)
}

fn head_losses_backward<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut d_hidden = o.zeros(len * CHANNELS);
    o.backend.head_losses_backward(HeadLossesBackward {
        shape: head_shape(len),
        hidden: &o.rows(first, len),
        weight: &o.weight,
        targets: &o.indices(first, len),
        scale: 1.0,
        losses: &mut o.zeros(len),
        d_hidden: &mut d_hidden,
        d_weight: &mut o.zeros(OUTPUTS * CHANNELS),
    });
    o.read(&d_hidden, len * CHANNELS)
}

fn head_logits<B: Backend>(o: &Operands<'_, B>, first: usize, len: usize) -> Vec<f32> {
    let mut logits = o.zeros(len * OUTPUTS);
    o.backend.head_logits(HeadLogits {
        shape: head_shape(len),
        hidden: &o.rows(first, len),
        weight: &o.weight,
        logits: &mut logits,
    });
    o.read(&logits, len * OUTPUTS)
}

fn sample<B: Backend>(
    o: &Operands<'_, B>,
    first: usize,
    len: usize,
    top_p: Option<f32>,
) -> Vec<f32> {
    let mut tokens = room(o.backend.indices(&vec![0; len]));
    o.backend.head_sample(HeadSample {
        shape: head_shape(len),
        hidden: &o.rows(first, len),
        weight: &o.weight,
        filter: SamplingFilter {
            top_p,
            ..SamplingFilter::default()
        },
        uniforms: &o.uniforms[first..],
        tokens: &mut tokens,
    });
    let mut drawn = vec![0; len];
    o.backend.read_indices(&tokens, &mut drawn);
    drawn.into_iter().map(|token| token as f32).collect()
}
