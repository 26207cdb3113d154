//! A backend that notes how long operations take.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{Operation, Profile};
use crate::operation::{self, Arguments, AttentionShape, for_each_operation};
use crate::{Array, Backend, Buffer, Device, Hardware, IndexArray, OutOfMemory, Totals, Work};

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

    fn lock(&self) -> MutexGuard<'_, Profile> {
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

impl<B: Device> Device for Profiled<B> {
    type Memory = B::Memory;

    fn description(&self) -> String {
        self.inner.description()
    }

    fn hardware(&self) -> Hardware {
        self.inner.hardware()
    }

    fn zeros(&self, len: usize) -> Result<Buffer<Self>, OutOfMemory> {
        let buffer = self.inner.zeros(len)?;
        self.lock().allocated += 4 * len as u64;
        Ok(buffer)
    }

    fn write(&self, buffer: &mut Buffer<Self>, start: usize, values: &[f32]) {
        let work = Work::elementwise(values.len(), 1, 1);
        self.note(Operation::Write, work, |inner| {
            inner.write(buffer, start, values);
        });
    }

    fn read(&self, buffer: &Buffer<Self>, start: usize, values: &mut [f32]) {
        let work = Work::elementwise(values.len(), 1, 1);
        self.note(Operation::Read, work, |inner| {
            inner.read(buffer, start, values);
        });
    }

    fn indices(&self, values: &[u32]) -> Result<IndexArray<Self>, OutOfMemory> {
        let work = Work::elementwise(values.len(), 1, 1);
        self.note(Operation::Write, work, |inner| inner.indices(values))
    }

    fn read_indices(&self, indices: &IndexArray<Self>, values: &mut [u32]) {
        let work = Work::elementwise(values.len(), 1, 1);
        self.note(Operation::Read, work, |inner| {
            inner.read_indices(indices, values);
        });
    }

    fn totals(&self, len: usize) -> Result<Totals<Self>, OutOfMemory> {
        self.inner.totals(len)
    }

    fn write_totals(&self, totals: &mut Totals<Self>, values: &[f64]) {
        let work = Work::elementwise(values.len(), 2, 2);
        self.note(Operation::Write, work, |inner| {
            inner.write_totals(totals, values);
        });
    }

    fn read_totals(&self, totals: &Totals<Self>) -> Vec<f64> {
        let work = Work::elementwise(totals.len(), 2, 2);
        self.note(Operation::Read, work, |inner| inner.read_totals(totals))
    }

    fn cache_len(&self, shape: AttentionShape, slots: usize, capacity: usize) -> usize {
        self.inner.cache_len(shape, slots, capacity)
    }
}

macro_rules! profiled {
    ($($method:ident: $arguments:ident,)*) => {
        impl<B: Backend> Backend for Profiled<B> {
            $(
                fn $method(&self, arguments: operation::$arguments<'_, Self::Memory>) {
                    let work = arguments.work();
                    self.note(Operation::$arguments, work, |inner| inner.$method(arguments));
                }
            )*
        }
    };
}

for_each_operation!(profiled);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::operation::{Attention, Fill, Linear, LinearShape};
    use crate::{CACHES, Packed, ReferenceBackend, Sequences};

    fn buffer<D: Device>(device: &D, values: &[f32]) -> Buffer<D> {
        let mut buffer = device.zeros(values.len()).unwrap();
        device.write(&mut buffer, 0, values);
        buffer
    }

    #[test]
    fn calls_are_counted_with_their_work_and_computed_by_the_inner_backend() {
        let backend = Profiled::new(ReferenceBackend);
        let shape = LinearShape {
            rows: 3,
            inputs: 2,
            outputs: 5,
            exact: false,
        };
        let x = buffer(&backend, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let mut weight = backend.zeros(10).unwrap();
        backend.fill(Fill {
            buffer: &mut weight,
            value: 0.5,
        });
        let mut out = backend.zeros(15).unwrap();
        for _ in 0..4 {
            backend.linear(Linear {
                shape,
                x: &x,
                weight: &weight,
                bias: None,
                out: &mut out,
            });
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
        backend.fill(Fill {
            buffer: &mut backend.zeros(CACHES as usize / 4 + 1).unwrap(),
            value: 0.0,
        });
        let fill = backend.take().of(Operation::Fill);
        assert_eq!(fill.beyond_caches.bytes_written, CACHES + 4);
    }

    #[test]
    fn a_profiled_backend_gives_the_same_bits() {
        let x: Vec<f32> = (0..20).map(|i| (i as f32 * 0.7).sin()).collect();
        assert_eq!(
            attend(&Profiled::new(ReferenceBackend), &x),
            attend(&ReferenceBackend, &x)
        );
    }

    fn attend<B: Backend>(backend: &B, x: &[f32]) -> Vec<f32> {
        let shape = AttentionShape {
            heads: 2,
            key_value_heads: 2,
            head_dimension: 2,
            scale: 1.0,
            window: Some(2),
        };
        let sequences = Packed::new(backend, Sequences::from_lengths([3, 2])).unwrap();
        let x = buffer(backend, x);
        let [mut out, mut log_sums] = [20, 10].map(|len| backend.zeros(len).unwrap());
        backend.attention(Attention {
            shape,
            sequences: &sequences,
            queries: &x,
            keys: &x,
            values: &x,
            out: &mut out,
            log_sums: &mut log_sums,
        });
        let mut values = vec![0.0; 20];
        backend.read(&out, 0, &mut values);
        values
    }
}
