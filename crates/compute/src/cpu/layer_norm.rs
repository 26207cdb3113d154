//! Layer normalisation and its gradient.

use super::elementwise::Add;
use super::engine::{Engine, Shared};
use super::simd::{Kernel, Simd};
use crate::Rows;

/// Added to the variance before the root.
const EPSILON: f32 = 1e-5;

/// Rows of a task, and of a partial sum of the gradients of weight and bias.
const CHUNK: usize = 128;

pub(super) fn layer_norm(
    engine: &Engine,
    shape: Rows,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    out: &mut [f32],
    statistics: &mut [f32],
) {
    let channels = shape.channels;
    let out = Shared::new(out);
    let statistics = Shared::new(statistics);
    let work = 8 * shape.rows * channels;
    engine.for_each_if_worth(work, shape.rows.div_ceil(CHUNK), |chunk| {
        let rows = chunk * CHUNK..shape.rows.min((chunk + 1) * CHUNK);
        engine.run(Forward {
            channels,
            x: &x[rows.start * channels..rows.end * channels],
            weight,
            bias,
            // SAFETY: the rows of different tasks do not overlap.
            out: unsafe { out.part(rows.start * channels..rows.end * channels) },
            // SAFETY: as above.
            statistics: unsafe { statistics.part(2 * rows.start..2 * rows.end) },
        });
    });
}

struct Forward<'a> {
    channels: usize,
    x: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
    statistics: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        if self.channels == 0 {
            return;
        }
        let rows = self.x.chunks_exact(self.channels);
        let outs = self.out.chunks_exact_mut(self.channels);
        for ((x, out), statistics) in rows.zip(outs).zip(self.statistics.chunks_exact_mut(2)) {
            let mut sum = s.splat(0.0);
            for x in x.chunks(S::LANES) {
                sum = s.add(sum, s.load_front(x));
            }
            let mean = s.sum(sum) / self.channels as f32;
            let mut squares = s.splat(0.0);
            for x in x.chunks(S::LANES) {
                // Lanes beyond the row would contribute the square of the mean; a row of means in
                // their place contributes nothing.
                let mut row = [mean; super::simd::MAX_LANES];
                let deviation = if x.len() < S::LANES {
                    row[..x.len()].copy_from_slice(x);
                    s.load_front(&row)
                } else {
                    s.load_front(x)
                };
                let deviation = s.sub(deviation, s.splat(mean));
                squares = s.mul_add(deviation, deviation, squares);
            }
            let variance = s.sum(squares) / self.channels as f32;
            let reciprocal_deviation = 1.0 / (variance + EPSILON).sqrt();
            let parameters = self.weight.chunks(S::LANES).zip(self.bias.chunks(S::LANES));
            for ((x, out), (weight, bias)) in x
                .chunks(S::LANES)
                .zip(out.chunks_mut(S::LANES))
                .zip(parameters)
            {
                let normal = s.mul(
                    s.sub(s.load_front(x), s.splat(mean)),
                    s.splat(reciprocal_deviation),
                );
                let scaled = s.mul_add(normal, s.load_front(weight), s.load_front(bias));
                s.store_front(out, scaled);
            }
            statistics.copy_from_slice(&[mean, reciprocal_deviation]);
        }
    }
}

#[allow(clippy::too_many_arguments)]
pub(super) fn layer_norm_backward(
    engine: &Engine,
    shape: Rows,
    x: &[f32],
    weight: &[f32],
    statistics: &[f32],
    d_out: &[f32],
    d_x: &mut [f32],
    d_weight: &mut [f32],
    d_bias: &mut [f32],
) {
    let channels = shape.channels;
    let chunks = shape.rows.div_ceil(CHUNK);
    let mut partial = engine.scratch(chunks * 2 * channels);
    let shared_partial = Shared::new(&mut partial);
    let d_x = Shared::new(d_x);
    engine.for_each_if_worth(16 * shape.rows * channels, chunks, |chunk| {
        let rows = chunk * CHUNK..shape.rows.min((chunk + 1) * CHUNK);
        let elements = rows.start * channels..rows.end * channels;
        // SAFETY: every chunk has partial sums of its own.
        let sums = unsafe { shared_partial.part(chunk * 2 * channels..(chunk + 1) * 2 * channels) };
        let (d_weight, d_bias) = sums.split_at_mut(channels);
        engine.run(Backward {
            channels,
            x: &x[elements.clone()],
            weight,
            statistics: &statistics[2 * rows.start..2 * rows.end],
            d_out: &d_out[elements.clone()],
            // SAFETY: the rows of different tasks do not overlap.
            d_x: unsafe { d_x.part(elements) },
            d_weight,
            d_bias,
        });
    });
    for sums in partial.chunks_exact(2 * channels.max(1)) {
        let (weight_sums, bias_sums) = sums.split_at(channels);
        engine.run(Add {
            x: weight_sums,
            out: d_weight,
        });
        engine.run(Add {
            x: bias_sums,
            out: d_bias,
        });
    }
}

struct Backward<'a> {
    channels: usize,
    x: &'a [f32],
    weight: &'a [f32],
    statistics: &'a [f32],
    d_out: &'a [f32],
    d_x: &'a mut [f32],
    /// Overwritten with the sums over these rows.
    d_weight: &'a mut [f32],
    /// As `d_weight`.
    d_bias: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        self.d_weight.fill(0.0);
        self.d_bias.fill(0.0);
        let channels = self.channels;
        for (n, statistics) in self.statistics.chunks_exact(2).enumerate() {
            let (mean, reciprocal_deviation) = (s.splat(statistics[0]), s.splat(statistics[1]));
            let x = &self.x[n * channels..][..channels];
            let d_out = &self.d_out[n * channels..][..channels];
            let mut sum = s.splat(0.0);
            let mut dot = s.splat(0.0);
            for c in (0..channels).step_by(S::LANES) {
                let end = channels.min(c + S::LANES);
                let normal = s.mul(s.sub(s.load_front(&x[c..end]), mean), reciprocal_deviation);
                let d = s.load_front(&d_out[c..end]);
                let d_normal = s.mul(d, s.load_front(&self.weight[c..end]));
                sum = s.add(sum, d_normal);
                dot = s.mul_add(d_normal, normal, dot);
                let d_weight = &mut self.d_weight[c..end];
                s.store_front(d_weight, s.mul_add(d, normal, s.load_front(d_weight)));
                let d_bias = &mut self.d_bias[c..end];
                s.store_front(d_bias, s.add(d, s.load_front(d_bias)));
            }
            let sum = s.splat(s.sum(sum) / channels as f32);
            let dot = s.splat(s.sum(dot) / channels as f32);
            let d_x = &mut self.d_x[n * channels..][..channels];
            for c in (0..channels).step_by(S::LANES) {
                let end = channels.min(c + S::LANES);
                let normal = s.mul(s.sub(s.load_front(&x[c..end]), mean), reciprocal_deviation);
                let d_normal = s.mul(
                    s.load_front(&d_out[c..end]),
                    s.load_front(&self.weight[c..end]),
                );
                let d = s.sub(d_normal, s.mul_add(normal, dot, sum));
                let d_x = &mut d_x[c..end];
                s.store_front(d_x, s.mul_add(d, reciprocal_deviation, s.load_front(d_x)));
            }
        }
    }
}
