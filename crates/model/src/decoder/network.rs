//! The forward pass: from tokens to hidden states, written once for every family and backend.
//!
//! A block in one formula, with N the normalisations: `y = x + Attention(N₁(x))`, then
//! `x' = y + MLP(N₂(y))`; with parallel residuals `x' = x + Attention(N₁(x)) + MLP(N₂(x))`. The head is
//! applied to `N` of the last `x`.

use autophage_compute::operation::{
    Activate, Add, Attention, AttentionCached, Embed, Gate, Gather, HeadLogits, HeadLosses,
    HeadSample, HeadShape, Linear, LinearShape, Lookup, Normalize, Rotate, Rows, SamplingFilter,
};
use autophage_compute::{Backend, Buffer, IndexArray, OutOfMemory};

use super::activations::{
    ActivationBuffers, Activations, BlockActivations, Keep, Normalized, activations,
};
use super::batch::{Context, Tokens, read_indices};
use crate::architecture::{Architecture, Residual};
use crate::parameters::{Block, NormParameters, Parameters, Projection};

/// The weights of a network and what computes with them.
#[derive(Debug)]
pub(crate) struct Network<'a, B: Backend> {
    pub(crate) backend: &'a B,
    pub(crate) architecture: &'a Architecture,
    pub(crate) parameters: &'a Parameters<Buffer<B>>,
    /// Cosines and sines of all positions, where positions are rotary.
    pub(crate) rotations: Option<&'a Buffer<B>>,
}

impl<B: Backend> Clone for Network<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: Backend> Copy for Network<'_, B> {}

impl<B: Backend> Network<'_, B> {
    /// Buffers for passes of up to `rows` tokens of which only the result is wanted.
    pub(super) fn activations(&self, rows: usize) -> Result<Activations<B>, OutOfMemory> {
        activations(self.backend, self.architecture, rows, Keep::Result)
    }

    /// Buffers for passes of up to `rows` tokens that a backward pass follows.
    pub(crate) fn training_activations(&self, rows: usize) -> Result<Activations<B>, OutOfMemory> {
        activations(self.backend, self.architecture, rows, Keep::Everything)
    }

    /// Runs `tokens` through all blocks. What comes out of the last is in the last residual stream;
    /// [`finish`](Self::finish) or [`finish_rows`](Self::finish_rows) takes it on.
    pub(super) fn blocks(
        &self,
        tokens: &Tokens<B::Memory>,
        mut context: Context<'_, B>,
        activations: &mut Activations<B>,
    ) {
        let (backend, rows) = (self.backend, tokens.rows);
        let stream = self.architecture.stream(rows);
        let parameters = self.parameters;
        backend.embed(Embed {
            shape: stream,
            tokens: Lookup {
                rows: &tokens.tokens,
                weight: &parameters.token_embedding,
            },
            positions: parameters.position_embedding.as_ref().map(|weight| Lookup {
                rows: &tokens.positions,
                weight,
            }),
            out: &mut activations.residuals[0],
        });
        for (layer, weights) in parameters.blocks.iter().enumerate() {
            let streams = activations.residuals.len();
            let [x, out] = activations
                .residuals
                .get_disjoint_mut([layer % streams, (layer + 1) % streams])
                .expect("at least two residual streams");
            let shared = layer % activations.blocks.len();
            let block = &mut activations.blocks[shared];
            self.attention(layer, weights, tokens, x, &mut context, block);
            self.project(
                self.architecture
                    .onto_stream(rows, self.architecture.attention.channels()),
                &block.attention,
                &weights.output,
                &mut block.middle,
            );
            backend.add(Add {
                shape: stream,
                x,
                out: &mut block.middle,
            });
            self.mlp(weights, rows, x, block, out);
            backend.add(Add {
                shape: stream,
                x: &block.middle,
                out,
            });
        }
    }

    /// From the residual stream to what attention writes.
    fn attention(
        &self,
        layer: usize,
        weights: &Block<Buffer<B>>,
        tokens: &Tokens<B::Memory>,
        x: &Buffer<B>,
        context: &mut Context<'_, B>,
        block: &mut BlockActivations<Buffer<B>>,
    ) {
        let (architecture, rows) = (self.architecture, tokens.rows);
        let layout = &architecture.attention;
        self.normalize(
            architecture.stream(rows),
            x,
            &weights.attention_norm,
            &mut block.attention_norm,
        );
        let normed = &block.attention_norm.out;
        let [wide, narrow] = [layout.channels(), layout.key_value_channels()]
            .map(|channels| architecture.projection(rows, channels));
        self.project(narrow, normed, &weights.value, &mut block.values);
        for (shape, heads, projection, norm, raw, out) in [
            (
                wide,
                layout.heads,
                &weights.query,
                &weights.query_norm,
                &mut block.raw_queries,
                &mut block.queries,
            ),
            (
                narrow,
                layout.key_value_heads,
                &weights.key,
                &weights.key_norm,
                &mut block.raw_keys,
                &mut block.keys,
            ),
        ] {
            match (norm, raw) {
                (Some(weight), Some(raw)) => {
                    self.project(shape, normed, projection, &mut raw.out);
                    self.backend.normalize(Normalize {
                        shape: architecture.head_rows(rows, heads),
                        norm: architecture.norm,
                        x: &raw.out,
                        weight,
                        bias: None,
                        out,
                        statistics: &mut raw.statistics,
                    });
                }
                _ => self.project(shape, normed, projection, out),
            }
            self.rotate(heads, tokens, false, out);
        }
        let shape = architecture.attention_shape(layer);
        match context {
            Context::Sequences(sequences) => self.backend.attention(Attention {
                shape,
                sequences,
                queries: &block.queries,
                keys: &block.keys,
                values: &block.values,
                out: &mut block.attention,
                log_sums: &mut block.log_sums,
            }),
            Context::Cache(entries, cache) => self.backend.attention_cached(AttentionCached {
                shape,
                entries,
                queries: &block.queries,
                keys: &block.keys,
                values: &block.values,
                cache: cache.layer(layer),
                out: &mut block.attention,
            }),
        }
    }

    /// From the residual stream to what the MLP adds to it, which `out` receives.
    fn mlp(
        &self,
        weights: &Block<Buffer<B>>,
        rows: usize,
        x: &Buffer<B>,
        block: &mut BlockActivations<Buffer<B>>,
        out: &mut Buffer<B>,
    ) {
        let (backend, architecture) = (self.backend, self.architecture);
        let read = match architecture.residual {
            Residual::Sequential => &block.middle,
            Residual::Parallel => x,
        };
        let stream = architecture.stream(rows);
        self.normalize(stream, read, &weights.mlp_norm, &mut block.mlp_norm);
        let normed = &block.mlp_norm.out;
        let intermediate = architecture.mlp.intermediate;
        let widen = architecture.stream_to(rows, intermediate);
        self.project(widen, normed, &weights.up, &mut block.up);
        let shape = architecture.inner(rows);
        let activation = architecture.mlp.activation;
        match (&weights.gate, &mut block.gate) {
            (Some(projection), Some(gate)) => {
                self.project(widen, normed, projection, gate);
                backend.gate(Gate {
                    shape,
                    activation,
                    gate,
                    x: &block.up,
                    out: &mut block.inner,
                });
            }
            _ => backend.activate(Activate {
                shape,
                activation,
                x: &block.up,
                out: &mut block.inner,
            }),
        }
        let narrow = architecture.onto_stream(rows, intermediate);
        self.project(narrow, &block.inner, &weights.down, out);
    }

    fn project(
        &self,
        shape: LinearShape,
        x: &Buffer<B>,
        projection: &Projection<Buffer<B>>,
        out: &mut Buffer<B>,
    ) {
        self.backend.linear(Linear {
            shape,
            x,
            weight: &projection.weight,
            bias: projection.bias.as_ref(),
            out,
        });
    }

    fn normalize(
        &self,
        shape: Rows,
        x: &Buffer<B>,
        parameters: &NormParameters<Buffer<B>>,
        normalized: &mut Normalized<Buffer<B>>,
    ) {
        self.backend.normalize(Normalize {
            shape,
            norm: self.architecture.norm,
            x,
            weight: &parameters.weight,
            bias: parameters.bias.as_ref(),
            out: &mut normalized.out,
            statistics: &mut normalized.statistics,
        });
    }

    /// Rotates the heads of queries or keys by their positions, or back; nothing where positions are
    /// learned.
    pub(super) fn rotate(
        &self,
        heads: usize,
        tokens: &Tokens<B::Memory>,
        inverse: bool,
        x: &mut Buffer<B>,
    ) {
        if let (Some(shape), Some(table)) = (
            self.architecture.rotation(tokens.rows, heads),
            self.rotations,
        ) {
            self.backend.rotate(Rotate {
                shape,
                positions: &tokens.positions,
                table,
                inverse,
                x,
            });
        }
    }

    /// The final normalisation of all `rows` of the last residual stream.
    pub(super) fn finish(&self, rows: usize, activations: &mut Activations<B>) {
        let ActivationBuffers {
            residuals, hidden, ..
        } = activations;
        let last = &residuals[self.architecture.layers % residuals.len()];
        let stream = self.architecture.stream(rows);
        self.normalize(stream, last, &self.parameters.final_norm, hidden);
    }

    /// The final normalisation of the chosen `rows` of the last residual stream.
    pub(super) fn finish_rows(
        &self,
        rows: &[u32],
        activations: &mut Activations<B>,
    ) -> Result<(), OutOfMemory> {
        let chosen = self.backend.indices(rows)?;
        let ActivationBuffers {
            residuals,
            hidden,
            gathered,
            ..
        } = activations;
        let stream = self.architecture.stream(rows.len());
        self.backend.gather(Gather {
            shape: stream,
            rows: &chosen,
            x: &residuals[self.architecture.layers % residuals.len()],
            out: gathered,
        });
        self.normalize(stream, gathered, &self.parameters.final_norm, hidden);
        Ok(())
    }

    /// The weights of the head: its own, or those of the token embedding.
    pub(super) fn head_weight(&self) -> &Buffer<B> {
        let own = self.parameters.head.as_ref();
        own.unwrap_or(&self.parameters.token_embedding)
    }

    /// The shape of the head over `rows` hidden states.
    pub(super) fn head(&self, rows: usize) -> HeadShape {
        HeadShape {
            rows,
            channels: self.architecture.hidden,
            vocabulary: self.architecture.vocabulary,
        }
    }

    /// The losses of the first `rows` finished rows against their targets, in nats: they stay on the
    /// device, with the activations.
    pub(super) fn losses(
        &self,
        rows: usize,
        targets: &IndexArray<B>,
        activations: &mut Activations<B>,
    ) {
        self.backend.head_losses(HeadLosses {
            shape: self.head(rows),
            hidden: &activations.hidden.out,
            weight: self.head_weight(),
            targets,
            losses: &mut activations.losses,
        });
    }

    /// The logits of the first `rows` finished rows, (rows, vocabulary).
    pub(super) fn logits(
        &self,
        rows: usize,
        activations: &Activations<B>,
    ) -> Result<Vec<f32>, OutOfMemory> {
        let len = rows * self.architecture.vocabulary;
        let mut logits = self.backend.zeros(len)?;
        self.backend.head_logits(HeadLogits {
            shape: self.head(rows),
            hidden: &activations.hidden.out,
            weight: self.head_weight(),
            logits: &mut logits,
        });
        let mut values = vec![0.0; len];
        self.backend.read(&logits, 0, &mut values);
        Ok(values)
    }

    /// A token below `vocabulary` for each of the finished rows, drawn with `uniforms`.
    pub(super) fn sample(
        &self,
        vocabulary: usize,
        filter: SamplingFilter,
        uniforms: &[f64],
        tokens: &mut IndexArray<B>,
        activations: &Activations<B>,
    ) -> Vec<u32> {
        let rows = uniforms.len();
        self.backend.head_sample(HeadSample {
            shape: HeadShape {
                vocabulary,
                ..self.head(rows)
            },
            hidden: &activations.hidden.out,
            weight: self.head_weight(),
            filter,
            uniforms,
            tokens,
        });
        read_indices(self.backend, tokens, rows)
    }
}
