//! The network: from tokens to hidden states, written once for every backend.
//!
//! GPT-Neo in one formula a block, with LN the layer normalisation:
//! `y = x + Attention(LN₁(x))`, then `x' = y + MLP(LN₂(y))`; the head is the token embedding applied
//! to `LN_f` of the last `x`.

use autophage_compute::{
    Attention, Backend, CacheEntry, Cached, Head, Linear, Rows, SamplingFilter, Sequences,
};

use super::activations::{Activations, Keep};
use super::parameters::Parameters;
use super::{GptNeoConfig, KeyValueCache};

/// The weights of a network and what computes with them.
#[derive(Debug)]
pub(crate) struct Network<'a, B: Backend> {
    pub(crate) backend: &'a B,
    pub(crate) config: &'a GptNeoConfig,
    pub(crate) parameters: &'a Parameters<B::Buffer>,
}

impl<B: Backend> Clone for Network<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: Backend> Copy for Network<'_, B> {}

/// What the rows of a pass see besides themselves.
pub(crate) enum Context<'a, B: Backend> {
    /// The earlier rows of their own sequence.
    Sequences(&'a Sequences),
    /// The earlier positions of their slot in a cache.
    Cache(&'a [CacheEntry], &'a mut KeyValueCache<B>),
}

impl<B: Backend> Network<'_, B> {
    /// Buffers for passes of up to `rows` tokens of which only the result is wanted.
    pub(crate) fn activations(&self, rows: usize) -> Activations<B> {
        Activations::new(self.backend, self.config, rows, Keep::Result)
    }

    /// Buffers for passes of up to `rows` tokens that a backward pass follows.
    pub(crate) fn training_activations(&self, rows: usize) -> Activations<B> {
        Activations::new(self.backend, self.config, rows, Keep::Everything)
    }

    /// Runs `tokens` at `positions` through all blocks. What comes out of the last is in the last
    /// residual stream; [`finish`](Self::finish) or [`finish_rows`](Self::finish_rows) takes it on.
    pub(super) fn blocks(
        &self,
        tokens: &[u32],
        positions: &[u32],
        mut context: Context<'_, B>,
        activations: &mut Activations<B>,
    ) {
        let (backend, config) = (self.backend, self.config);
        let rows = tokens.len();
        let channels = config.hidden_size;
        let stream = Rows { rows, channels };
        backend.embed(
            stream,
            tokens,
            positions,
            &self.parameters.token_embedding,
            &self.parameters.position_embedding,
            &mut activations.residuals[0],
        );
        let square = Linear {
            rows,
            inputs: channels,
            outputs: channels,
            exact: false,
        };
        let widen = Linear {
            outputs: config.intermediate_size,
            ..square
        };
        let narrow = Linear {
            rows,
            inputs: config.intermediate_size,
            outputs: channels,
            exact: false,
        };
        let inner = Rows {
            rows,
            channels: config.intermediate_size,
        };
        for (layer, weights) in self.parameters.blocks.iter().enumerate() {
            let streams = activations.residuals.len();
            let [x, out] = activations
                .residuals
                .get_disjoint_mut([layer % streams, (layer + 1) % streams])
                .expect("at least two residual streams");
            let shared = layer % activations.blocks.len();
            let block = &mut activations.blocks[shared];

            backend.layer_norm(
                stream,
                x,
                &weights.attention_norm_weight,
                &weights.attention_norm_bias,
                &mut block.attention_norm,
                &mut block.attention_norm_statistics,
            );
            // GPT-Neo does not scale its scores: attention multiplies errors of what it reads.
            let exact = Linear {
                exact: true,
                ..square
            };
            for (weight, projected) in [
                (&weights.query_weight, &mut block.queries),
                (&weights.key_weight, &mut block.keys),
                (&weights.value_weight, &mut block.values),
            ] {
                backend.linear(exact, &block.attention_norm, weight, None, projected);
            }
            match &mut context {
                Context::Sequences(sequences) => backend.attention(
                    self.attention_shape(layer, sequences),
                    &block.queries,
                    &block.keys,
                    &block.values,
                    &mut block.attention,
                    &mut block.log_sums,
                ),
                Context::Cache(entries, cache) => {
                    let capacity = cache.capacity();
                    let (cached_keys, cached_values) = cache.layer(layer);
                    backend.attention_cached(
                        Cached {
                            entries,
                            capacity,
                            heads: config.num_heads,
                            channels,
                            window: config.window(layer),
                        },
                        &block.queries,
                        &block.keys,
                        &block.values,
                        cached_keys,
                        cached_values,
                        &mut block.attention,
                    );
                }
            }
            backend.linear(
                square,
                &block.attention,
                &weights.output_weight,
                Some(&weights.output_bias),
                &mut block.middle,
            );
            backend.add(stream, x, &mut block.middle);

            backend.layer_norm(
                stream,
                &block.middle,
                &weights.mlp_norm_weight,
                &weights.mlp_norm_bias,
                &mut block.mlp_norm,
                &mut block.mlp_norm_statistics,
            );
            backend.linear(
                widen,
                &block.mlp_norm,
                &weights.mlp_in_weight,
                Some(&weights.mlp_in_bias),
                &mut block.mlp_in,
            );
            backend.gelu(inner, &block.mlp_in, &mut block.mlp_hidden);
            backend.linear(
                narrow,
                &block.mlp_hidden,
                &weights.mlp_out_weight,
                Some(&weights.mlp_out_bias),
                out,
            );
            backend.add(stream, &block.middle, out);
        }
    }

    /// The shape of the attention of `layer` over whole sequences.
    pub(super) fn attention_shape<'s>(
        &self,
        layer: usize,
        sequences: &'s Sequences,
    ) -> Attention<'s> {
        Attention {
            sequences,
            heads: self.config.num_heads,
            channels: self.config.hidden_size,
            window: self.config.window(layer),
        }
    }

    /// The final normalisation of all `rows` of the last residual stream.
    pub(super) fn finish(&self, rows: usize, activations: &mut Activations<B>) {
        let last = self.config.num_layers() % activations.residuals.len();
        self.normalize(
            rows,
            &activations.residuals[last],
            &mut activations.hidden,
            &mut activations.hidden_statistics,
        );
    }

    /// The final normalisation of the chosen `rows` of the last residual stream.
    pub(super) fn finish_rows(&self, rows: &[u32], activations: &mut Activations<B>) {
        let last = self.config.num_layers() % activations.residuals.len();
        self.backend.gather(
            self.config.hidden_size,
            rows,
            &activations.residuals[last],
            &mut activations.gathered,
        );
        self.normalize(
            rows.len(),
            &activations.gathered,
            &mut activations.hidden,
            &mut activations.hidden_statistics,
        );
    }

    fn normalize(
        &self,
        rows: usize,
        x: &B::Buffer,
        hidden: &mut B::Buffer,
        statistics: &mut B::Buffer,
    ) {
        self.backend.layer_norm(
            Rows {
                rows,
                channels: self.config.hidden_size,
            },
            x,
            &self.parameters.final_norm_weight,
            &self.parameters.final_norm_bias,
            hidden,
            statistics,
        );
    }

    /// The shape of the head over `rows` hidden states.
    pub(super) fn head(&self, rows: usize) -> Head {
        Head {
            rows,
            channels: self.config.hidden_size,
            vocabulary: self.config.vocab_size,
        }
    }

    /// The loss of each of the finished rows against its target, in nats.
    pub(super) fn losses(&self, targets: &[u32], losses: &mut [f32], activations: &Activations<B>) {
        self.backend.head_losses(
            self.head(targets.len()),
            &activations.hidden,
            &self.parameters.token_embedding,
            targets,
            losses,
        );
    }

    /// The logits of the first `rows` finished rows, (rows, vocabulary).
    pub(super) fn logits(&self, rows: usize, activations: &Activations<B>) -> Vec<f32> {
        let mut logits = vec![0.0; rows * self.config.vocab_size];
        self.backend.head_logits(
            self.head(rows),
            &activations.hidden,
            &self.parameters.token_embedding,
            &mut logits,
        );
        logits
    }

    /// A token for each of the finished rows, drawn with `uniforms`.
    pub(super) fn sample(
        &self,
        filter: SamplingFilter,
        uniforms: &[f64],
        activations: &Activations<B>,
    ) -> Vec<u32> {
        let mut tokens = vec![0; uniforms.len()];
        self.backend.head_sample(
            self.head(uniforms.len()),
            &activations.hidden,
            &self.parameters.token_embedding,
            filter,
            uniforms,
            &mut tokens,
        );
        tokens
    }
}
