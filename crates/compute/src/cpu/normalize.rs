//! Normalisation of rows and its gradient.

use super::elementwise::Add;
use super::engine::{Engine, Shared};
use super::simd::{Kernel, MAX_LANES, Simd};
use crate::HostMemory;
use crate::operation::{Norm, NormKind, Normalize, NormalizeBackward};

/// Rows of a task, and of a partial sum of the gradients of weight and bias.
const CHUNK: usize = 128;

pub(super) fn normalize(engine: &Engine, o: Normalize<'_, HostMemory>) {
    let channels = o.shape.channels;
    if channels == 0 {
        return;
    }
    let x: &[f32] = o.x;
    let weight = &o.weight[..channels];
    let bias = o.bias.map(|bias| &bias[..channels]);
    let [out, statistics] = [o.out, o.statistics].map(|target| Shared::new(target));
    let work = 8 * o.shape.elements();
    engine.for_each_if_worth(work, o.shape.rows.div_ceil(CHUNK), |chunk| {
        let rows = chunk * CHUNK..o.shape.rows.min((chunk + 1) * CHUNK);
        engine.run(Forward {
            norm: o.norm,
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

/// Some rows of as many channels as `weight` has.
struct Forward<'a> {
    norm: Norm,
    x: &'a [f32],
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    out: &'a mut [f32],
    statistics: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let channels = self.weight.len();
        let rows = self.x.chunks_exact(channels);
        let outs = self.out.chunks_exact_mut(channels);
        for ((x, out), statistics) in rows.zip(outs).zip(self.statistics.chunks_exact_mut(2)) {
            let shift = match self.norm.kind {
                NormKind::Layer => mean(s, x),
                NormKind::RootMeanSquare => 0.0,
            };
            let factor = 1.0 / (mean_square(s, x, shift) + self.norm.epsilon).sqrt();
            let [shifts, factors] = [shift, factor].map(|value| s.splat(value));
            let normal = |x| s.mul(s.sub(s.load_front(x), shifts), factors);
            let chunks = x
                .chunks(S::LANES)
                .zip(out.chunks_mut(S::LANES))
                .zip(self.weight.chunks(S::LANES));
            match self.bias {
                Some(bias) => {
                    for (((x, out), weight), bias) in chunks.zip(bias.chunks(S::LANES)) {
                        let (weight, bias) = (s.load_front(weight), s.load_front(bias));
                        s.store_front(out, s.mul_add(normal(x), weight, bias));
                    }
                }
                None => {
                    for ((x, out), weight) in chunks {
                        s.store_front(out, s.mul(normal(x), s.load_front(weight)));
                    }
                }
            }
            statistics.copy_from_slice(&[shift, factor]);
        }
    }
}

#[inline(always)]
fn mean<S: Simd>(s: S, x: &[f32]) -> f32 {
    let mut sum = s.splat(0.0);
    for x in x.chunks(S::LANES) {
        sum = s.add(sum, s.load_front(x));
    }
    s.sum(sum) / x.len() as f32
}

/// The mean of (x − shift)².
#[inline(always)]
fn mean_square<S: Simd>(s: S, x: &[f32], shift: f32) -> f32 {
    let mut squares = s.splat(0.0);
    for x in x.chunks(S::LANES) {
        // Lanes beyond the row would contribute the square of the shift; numbers equal to it in their
        // place contribute nothing.
        let mut row = [shift; MAX_LANES];
        let difference = if x.len() < S::LANES {
            row[..x.len()].copy_from_slice(x);
            s.load_front(&row)
        } else {
            s.load_front(x)
        };
        let difference = s.sub(difference, s.splat(shift));
        squares = s.mul_add(difference, difference, squares);
    }
    s.sum(squares) / x.len() as f32
}

pub(super) fn normalize_backward(engine: &Engine, o: NormalizeBackward<'_, HostMemory>) {
    let channels = o.shape.channels;
    if channels == 0 {
        return;
    }
    let [x, statistics, d_out]: [&[f32]; 3] = [o.x, o.statistics, o.d_out];
    let weight = &o.weight[..channels];
    let chunks = o.shape.rows.div_ceil(CHUNK);
    // For every chunk the sums of the gradient of the weight, then those of the bias.
    let sums_len = channels * (1 + usize::from(o.d_bias.is_some()));
    let mut partial = engine.scratch(chunks * sums_len);
    let shared_partial = Shared::new(&mut partial);
    let d_x = Shared::new(o.d_x);
    engine.for_each_if_worth(16 * o.shape.elements(), chunks, |chunk| {
        let rows = chunk * CHUNK..o.shape.rows.min((chunk + 1) * CHUNK);
        let elements = rows.start * channels..rows.end * channels;
        // SAFETY: every chunk has partial sums of its own.
        let sums = unsafe { shared_partial.part(chunk * sums_len..(chunk + 1) * sums_len) };
        let (d_weight, d_bias) = sums.split_at_mut(channels);
        engine.run(Backward {
            kind: o.norm.kind,
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
    let d_weight = &mut o.d_weight[..channels];
    let mut d_bias = o.d_bias.map(|d_bias| &mut d_bias[..channels]);
    for sums in partial.chunks_exact(sums_len) {
        let (weight_sums, bias_sums) = sums.split_at(channels);
        engine.run(Add {
            x: weight_sums,
            out: d_weight,
        });
        if let Some(d_bias) = &mut d_bias {
            engine.run(Add {
                x: bias_sums,
                out: d_bias,
            });
        }
    }
}

struct Backward<'a> {
    kind: NormKind,
    x: &'a [f32],
    weight: &'a [f32],
    statistics: &'a [f32],
    d_out: &'a [f32],
    d_x: &'a mut [f32],
    /// Overwritten with the sums over these rows.
    d_weight: &'a mut [f32],
    /// As `d_weight`; empty where there is no bias.
    d_bias: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        self.d_weight.fill(0.0);
        self.d_bias.fill(0.0);
        let channels = self.weight.len();
        for (n, statistics) in self.statistics.chunks_exact(2).enumerate() {
            let (shift, factor) = (s.splat(statistics[0]), s.splat(statistics[1]));
            let x = &self.x[n * channels..][..channels];
            let d_out = &self.d_out[n * channels..][..channels];
            let mut sum = s.splat(0.0);
            let mut dot = s.splat(0.0);
            for c in (0..channels).step_by(S::LANES) {
                let end = channels.min(c + S::LANES);
                let normal = s.mul(s.sub(s.load_front(&x[c..end]), shift), factor);
                let d = s.load_front(&d_out[c..end]);
                let d_normal = s.mul(d, s.load_front(&self.weight[c..end]));
                sum = s.add(sum, d_normal);
                dot = s.mul_add(d_normal, normal, dot);
                let d_weight = &mut self.d_weight[c..end];
                s.store_front(d_weight, s.mul_add(d, normal, s.load_front(d_weight)));
            }
            for (d, d_bias) in d_out.chunks(S::LANES).zip(self.d_bias.chunks_mut(S::LANES)) {
                s.store_front(d_bias, s.add(s.load_front(d), s.load_front(d_bias)));
            }
            // The share of the gradient that goes through the mean, where it is subtracted.
            let sum = match self.kind {
                NormKind::Layer => s.splat(s.sum(sum) / channels as f32),
                NormKind::RootMeanSquare => s.splat(0.0),
            };
            let dot = s.splat(s.sum(dot) / channels as f32);
            let d_x = &mut self.d_x[n * channels..][..channels];
            for c in (0..channels).step_by(S::LANES) {
                let end = channels.min(c + S::LANES);
                let normal = s.mul(s.sub(s.load_front(&x[c..end]), shift), factor);
                let d_normal = s.mul(
                    s.load_front(&d_out[c..end]),
                    s.load_front(&self.weight[c..end]),
                );
                let d = s.sub(d_normal, s.mul_add(normal, dot, sum));
                let d_x = &mut d_x[c..end];
                s.store_front(d_x, s.mul_add(d, factor, s.load_front(d_x)));
            }
        }
    }
}
