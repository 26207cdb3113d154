//! The gradients of the training loss, by hand: the forward pass of [`Network`] in reverse order.

use autophage_compute::operation::{
    ActivateBackward, Add, AttentionBackward, EmbedBackward, Fill, GateBackward,
    HeadLossesBackward, LinearBackwardInput, LinearBackwardWeight, LinearShape, LookupGradient,
    NormalizeBackward, Rows, Sum,
};
use autophage_compute::{Backend, Buffer, OutOfMemory, Totals};

use super::activations::{
    Activations, BackwardScratch, BlockActivations, GradientBuffers, Normalized, backward_scratch,
};
use super::batch::{Batch, Context, TrainingBatch};
use super::network::Network;
use crate::architecture::Residual;
use crate::parameters::{Block, NormParameters, Parameters, Projection};

impl<B: Backend> Network<'_, B> {
    /// Buffers for backward passes over up to `rows` tokens.
    pub(crate) fn backward_scratch(&self, rows: usize) -> Result<BackwardScratch<B>, OutOfMemory> {
        backward_scratch(self.backend, self.architecture, rows)
    }

    /// Adds the losses of all targets of `batch`, in nats, to total `index`.
    pub(crate) fn batch_losses(
        &self,
        batch: &TrainingBatch<B::Memory>,
        activations: &mut Activations<B>,
        totals: &mut Totals<B>,
        index: usize,
    ) {
        self.forward(&batch.inputs, activations);
        self.losses(batch.inputs.rows(), &batch.targets, activations);
        self.sum_losses(batch.inputs.rows(), activations, totals, index);
    }

    fn sum_losses(
        &self,
        rows: usize,
        activations: &Activations<B>,
        totals: &mut Totals<B>,
        index: usize,
    ) {
        self.backend.sum(Sum {
            x: &activations.losses,
            len: rows,
            totals,
            index,
        });
    }

    /// Adds the losses of all targets of `batch`, in nats, to total `index`, and the gradients of
    /// `scale` times them to `gradients`.
    pub(crate) fn batch_gradients(
        &self,
        batch: &TrainingBatch<B::Memory>,
        scale: f32,
        activations: &mut Activations<B>,
        scratch: &mut BackwardScratch<B>,
        gradients: &mut Parameters<Buffer<B>>,
        (totals, index): (&mut Totals<B>, usize),
    ) {
        self.forward(&batch.inputs, activations);
        let rows = batch.inputs.rows();
        let (backend, architecture) = (self.backend, self.architecture);
        let stream = architecture.stream(rows);
        backend.head_losses_backward(HeadLossesBackward {
            shape: self.head(rows),
            hidden: &activations.hidden.out,
            weight: self.head_weight(),
            targets: &batch.targets,
            scale,
            losses: &mut activations.losses,
            d_hidden: &mut scratch.branch,
            d_weight: match &mut gradients.head {
                Some(head) => head,
                None => &mut gradients.token_embedding,
            },
        });
        self.sum_losses(rows, activations, totals, index);
        fill(backend, &mut scratch.stream);
        self.normalize_backward(
            stream,
            &activations.residuals[architecture.layers],
            &self.parameters.final_norm,
            &activations.hidden,
            (&scratch.branch, &mut scratch.stream),
            &mut gradients.final_norm,
        );
        let tokens = &batch.inputs.tokens;
        for (layer, gradients) in gradients.blocks.iter_mut().enumerate().rev() {
            let x = &activations.residuals[layer];
            let block = &activations.blocks[layer];
            self.mlp_backward(layer, rows, x, block, scratch, gradients);
            self.attention_backward(layer, &batch.inputs, x, block, scratch, gradients);
            if let Some(beside) = &scratch.beside {
                backend.add(Add {
                    shape: stream,
                    x: beside,
                    out: &mut scratch.stream,
                });
            }
        }
        let positions = gradients.position_embedding.as_mut();
        backend.embed_backward(EmbedBackward {
            shape: stream,
            d_out: &scratch.stream,
            tokens: LookupGradient {
                rows: &tokens.tokens,
                d_weight: &mut gradients.token_embedding,
            },
            positions: positions.map(|d_weight| LookupGradient {
                rows: &tokens.positions,
                d_weight,
            }),
        });
    }

    fn forward(&self, batch: &Batch<B::Memory>, activations: &mut Activations<B>) {
        let context = Context::Sequences(&batch.sequences);
        self.blocks(&batch.tokens, context, activations);
        self.finish(batch.rows(), activations);
    }

    /// From the gradient of a block's output, in `scratch.stream`, to that of what the MLP read: added
    /// to the same, or put beside it where attention has to see the former.
    fn mlp_backward(
        &self,
        layer: usize,
        rows: usize,
        x: &Buffer<B>,
        block: &BlockActivations<Buffer<B>>,
        scratch: &mut BackwardScratch<B>,
        gradients: &mut Block<Buffer<B>>,
    ) {
        let (backend, architecture) = (self.backend, self.architecture);
        let weights = &self.parameters.blocks[layer];
        let intermediate = architecture.mlp.intermediate;
        let narrow = architecture.onto_stream(rows, intermediate);
        let widen = architecture.stream_to(rows, intermediate);
        let shape = architecture.inner(rows);
        let activation = architecture.mlp.activation;
        let GradientBuffers {
            stream,
            beside,
            branch,
            gate,
            inner,
            ..
        } = scratch;
        self.project_backward(
            narrow,
            &block.inner,
            &weights.down,
            stream,
            &mut gradients.down,
            (inner, false),
        );
        match (&block.gate, gate) {
            (Some(gate), Some(d_gate)) => backend.gate_backward(GateBackward {
                shape,
                activation,
                gate,
                x: &block.up,
                d: inner,
                d_gate,
            }),
            _ => backend.activate_backward(ActivateBackward {
                shape,
                activation,
                x: &block.up,
                d: inner,
            }),
        }
        let normed = &block.mlp_norm.out;
        self.project_backward(
            widen,
            normed,
            &weights.up,
            inner,
            &mut gradients.up,
            (branch, false),
        );
        if let (Some(projection), Some(d_gate), Some(gradients)) =
            (&weights.gate, &scratch.gate, &mut gradients.gate)
        {
            // Both read the same input, so that their gradients of it add up.
            self.project_backward(widen, normed, projection, d_gate, gradients, (branch, true));
        }
        let (read, d_read) = match (architecture.residual, beside) {
            (Residual::Parallel, Some(beside)) => {
                fill(backend, beside);
                (x, beside)
            }
            _ => (&block.middle, stream),
        };
        self.normalize_backward(
            architecture.stream(rows),
            read,
            &weights.mlp_norm,
            &block.mlp_norm,
            (branch, d_read),
            &mut gradients.mlp_norm,
        );
    }

    /// From the gradient of what attention was added to, in `scratch.stream`, to that of the block's
    /// input.
    fn attention_backward(
        &self,
        layer: usize,
        batch: &Batch<B::Memory>,
        x: &Buffer<B>,
        block: &BlockActivations<Buffer<B>>,
        scratch: &mut BackwardScratch<B>,
        gradients: &mut Block<Buffer<B>>,
    ) {
        let (backend, architecture) = (self.backend, self.architecture);
        let weights = &self.parameters.blocks[layer];
        let layout = &architecture.attention;
        let (tokens, rows) = (&batch.tokens, batch.rows());
        self.project_backward(
            architecture.onto_stream(rows, layout.channels()),
            &block.attention,
            &weights.output,
            &scratch.stream,
            &mut gradients.output,
            (&mut scratch.branch, false),
        );
        backend.attention_backward(AttentionBackward {
            shape: architecture.attention_shape(layer),
            sequences: &batch.sequences,
            queries: &block.queries,
            keys: &block.keys,
            values: &block.values,
            out: &block.attention,
            log_sums: &block.log_sums,
            d_out: &scratch.branch,
            d_queries: &mut scratch.queries,
            d_keys: &mut scratch.keys,
            d_values: &mut scratch.values,
        });
        self.rotate(layout.heads, tokens, true, &mut scratch.queries);
        self.rotate(layout.key_value_heads, tokens, true, &mut scratch.keys);
        for (heads, raw, weight, d_out, d_raw, d_weight) in [
            (
                layout.heads,
                &block.raw_queries,
                &weights.query_norm,
                &scratch.queries,
                &mut scratch.raw_queries,
                &mut gradients.query_norm,
            ),
            (
                layout.key_value_heads,
                &block.raw_keys,
                &weights.key_norm,
                &scratch.keys,
                &mut scratch.raw_keys,
                &mut gradients.key_norm,
            ),
        ] {
            if let (Some(raw), Some(weight), Some(d_raw), Some(d_weight)) =
                (raw, weight, d_raw, d_weight)
            {
                fill(backend, d_raw);
                backend.normalize_backward(NormalizeBackward {
                    shape: architecture.head_rows(rows, heads),
                    norm: architecture.norm,
                    x: &raw.out,
                    weight,
                    statistics: &raw.statistics,
                    d_out,
                    d_x: d_raw,
                    d_weight,
                    d_bias: None,
                });
            }
        }
        let [wide, narrow] = [layout.channels(), layout.key_value_channels()]
            .map(|channels| architecture.stream_to(rows, channels));
        let d_queries = scratch.raw_queries.as_ref().unwrap_or(&scratch.queries);
        let d_keys = scratch.raw_keys.as_ref().unwrap_or(&scratch.keys);
        for (index, (shape, projection, d_projected, gradients)) in [
            (wide, &weights.query, d_queries, &mut gradients.query),
            (narrow, &weights.key, d_keys, &mut gradients.key),
            (
                narrow,
                &weights.value,
                &scratch.values,
                &mut gradients.value,
            ),
        ]
        .into_iter()
        .enumerate()
        {
            // All three read the same input, so that their gradients of it add up.
            let d_normed = (&mut scratch.branch, index > 0);
            let normed = &block.attention_norm.out;
            self.project_backward(shape, normed, projection, d_projected, gradients, d_normed);
        }
        self.normalize_backward(
            architecture.stream(rows),
            x,
            &weights.attention_norm,
            &block.attention_norm,
            (&scratch.branch, &mut scratch.stream),
            &mut gradients.attention_norm,
        );
    }

    /// Backward of a linear map: the gradients of its parameters, and that of its input, which is
    /// added to `d_x` if the flag beside says so.
    fn project_backward(
        &self,
        shape: LinearShape,
        x: &Buffer<B>,
        projection: &Projection<Buffer<B>>,
        d_out: &Buffer<B>,
        gradients: &mut Projection<Buffer<B>>,
        (d_x, accumulate): (&mut Buffer<B>, bool),
    ) {
        self.backend.linear_backward_weight(LinearBackwardWeight {
            shape,
            x,
            d_out,
            d_weight: &mut gradients.weight,
            d_bias: gradients.bias.as_mut(),
        });
        self.backend.linear_backward_input(LinearBackwardInput {
            shape,
            weight: &projection.weight,
            d_out,
            accumulate,
            d_x,
        });
    }

    /// Backward of a normalisation: adds the gradient of its input to `d_x`.
    fn normalize_backward(
        &self,
        shape: Rows,
        x: &Buffer<B>,
        parameters: &NormParameters<Buffer<B>>,
        normalized: &Normalized<Buffer<B>>,
        (d_out, d_x): (&Buffer<B>, &mut Buffer<B>),
        gradients: &mut NormParameters<Buffer<B>>,
    ) {
        self.backend.normalize_backward(NormalizeBackward {
            shape,
            norm: self.architecture.norm,
            x,
            weight: &parameters.weight,
            statistics: &normalized.statistics,
            d_out,
            d_x,
            d_weight: &mut gradients.weight,
            d_bias: gradients.bias.as_mut(),
        });
    }
}

fn fill<B: Backend>(backend: &B, buffer: &mut Buffer<B>) {
    backend.fill(Fill { buffer, value: 0.0 });
}
