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
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use autophage_compute::{CacheEntry, CpuBackend, ReferenceBackend};
    use safetensors::SafeTensors;

    use super::*;
    use crate::decoder::Decoder;
    use crate::decoder::batch::{Context, Step};
    use crate::fixtures;

    /// A row of a step: slot, position in the slot, token, and position for the embedding.
    type Row = (usize, usize, u32, u32);

    /// A pass for each element of `steps`; returns the logits of all rows.
    fn cached_logits<B: Backend>(
        model: &Decoder<B>,
        slots: usize,
        capacity: usize,
        steps: &[Vec<Row>],
    ) -> Vec<Vec<f32>> {
        let network = model.network();
        let (backend, architecture) = (network.backend, network.architecture);
        let mut cache = Cache::new(backend, architecture, slots, capacity).unwrap();
        let mut activations = network.activations(slots).unwrap();
        let mut logits = Vec::new();
        for rows in steps {
            let entries = rows
                .iter()
                .map(|&(slot, position, _, _)| CacheEntry { slot, position })
                .collect();
            let tokens: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let positions: Vec<u32> = rows.iter().map(|row| row.3).collect();
            let step = Step::new(backend, architecture, &tokens, entries, Some(&positions));
            let step = step.unwrap();
            let context = Context::Cache(&step.entries, &mut cache);
            network.blocks(&step.tokens, context, &mut activations);
            network.finish(rows.len(), &mut activations);
            let all = network.logits(rows.len(), &activations).unwrap();
            logits.extend(all.chunks(architecture.vocabulary).map(<[f32]>::to_vec));
        }
        logits
    }

    fn worst(ours: &[f32], theirs: &[f32]) -> f32 {
        assert_eq!(ours.len(), theirs.len());
        let distances = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
        distances.fold(0.0, f32::max)
    }

    /// A tensor of a fixture's file: its first dimension and its values, of eight bytes or of four.
    fn tensor<T>(path: &Path, name: &str, value: impl Fn(&[u8]) -> T) -> (usize, Vec<T>) {
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensor = file.tensor(name).unwrap();
        let size = tensor.data().len() / tensor.shape().iter().product::<usize>();
        (
            tensor.shape()[0],
            tensor.data().chunks(size).map(value).collect(),
        )
    }

    fn tokens(path: &Path, name: &str) -> Vec<u32> {
        let token = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap()) as u32;
        tensor(path, name, token).1
    }

    fn numbers(path: &Path, name: &str) -> (usize, Vec<f32>) {
        let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
        tensor(path, name, number)
    }

    /// See the README of the fixture for how the two versions place the start of the text.
    fn gpt_neo_agrees_with_transformers<B: Backend>(backend: B) {
        let directory = fixtures::gpt_neo();
        let model = Decoder::load(Arc::new(backend), &directory).unwrap();
        let file = directory.join("generate.safetensors");
        let tokens = tokens(&file, "tokens");
        for (name, start, first) in [("logits_v4", 1, 0), ("logits_v5", 0, 1)] {
            let (rows, expected) = numbers(&file, name);
            // The start is hidden from what follows: it has a slot of its own.
            let mut steps = vec![vec![(0, 0, 0, start)]];
            let others = tokens.iter().take(rows - 1).enumerate();
            steps.extend(others.map(|(i, &token)| vec![(1, i, token, first + i as u32)]));
            let logits = cached_logits(&model, 2, rows, &steps).concat();
            let worst = worst(&logits, &expected);
            assert!(worst < 1e-4, "{name}: {worst}");
        }
    }

    /// The logits from which Transformers drew the last tokens of a text, each the most probable one
    /// that does not end it.
    fn agrees_with_transformers<B: Backend>(name: &str, backend: B) {
        let directory = fixtures::family(name);
        let model = Decoder::load(Arc::new(backend), &directory).unwrap();
        let file = directory.join("outputs.safetensors");
        let tokens = tokens(&file, "generated");
        let (drawn, expected) = numbers(&file, "generated_logits");
        let read = tokens.len() - 1;
        let steps: Vec<Vec<Row>> = (0..read)
            .map(|i| vec![(0, i, tokens[i], i as u32)])
            .collect();
        let logits = cached_logits(&model, 1, read, &steps);
        let logits = &logits[read - drawn..];
        let worst = worst(&logits.concat(), &expected);
        assert!(worst < 1e-4, "{name}: {worst}");
        let ends = &model.config().end_of_text;
        for (row, &token) in logits.iter().zip(&tokens[tokens.len() - drawn..]) {
            let others = (0..row.len() as u32).filter(|token| !ends.contains(token));
            let chosen = others.max_by(|&a, &b| row[a as usize].total_cmp(&row[b as usize]));
            assert_eq!(chosen, Some(token), "{name}");
        }
    }

    /// Three sequences that begin at different times, in slots that others have used before.
    fn agrees_with_full_passes<B: Backend>(directory: PathBuf, backend: B) {
        let model = Decoder::load(Arc::new(backend), &directory).unwrap();
        let vocabulary = model.architecture().vocabulary;
        let long = model.architecture().positions.min(48) as u32;
        let sequences: Vec<Vec<u32>> = [long * 2 / 3, 7, long]
            .iter()
            .map(|&length| {
                (0..length)
                    .map(|i| (i * i + 5 * length) % vocabulary as u32)
                    .collect()
            })
            .collect();
        let begins = [(0, 2), (sequences[0].len(), 2), (3, 0)]; // (step, slot)
        let mut steps = Vec::new();
        let mut order = Vec::new();
        for step in 0..long as usize + 10 {
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
        let cached = cached_logits(&model, 3, long as usize, &steps);
        let full = model.logits(&sequences).unwrap();
        assert_eq!(cached.len(), sequences.concat().len());
        for ((index, position), logits) in order.into_iter().zip(cached) {
            let row = position * vocabulary..(position + 1) * vocabulary;
            let worst = worst(&logits, &full[index][row]);
            assert!(
                worst < 5e-5,
                "{}: sequence {index}, position {position}: {worst}",
                directory.display()
            );
        }
    }

    #[test]
    fn family_cached_passes_agree_with_transformers() {
        gpt_neo_agrees_with_transformers(ReferenceBackend);
        gpt_neo_agrees_with_transformers(CpuBackend::new(Some(2)));
        for name in fixtures::FAMILIES {
            agrees_with_transformers(name, ReferenceBackend);
            agrees_with_transformers(name, CpuBackend::new(Some(2)));
        }
    }

    #[test]
    fn family_cached_passes_agree_with_full_passes() {
        let families = fixtures::FAMILIES.map(fixtures::family);
        for directory in families.into_iter().chain([fixtures::gpt_neo()]) {
            agrees_with_full_passes(directory.clone(), ReferenceBackend);
            agrees_with_full_passes(directory, CpuBackend::new(Some(2)));
        }
    }

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
