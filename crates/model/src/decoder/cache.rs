//! The keys and values of the tokens that sampled sequences have so far, and how many sequences are
//! best sampled side by side.

use autophage_compute::{Backend, Device, Hardware, KeyValueCache, OutOfMemory};

use crate::architecture::Architecture;

/// Keys and values of every layer.
#[derive(Debug)]
pub(crate) struct Cache<B: Backend> {
    layers: Vec<KeyValueCache<B::Memory>>,
}

impl<B: Backend> Cache<B> {
    /// Room for `slots` sequences of `capacity` tokens.
    pub(super) fn new(
        backend: &B,
        architecture: &Architecture,
        slots: usize,
        capacity: usize,
    ) -> Result<Self, OutOfMemory> {
        let layer = |layer| {
            let shape = architecture.attention_shape(layer);
            KeyValueCache::new(backend, shape, slots, capacity)
        };
        Ok(Self {
            layers: (0..architecture.layers)
                .map(layer)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Keys and values of `layer`.
    pub(super) fn layer(&mut self, layer: usize) -> &mut KeyValueCache<B::Memory> {
        &mut self.layers[layer]
    }
}

impl Architecture {
    /// Numbers in the keys and values of all layers, of `slots` sequences of up to `capacity`
    /// tokens.
    pub fn cache_len(&self, device: &impl Device, slots: usize, capacity: usize) -> usize {
        let layer = |layer| device.cache_len(self.attention_shape(layer), slots, capacity);
        2 * (0..self.layers).map(layer).sum::<usize>()
    }

    /// How many sequences of up to `capacity` tokens are best sampled side by side, at most `most`:
    /// as many as the fast memory of the device holds along with the weights, since a step reads
    /// all of both; as many as wanted where too few fit to make good use of the weights. The text
    /// does not depend on it.
    pub fn sequences_at_once(&self, device: &impl Device, most: usize, capacity: usize) -> usize {
        let hardware = device.hardware();
        let weights = hardware.operand_bytes * self.parameter_count();
        let sequence = size_of::<f32>() * self.cache_len(device, 1, capacity);
        match fitting(hardware, weights, sequence) {
            None | Some(0) => most,
            Some(fit) => most.min(fit),
        }
    }
}

/// Sequences for which the fast memory of a device has room besides the weights, both in bytes, to
/// the nearest multiple of rows that a product is best given.
fn fitting(hardware: Hardware, weights: usize, sequence: usize) -> Option<usize> {
    let cache = hardware.cache_bytes?;
    // Sequences grow: in most steps they have less than three quarters of their tokens.
    let sequence = (sequence * 3 / 4).max(1);
    let rows = hardware.row_multiple;
    Some((cache.saturating_sub(weights) / sequence + rows / 2) / rows * rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_fit_with_the_weights() {
        // 32 MiB: the demo's model, the paper's of 1M and 33M parameters, in bf16.
        let hardware = Hardware::new(2).with_cache(Some(32 << 20), 32);
        assert_eq!(fitting(hardware, 2 << 20, 512 << 10), Some(96));
        assert_eq!(fitting(hardware, 7 << 20, 1216 << 10), Some(32));
        assert_eq!(fitting(hardware, 140 << 20, 3600 << 10), Some(0));
        assert_eq!(fitting(hardware, 0, 32 << 20), Some(0));
        assert_eq!(fitting(Hardware::new(2), 0, 1), None);
    }
}
