//! The keys and values of the tokens that sampled sequences have so far.

use autophage_compute::Backend;

use super::GptNeoConfig;

/// Keys and values of every layer, laid out as the backend likes.
#[derive(Debug)]
pub(crate) struct KeyValueCache<B: Backend> {
    capacity: usize,
    layers: Vec<(B::Buffer, B::Buffer)>,
}

impl<B: Backend> KeyValueCache<B> {
    /// Room for `slots` sequences of `capacity` tokens.
    pub(crate) fn new(backend: &B, config: &GptNeoConfig, slots: usize, capacity: usize) -> Self {
        let (heads, channels) = (config.num_heads, config.hidden_size);
        let buffer = || backend.zeros(backend.cache_len(slots, capacity, heads, channels));
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use autophage_compute::{CacheEntry, CpuBackend, ReferenceBackend};
    use safetensors::SafeTensors;

    use super::*;
    use crate::GptNeo;
    use crate::gpt_neo::network::Context;

    /// A pass for each element of `steps`, each of which lists (slot, position in the slot, token,
    /// position for the embedding); returns the logits of all rows.
    fn cached_logits<B: Backend>(
        model: &GptNeo<B>,
        slots: usize,
        steps: &[Vec<(usize, usize, u32, u32)>],
    ) -> Vec<Vec<f32>> {
        let network = model.network();
        let mut cache = KeyValueCache::new(network.backend, network.config, slots, 48);
        let mut activations = network.activations(slots);
        let mut logits = Vec::new();
        for rows in steps {
            let entries: Vec<CacheEntry> = rows
                .iter()
                .map(|&(slot, position, _, _)| CacheEntry { slot, position })
                .collect();
            let tokens: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let positions: Vec<u32> = rows.iter().map(|row| row.3).collect();
            let context = Context::Cache(&entries, &mut cache);
            network.blocks(&tokens, &positions, context, &mut activations);
            network.finish(rows.len(), &mut activations);
            let all = network.logits(rows.len(), &activations);
            logits.extend(all.chunks(network.config.vocab_size).map(<[f32]>::to_vec));
        }
        logits
    }

    fn worst(ours: &[f32], theirs: &[f32]) -> f32 {
        assert_eq!(ours.len(), theirs.len());
        let distances = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
        distances.fold(0.0, f32::max)
    }

    fn fixture() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gpt-neo")
    }

    /// See the README of the fixture for how the two versions place the start of the text.
    fn agrees_with_transformers<B: Backend>(backend: B) {
        let model = GptNeo::load(Arc::new(backend), &fixture()).unwrap();
        let bytes = std::fs::read(fixture().join("generate.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tokens: Vec<u32> = file
            .tensor("tokens")
            .unwrap()
            .data()
            .chunks(8)
            .map(|bytes| u32::from(bytes[0]))
            .collect();
        for (name, start, first) in [("logits_v4", 1, 0), ("logits_v5", 0, 1)] {
            let expected: Vec<f32> = file
                .tensor(name)
                .unwrap()
                .data()
                .chunks(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect();
            // The start is hidden from what follows: it has a slot of its own.
            let mut steps = vec![vec![(0, 0, 0, start)]];
            steps.extend(
                tokens[..39]
                    .iter()
                    .enumerate()
                    .map(|(i, &token)| vec![(1, i, token, first + i as u32)]),
            );
            let logits = cached_logits(&model, 2, &steps).concat();
            let worst = worst(&logits, &expected);
            assert!(worst < 1e-4, "{name}: {worst}");
        }
    }

    /// Three sequences that begin at different times, in slots that others have used before.
    fn agrees_with_full_passes<B: Backend>(backend: B) {
        let model = GptNeo::load(Arc::new(backend), &fixture()).unwrap();
        let sequences: Vec<Vec<u32>> = [31u32, 7, 48]
            .iter()
            .map(|&length| (0..length).map(|i| (i * i + 5 * length) % 97).collect())
            .collect();
        let begins = [(0, 2), (31, 2), (3, 0)]; // (step, slot)
        let mut steps = Vec::new();
        let mut order = Vec::new();
        for step in 0..60 {
            let mut rows = Vec::new();
            for (index, (sequence, &(begin, slot))) in sequences.iter().zip(&begins).enumerate() {
                if let Some(position) = usize::checked_sub(step, begin)
                    && position < sequence.len()
                {
                    rows.push((slot, position, sequence[position], position as u32));
                    order.push((index, position));
                }
            }
            if !rows.is_empty() {
                steps.push(rows);
            }
        }
        let cached = cached_logits(&model, 3, &steps);
        let full = model.logits(&sequences).unwrap();
        assert_eq!(cached.len(), 31 + 7 + 48);
        for ((index, position), logits) in order.into_iter().zip(cached) {
            let worst = worst(&logits, &full[index][position * 97..(position + 1) * 97]);
            assert!(
                worst < 5e-5,
                "sequence {index}, position {position}: {worst}"
            );
        }
    }

    #[test]
    fn cached_generation_agrees_with_transformers() {
        agrees_with_transformers(ReferenceBackend);
        agrees_with_transformers(CpuBackend::new(Some(2)));
    }

    #[test]
    fn cached_passes_agree_with_full_passes() {
        agrees_with_full_passes(ReferenceBackend);
        agrees_with_full_passes(CpuBackend::new(Some(2)));
    }
}
