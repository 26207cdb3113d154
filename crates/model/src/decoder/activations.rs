//! The buffers that a pass through the network writes.

use autophage_compute::{Backend, Buffer, OutOfMemory};

use crate::architecture::{Architecture, Residual};

/// A normalised matrix and the statistics of its rows, (N, 2).
#[derive(Debug)]
pub(crate) struct Normalized<T> {
    pub(super) out: T,
    pub(super) statistics: T,
}

/// What a block computes from its rows. Shapes as (N, C) with C the hidden size, unless noted.
#[derive(Debug)]
pub(crate) struct BlockActivations<T> {
    pub(super) attention_norm: Normalized<T>,
    /// Queries and keys before their own normalisation, where they have one, and the statistics of
    /// that: (N · heads, 2).
    pub(super) raw_queries: Option<Normalized<T>>,
    pub(super) raw_keys: Option<Normalized<T>>,
    /// (N, heads · D), as attention reads them; keys and values (N, key-value heads · D).
    pub(super) queries: T,
    pub(super) keys: T,
    pub(super) values: T,
    /// (N, heads · D).
    pub(super) attention: T,
    /// ln Σ exp(score), (N, heads).
    pub(super) log_sums: T,
    /// The residual stream between attention and MLP.
    pub(super) middle: T,
    pub(super) mlp_norm: Normalized<T>,
    /// (N, intermediate), before the activation function: the gate, where there is one.
    pub(super) gate: Option<T>,
    /// (N, intermediate), before the activation function or multiplied with the gate.
    pub(super) up: T,
    /// (N, intermediate), after it.
    pub(super) inner: T,
}

/// How much of a pass is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything that the backward pass reads.
    Everything,
    /// Only the result.
    Result,
}

/// The activations of a pass over some rows: allocated once, used by every pass.
#[derive(Debug)]
pub(crate) struct ActivationBuffers<T> {
    /// The residual stream before each block and after the last; or two that take turns.
    pub(super) residuals: Vec<T>,
    /// One for each block; or one that all share.
    pub(super) blocks: Vec<BlockActivations<T>>,
    /// The rows whose next token is asked for, where that is not all of them.
    pub(super) gathered: T,
    /// The final normalisation: what the head reads.
    pub(super) hidden: Normalized<T>,
    /// The losses of the rows, (N).
    pub(super) losses: T,
}

/// The activations of a pass on a backend.
pub(crate) type Activations<B> = ActivationBuffers<Buffer<B>>;

/// The gradients that the backward pass works in: allocated once, used by every pass. (N, C) with C
/// the hidden size, unless noted.
#[derive(Debug)]
pub(crate) struct GradientBuffers<T> {
    /// Gradient of the residual stream, carried from block to block.
    pub(super) stream: T,
    /// What the MLP adds to it, where attention must not see that.
    pub(super) beside: Option<T>,
    /// Gradient of what a block's part reads, and of what attention writes, which may be wider.
    pub(super) branch: T,
    /// (N, heads · D).
    pub(super) queries: T,
    /// (N, key-value heads · D).
    pub(super) keys: T,
    pub(super) values: T,
    /// Gradients of queries and keys before their normalisation, where they have one.
    pub(super) raw_queries: Option<T>,
    pub(super) raw_keys: Option<T>,
    /// (N, intermediate).
    pub(super) gate: Option<T>,
    pub(super) inner: T,
}

/// The gradients of a pass on a backend.
pub(crate) type BackwardScratch<B> = GradientBuffers<Buffer<B>>;

/// Makes a buffer of so many numbers.
type Make<'a, T> = &'a mut dyn FnMut(usize) -> Result<T, OutOfMemory>;

impl<T> ActivationBuffers<T> {
    fn build(
        architecture: &Architecture,
        rows: usize,
        keep: Keep,
        make: Make<'_, T>,
    ) -> Result<Self, OutOfMemory> {
        let stream = rows * architecture.hidden;
        let (residuals, blocks) = match keep {
            Keep::Everything => (architecture.layers + 1, architecture.layers),
            Keep::Result => (2, 1),
        };
        Ok(Self {
            residuals: (0..residuals)
                .map(|_| make(stream))
                .collect::<Result<_, _>>()?,
            blocks: (0..blocks)
                .map(|_| BlockActivations::build(architecture, rows, make))
                .collect::<Result<_, _>>()?,
            gathered: make(match keep {
                Keep::Everything => 0,
                Keep::Result => stream,
            })?,
            hidden: Normalized::build(stream, rows, make)?,
            losses: make(rows)?,
        })
    }
}

impl<T> Normalized<T> {
    fn build(elements: usize, rows: usize, make: Make<'_, T>) -> Result<Self, OutOfMemory> {
        Ok(Self {
            out: make(elements)?,
            statistics: make(2 * rows)?,
        })
    }
}

impl<T> BlockActivations<T> {
    fn build(
        architecture: &Architecture,
        rows: usize,
        make: Make<'_, T>,
    ) -> Result<Self, OutOfMemory> {
        let attention = &architecture.attention;
        let stream = rows * architecture.hidden;
        let inner = rows * architecture.mlp.intermediate;
        let [query_rows, key_rows] =
            [attention.heads, attention.key_value_heads].map(|heads| rows * heads);
        let [queries, keys] = [query_rows, key_rows].map(|rows| rows * attention.head_dimension);
        let mut raw = |elements, rows| {
            let normed = attention.query_key_norm;
            normed
                .then(|| Normalized::build(elements, rows, make))
                .transpose()
        };
        let (raw_queries, raw_keys) = (raw(queries, query_rows)?, raw(keys, key_rows)?);
        Ok(Self {
            attention_norm: Normalized::build(stream, rows, make)?,
            raw_queries,
            raw_keys,
            queries: make(queries)?,
            keys: make(keys)?,
            values: make(keys)?,
            attention: make(queries)?,
            log_sums: make(query_rows)?,
            middle: make(stream)?,
            mlp_norm: Normalized::build(stream, rows, make)?,
            gate: architecture.mlp.gated.then(|| make(inner)).transpose()?,
            up: make(inner)?,
            inner: make(inner)?,
        })
    }
}

impl<T> GradientBuffers<T> {
    fn build(
        architecture: &Architecture,
        rows: usize,
        make: Make<'_, T>,
    ) -> Result<Self, OutOfMemory> {
        let attention = &architecture.attention;
        let stream = rows * architecture.hidden;
        let inner = rows * architecture.mlp.intermediate;
        let queries = rows * attention.heads * attention.head_dimension;
        let keys = rows * attention.key_value_heads * attention.head_dimension;
        let normed = attention.query_key_norm;
        let parallel = architecture.residual == Residual::Parallel;
        Ok(Self {
            stream: make(stream)?,
            beside: parallel.then(|| make(stream)).transpose()?,
            branch: make(stream.max(queries))?,
            queries: make(queries)?,
            keys: make(keys)?,
            values: make(keys)?,
            raw_queries: normed.then(|| make(queries)).transpose()?,
            raw_keys: normed.then(|| make(keys)).transpose()?,
            gate: architecture.mlp.gated.then(|| make(inner)).transpose()?,
            inner: make(inner)?,
        })
    }
}

/// Buffers of the activations of passes over up to `rows` tokens.
pub(super) fn activations<B: Backend>(
    backend: &B,
    architecture: &Architecture,
    rows: usize,
    keep: Keep,
) -> Result<Activations<B>, OutOfMemory> {
    ActivationBuffers::build(architecture, rows, keep, &mut |len| backend.zeros(len))
}

/// Buffers for backward passes over up to `rows` tokens.
pub(super) fn backward_scratch<B: Backend>(
    backend: &B,
    architecture: &Architecture,
    rows: usize,
) -> Result<BackwardScratch<B>, OutOfMemory> {
    GradientBuffers::build(architecture, rows, &mut |len| backend.zeros(len))
}

impl Architecture {
    /// Numbers in the activations of a training pass over up to `rows` tokens, and in the gradients
    /// that its backward pass works in.
    pub fn training_numbers(&self, rows: usize) -> usize {
        counted(|make| ActivationBuffers::build(self, rows, Keep::Everything, make))
            + counted(|make| GradientBuffers::build(self, rows, make))
    }

    /// Numbers in the activations of a pass over up to `rows` tokens of which only the result is
    /// wanted.
    pub fn pass_numbers(&self, rows: usize) -> usize {
        counted(|make| ActivationBuffers::build(self, rows, Keep::Result, make))
    }
}

/// The numbers in the buffers that `build` makes.
fn counted<T>(build: impl FnOnce(Make<'_, ()>) -> Result<T, OutOfMemory>) -> usize {
    let mut numbers = 0;
    // Counting cannot run out of memory.
    let _ = build(&mut |len| {
        numbers += len;
        Ok(())
    });
    numbers
}
