//! The buffers that a pass through the network writes.

use autophage_compute::Backend;

use super::GptNeoConfig;

/// What a block computes from its rows. Shapes as (N, C) with C the hidden size, unless noted.
#[derive(Debug)]
pub(super) struct BlockActivations<T> {
    /// Mean and reciprocal deviation of the block's input, (N, 2).
    pub(super) attention_norm_statistics: T,
    pub(super) attention_norm: T,
    pub(super) queries: T,
    pub(super) keys: T,
    pub(super) values: T,
    pub(super) attention: T,
    /// ln Σ exp(score), (N, heads).
    pub(super) log_sums: T,
    /// The residual stream between attention and feed-forward part.
    pub(super) middle: T,
    /// Mean and reciprocal deviation of `middle`, (N, 2).
    pub(super) mlp_norm_statistics: T,
    pub(super) mlp_norm: T,
    /// (N, intermediate), before the activation function.
    pub(super) mlp_in: T,
    /// (N, intermediate), after it.
    pub(super) mlp_hidden: T,
}

/// How much of a pass is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything that the backward pass reads.
    Everything,
    /// Only the result.
    Result,
}

/// The activations of a pass over up to `rows` tokens: allocated once, used by every pass.
#[derive(Debug)]
pub(crate) struct Activations<B: Backend> {
    /// The residual stream before each block and after the last; or two that take turns.
    pub(super) residuals: Vec<B::Buffer>,
    /// One for each block; or one that all share.
    pub(super) blocks: Vec<BlockActivations<B::Buffer>>,
    /// The rows whose next token is asked for, where that is not all of them.
    pub(super) gathered: B::Buffer,
    /// The final layer normalisation: what the head reads, (N, C), and its statistics, (N, 2).
    pub(super) hidden: B::Buffer,
    pub(super) hidden_statistics: B::Buffer,
}

impl<B: Backend> Activations<B> {
    pub(super) fn new(backend: &B, config: &GptNeoConfig, rows: usize, keep: Keep) -> Self {
        let stream = || backend.zeros(rows * config.hidden_size);
        let inner = || backend.zeros(rows * config.intermediate_size);
        let statistics = || backend.zeros(rows * 2);
        let block = || BlockActivations {
            attention_norm_statistics: statistics(),
            attention_norm: stream(),
            queries: stream(),
            keys: stream(),
            values: stream(),
            attention: stream(),
            log_sums: backend.zeros(rows * config.num_heads),
            middle: stream(),
            mlp_norm_statistics: statistics(),
            mlp_norm: stream(),
            mlp_in: inner(),
            mlp_hidden: inner(),
        };
        let (residuals, blocks) = match keep {
            Keep::Everything => (config.num_layers() + 1, config.num_layers()),
            Keep::Result => (2, 1),
        };
        Self {
            residuals: (0..residuals).map(|_| stream()).collect(),
            blocks: (0..blocks).map(|_| block()).collect(),
            gathered: match keep {
                Keep::Everything => backend.zeros(0),
                Keep::Result => stream(),
            },
            hidden: stream(),
            hidden_statistics: statistics(),
        }
    }
}
