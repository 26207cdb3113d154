//! The keys and values of the tokens that sampled sequences have so far.

use autophage_compute::Backend;

use super::GptNeoConfig;

/// Keys and values of every layer, each (slots, capacity, C).
#[derive(Debug)]
pub(crate) struct KeyValueCache<B: Backend> {
    capacity: usize,
    layers: Vec<(B::Buffer, B::Buffer)>,
}

impl<B: Backend> KeyValueCache<B> {
    /// Room for `slots` sequences of `capacity` tokens.
    pub(crate) fn new(backend: &B, config: &GptNeoConfig, slots: usize, capacity: usize) -> Self {
        let buffer = || backend.zeros(slots * capacity * config.hidden_size);
        Self {
            capacity,
            layers: (0..config.num_layers())
                .map(|_| (buffer(), buffer()))
                .collect(),
        }
    }

    /// Tokens that a slot has room for.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Keys and values of `layer`.
    pub(crate) fn layer(&mut self, layer: usize) -> (&mut B::Buffer, &mut B::Buffer) {
        let (keys, values) = &mut self.layers[layer];
        (keys, values)
    }
}
