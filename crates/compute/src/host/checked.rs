//! [`Backend`] for everything that computes on the host: checks the operands against the shapes and
//! hands over slices of exactly the length needed.

use super::{HostBuffer, HostOperations, Weight};
use crate::check::{cache_entries, front, front_mut, head_dimension, indices, range_of, window};
use crate::{AdamW, Attention, Backend, Cached, Head, Linear, Rows, SamplingFilter};

impl<T: HostOperations> Backend for T {
    type Buffer = HostBuffer;

    fn description(&self) -> String {
        self.describe()
    }

    fn zeros(&self, len: usize) -> HostBuffer {
        HostBuffer::zeros(len)
    }

    fn len(&self, buffer: &HostBuffer) -> usize {
        <[f32]>::len(buffer)
    }

    fn write(&self, buffer: &mut HostBuffer, start: usize, values: &[f32]) {
        let range = range_of("write", self.len(buffer), start, values.len());
        buffer[range].copy_from_slice(values);
    }

    fn read(&self, buffer: &HostBuffer, start: usize, values: &mut [f32]) {
        let range = range_of("read", self.len(buffer), start, values.len());
        values.copy_from_slice(&buffer[range]);
    }

    fn fill(&self, buffer: &mut HostBuffer, value: f32) {
        <[f32]>::fill(buffer, value);
    }

    fn embed(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        token_weight: &HostBuffer,
        position_weight: &HostBuffer,
        out: &mut HostBuffer,
    ) {
        let (tokens, positions) = embedded(
            "embed",
            shape,
            tokens,
            positions,
            token_weight,
            position_weight,
        );
        HostOperations::embed(
            self,
            shape,
            tokens,
            positions,
            token_weight,
            position_weight,
            front_mut("embed", "out", out, shape.rows * shape.channels),
        );
    }

    fn embed_backward(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        d_out: &HostBuffer,
        d_token_weight: &mut HostBuffer,
        d_position_weight: &mut HostBuffer,
    ) {
        const OPERATION: &str = "embed_backward";
        let (tokens, positions) = embedded(
            OPERATION,
            shape,
            tokens,
            positions,
            d_token_weight,
            d_position_weight,
        );
        HostOperations::embed_backward(
            self,
            shape,
            tokens,
            positions,
            front(OPERATION, "d_out", d_out, shape.rows * shape.channels),
            d_token_weight,
            d_position_weight,
        );
    }

    fn layer_norm(
        &self,
        shape: Rows,
        x: &HostBuffer,
        weight: &HostBuffer,
        bias: &HostBuffer,
        out: &mut HostBuffer,
        statistics: &mut HostBuffer,
    ) {
        const OPERATION: &str = "layer_norm";
        let len = shape.rows * shape.channels;
        HostOperations::layer_norm(
            self,
            shape,
            front(OPERATION, "x", x, len),
            front(OPERATION, "weight", weight, shape.channels),
            front(OPERATION, "bias", bias, shape.channels),
            front_mut(OPERATION, "out", out, len),
            front_mut(OPERATION, "statistics", statistics, 2 * shape.rows),
        );
    }

    fn layer_norm_backward(
        &self,
        shape: Rows,
        x: &HostBuffer,
        weight: &HostBuffer,
        statistics: &HostBuffer,
        d_out: &HostBuffer,
        d_x: &mut HostBuffer,
        d_weight: &mut HostBuffer,
        d_bias: &mut HostBuffer,
    ) {
        const OPERATION: &str = "layer_norm_backward";
        let len = shape.rows * shape.channels;
        HostOperations::layer_norm_backward(
            self,
            shape,
            front(OPERATION, "x", x, len),
            front(OPERATION, "weight", weight, shape.channels),
            front(OPERATION, "statistics", statistics, 2 * shape.rows),
            front(OPERATION, "d_out", d_out, len),
            front_mut(OPERATION, "d_x", d_x, len),
            front_mut(OPERATION, "d_weight", d_weight, shape.channels),
            front_mut(OPERATION, "d_bias", d_bias, shape.channels),
        );
    }

    fn linear(
        &self,
        shape: Linear,
        x: &HostBuffer,
        weight: &HostBuffer,
        bias: Option<&HostBuffer>,
        out: &mut HostBuffer,
    ) {
        const OPERATION: &str = "linear";
        HostOperations::linear(
            self,
            shape,
            front(OPERATION, "x", x, shape.rows * shape.inputs),
            weights(OPERATION, weight, shape.outputs * shape.inputs),
            bias.map(|bias| front(OPERATION, "bias", bias, shape.outputs)),
            front_mut(OPERATION, "out", out, shape.rows * shape.outputs),
        );
    }

    fn linear_backward_input(
        &self,
        shape: Linear,
        weight: &HostBuffer,
        d_out: &HostBuffer,
        accumulate: bool,
        d_x: &mut HostBuffer,
    ) {
        const OPERATION: &str = "linear_backward_input";
        HostOperations::linear_backward_input(
            self,
            shape,
            weights(OPERATION, weight, shape.outputs * shape.inputs),
            front(OPERATION, "d_out", d_out, shape.rows * shape.outputs),
            accumulate,
            front_mut(OPERATION, "d_x", d_x, shape.rows * shape.inputs),
        );
    }

    fn linear_backward_weight(
        &self,
        shape: Linear,
        x: &HostBuffer,
        d_out: &HostBuffer,
        d_weight: &mut HostBuffer,
        d_bias: Option<&mut HostBuffer>,
    ) {
        const OPERATION: &str = "linear_backward_weight";
        HostOperations::linear_backward_weight(
            self,
            shape,
            front(OPERATION, "x", x, shape.rows * shape.inputs),
            front(OPERATION, "d_out", d_out, shape.rows * shape.outputs),
            front_mut(
                OPERATION,
                "d_weight",
                d_weight,
                shape.outputs * shape.inputs,
            ),
            d_bias.map(|d_bias| front_mut(OPERATION, "d_bias", d_bias, shape.outputs)),
        );
    }

    fn gelu(&self, shape: Rows, x: &HostBuffer, out: &mut HostBuffer) {
        let len = shape.rows * shape.channels;
        HostOperations::gelu(
            self,
            front("gelu", "x", x, len),
            front_mut("gelu", "out", out, len),
        );
    }

    fn gelu_backward(&self, shape: Rows, x: &HostBuffer, d: &mut HostBuffer) {
        let len = shape.rows * shape.channels;
        HostOperations::gelu_backward(
            self,
            front("gelu_backward", "x", x, len),
            front_mut("gelu_backward", "d", d, len),
        );
    }

    fn add(&self, shape: Rows, x: &HostBuffer, out: &mut HostBuffer) {
        let len = shape.rows * shape.channels;
        HostOperations::add(
            self,
            front("add", "x", x, len),
            front_mut("add", "out", out, len),
        );
    }

    fn attention(
        &self,
        shape: Attention<'_>,
        queries: &HostBuffer,
        keys: &HostBuffer,
        values: &HostBuffer,
        out: &mut HostBuffer,
        log_sums: &mut HostBuffer,
    ) {
        const OPERATION: &str = "attention";
        let len = attended(OPERATION, shape);
        HostOperations::attention(
            self,
            shape,
            front(OPERATION, "queries", queries, len),
            front(OPERATION, "keys", keys, len),
            front(OPERATION, "values", values, len),
            front_mut(OPERATION, "out", out, len),
            front_mut(
                OPERATION,
                "log_sums",
                log_sums,
                shape.sequences.rows() * shape.heads,
            ),
        );
    }

    fn attention_backward(
        &self,
        shape: Attention<'_>,
        queries: &HostBuffer,
        keys: &HostBuffer,
        values: &HostBuffer,
        out: &HostBuffer,
        log_sums: &HostBuffer,
        d_out: &HostBuffer,
        d_queries: &mut HostBuffer,
        d_keys: &mut HostBuffer,
        d_values: &mut HostBuffer,
    ) {
        const OPERATION: &str = "attention_backward";
        let len = attended(OPERATION, shape);
        HostOperations::attention_backward(
            self,
            shape,
            front(OPERATION, "queries", queries, len),
            front(OPERATION, "keys", keys, len),
            front(OPERATION, "values", values, len),
            front(OPERATION, "out", out, len),
            front(
                OPERATION,
                "log_sums",
                log_sums,
                shape.sequences.rows() * shape.heads,
            ),
            front(OPERATION, "d_out", d_out, len),
            front_mut(OPERATION, "d_queries", d_queries, len),
            front_mut(OPERATION, "d_keys", d_keys, len),
            front_mut(OPERATION, "d_values", d_values, len),
        );
    }

    fn cache_len(&self, slots: usize, capacity: usize, heads: usize, channels: usize) -> usize {
        HostOperations::cache_len(self, slots, capacity, heads, channels)
    }

    fn sequences_at_once(&self, most: usize, weights: usize, cached: usize) -> usize {
        HostOperations::sequences_at_once(self, most, weights, cached)
    }

    fn attention_cached(
        &self,
        shape: Cached<'_>,
        queries: &HostBuffer,
        keys: &HostBuffer,
        values: &HostBuffer,
        cached_keys: &mut HostBuffer,
        cached_values: &mut HostBuffer,
        out: &mut HostBuffer,
    ) {
        const OPERATION: &str = "attention_cached";
        head_dimension(OPERATION, shape.channels, shape.heads);
        window(OPERATION, shape.window);
        let cached = self.len(cached_keys).min(self.len(cached_values));
        cache_entries(OPERATION, &shape, cached, |slots| {
            HostOperations::cache_len(self, slots, shape.capacity, shape.heads, shape.channels)
        });
        let len = shape.entries.len() * shape.channels;
        HostOperations::attention_cached(
            self,
            shape,
            front(OPERATION, "queries", queries, len),
            front(OPERATION, "keys", keys, len),
            front(OPERATION, "values", values, len),
            cached_keys,
            cached_values,
            front_mut(OPERATION, "out", out, len),
        );
    }

    fn gather(&self, channels: usize, rows: &[u32], x: &HostBuffer, out: &mut HostBuffer) {
        indices("gather", "rows", rows, rows_of(x, channels));
        HostOperations::gather(
            self,
            channels,
            rows,
            x,
            front_mut("gather", "out", out, rows.len() * channels),
        );
    }

    fn head_losses(
        &self,
        shape: Head,
        hidden: &HostBuffer,
        weight: &HostBuffer,
        targets: &[u32],
        losses: &mut [f32],
    ) {
        const OPERATION: &str = "head_losses";
        let targets = front(OPERATION, "targets", targets, shape.rows);
        indices(OPERATION, "targets", targets, shape.vocabulary);
        HostOperations::head_losses(
            self,
            shape,
            front(OPERATION, "hidden", hidden, shape.rows * shape.channels),
            weights(OPERATION, weight, shape.vocabulary * shape.channels),
            targets,
            front_mut(OPERATION, "losses", losses, shape.rows),
        );
    }

    fn head_losses_backward(
        &self,
        shape: Head,
        hidden: &HostBuffer,
        weight: &HostBuffer,
        targets: &[u32],
        scale: f32,
        losses: &mut [f32],
        d_hidden: &mut HostBuffer,
        d_weight: &mut HostBuffer,
    ) {
        const OPERATION: &str = "head_losses_backward";
        let targets = front(OPERATION, "targets", targets, shape.rows);
        indices(OPERATION, "targets", targets, shape.vocabulary);
        let hidden_len = shape.rows * shape.channels;
        let weight_len = shape.vocabulary * shape.channels;
        HostOperations::head_losses_backward(
            self,
            shape,
            front(OPERATION, "hidden", hidden, hidden_len),
            weights(OPERATION, weight, weight_len),
            targets,
            scale,
            front_mut(OPERATION, "losses", losses, shape.rows),
            front_mut(OPERATION, "d_hidden", d_hidden, hidden_len),
            front_mut(OPERATION, "d_weight", d_weight, weight_len),
        );
    }

    fn head_logits(
        &self,
        shape: Head,
        hidden: &HostBuffer,
        weight: &HostBuffer,
        logits: &mut [f32],
    ) {
        const OPERATION: &str = "head_logits";
        HostOperations::head_logits(
            self,
            shape,
            front(OPERATION, "hidden", hidden, shape.rows * shape.channels),
            weights(OPERATION, weight, shape.vocabulary * shape.channels),
            front_mut(OPERATION, "logits", logits, shape.rows * shape.vocabulary),
        );
    }

    fn head_sample(
        &self,
        shape: Head,
        hidden: &HostBuffer,
        weight: &HostBuffer,
        filter: SamplingFilter,
        uniforms: &[f64],
        tokens: &mut [u32],
    ) {
        const OPERATION: &str = "head_sample";
        assert!(
            shape.vocabulary > 0 || shape.rows == 0,
            "{OPERATION}: the vocabulary is empty"
        );
        assert!(
            filter.temperature > 0.0,
            "{OPERATION}: temperature {} is not positive",
            filter.temperature
        );
        HostOperations::head_sample(
            self,
            shape,
            front(OPERATION, "hidden", hidden, shape.rows * shape.channels),
            weights(OPERATION, weight, shape.vocabulary * shape.channels),
            filter,
            front(OPERATION, "uniforms", uniforms, shape.rows),
            front_mut(OPERATION, "tokens", tokens, shape.rows),
        );
    }

    fn sum_of_squares(&self, x: &HostBuffer) -> f64 {
        HostOperations::sum_of_squares(self, x)
    }

    fn adamw(
        &self,
        settings: AdamW,
        parameter: &mut HostBuffer,
        gradient: &HostBuffer,
        first_moment: &mut HostBuffer,
        second_moment: &mut HostBuffer,
    ) {
        let len = self.len(parameter);
        HostOperations::adamw(
            self,
            settings,
            parameter,
            front("adamw", "gradient", gradient, len),
            front_mut("adamw", "first_moment", first_moment, len),
            front_mut("adamw", "second_moment", second_moment, len),
        );
    }
}

/// The weights of a layer, checked against their number.
#[track_caller]
fn weights<'a>(operation: &str, buffer: &'a HostBuffer, len: usize) -> Weight<'a> {
    Weight::new(front(operation, "weight", buffer, len), buffer)
}

/// The tokens and positions of a shape, checked against the embeddings that they index.
fn embedded<'a>(
    operation: &str,
    shape: Rows,
    tokens: &'a [u32],
    positions: &'a [u32],
    token_weight: &[f32],
    position_weight: &[f32],
) -> (&'a [u32], &'a [u32]) {
    let tokens = front(operation, "tokens", tokens, shape.rows);
    let positions = front(operation, "positions", positions, shape.rows);
    indices(
        operation,
        "tokens",
        tokens,
        rows_of(token_weight, shape.channels),
    );
    indices(
        operation,
        "positions",
        positions,
        rows_of(position_weight, shape.channels),
    );
    (tokens, positions)
}

/// Number of whole rows of `channels` numbers.
fn rows_of(x: &[f32], channels: usize) -> usize {
    x.len().checked_div(channels).unwrap_or(usize::MAX)
}

/// Length of the queries of a shape, after checking its heads and window.
fn attended(operation: &str, shape: Attention<'_>) -> usize {
    head_dimension(operation, shape.channels, shape.heads);
    window(operation, shape.window);
    shape.sequences.rows() * shape.channels
}
