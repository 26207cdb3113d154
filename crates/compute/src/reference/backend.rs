//! The reference as a backend.

use super::{
    activation, attention, elementwise, embedding, head, linear, normalize, optimizer, rotate,
};
use crate::host::{host_memory, host_operations};
use crate::operation::AttentionShape;
use crate::{Device, Hardware};

/// The oracle: every operation as its definition says, on one thread, with sums in 64 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceBackend;

impl Device for ReferenceBackend {
    host_memory!();

    fn description(&self) -> String {
        "reference".to_owned()
    }

    fn hardware(&self) -> Hardware {
        Hardware::new(size_of::<f32>())
    }

    fn cache_len(&self, shape: AttentionShape, slots: usize, capacity: usize) -> usize {
        slots * capacity * shape.key_value_channels()
    }
}

host_operations! {
    ReferenceBackend():
    fill: Fill => elementwise::fill,
    embed: Embed => embedding::embed,
    embed_backward: EmbedBackward => embedding::embed_backward,
    gather: Gather => embedding::gather,
    normalize: Normalize => normalize::normalize,
    normalize_backward: NormalizeBackward => normalize::normalize_backward,
    linear: Linear => linear::linear,
    linear_backward_input: LinearBackwardInput => linear::backward_input,
    linear_backward_weight: LinearBackwardWeight => linear::backward_weight,
    rotate: Rotate => rotate::rotate,
    attention: Attention => attention::attention,
    attention_backward: AttentionBackward => attention::attention_backward,
    attention_cached: AttentionCached => attention::attention_cached,
    activate: Activate => activation::activate,
    activate_backward: ActivateBackward => activation::activate_backward,
    gate: Gate => activation::gate,
    gate_backward: GateBackward => activation::gate_backward,
    add: Add => elementwise::add,
    head_losses: HeadLosses => head::losses,
    head_losses_backward: HeadLossesBackward => head::losses_backward,
    head_logits: HeadLogits => head::logits,
    head_sample: HeadSample => head::sample,
    sum: Sum => optimizer::sum,
    sum_of_squares: SumOfSquares => optimizer::sum_of_squares,
    adamw: AdamW => optimizer::adamw,
}
