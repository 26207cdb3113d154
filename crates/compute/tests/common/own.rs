//! A backend from outside the crate, which lets the reference compute and can be told to do it wrong.

use std::collections::BTreeMap;
use std::sync::Mutex;

use autophage_compute::operation::{self, AttentionShape};
use autophage_compute::{
    Array, Backend, Device, Hardware, HostBuffer, HostIndices, HostMemory, HostTotals, Operation,
    OutOfMemory, ReferenceBackend,
};

/// What the backend does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Nothing,
    /// One operation computes something else.
    Computes(Operation),
    /// Linear layers write one number more than their result has.
    WritesBeyond,
    /// Every other linear layer is rounded another way.
    IsNotRepeatable,
    /// Linear layers of few rows are rounded another way.
    DependsOnTheBatch,
    /// Attention of many rows is rounded another way.
    DependsOnWhatFollows,
    /// Linear layers leave out what operands are too short for.
    AcceptsShortOperands,
    /// The panic does not say which operation it was.
    DoesNotNameTheOperation,
    /// A window of no keys is one of one key.
    AcceptsWindowsOfNothing,
    /// A buffer has only as much of what was asked for as there is room for.
    AllocatesLess,
    /// Reads begin at the start of a buffer.
    ReadsFromTheStart,
    /// Totals are written in 32 bits.
    RoundsTotals,
    /// New buffers are not 0.
    LeavesMemoryAsItWas,
}

/// Computes as the reference does, but for what it does wrong, and counts calls.
#[derive(Debug)]
pub(crate) struct Own {
    wrong: Wrong,
    calls: Mutex<BTreeMap<Operation, usize>>,
}

impl Own {
    pub(crate) fn new(wrong: Wrong) -> Self {
        Self {
            wrong,
            calls: Mutex::default(),
        }
    }

    /// How often each operation was called.
    pub(crate) fn calls(&self) -> BTreeMap<Operation, usize> {
        self.calls.lock().unwrap().clone()
    }

    /// Counts a call, and returns its number.
    fn count(&self, operation: Operation) -> usize {
        let mut calls = self.calls.lock().unwrap();
        let count = calls.entry(operation).or_default();
        *count += 1;
        *count
    }

    fn computes_wrong(&self, operation: Operation) -> bool {
        self.wrong == Wrong::Computes(operation)
    }
}

impl Device for Own {
    type Memory = HostMemory;

    fn description(&self) -> String {
        format!("reference from outside, wrong: {:?}", self.wrong)
    }

    fn hardware(&self) -> Hardware {
        ReferenceBackend.hardware()
    }

    fn zeros(&self, len: usize) -> Result<HostBuffer, OutOfMemory> {
        let len = match self.wrong {
            Wrong::AllocatesLess => len.min(1 << 20),
            _ => len,
        };
        let mut buffer = ReferenceBackend.zeros(len)?;
        if self.wrong == Wrong::LeavesMemoryAsItWas {
            buffer.fill(0.1);
        }
        Ok(buffer)
    }

    fn write(&self, buffer: &mut HostBuffer, start: usize, values: &[f32]) {
        ReferenceBackend.write(buffer, start, values);
    }

    fn read(&self, buffer: &HostBuffer, start: usize, values: &mut [f32]) {
        let start = match self.wrong {
            Wrong::ReadsFromTheStart => 0,
            _ => start,
        };
        ReferenceBackend.read(buffer, start, values);
    }

    fn indices(&self, values: &[u32]) -> Result<HostIndices, OutOfMemory> {
        ReferenceBackend.indices(values)
    }

    fn read_indices(&self, indices: &HostIndices, values: &mut [u32]) {
        ReferenceBackend.read_indices(indices, values);
    }

    fn totals(&self, len: usize) -> Result<HostTotals, OutOfMemory> {
        ReferenceBackend.totals(len)
    }

    fn write_totals(&self, totals: &mut HostTotals, values: &[f64]) {
        ReferenceBackend.write_totals(totals, values);
        if self.wrong == Wrong::RoundsTotals {
            for total in totals.get_mut() {
                *total = f64::from(*total as f32);
            }
        }
    }

    fn read_totals(&self, totals: &HostTotals) -> Vec<f64> {
        ReferenceBackend.read_totals(totals)
    }

    fn cache_len(&self, shape: AttentionShape, slots: usize, capacity: usize) -> usize {
        ReferenceBackend.cache_len(shape, slots, capacity)
    }
}

/// Every operation but two: how it is called, and what is a little different where it is wrong.
macro_rules! operations {
    ($($method:ident: $arguments:ident, $spoil:expr;)*) => {
        impl Backend for Own {
            $(
                fn $method(&self, mut o: operation::$arguments<'_, HostMemory>) {
                    self.count(Operation::$arguments);
                    if self.computes_wrong(Operation::$arguments) {
                        let spoil: fn(&mut operation::$arguments<'_, HostMemory>) = $spoil;
                        spoil(&mut o);
                    }
                    ReferenceBackend.$method(o);
                }
            )*

            fn linear(&self, o: operation::Linear<'_, HostMemory>) {
                self.spoil_linear(o);
            }

            fn attention(&self, o: operation::Attention<'_, HostMemory>) {
                self.spoil_attention(o);
            }
        }
    };
}

operations! {
    fill: Fill, |o| o.value *= 1.001;
    embed: Embed, |o| o.shape.rows -= 1;
    embed_backward: EmbedBackward, |o| o.positions = None;
    gather: Gather, |o| o.shape.rows -= 1;
    normalize: Normalize, |o| o.norm.epsilon *= 1.01;
    normalize_backward: NormalizeBackward, |o| o.d_bias = None;
    linear_backward_input: LinearBackwardInput, |o| o.accumulate = false;
    linear_backward_weight: LinearBackwardWeight, |o| o.shape.rows -= 1;
    rotate: Rotate, |o| o.inverse = false;
    attention_backward: AttentionBackward, |o| o.shape.scale *= 1.001;
    attention_cached: AttentionCached, |o| o.shape.scale *= 1.001;
    activate: Activate, |o| o.activation = tanh(o.activation);
    activate_backward: ActivateBackward, |o| o.activation = tanh(o.activation);
    gate: Gate, |o| o.activation = tanh(o.activation);
    gate_backward: GateBackward, |o| o.activation = tanh(o.activation);
    add: Add, |o| o.out[0] += 1e-3;
    head_losses: HeadLosses, |o| o.shape.channels = (o.shape.channels - 1).max(1);
    head_losses_backward: HeadLossesBackward, |o| o.scale *= 1.001;
    head_logits: HeadLogits, |o| o.shape.rows -= 1;
    head_sample: HeadSample, |o| o.filter.top_p = None;
    sum: Sum, |o| o.len = o.len.saturating_sub(1);
    sum_of_squares: SumOfSquares, |o| o.totals.get_mut()[o.index] += 1e-6;
    adamw: AdamW, |o| o.clip.norm = f64::INFINITY;
}

/// The approximation instead of the function itself.
fn tanh(activation: operation::Activation) -> operation::Activation {
    match activation {
        operation::Activation::Gelu => operation::Activation::GeluTanh,
        other => other,
    }
}

/// The next number.
fn nudge(x: &mut f32) {
    *x = f32::from_bits(x.to_bits() ^ 1);
}

/// The two operations that can be wrong in more ways than one.
impl Own {
    fn spoil_linear(&self, o: operation::Linear<'_, HostMemory>) {
        let count = self.count(Operation::Linear);
        let shape = o.shape;
        if o.x.len() < shape.rows * shape.inputs {
            match self.wrong {
                Wrong::AcceptsShortOperands => return,
                Wrong::DoesNotNameTheOperation => panic!("too short"),
                _ => {}
            }
        }
        ReferenceBackend.linear(operation::Linear {
            out: &mut *o.out,
            ..o
        });
        match self.wrong {
            Wrong::Computes(Operation::Linear) => o.out[0] *= 1.001,
            Wrong::WritesBeyond => {
                if let Some(beyond) = o.out.get_mut(shape.rows * shape.outputs) {
                    *beyond = 0.0;
                }
            }
            Wrong::IsNotRepeatable if count.is_multiple_of(2) => nudge(&mut o.out[0]),
            Wrong::DependsOnTheBatch if shape.rows < 8 => nudge(&mut o.out[0]),
            _ => {}
        }
    }

    fn spoil_attention(&self, mut o: operation::Attention<'_, HostMemory>) {
        self.count(Operation::Attention);
        if self.wrong == Wrong::AcceptsWindowsOfNothing {
            o.shape.window = o.shape.window.map(|window| window.max(1));
        }
        let rows = o.sequences.sequences().rows();
        ReferenceBackend.attention(operation::Attention {
            out: &mut *o.out,
            ..o
        });
        match self.wrong {
            Wrong::Computes(Operation::Attention) => o.out[0] += 1e-3,
            Wrong::DependsOnWhatFollows if rows > 100 => nudge(&mut o.out[0]),
            _ => {}
        }
    }
}
