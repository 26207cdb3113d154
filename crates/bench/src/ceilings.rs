//! The rates that the machine's own limits allow.

use std::convert::Infallible;
use std::time::Duration;

use autophage_compute::operation::{Fill, Linear, LinearShape};
use autophage_compute::{Backend, Ceilings, CpuBackend, Device, OutOfMemory, Precision};
use serde::Serialize;

use crate::BenchError;
use crate::repeat::{Effort, repeat};

/// What this machine can do at most, with the instruction set and the threads of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MachineCeilings {
    /// Floating-point operations a second of multiply-adds in registers, in 10⁹, in single precision.
    pub gflops: f64,
    /// The same in the precision of matrix products.
    pub matrix_peak_gflops: f64,
    /// The same of a large product of matrices through the backend: 2,048 × 1,024 × 1,024.
    pub matrix_gflops: f64,
    /// Exponential functions a second, in 10⁹.
    pub giga_exponentials: f64,
    /// Bytes read from memory a second, in 10⁹.
    pub memory_read_gb: f64,
    /// Bytes written to memory a second, in 10⁹.
    pub memory_write_gb: f64,
    /// Bytes read from the caches a second, in 10⁹.
    pub cache_read_gb: f64,
    /// Bytes written to the caches a second, in 10⁹.
    pub cache_write_gb: f64,
}

impl MachineCeilings {
    /// Measures them in about `time`.
    pub(crate) fn measure(backend: &CpuBackend, time: Duration) -> Result<Self, BenchError> {
        let rates = Ceilings::measure(backend.isa(), backend.threads(), time.mul_f64(0.75))?;
        let matrix_peak = match (backend.precision(), rates.bf16_multiply_adds) {
            (Precision::Bf16, Some(rate)) => rate,
            _ => rates.multiply_adds,
        };
        let matrix_gflops = matrix_gflops(backend, time.mul_f64(0.25))?;
        Ok(Self {
            gflops: 2e-9 * rates.multiply_adds,
            // On a busy machine the peak may have had bad luck.
            matrix_peak_gflops: (2e-9 * matrix_peak).max(matrix_gflops),
            matrix_gflops,
            giga_exponentials: 1e-9 * rates.exponentials,
            memory_read_gb: 1e-9 * rates.bytes_read,
            memory_write_gb: 1e-9 * rates.bytes_written,
            cache_read_gb: 1e-9 * rates.cached_bytes_read,
            cache_write_gb: 1e-9 * rates.cached_bytes_written,
        })
    }
}

/// The best rate of a product that is large enough to hide its beginning and its end.
fn matrix_gflops(backend: &CpuBackend, time: Duration) -> Result<f64, OutOfMemory> {
    let shape = LinearShape {
        rows: 2048,
        inputs: 1024,
        outputs: 1024,
        exact: false,
    };
    let mut x = backend.zeros(shape.rows * shape.inputs)?;
    let mut weight = backend.zeros(shape.inputs * shape.outputs)?;
    let mut out = backend.zeros(shape.rows * shape.outputs)?;
    for buffer in [&mut x, &mut weight] {
        backend.fill(Fill { buffer, value: 1.0 });
    }
    let effort = Effort {
        repetitions: 3,
        least: time,
        most: 4 * time,
    };
    let Ok(passes) = repeat(effort, || {
        backend.linear(Linear {
            shape,
            x: &x,
            weight: &weight,
            bias: None,
            out: &mut out,
        });
        Ok::<(), Infallible>(())
    });
    let best = passes
        .iter()
        .map(|(time, ())| time.as_secs_f64())
        .fold(f64::INFINITY, f64::min);
    Ok(2e-9 * (shape.rows * shape.inputs * shape.outputs) as f64 / best)
}
