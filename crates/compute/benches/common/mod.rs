//! The shapes that matter, and operands of them.

#![allow(dead_code)] // Each benchmark uses its part.

use autophage_compute::operation::AttentionShape;
use autophage_compute::{CpuBackend, Device, HostBuffer, HostIndices};
use autophage_random::{Purpose, Stream};

/// A model and the batch that it is trained with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) vocabulary: usize,
    pub(crate) context: usize,
    pub(crate) sequences: usize,
}

impl Model {
    pub(crate) fn rows(&self) -> usize {
        self.sequences * self.context
    }

    /// The heads of GPT-Neo, which does not scale its scores.
    pub(crate) fn attention(&self, window: Option<usize>) -> AttentionShape {
        AttentionShape {
            heads: self.heads,
            key_value_heads: self.heads,
            head_dimension: self.hidden / self.heads,
            scale: 1.0,
            window,
        }
    }
}

/// GPT-Neo of the TinyStories paper with 1 and 33 million parameters, and the model of the demo.
pub(crate) const MODELS: [Model; 3] = [
    Model {
        name: "tinystories-1m",
        hidden: 64,
        layers: 8,
        heads: 16,
        vocabulary: 50_257,
        context: 512,
        sequences: 8,
    },
    Model {
        name: "demo",
        hidden: 128,
        layers: 4,
        heads: 8,
        vocabulary: 2_048,
        context: 256,
        sequences: 16,
    },
    Model {
        name: "tinystories-33m",
        hidden: 768,
        layers: 4,
        heads: 16,
        vocabulary: 50_257,
        context: 512,
        sequences: 2,
    },
];

/// The window of GPT-Neo's local layers.
pub(crate) const WINDOW: usize = 256;

/// A buffer of normal numbers. Large ones repeat, so that they are made quickly.
pub(crate) fn normal(backend: &CpuBackend, len: usize, deviation: f64) -> HostBuffer {
    const PERIOD: usize = 65_521;
    let stream = Stream::new(1, Purpose::Simulation, 0);
    let period: Vec<f32> = (0..len.min(PERIOD) as u64)
        .map(|i| (stream.normal(0, i) * deviation) as f32)
        .collect();
    let mut buffer = zeros(backend, len);
    for (out, value) in buffer.iter_mut().zip(period.iter().cycle()) {
        *out = *value;
    }
    buffer
}

/// A buffer of zeros.
pub(crate) fn zeros(backend: &CpuBackend, len: usize) -> HostBuffer {
    backend.zeros(len).unwrap()
}

/// Uniform tokens.
pub(crate) fn tokens(len: usize, vocabulary: usize) -> HostIndices {
    let stream = Stream::new(2, Purpose::Simulation, 0);
    let tokens: Vec<u32> = (0..len as u64)
        .map(|i| stream.below(vocabulary as u64, 0, i) as u32)
        .collect();
    HostIndices::new(&tokens).unwrap()
}
