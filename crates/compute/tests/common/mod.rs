//! Random operands, and buffers.

#![allow(dead_code)] // Each test binary uses its part.

pub(crate) mod own;

use autophage_compute::{Array, Buffer, Device, IndexArray};
use autophage_random::{Purpose, Stream};

/// Reproducible random operands.
pub(crate) struct Random {
    stream: Stream,
    drawn: std::cell::Cell<u64>,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            stream: Stream::new(seed, Purpose::Simulation, 0),
            drawn: std::cell::Cell::new(0),
        }
    }

    fn next(&self) -> u64 {
        self.drawn.replace(self.drawn.get() + 1)
    }

    /// Normal numbers with this standard deviation.
    pub(crate) fn normal(&self, len: usize, deviation: f32) -> Vec<f32> {
        let sequence = self.next();
        (0..len as u64)
            .map(|i| self.stream.normal(sequence, i) as f32 * deviation)
            .collect()
    }

    /// Uniform integers below `bound`.
    pub(crate) fn indices(&self, len: usize, bound: usize) -> Vec<u32> {
        let sequence = self.next();
        (0..len as u64)
            .map(|i| self.stream.below(bound as u64, sequence, i) as u32)
            .collect()
    }
}

/// A buffer with these numbers.
pub(crate) fn buffer<D: Device>(device: &D, values: &[f32]) -> Buffer<D> {
    let mut buffer = zeros(device, values.len());
    device.write(&mut buffer, 0, values);
    buffer
}

/// A buffer of zeros.
pub(crate) fn zeros<D: Device>(device: &D, len: usize) -> Buffer<D> {
    device.zeros(len).unwrap()
}

/// Indices with these values.
pub(crate) fn indices<D: Device>(device: &D, values: &[u32]) -> IndexArray<D> {
    device.indices(values).unwrap()
}

/// All numbers of a buffer.
pub(crate) fn numbers<D: Device>(device: &D, buffer: &Buffer<D>) -> Vec<f32> {
    let mut values = vec![0.0; buffer.len()];
    device.read(buffer, 0, &mut values);
    values
}
