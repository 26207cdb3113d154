//! The list of all operations.

/// Hands the method and the arguments of every operation to a macro: whatever is the same for all of
/// them is written once, and no operation is forgotten.
macro_rules! for_each_operation {
    ($then:ident) => {
        $then! {
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
    };
}

pub(crate) use for_each_operation;
