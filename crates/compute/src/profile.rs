//! Where the time of a computation goes, operation by operation.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::work::Work;
use crate::{AdamW, Attention, Backend, Cached, Head, Linear, Rows, SamplingFilter};

/// The operations of a [`Backend`], in the order of that trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// [`Backend::write`].
    Write,
    /// [`Backend::read`].
    Read,
    /// [`Backend::fill`].
    Fill,
    /// [`Backend::embed`].
    Embed,
    /// [`Backend::embed_backward`].
    EmbedBackward,
    /// [`Backend::layer_norm`].
    LayerNorm,
    /// [`Backend::layer_norm_backward`].
    LayerNormBackward,
    /// [`Backend::linear`].
    Linear,
    /// [`Backend::linear_backward_input`].
    LinearBackwardInput,
    /// [`Backend::linear_backward_weight`].
    LinearBackwardWeight,
    /// [`Backend::gelu`].
    Gelu,
    /// [`Backend::gelu_backward`].
    GeluBackward,
    /// [`Backend::add`].
    Add,
    /// [`Backend::attention`].
    Attention,
    /// [`Backend::attention_backward`].
    AttentionBackward,
    /// [`Backend::attention_cached`].
    AttentionCached,
    /// [`Backend::gather`].
    Gather,
    /// [`Backend::head_losses`].
    HeadLosses,
    /// [`Backend::head_losses_backward`].
    HeadLossesBackward,
    /// [`Backend::head_logits`].
    HeadLogits,
    /// [`Backend::head_sample`].
    HeadSample,
    /// [`Backend::sum_of_squares`].
    SumOfSquares,
    /// [`Backend::adamw`].
    AdamW,
}

impl Operation {
    /// Every operation with its name, which is that of the method.
    const ALL: [(Self, &'static str); 23] = [
        (Self::Write, "write"),
        (Self::Read, "read"),
        (Self::Fill, "fill"),
        (Self::Embed, "embed"),
        (Self::EmbedBackward, "embed_backward"),
        (Self::LayerNorm, "layer_norm"),
        (Self::LayerNormBackward, "layer_norm_backward"),
        (Self::Linear, "linear"),
        (Self::LinearBackwardInput, "linear_backward_input"),
        (Self::LinearBackwardWeight, "linear_backward_weight"),
        (Self::Gelu, "gelu"),
        (Self::GeluBackward, "gelu_backward"),
        (Self::Add, "add"),
        (Self::Attention, "attention"),
        (Self::AttentionBackward, "attention_backward"),
        (Self::AttentionCached, "attention_cached"),
        (Self::Gather, "gather"),
        (Self::HeadLosses, "head_losses"),
        (Self::HeadLossesBackward, "head_losses_backward"),
        (Self::HeadLogits, "head_logits"),
        (Self::HeadSample, "head_sample"),
        (Self::SumOfSquares, "sum_of_squares"),
        (Self::AdamW, "adamw"),
    ];

    /// The share of its multiply-adds that may be in the precision of matrix products; the others are
    /// of single numbers in every precision.
    pub fn matrix_share(self) -> f64 {
        match self {
            Self::Linear
            | Self::LinearBackwardInput
            | Self::LinearBackwardWeight
            | Self::HeadLosses
            | Self::HeadLossesBackward
            | Self::HeadLogits
            | Self::HeadSample => 1.0,
            // Not the scores …
            Self::Attention => 1.0 / 2.0,
            // … nor the gradients of the weights.
            Self::AttentionBackward => 3.0 / 5.0,
            _ => 0.0,
        }
    }

    /// The name of the method.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What was noted of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How often it was called.
    pub calls: u64,
    /// Wall-clock time of all calls together.
    pub time: Duration,
    /// What all calls together had to do.
    pub work: Work,
    /// The part of it that was done in calls whose operands are more than [`CACHES`] bytes.
    pub beyond_caches: Work,
}

/// Operands of up to so many bytes may lie in the caches of a processor: 32 MiB. Larger ones have to
/// come from memory.
pub const CACHES: u64 = 1 << 25;

/// What was noted of every operation that was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    noted: [Noted; Operation::ALL.len()],
    allocated: u64,
}

impl Profile {
    /// Every operation that was called, in the order of [`Operation`].
    pub fn operations(&self) -> impl Iterator<Item = (Operation, Noted)> {
        Operation::ALL
            .iter()
            .map(|&(operation, _)| (operation, self.of(operation)))
            .filter(|(_, noted)| noted.calls > 0)
    }

    /// What was noted of one operation.
    pub fn of(&self, operation: Operation) -> Noted {
        self.noted[operation as usize]
    }

    /// Time of all operations together.
    pub fn time(&self) -> Duration {
        self.noted.iter().map(|noted| noted.time).sum()
    }

    /// Work of all operations together.
    pub fn work(&self) -> Work {
        self.noted
            .iter()
            .fold(Work::default(), |sum, noted| sum + noted.work)
    }

    /// Bytes of all buffers that were made with [`Backend::zeros`], whether they are still there or
    /// not.
    pub fn allocated_bytes(&self) -> u64 {
        self.allocated
    }

    /// Adds what another profile noted.
    pub fn merge(&mut self, other: &Self) {
        for (noted, other) in self.noted.iter_mut().zip(other.noted) {
            noted.calls += other.calls;
            noted.time += other.time;
            noted.work = noted.work + other.work;
            noted.beyond_caches = noted.beyond_caches + other.beyond_caches;
        }
        self.allocated += other.allocated;
    }

    fn add(&mut self, operation: Operation, work: Work, time: Duration) {
        let noted = &mut self.noted[operation as usize];
        noted.calls += 1;
        noted.time += time;
        noted.work = noted.work + work;
        if work.bytes_read + work.bytes_written > CACHES {
            noted.beyond_caches = noted.beyond_caches + work;
        }
    }
}

/// A backend that computes with another one and notes how long each operation takes.
///
/// Reading the clock twice a call costs less than a microsecond, which no operation of a real model
/// notices. Operations that are called side by side from several threads are noted each with its
/// own time.
#[derive(Debug)]
pub struct Profiled<B> {
    inner: B,
    profile: Mutex<Profile>,
}

impl<B> Profiled<B> {
    /// Computes with `inner`.
    pub fn new(inner: B) -> Self {
        Self {
            inner,
            profile: Mutex::default(),
        }
    }

    /// The backend that computes.
    pub fn inner(&self) -> &B {
        &self.inner
    }

    /// What was noted since the last call, or since the beginning; notes begin anew.
    pub fn take(&self) -> Profile {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Profile> {
        // Sums are valid whatever a thread that held them was doing.
        self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation and notes it.
    fn note<T>(&self, operation: Operation, work: Work, compute: impl FnOnce(&B) -> T) -> T {
        let begin = Instant::now();
        let result = compute(&self.inner);
        let time = begin.elapsed();
        self.lock().add(operation, work, time);
        result
    }
}

impl<B: Backend> Backend for Profiled<B> {
    type Buffer = B::Buffer;

    fn description(&self) -> String {
        self.inner.description()
    }

    fn zeros(&self, len: usize) -> Self::Buffer {
        self.lock().allocated += 4 * len as u64;
        self.inner.zeros(len)
    }

    fn len(&self, buffer: &Self::Buffer) -> usize {
        self.inner.len(buffer)
    }

    fn write(&self, buffer: &mut Self::Buffer, start: usize, values: &[f32]) {
        let work = Work::elementwise(values.len(), 1, 1);
        self.note(Operation::Write, work, |inner| {
            inner.write(buffer, start, values);
        });
    }

    fn read(&self, buffer: &Self::Buffer, start: usize, values: &mut [f32]) {
        let work = Work::elementwise(values.len(), 1, 1);
        self.note(Operation::Read, work, |inner| {
            inner.read(buffer, start, values);
        });
    }

    fn fill(&self, buffer: &mut Self::Buffer, value: f32) {
        let work = Work::elementwise(self.inner.len(buffer), 0, 1);
        self.note(Operation::Fill, work, |inner| inner.fill(buffer, value));
    }

    fn embed(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        token_weight: &Self::Buffer,
        position_weight: &Self::Buffer,
        out: &mut Self::Buffer,
    ) {
        self.note(Operation::Embed, Work::embed(shape), |inner| {
            inner.embed(shape, tokens, positions, token_weight, position_weight, out);
        });
    }

    fn embed_backward(
        &self,
        shape: Rows,
        tokens: &[u32],
        positions: &[u32],
        d_out: &Self::Buffer,
        d_token_weight: &mut Self::Buffer,
        d_position_weight: &mut Self::Buffer,
    ) {
        let work = Work::embed_backward(shape);
        self.note(Operation::EmbedBackward, work, |inner| {
            inner.embed_backward(
                shape,
                tokens,
                positions,
                d_out,
                d_token_weight,
                d_position_weight,
            );
        });
    }

    fn layer_norm(
        &self,
        shape: Rows,
        x: &Self::Buffer,
        weight: &Self::Buffer,
        bias: &Self::Buffer,
        out: &mut Self::Buffer,
        statistics: &mut Self::Buffer,
    ) {
        let work = Work::elementwise(shape.rows * shape.channels, 1, 1);
        self.note(Operation::LayerNorm, work, |inner| {
            inner.layer_norm(shape, x, weight, bias, out, statistics);
        });
    }

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
    ) {
        let work = Work::elementwise(shape.rows * shape.channels, 3, 1);
        self.note(Operation::LayerNormBackward, work, |inner| {
            inner.layer_norm_backward(shape, x, weight, statistics, d_out, d_x, d_weight, d_bias);
        });
    }

    fn linear(
        &self,
        shape: Linear,
        x: &Self::Buffer,
        weight: &Self::Buffer,
        bias: Option<&Self::Buffer>,
        out: &mut Self::Buffer,
    ) {
        self.note(Operation::Linear, Work::linear(shape), |inner| {
            inner.linear(shape, x, weight, bias, out);
        });
    }

    fn linear_backward_input(
        &self,
        shape: Linear,
        weight: &Self::Buffer,
        d_out: &Self::Buffer,
        accumulate: bool,
        d_x: &mut Self::Buffer,
    ) {
        let work = Work::linear_backward_input(shape, accumulate);
        self.note(Operation::LinearBackwardInput, work, |inner| {
            inner.linear_backward_input(shape, weight, d_out, accumulate, d_x);
        });
    }

    fn linear_backward_weight(
        &self,
        shape: Linear,
        x: &Self::Buffer,
        d_out: &Self::Buffer,
        d_weight: &mut Self::Buffer,
        d_bias: Option<&mut Self::Buffer>,
    ) {
        let work = Work::linear_backward_weight(shape);
        self.note(Operation::LinearBackwardWeight, work, |inner| {
            inner.linear_backward_weight(shape, x, d_out, d_weight, d_bias);
        });
    }

    fn gelu(&self, shape: Rows, x: &Self::Buffer, out: &mut Self::Buffer) {
        let elements = shape.rows * shape.channels;
        let work = Work::elementwise(elements, 1, 1).with_exponentials(elements);
        self.note(Operation::Gelu, work, |inner| inner.gelu(shape, x, out));
    }

    fn gelu_backward(&self, shape: Rows, x: &Self::Buffer, d: &mut Self::Buffer) {
        let elements = shape.rows * shape.channels;
        let work = Work::elementwise(elements, 2, 1).with_exponentials(elements);
        self.note(Operation::GeluBackward, work, |inner| {
            inner.gelu_backward(shape, x, d);
        });
    }

    fn add(&self, shape: Rows, x: &Self::Buffer, out: &mut Self::Buffer) {
        let work = Work::elementwise(shape.rows * shape.channels, 2, 1);
        self.note(Operation::Add, work, |inner| inner.add(shape, x, out));
    }

    fn attention(
        &self,
        shape: Attention<'_>,
        queries: &Self::Buffer,
        keys: &Self::Buffer,
        values: &Self::Buffer,
        out: &mut Self::Buffer,
        log_sums: &mut Self::Buffer,
    ) {
        self.note(Operation::Attention, Work::attention(shape), |inner| {
            inner.attention(shape, queries, keys, values, out, log_sums);
        });
    }

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
    ) {
        let work = Work::attention_backward(shape);
        self.note(Operation::AttentionBackward, work, |inner| {
            inner.attention_backward(
                shape, queries, keys, values, out, log_sums, d_out, d_queries, d_keys, d_values,
            );
        });
    }

    fn cache_len(&self, slots: usize, capacity: usize, heads: usize, channels: usize) -> usize {
        self.inner.cache_len(slots, capacity, heads, channels)
    }

    fn sequences_at_once(&self, most: usize, weights: usize, cached: usize) -> usize {
        self.inner.sequences_at_once(most, weights, cached)
    }

    fn attention_cached(
        &self,
        shape: Cached<'_>,
        queries: &Self::Buffer,
        keys: &Self::Buffer,
        values: &Self::Buffer,
        cached_keys: &mut Self::Buffer,
        cached_values: &mut Self::Buffer,
        out: &mut Self::Buffer,
    ) {
        let work = Work::attention_cached(shape);
        self.note(Operation::AttentionCached, work, |inner| {
            inner.attention_cached(
                shape,
                queries,
                keys,
                values,
                cached_keys,
                cached_values,
                out,
            );
        });
    }

    fn gather(&self, channels: usize, rows: &[u32], x: &Self::Buffer, out: &mut Self::Buffer) {
        let work = Work::elementwise(rows.len() * channels, 1, 1);
        self.note(Operation::Gather, work, |inner| {
            inner.gather(channels, rows, x, out);
        });
    }

    fn head_losses(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        targets: &[u32],
        losses: &mut [f32],
    ) {
        self.note(Operation::HeadLosses, Work::head(shape), |inner| {
            inner.head_losses(shape, hidden, weight, targets, losses);
        });
    }

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
    ) {
        let work = Work::head_losses_backward(shape);
        self.note(Operation::HeadLossesBackward, work, |inner| {
            inner.head_losses_backward(
                shape, hidden, weight, targets, scale, losses, d_hidden, d_weight,
            );
        });
    }

    fn head_logits(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        logits: &mut [f32],
    ) {
        let work = Work::head_logits(shape);
        self.note(Operation::HeadLogits, work, |inner| {
            inner.head_logits(shape, hidden, weight, logits);
        });
    }

    fn head_sample(
        &self,
        shape: Head,
        hidden: &Self::Buffer,
        weight: &Self::Buffer,
        filter: SamplingFilter,
        uniforms: &[f64],
        tokens: &mut [u32],
    ) {
        self.note(Operation::HeadSample, Work::head(shape), |inner| {
            inner.head_sample(shape, hidden, weight, filter, uniforms, tokens);
        });
    }

    fn sum_of_squares(&self, x: &Self::Buffer) -> f64 {
        let work = Work::elementwise(self.inner.len(x), 1, 0);
        self.note(Operation::SumOfSquares, work, |inner| {
            inner.sum_of_squares(x)
        })
    }

    fn adamw(
        &self,
        settings: AdamW,
        parameter: &mut Self::Buffer,
        gradient: &Self::Buffer,
        first_moment: &mut Self::Buffer,
        second_moment: &mut Self::Buffer,
    ) {
        let work = Work::elementwise(self.inner.len(parameter), 4, 3);
        self.note(Operation::AdamW, work, |inner| {
            inner.adamw(settings, parameter, gradient, first_moment, second_moment);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ReferenceBackend, Sequences};

    #[test]
    fn every_operation_has_its_name_at_its_place() {
        for (index, (operation, name)) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, index, "{name}");
            assert_eq!(operation.name(), name);
        }
    }

    #[test]
    fn calls_are_counted_with_their_work_and_computed_by_the_inner_backend() {
        let backend = Profiled::new(ReferenceBackend);
        let shape = Linear {
            rows: 3,
            inputs: 2,
            outputs: 5,
            exact: false,
        };
        let mut x = backend.zeros(6);
        backend.write(&mut x, 0, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let mut weight = backend.zeros(10);
        backend.fill(&mut weight, 0.5);
        let mut out = backend.zeros(15);
        for _ in 0..4 {
            backend.linear(shape, &x, &weight, None, &mut out);
        }
        let mut values = [0.0; 15];
        backend.read(&out, 0, &mut values);
        assert_eq!(values[..6], [1.5, 1.5, 1.5, 1.5, 1.5, 3.5]);

        let profile = backend.take();
        let called: Vec<_> = profile
            .operations()
            .map(|(operation, noted)| (operation.name(), noted.calls))
            .collect();
        assert_eq!(
            called,
            [("write", 1), ("read", 1), ("fill", 1), ("linear", 4)]
        );
        let linear = profile.of(Operation::Linear);
        assert_eq!(linear.work.multiply_adds, 4 * 30);
        assert!(linear.time > Duration::ZERO && linear.time <= profile.time());
        assert_eq!(profile.allocated_bytes(), 4 * (6 + 10 + 15));
        assert_eq!(linear.beyond_caches, Work::default());
        let mut twice = profile.clone();
        twice.merge(&profile);
        assert_eq!(twice.of(Operation::Linear).calls, 8);
        assert_eq!(twice.time(), 2 * profile.time());
        assert_eq!(twice.allocated_bytes(), 2 * profile.allocated_bytes());
        assert_eq!(backend.take(), Profile::default(), "notes begin anew");
        backend.fill(&mut backend.zeros(CACHES as usize / 4 + 1), 0.0);
        let fill = backend.take().of(Operation::Fill);
        assert_eq!(fill.beyond_caches.bytes_written, CACHES + 4);
    }

    #[test]
    fn a_profiled_backend_gives_the_same_bits() {
        let sequences = Sequences::from_lengths([3, 2]);
        let shape = Attention {
            sequences: &sequences,
            heads: 2,
            channels: 4,
            window: Some(2),
        };
        let x: Vec<f32> = (0..20).map(|i| (i as f32 * 0.7).sin()).collect();
        assert_eq!(
            run(&Profiled::new(ReferenceBackend), shape, &x),
            run(&ReferenceBackend, shape, &x)
        );
    }

    fn run<B: Backend>(backend: &B, shape: Attention<'_>, x: &[f32]) -> Vec<f32> {
        let buffer = |values: &[f32]| {
            let mut buffer = backend.zeros(values.len());
            backend.write(&mut buffer, 0, values);
            buffer
        };
        let x = buffer(x);
        let (mut out, mut log_sums) = (backend.zeros(20), backend.zeros(10));
        backend.attention(shape, &x, &x, &x, &mut out, &mut log_sums);
        let mut values = vec![0.0; 20];
        backend.read(&out, 0, &mut values);
        values
    }
}
