//! The operations of [`Backend`](crate::Backend) on slices that have exactly the length of their
//! shape and whose indices are in range.

use super::Weight;
use crate::{AdamW, Attention, Cached, Head, Linear, Rows, SamplingFilter};

/// What a backend in the memory of the host implements; see [`Backend`](crate::Backend) for what
/// each operation means. Buffers of elementwise operations are cut to `rows · channels`.
pub(crate) trait HostOperations: Send + Sync + 'static {
    fn describe(&self) -> String;

    fn embed(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        token_weight: &[f32],
        position_weight: &[f32],
        out: &mut [f32],
    );

    fn embed_backward(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        d_out: &[f32],
        d_token_weight: &mut [f32],
        d_position_weight: &mut [f32],
    );

    fn layer_norm(
        &self,
        shape: Rows,
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        out: &mut [f32],
        statistics: &mut [f32],
    );

    #[allow(clippy::too_many_arguments)]
    fn layer_norm_backward(
        &self,
        shape: Rows,
        x: &[f32],
        weight: &[f32],
        statistics: &[f32],
        d_out: &[f32],
        d_x: &mut [f32],
        d_weight: &mut [f32],
        d_bias: &mut [f32],
    );

    fn linear(
        &self,
        shape: Linear,
        x: &[f32],
        weight: Weight<'_>,
        bias: Option<&[f32]>,
        out: &mut [f32],
    );

    fn linear_backward_input(
        &self,
        shape: Linear,
        weight: Weight<'_>,
        d_out: &[f32],
        accumulate: bool,
        d_x: &mut [f32],
    );

    fn linear_backward_weight(
        &self,
        shape: Linear,
        x: &[f32],
        d_out: &[f32],
        d_weight: &mut [f32],
        d_bias: Option<&mut [f32]>,
    );

    fn gelu(&self, x: &[f32], out: &mut [f32]);

    fn gelu_backward(&self, x: &[f32], d: &mut [f32]);

    fn add(&self, x: &[f32], out: &mut [f32]);

    fn attention(
        &self,
        shape: Attention<'_>,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        out: &mut [f32],
        log_sums: &mut [f32],
    );

    #[allow(clippy::too_many_arguments)]
    fn attention_backward(
        &self,
        shape: Attention<'_>,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        out: &[f32],
        log_sums: &[f32],
        d_out: &[f32],
        d_queries: &mut [f32],
        d_keys: &mut [f32],
        d_values: &mut [f32],
    );

    fn cache_len(&self, slots: usize, capacity: usize, heads: usize, channels: usize) -> usize;

    fn sequences_at_once(&self, most: usize, _weights: usize, _cached: usize) -> usize {
        most
    }

    #[allow(clippy::too_many_arguments)]
    fn attention_cached(
        &self,
        shape: Cached<'_>,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        cached_keys: &mut [f32],
        cached_values: &mut [f32],
        out: &mut [f32],
    );

    fn gather(&self, channels: usize, rows: &[u32], x: &[f32], out: &mut [f32]);

    fn head_losses(
        &self,
        shape: Head,
        hidden: &[f32],
        weight: Weight<'_>,
        targets: &[u32],
        losses: &mut [f32],
    );

    #[allow(clippy::too_many_arguments)]
    fn head_losses_backward(
        &self,
        shape: Head,
        hidden: &[f32],
        weight: Weight<'_>,
        targets: &[u32],
        scale: f32,
        losses: &mut [f32],
        d_hidden: &mut [f32],
        d_weight: &mut [f32],
    );

    fn head_logits(&self, shape: Head, hidden: &[f32], weight: Weight<'_>, logits: &mut [f32]);

    fn head_sample(
        &self,
        shape: Head,
        hidden: &[f32],
        weight: Weight<'_>,
        filter: SamplingFilter,
        uniforms: &[f64],
        tokens: &mut [u32],
    );

    fn sum_of_squares(&self, x: &[f32]) -> f64;

    fn adamw(
        &self,
        settings: AdamW,
        parameter: &mut [f32],
        gradient: &[f32],
        first_moment: &mut [f32],
        second_moment: &mut [f32],
    );
}
