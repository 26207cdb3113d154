//! Reproducible operands.

use autophage_random::{Purpose, Stream};

/// Draws operands; two that were made with the same seed draw the same.
pub(super) struct Random {
    stream: Stream,
    drawn: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            stream: Stream::new(seed, Purpose::Simulation, 0),
            drawn: 0,
        }
    }

    fn next(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    /// Normal numbers with this standard deviation.
    pub(super) fn normal(&mut self, len: usize, deviation: f32) -> Vec<f32> {
        let sequence = self.next();
        (0..len as u64)
            .map(|i| self.stream.normal(sequence, i) as f32 * deviation)
            .collect()
    }

    /// Uniform integers below `bound`, the greatest of which is among them.
    pub(super) fn indices(&mut self, len: usize, bound: usize) -> Vec<u32> {
        let sequence = self.next();
        let mut indices: Vec<u32> = (0..len as u64)
            .map(|i| self.stream.below(bound as u64, sequence, i) as u32)
            .collect();
        if let Some(middle) = indices.get_mut(len / 2) {
            *middle = bound as u32 - 1;
        }
        indices
    }

    /// Uniform numbers in [0, 1).
    pub(super) fn uniforms(&mut self, len: usize) -> Vec<f64> {
        let sequence = self.next();
        (0..len as u64)
            .map(|i| self.stream.uniform(sequence, i))
            .collect()
    }

    /// A permutation of `0..len`.
    pub(super) fn permutation(&mut self, len: usize) -> Vec<usize> {
        let sequence = self.next();
        self.stream.permutation(len, sequence)
    }
}
