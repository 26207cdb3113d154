//! The contract between a model and the device it runs on.

use crate::shapes::{AdamW, Attention, Cached, Head, Linear, Rows, SamplingFilter};

/// A device that holds buffers of 32-bit floating-point numbers and computes on them.
///
/// *Shapes.* N is the number of rows (tokens) and C the number of channels; matrices are row-major.
/// A buffer may be longer than an operation needs: it then uses the front of it. An output is
/// overwritten unless its description says that the result is *added* to it; gradients of
/// parameters, whose names begin with `d_` and end in `weight` or `bias`, are always added to.
/// Index arrays and results that a caller reads at once are host slices.
///
/// *Determinism.* The same operands give the same bits for any number of threads, and a row of a
/// result does not depend on which other rows, or how many, are computed with it.
///
/// # Panics
/// An operation panics when a buffer is too short for its shape or an index is out of range: the
/// caller has a defect. The message names the operation and the sizes.
pub trait Backend: Send + Sync + 'static {
    /// Numbers on the device.
    type Buffer: Send + Sync + std::fmt::Debug;

    /// What computes, for records: backend, instruction set, precision, threads. Example: `cpu,
    /// avx512, f32, 2 threads`.
    fn description(&self) -> String;

    /// A buffer of `len` zeros.
    fn zeros(&self, len: usize) -> Self::Buffer;

    /// Number of elements of `buffer`.
    fn len(&self, buffer: &Self::Buffer) -> usize;

    /// Copies `values` to the elements of `buffer` from `start` on.
    fn write(&self, buffer: &mut Self::Buffer, start: usize, values: &[f32]);

    /// Copies the elements of `buffer` from `start` on to `values`.
    fn read(&self, buffer: &Self::Buffer, start: usize, values: &mut [f32]);

    /// Sets every element of `buffer` to `value`.
    fn fill(&self, buffer: &mut Self::Buffer, value: f32);

    /// Token plus position embedding: `out[n] = token_weight[tokens[n]] + position_weight[positions[n]]`.
    ///
    /// `token_weight` (V, C), `position_weight` (P, C), `out` (N, C).
    fn embed(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        token_weight: &Self::Buffer,
        position_weight: &Self::Buffer,
        out: &mut Self::Buffer,
    );

    /// Backward of [`embed`](Self::embed): adds the rows of `d_out` to the rows that were looked up.
    fn embed_backward(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        d_out: &Self::Buffer,
        d_token_weight: &mut Self::Buffer,
        d_position_weight: &mut Self::Buffer,
    );

    /// Layer normalisation of each row with ε = 1e-5 under the root (biased variance).
    ///
    /// `statistics` (N, 2) receives the mean and the reciprocal standard deviation of each row.
    fn layer_norm(
        &self,
        shape: Rows,
        x: &Self::Buffer,
        weight: &Self::Buffer,
        bias: &Self::Buffer,
        out: &mut Self::Buffer,
        statistics: &mut Self::Buffer,
    );

    /// Backward of [`layer_norm`](Self::layer_norm). The gradient of the input is *added* to `d_x`,
    /// because a pre-normalised block adds it to that of the residual stream.
    #[allow(clippy::too_many_arguments)]
    fn layer_norm_backward(
        &self,
        shape: Rows,
        x: &Self::Buffer,
        weight: &Self::Buffer,
        statistics: &Self::Buffer,
        d_out: &Self::Buffer,
        d_x: &mut Self::Buffer,
        d_weight: &mut Self::Buffer,
        d_bias: &mut Self::Buffer,
    );

    /// `out = x · weightᵀ + bias`, with `x` (N, inputs), `weight` (outputs, inputs), `bias` (outputs).
    fn linear(
        &self,
        shape: Linear,
        x: &Self::Buffer,
        weight: &Self::Buffer,
        bias: Option<&Self::Buffer>,
        out: &mut Self::Buffer,
    );

    /// Gradient of [`linear`](Self::linear) with respect to its input: `d_x = d_out · weight`,
    /// *added* to `d_x` when `accumulate` is set (several layers that read the same input).
    fn linear_backward_input(
        &self,
        shape: Linear,
        weight: &Self::Buffer,
        d_out: &Self::Buffer,
        accumulate: bool,
        d_x: &mut Self::Buffer,
    );

    /// Gradient of [`linear`](Self::linear) with respect to its parameters:
    /// `d_weight += d_outᵀ · x`, `d_bias +=` the sum of the rows of `d_out`.
    fn linear_backward_weight(
        &self,
        shape: Linear,
        x: &Self::Buffer,
        d_out: &Self::Buffer,
        d_weight: &mut Self::Buffer,
        d_bias: Option<&mut Self::Buffer>,
    );

    /// `gelu_new`: `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`, element by element.
    fn gelu(&self, shape: Rows, x: &Self::Buffer, out: &mut Self::Buffer);

    /// Backward of [`gelu`](Self::gelu), in place: multiplies `d` by the derivative at `x`.
    fn gelu_backward(&self, shape: Rows, x: &Self::Buffer, d: &mut Self::Buffer);

    /// `out += x`: the residual connection.
    fn add(&self, shape: Rows, x: &Self::Buffer, out: &mut Self::Buffer);

    /// Causal attention of queries, keys and values, each (N, C) with head h in channels
    /// h·C/heads … (h+1)·C/heads.
    ///
    /// `log_sums` (N, heads) receives ln Σ exp(score) over the keys that a query sees.
    fn attention(
        &self,
        shape: Attention<'_>,
        queries: &Self::Buffer,
        keys: &Self::Buffer,
        values: &Self::Buffer,
        out: &mut Self::Buffer,
        log_sums: &mut Self::Buffer,
    );

    /// Backward of [`attention`](Self::attention), with the weights recomputed from `log_sums`.
    #[allow(clippy::too_many_arguments)]
    fn attention_backward(
        &self,
        shape: Attention<'_>,
        queries: &Self::Buffer,
        keys: &Self::Buffer,
        values: &Self::Buffer,
        out: &Self::Buffer,
        log_sums: &Self::Buffer,
        d_out: &Self::Buffer,
        d_queries: &mut Self::Buffer,
        d_keys: &mut Self::Buffer,
        d_values: &mut Self::Buffer,
    );

    /// Numbers of a cache of keys, or of values, with `slots` slots of `capacity` positions. How they
    /// lie in it is known to [`attention_cached`](Self::attention_cached) alone.
    fn cache_len(&self, slots: usize, capacity: usize, heads: usize, channels: usize) -> usize;

    /// How many sequences are best extended side by side with [`attention_cached`](Self::attention_cached),
    /// at most `most`, where a step reads `weights` numbers of weights and a sequence's caches have
    /// `cached` numbers. What is computed does not depend on it.
    fn sequences_at_once(&self, most: usize, _weights: usize, _cached: usize) -> usize {
        most
    }

    /// One step of attention with a cache: stores the new `keys` and `values` (R, C) at their
    /// entries, then lets query r attend to the positions of its slot up to its own, which earlier
    /// steps have stored in order.
    #[allow(clippy::too_many_arguments)]
    fn attention_cached(
        &self,
        shape: Cached<'_>,
        queries: &Self::Buffer,
        keys: &Self::Buffer,
        values: &Self::Buffer,
        cached_keys: &mut Self::Buffer,
        cached_values: &mut Self::Buffer,
        out: &mut Self::Buffer,
    );

    /// `out[i] = x[rows[i]]`, row by row; `channels` numbers each.
    fn gather(&self, channels: usize, rows: &[u32], x: &Self::Buffer, out: &mut Self::Buffer);

    /// `losses[n] = −ln softmax(hidden[n] · weightᵀ)[targets[n]]`, without storing the logits.
    fn head_losses(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        targets: &[u32],
        losses: &mut [f32],
    );

    /// [`head_losses`](Self::head_losses) together with the gradients of `scale · Σ losses`:
    /// `d_hidden` (N, C) is overwritten, `d_weight` (V, C) is added to.
    #[allow(clippy::too_many_arguments)]
    fn head_losses_backward(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        targets: &[u32],
        scale: f32,
        losses: &mut [f32],
        d_hidden: &mut Self::Buffer,
        d_weight: &mut Self::Buffer,
    );

    /// The logits themselves, (N, V), for the few rows of which a caller wants the distribution.
    fn head_logits(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        logits: &mut [f32],
    );

    /// Draws a token for each row: the first index at which the running sum, in index order, of
    /// the filtered probabilities exceeds `uniforms[n]` (in [0, 1)) times their total.
    fn head_sample(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        filter: SamplingFilter,
        uniforms: &[f64],
        tokens: &mut [u32],
    );

    /// Σ x² of all elements, summed in 64 bits.
    fn sum_of_squares(&self, x: &Self::Buffer) -> f64;

    /// One [`AdamW`] step on all elements of `parameter` with its moments.
    fn adamw(
        &self,
        settings: AdamW,
        parameter: &mut Self::Buffer,
        gradient: &Self::Buffer,
        first_moment: &mut Self::Buffer,
        second_moment: &mut Self::Buffer,
    );
}
