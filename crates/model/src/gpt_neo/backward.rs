//! The gradients of the training loss, by hand: the forward pass of [`Network`] in reverse order.

use autophage_compute::{Backend, Linear, Rows, Sequences};

use super::activations::Activations;
use super::network::{Context, Network};
use super::parameters::{Block, Parameters};

/// The gradients that the backward pass works in: allocated once, used by every pass. (N, C) with
/// C the hidden size, unless noted.
#[derive(Debug)]
pub(crate) struct BackwardScratch<B: Backend> {
    /// Gradient of the residual stream, carried from block to block.
    stream: B::Buffer,
    /// Gradient of what a block's part reads or writes.
    branch: B::Buffer,
    queries: B::Buffer,
    keys: B::Buffer,
    values: B::Buffer,
    /// (N, intermediate).
    inner: B::Buffer,
}

/// A micro-batch: sequences end to end, and what should follow each token.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Which rows belong together.
    sequences: Sequences,
    /// The token of each row.
    tokens: Vec<u32>,
    /// The token that follows it.
    targets: Vec<u32>,
}

impl Batch {
    /// Lays pairs of inputs and equally many targets end to end.
    pub(crate) fn new<'a>(pairs: impl Iterator<Item = (&'a [u32], &'a [u32])>) -> Self {
        let (inputs, targets): (Vec<_>, Vec<_>) = pairs.unzip();
        Self {
            sequences: Sequences::from_lengths(inputs.iter().map(|input| input.len())),
            tokens: inputs.concat(),
            targets: targets.concat(),
        }
    }
}

impl<B: Backend> Network<'_, B> {
    /// Scratch for backward passes over up to `rows` tokens.
    pub(crate) fn backward_scratch(&self, rows: usize) -> BackwardScratch<B> {
        let stream = || self.backend.zeros(rows * self.config.hidden_size);
        BackwardScratch {
            stream: stream(),
            branch: stream(),
            queries: stream(),
            keys: stream(),
            values: stream(),
            inner: self.backend.zeros(rows * self.config.intermediate_size),
        }
    }

    /// The loss of every target of `batch`, in nats.
    pub(crate) fn batch_losses(&self, batch: &Batch, activations: &mut Activations<B>) -> Vec<f32> {
        let mut losses = vec![0.0; batch.targets.len()];
        self.forward(batch, activations);
        self.losses(&batch.targets, &mut losses, activations);
        losses
    }

    /// The loss of every target of `batch`, in nats; the gradients of `scale` times their sum are
    /// added to `gradients`.
    pub(crate) fn batch_gradients(
        &self,
        batch: &Batch,
        scale: f32,
        activations: &mut Activations<B>,
        scratch: &mut BackwardScratch<B>,
        gradients: &mut Parameters<B::Buffer>,
    ) -> Vec<f32> {
        self.forward(batch, activations);
        let (backend, rows) = (self.backend, batch.tokens.len());
        let stream = Rows {
            rows,
            channels: self.config.hidden_size,
        };
        let mut losses = vec![0.0; rows];
        backend.head_losses_backward(
            self.head(rows),
            &activations.hidden,
            &self.parameters.token_embedding,
            &batch.targets,
            scale,
            &mut losses,
            &mut scratch.branch,
            &mut gradients.token_embedding,
        );
        backend.fill(&mut scratch.stream, 0.0);
        backend.layer_norm_backward(
            stream,
            &activations.residuals[self.config.num_layers()],
            &self.parameters.final_norm_weight,
            &activations.hidden_statistics,
            &scratch.branch,
            &mut scratch.stream,
            &mut gradients.final_norm_weight,
            &mut gradients.final_norm_bias,
        );
        for (layer, gradients) in gradients.blocks.iter_mut().enumerate().rev() {
            self.mlp_backward(layer, rows, activations, scratch, gradients);
            self.attention_backward(layer, &batch.sequences, activations, scratch, gradients);
        }
        backend.embed_backward(
            stream,
            &batch.tokens,
            &batch.sequences.positions(),
            &scratch.stream,
            &mut gradients.token_embedding,
            &mut gradients.position_embedding,
        );
        losses
    }

    fn forward(&self, batch: &Batch, activations: &mut Activations<B>) {
        self.blocks(
            &batch.tokens,
            &batch.sequences.positions(),
            Context::Sequences(&batch.sequences),
            activations,
        );
        self.finish(batch.tokens.len(), activations);
    }

    /// From the gradient of a block's output to that of its middle, both in `scratch.stream`.
    fn mlp_backward(
        &self,
        layer: usize,
        rows: usize,
        activations: &Activations<B>,
        scratch: &mut BackwardScratch<B>,
        gradients: &mut Block<B::Buffer>,
    ) {
        let backend = self.backend;
        let weights = &self.parameters.blocks[layer];
        let block = &activations.blocks[layer];
        let (channels, inner) = (self.config.hidden_size, self.config.intermediate_size);
        let narrow = Linear {
            rows,
            inputs: inner,
            outputs: channels,
            exact: false,
        };
        let widen = Linear {
            rows,
            inputs: channels,
            outputs: inner,
            exact: false,
        };
        backend.linear_backward_weight(
            narrow,
            &block.mlp_hidden,
            &scratch.stream,
            &mut gradients.mlp_out_weight,
            Some(&mut gradients.mlp_out_bias),
        );
        backend.linear_backward_input(
            narrow,
            &weights.mlp_out_weight,
            &scratch.stream,
            false,
            &mut scratch.inner,
        );
        backend.gelu_backward(
            Rows {
                rows,
                channels: inner,
            },
            &block.mlp_in,
            &mut scratch.inner,
        );
        backend.linear_backward_weight(
            widen,
            &block.mlp_norm,
            &scratch.inner,
            &mut gradients.mlp_in_weight,
            Some(&mut gradients.mlp_in_bias),
        );
        backend.linear_backward_input(
            widen,
            &weights.mlp_in_weight,
            &scratch.inner,
            false,
            &mut scratch.branch,
        );
        backend.layer_norm_backward(
            Rows { rows, channels },
            &block.middle,
            &weights.mlp_norm_weight,
            &block.mlp_norm_statistics,
            &scratch.branch,
            &mut scratch.stream,
            &mut gradients.mlp_norm_weight,
            &mut gradients.mlp_norm_bias,
        );
    }

    /// From the gradient of a block's middle to that of its input, both in `scratch.stream`.
    fn attention_backward(
        &self,
        layer: usize,
        sequences: &Sequences,
        activations: &Activations<B>,
        scratch: &mut BackwardScratch<B>,
        gradients: &mut Block<B::Buffer>,
    ) {
        let backend = self.backend;
        let weights = &self.parameters.blocks[layer];
        let block = &activations.blocks[layer];
        let channels = self.config.hidden_size;
        let rows = sequences.rows();
        let square = Linear {
            rows,
            inputs: channels,
            outputs: channels,
            exact: false,
        };
        backend.linear_backward_weight(
            square,
            &block.attention,
            &scratch.stream,
            &mut gradients.output_weight,
            Some(&mut gradients.output_bias),
        );
        backend.linear_backward_input(
            square,
            &weights.output_weight,
            &scratch.stream,
            false,
            &mut scratch.branch,
        );
        backend.attention_backward(
            self.attention_shape(layer, sequences),
            &block.queries,
            &block.keys,
            &block.values,
            &block.attention,
            &block.log_sums,
            &scratch.branch,
            &mut scratch.queries,
            &mut scratch.keys,
            &mut scratch.values,
        );
        for (index, (weight, d_projected, d_weight)) in [
            (
                &weights.query_weight,
                &scratch.queries,
                &mut gradients.query_weight,
            ),
            (
                &weights.key_weight,
                &scratch.keys,
                &mut gradients.key_weight,
            ),
            (
                &weights.value_weight,
                &scratch.values,
                &mut gradients.value_weight,
            ),
        ]
        .into_iter()
        .enumerate()
        {
            backend.linear_backward_weight(
                square,
                &block.attention_norm,
                d_projected,
                d_weight,
                None,
            );
            // All three read the same input, so that their gradients of it add up.
            let accumulate = index > 0;
            backend.linear_backward_input(
                square,
                weight,
                d_projected,
                accumulate,
                &mut scratch.branch,
            );
        }
        backend.layer_norm_backward(
            Rows { rows, channels },
            &activations.residuals[layer],
            &weights.attention_norm_weight,
            &block.attention_norm_statistics,
            &scratch.branch,
            &mut scratch.stream,
            &mut gradients.attention_norm_weight,
            &mut gradients.attention_norm_bias,
        );
    }
}
