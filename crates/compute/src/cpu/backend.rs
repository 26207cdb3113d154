//! The CPU as a backend.

use std::num::NonZero;

use super::attention_backward::Inputs;
use super::engine::Engine;
use super::isa::{CheckedIsa, Isa, IsaError};
use super::{
    attention, attention_backward, attention_cached, elementwise, embedding, head, head_loss,
    head_sample, layer_norm, linear,
};
use crate::host::{HostOperations, Weight};
use crate::{AdamW, Attention, Cached, Head, Linear, Precision, Rows, SamplingFilter};

/// What a [`CpuBackend`] computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuSettings {
    /// Number of threads; `None`: one for every core.
    pub threads: Option<usize>,
    /// The instruction set.
    pub isa: Isa,
    /// The precision of matrix products; `None`: bf16 where the instruction set multiplies numbers
    /// in bf16, else f32.
    pub precision: Option<Precision>,
}

/// All cores of this machine, with its best vector instructions.
///
/// The results depend on the instruction set and the precision, which
/// [`description`](crate::Backend::description) names, and not on the number of threads.
#[derive(Debug)]
pub struct CpuBackend {
    engine: Engine,
}

impl CpuBackend {
    /// A backend in f32 with threads of its own: `threads`, or one for every core.
    ///
    /// The environment variable `AUTOPHAGE_ISA` forces an instruction set.
    ///
    /// # Panics
    /// The variable names an instruction set that does not exist or that this processor lacks;
    /// call [`Isa::from_environment`] and [`with_settings`](Self::with_settings) to handle that.
    pub fn new(threads: Option<usize>) -> Self {
        Isa::from_environment()
            .and_then(|isa| Self::with_isa(threads, isa))
            .unwrap_or_else(|error| panic!("AUTOPHAGE_ISA: {error}"))
    }

    /// A backend in f32 with this instruction set.
    ///
    /// # Errors
    /// This processor lacks it.
    pub fn with_isa(threads: Option<usize>, isa: Isa) -> Result<Self, IsaError> {
        Self::with_settings(CpuSettings {
            threads,
            isa,
            precision: Some(Precision::F32),
        })
    }

    /// A backend with these settings. Every precision works with every instruction set; bf16 is
    /// slow where [`Isa::has_bf16`] is not so.
    ///
    /// # Errors
    /// This processor lacks the instruction set.
    pub fn with_settings(settings: CpuSettings) -> Result<Self, IsaError> {
        let isa = CheckedIsa::new(settings.isa)?;
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let precision = settings.precision.unwrap_or(match settings.isa.has_bf16() {
            true => Precision::Bf16,
            false => Precision::F32,
        });
        let threads = settings.threads.unwrap_or_else(cores);
        Ok(Self {
            engine: Engine::new(isa, precision, threads),
        })
    }

    /// The instruction set in use.
    pub fn isa(&self) -> Isa {
        self.engine.isa().isa()
    }

    /// The precision of matrix products.
    pub fn precision(&self) -> Precision {
        self.engine.precision()
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.engine.threads()
    }
}

impl HostOperations for CpuBackend {
    fn describe(&self) -> String {
        let (isa, precision, threads) = (self.isa(), self.precision(), self.threads());
        format!("cpu, {isa}, {precision}, {threads} threads")
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
        embedding::embed(
            &self.engine,
            shape,
            tokens,
            positions,
            token_weight,
            position_weight,
            out,
        );
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
            &self.engine,
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
        layer_norm::layer_norm(&self.engine, shape, x, weight, bias, out, statistics);
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
        layer_norm::layer_norm_backward(
            &self.engine,
            shape,
            x,
            weight,
            statistics,
            d_out,
            d_x,
            d_weight,
            d_bias,
        );
    }

    fn linear(
        &self,
        shape: Linear,
        x: &[f32],
        weight: Weight<'_>,
        bias: Option<&[f32]>,
        out: &mut [f32],
    ) {
        linear::linear(&self.engine, shape, x, weight, bias, out);
    }

    fn linear_backward_input(
        &self,
        shape: Linear,
        weight: Weight<'_>,
        d_out: &[f32],
        accumulate: bool,
        d_x: &mut [f32],
    ) {
        linear::backward_input(&self.engine, shape, weight, d_out, accumulate, d_x);
    }

    fn linear_backward_weight(
        &self,
        shape: Linear,
        x: &[f32],
        d_out: &[f32],
        d_weight: &mut [f32],
        d_bias: Option<&mut [f32]>,
    ) {
        linear::backward_weight(&self.engine, shape, x, d_out, d_weight, d_bias);
    }

    fn gelu(&self, x: &[f32], out: &mut [f32]) {
        elementwise::gelu(&self.engine, x, out);
    }

    fn gelu_backward(&self, x: &[f32], d: &mut [f32]) {
        elementwise::gelu_backward(&self.engine, x, d);
    }

    fn add(&self, x: &[f32], out: &mut [f32]) {
        elementwise::add(&self.engine, x, out);
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
        attention::attention(&self.engine, shape, queries, keys, values, out, log_sums);
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
        attention_backward::attention_backward(
            &self.engine,
            shape,
            Inputs {
                queries,
                keys,
                values,
                out,
                log_sums,
                d_out,
            },
            d_queries,
            d_keys,
            d_values,
        );
    }

    fn cache_len(&self, slots: usize, capacity: usize, heads: usize, channels: usize) -> usize {
        attention_cached::cache_len(&self.engine, slots, capacity, heads, channels)
    }

    fn sequences_at_once(&self, most: usize, weights: usize, cached: usize) -> usize {
        attention_cached::sequences_at_once(&self.engine, most, weights, cached)
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
        attention_cached::attention_cached(
            &self.engine,
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
        embedding::gather(&self.engine, channels, rows, x, out);
    }

    fn head_losses(
        &self,
        shape: Head,
        hidden: &[f32],
        weight: Weight<'_>,
        targets: &[u32],
        losses: &mut [f32],
    ) {
        head_loss::losses(&self.engine, shape, hidden, weight, targets, losses);
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
        head_loss::losses_backward(
            &self.engine,
            shape,
            hidden,
            weight,
            targets,
            scale,
            losses,
            d_hidden,
            d_weight,
        );
    }

    fn head_logits(&self, shape: Head, hidden: &[f32], weight: Weight<'_>, logits: &mut [f32]) {
        head::logits(&self.engine, shape, hidden, weight, logits);
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
        head_sample::sample(
            &self.engine,
            shape,
            hidden,
            weight,
            filter,
            uniforms,
            tokens,
        );
    }

    fn sum_of_squares(&self, x: &[f32]) -> f64 {
        elementwise::sum_of_squares(&self.engine, x)
    }

    fn adamw(
        &self,
        settings: AdamW,
        parameter: &mut [f32],
        gradient: &[f32],
        first_moment: &mut [f32],
        second_moment: &mut [f32],
    ) {
        elementwise::adamw(
            &self.engine,
            settings,
            parameter,
            gradient,
            first_moment,
            second_moment,
        );
    }
}
