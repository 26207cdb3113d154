//! The reference as a backend.

use super::{attention, elementwise, embedding, head, layer_norm, linear};
use crate::host::{HostOperations, Weight};
use crate::{AdamW, Attention, Cached, Head, Linear, Rows, SamplingFilter};

/// The oracle: every operation as its definition says, on one thread, with sums in 64 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceBackend;

impl HostOperations for ReferenceBackend {
    fn describe(&self) -> String {
        "reference".to_owned()
    }

    fn embed(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        token_weight: &[f32],
        position_weight: &[f32],
        out: &mut [f32],
    ) {
        embedding::embed(shape, tokens, positions, token_weight, position_weight, out);
    }

    fn embed_backward(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        d_out: &[f32],
        d_token_weight: &mut [f32],
        d_position_weight: &mut [f32],
    ) {
        embedding::embed_backward(
            shape,
            tokens,
            positions,
            d_out,
            d_token_weight,
            d_position_weight,
        );
    }

    fn layer_norm(
        &self,
        shape: Rows,
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        out: &mut [f32],
        statistics: &mut [f32],
    ) {
        layer_norm::layer_norm(shape, x, weight, bias, out, statistics);
    }

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
    ) {
        layer_norm::layer_norm_backward(shape, x, weight, statistics, d_out, d_x, d_weight, d_bias);
    }

    fn linear(
        &self,
        shape: Linear,
        x: &[f32],
        weight: Weight<'_>,
        bias: Option<&[f32]>,
        out: &mut [f32],
    ) {
        linear::linear(shape, x, weight.values(), bias, out);
    }

    fn linear_backward_input(
        &self,
        shape: Linear,
        weight: Weight<'_>,
        d_out: &[f32],
        accumulate: bool,
        d_x: &mut [f32],
    ) {
        linear::backward_input(shape, weight.values(), d_out, accumulate, d_x);
    }

    fn linear_backward_weight(
        &self,
        shape: Linear,
        x: &[f32],
        d_out: &[f32],
        d_weight: &mut [f32],
        d_bias: Option<&mut [f32]>,
    ) {
        linear::backward_weight(shape, x, d_out, d_weight, d_bias);
    }

    fn gelu(&self, x: &[f32], out: &mut [f32]) {
        elementwise::gelu(x, out);
    }

    fn gelu_backward(&self, x: &[f32], d: &mut [f32]) {
        elementwise::gelu_backward(x, d);
    }

    fn add(&self, x: &[f32], out: &mut [f32]) {
        elementwise::add(x, out);
    }

    fn attention(
        &self,
        shape: Attention<'_>,
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        out: &mut [f32],
        log_sums: &mut [f32],
    ) {
        attention::attention(shape, queries, keys, values, out, log_sums);
    }

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
    ) {
        attention::attention_backward(
            shape, queries, keys, values, out, log_sums, d_out, d_queries, d_keys, d_values,
        );
    }

    fn cache_len(&self, slots: usize, capacity: usize, _: usize, channels: usize) -> usize {
        slots * capacity * channels
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
    ) {
        attention::attention_cached(
            shape,
            queries,
            keys,
            values,
            cached_keys,
            cached_values,
            out,
        );
    }

    fn gather(&self, channels: usize, rows: &[u32], x: &[f32], out: &mut [f32]) {
        embedding::gather(channels, rows, x, out);
    }

    fn head_losses(
        &self,
        shape: Head,
        hidden: &[f32],
        weight: Weight<'_>,
        targets: &[u32],
        losses: &mut [f32],
    ) {
        head::losses(shape, hidden, weight.values(), targets, losses);
    }

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
    ) {
        head::losses_backward(
            shape,
            hidden,
            weight.values(),
            targets,
            scale,
            losses,
            d_hidden,
            d_weight,
        );
    }

    fn head_logits(&self, shape: Head, hidden: &[f32], weight: Weight<'_>, logits: &mut [f32]) {
        head::logits(shape, hidden, weight.values(), logits);
    }

    fn head_sample(
        &self,
        shape: Head,
        hidden: &[f32],
        weight: Weight<'_>,
        filter: SamplingFilter,
        uniforms: &[f64],
        tokens: &mut [u32],
    ) {
        head::sample(shape, hidden, weight.values(), filter, uniforms, tokens);
    }

    fn sum_of_squares(&self, x: &[f32]) -> f64 {
        elementwise::sum_of_squares(x)
    }

    fn adamw(
        &self,
        settings: AdamW,
        parameter: &mut [f32],
        gradient: &[f32],
        first_moment: &mut [f32],
        second_moment: &mut [f32],
    ) {
        elementwise::adamw(settings, parameter, gradient, first_moment, second_moment);
    }
}
