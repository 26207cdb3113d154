//! The shortest backend of one's own: it says what is called, and lets the reference compute.
//!
//! A real one has memory of its own and functions of its own in place of `ReferenceBackend.…`; it may
//! write one operation after the other and keep the reference for those that are not yet there, as long
//! as its memory is that of the host. Whether it is right, the comparison suite says, which a crate has
//! with
//!
//! ```toml
//! [dev-dependencies]
//! autophage-compute = { version = "0.1", features = ["conformance"] }
//! ```

use autophage_compute::conformance::{self, Accuracy};
use autophage_compute::operation::{self, Arguments, AttentionShape, Rows};
use autophage_compute::{
    Backend, Device, Hardware, HostBuffer, HostIndices, HostMemory, HostTotals, Operation,
    OutOfMemory, ReferenceBackend,
};

/// Prints what is called, if it is told to.
struct Talkative {
    prints: bool,
}

/// Memory. That of the host is what the reference computes with.
impl Device for Talkative {
    type Memory = HostMemory;

    fn description(&self) -> String {
        "talkative reference".to_owned()
    }

    fn hardware(&self) -> Hardware {
        Hardware::new(size_of::<f32>())
    }

    fn zeros(&self, len: usize) -> Result<HostBuffer, OutOfMemory> {
        HostBuffer::zeros(len)
    }

    fn write(&self, buffer: &mut HostBuffer, start: usize, values: &[f32]) {
        buffer[start..][..values.len()].copy_from_slice(values);
    }

    fn read(&self, buffer: &HostBuffer, start: usize, values: &mut [f32]) {
        values.copy_from_slice(&buffer[start..][..values.len()]);
    }

    fn indices(&self, values: &[u32]) -> Result<HostIndices, OutOfMemory> {
        HostIndices::new(values)
    }

    fn read_indices(&self, indices: &HostIndices, values: &mut [u32]) {
        values.copy_from_slice(&indices[..values.len()]);
    }

    fn totals(&self, len: usize) -> Result<HostTotals, OutOfMemory> {
        HostTotals::new(len)
    }

    fn write_totals(&self, totals: &mut HostTotals, values: &[f64]) {
        totals.get_mut().copy_from_slice(values);
    }

    fn read_totals(&self, totals: &HostTotals) -> Vec<f64> {
        totals.get().to_vec()
    }

    fn cache_len(&self, shape: AttentionShape, slots: usize, capacity: usize) -> usize {
        ReferenceBackend.cache_len(shape, slots, capacity)
    }
}

/// Every operation gets its arguments as one value, which checks itself and counts its work.
macro_rules! operations {
    ($($method:ident: $arguments:ident,)*) => {
        impl Backend for Talkative {
            $(
                fn $method(&self, arguments: operation::$arguments<'_, HostMemory>) {
                    arguments.check();
                    if self.prints {
                        println!("{}: {:?}", stringify!($method), arguments.work());
                    }
                    ReferenceBackend.$method(arguments);
                }
            )*
        }
    };
}

operations! {
    fill: Fill,
    embed: Embed,
    embed_backward: EmbedBackward,
    gather: Gather,
    normalize: Normalize,
    normalize_backward: NormalizeBackward,
    linear: Linear,
    linear_backward_input: LinearBackwardInput,
    linear_backward_weight: LinearBackwardWeight,
    rotate: Rotate,
    attention: Attention,
    attention_backward: AttentionBackward,
    attention_cached: AttentionCached,
    activate: Activate,
    activate_backward: ActivateBackward,
    gate: Gate,
    gate_backward: GateBackward,
    add: Add,
    head_losses: HeadLosses,
    head_losses_backward: HeadLossesBackward,
    head_logits: HeadLogits,
    head_sample: HeadSample,
    sum: Sum,
    sum_of_squares: SumOfSquares,
    adamw: AdamW,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let backend = Talkative { prints: true };
    let shape = Rows {
        rows: 2,
        channels: 3,
    };
    let mut x = backend.zeros(shape.elements())?;
    let mut out = backend.zeros(shape.elements())?;
    backend.write(&mut x, 0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    backend.fill(operation::Fill {
        buffer: &mut out,
        value: 0.5,
    });
    backend.add(operation::Add {
        shape,
        x: &x,
        out: &mut out,
    });
    println!("{:?}", &out[..]);

    // One operation, as while it is being written; `conformance::check` in a test tries all of them.
    let silent = Talkative { prints: false };
    conformance::compare(&silent, Operation::Add, Accuracy::F32)?;
    println!("add does what the reference does");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_contract() {
        conformance::check(&Talkative { prints: false }, Accuracy::F32);
    }
}
