//! Random operands, and comparisons of buffers.

#![allow(dead_code)] // Each test binary uses its part.

pub(crate) mod operations;

use autophage_compute::Backend;
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

    /// Uniform numbers in [0, 1).
    pub(crate) fn uniforms(&self, len: usize) -> Vec<f64> {
        let sequence = self.next();
        (0..len as u64)
            .map(|i| self.stream.uniform(sequence, i))
            .collect()
    }

    /// A permutation of `0..len`.
    pub(crate) fn permutation(&self, len: usize) -> Vec<usize> {
        self.stream.permutation(len, self.next())
    }
}

/// A buffer with these numbers.
pub(crate) fn buffer<B: Backend>(backend: &B, values: &[f32]) -> B::Buffer {
    let mut buffer = backend.zeros(values.len());
    backend.write(&mut buffer, 0, values);
    buffer
}

/// All numbers of a buffer.
pub(crate) fn numbers<B: Backend>(backend: &B, buffer: &B::Buffer) -> Vec<f32> {
    let mut values = vec![0.0; backend.len(buffer)];
    backend.read(buffer, 0, &mut values);
    values
}

/// Asserts that two lists of numbers differ by at most `tolerance` times the size of the numbers
/// that they are sums of: the root mean square of `expected`, or 0.25 where they cancel.
pub(crate) fn assert_close(what: &str, actual: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    let squares: f64 = expected.iter().map(|&x| f64::from(x).powi(2)).sum();
    let size = (squares / expected.len().max(1) as f64).sqrt().max(0.25);
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(a) - f64::from(e)).abs();
        let bound = tolerance * (size + f64::from(e).abs());
        assert!(
            error <= bound,
            "{what}[{i}]: {a} instead of {e}, mean size {size}"
        );
    }
}

/// Asserts that two lists of numbers are the same bit for bit.
pub(crate) fn assert_same(what: &str, actual: &[f32], expected: &[f32]) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert_eq!(a.to_bits(), e.to_bits(), "{what}[{i}]: {a} and {e}");
    }
}
