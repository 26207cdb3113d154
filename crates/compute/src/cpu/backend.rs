//! The CPU as a backend.

use std::num::NonZero;

use super::engine::Engine;
use super::isa::{CheckedIsa, Isa, IsaError};
use super::{
    activation, attention, elementwise, embedding, head, last_level_cache, linear, normalize,
    optimizer, rotate,
};
use crate::host::{host_memory, host_operations};
use crate::operation::AttentionShape;
use crate::{Device, Hardware, Precision};

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
/// [`description`](crate::Device::description) names, and not on the number of threads.
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

impl Device for CpuBackend {
    host_memory!();

    fn description(&self) -> String {
        let (isa, precision, threads) = (self.isa(), self.precision(), self.threads());
        format!("cpu, {isa}, {precision}, {threads} threads")
    }

    fn hardware(&self) -> Hardware {
        Hardware::new(self.precision().bytes())
            .with_cache(last_level_cache::bytes(), self.engine.panel())
    }

    fn cache_len(&self, shape: AttentionShape, slots: usize, capacity: usize) -> usize {
        attention::cache_len(&self.engine, shape, slots, capacity)
    }
}

host_operations! {
    CpuBackend(engine):
    fill: Fill => elementwise::fill,
    embed: Embed => embedding::embed,
    embed_backward: EmbedBackward => embedding::embed_backward,
    gather: Gather => embedding::gather,
    normalize: Normalize => normalize::normalize,
    normalize_backward: NormalizeBackward => normalize::normalize_backward,
    linear: Linear => linear::linear,
    linear_backward_input: LinearBackwardInput => linear::backward_input,
    linear_backward_weight: LinearBackwardWeight => linear::backward_weight,
    rotate: Rotate => rotate::rotate,
    attention: Attention => attention::attention,
    attention_backward: AttentionBackward => attention::attention_backward,
    attention_cached: AttentionCached => attention::attention_cached,
    activate: Activate => activation::activate,
    activate_backward: ActivateBackward => activation::activate_backward,
    gate: Gate => activation::gate,
    gate_backward: GateBackward => activation::gate_backward,
    add: Add => elementwise::add,
    head_losses: HeadLosses => head::losses,
    head_losses_backward: HeadLossesBackward => head::losses_backward,
    head_logits: HeadLogits => head::logits,
    head_sample: HeadSample => head::sample,
    sum: Sum => optimizer::sum,
    sum_of_squares: SumOfSquares => optimizer::sum_of_squares,
    adamw: AdamW => optimizer::adamw,
}
