//! Output layer and sampling in one: the inverse of each row's distribution function.
//!
//! A first pass over tiles of logits finds the total of every row and tile; the tile in which a draw
//! falls is then computed again, for the rows that need it, to find the token.

use std::marker::PhantomData;

use super::logits::all_logits;
use super::operands::{HeadWords, HiddenPanels};
use super::partition::{Groups, ROWS, TILE, parts};
use super::tile::{LogitsTile, logits_tile};
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::{Format, Pairs, Single};
use crate::cpu::math::exp2;
use crate::cpu::product::PANEL_VECTORS;
use crate::cpu::simd::{Kernel, MAX_LANES, Simd};
use crate::operation::{HeadSample, HeadShape};
use crate::{HostMemory, Precision, sampling};

pub(in crate::cpu) fn sample(engine: &Engine, o: HeadSample<'_, HostMemory>) {
    if o.filter.top_k.is_some() || o.filter.top_p.is_some() {
        return sample_filtered(engine, o);
    }
    match engine.precision() {
        Precision::F32 => sample_in::<Single>(engine, o),
        Precision::Bf16 => sample_in::<Pairs>(engine, o),
    }
}

fn sample_in<F: Format>(engine: &Engine, o: HeadSample<'_, HostMemory>) {
    let HeadShape { rows, channels, .. } = o.shape;
    let weight = HeadWords::new::<F>(engine, channels, o.weight);
    let tokens = o.tokens.overwrite(rows, o.shape.vocabulary);
    for rows in parts(0..rows, ROWS) {
        Block {
            engine,
            shape: HeadShape {
                rows: rows.len(),
                ..o.shape
            },
            hidden: &o.hidden[rows.start * channels..rows.end * channels],
            weight: &weight,
            temperature: o.filter.temperature,
            format: PhantomData::<F>,
        }
        .sample(&o.uniforms[rows.clone()], &mut tokens[rows]);
    }
}

/// With top-k or top-p the order of all logits of a row matters: a few rows of them are held.
fn sample_filtered(engine: &Engine, o: HeadSample<'_, HostMemory>) {
    let HeadShape {
        rows,
        channels,
        vocabulary,
    } = o.shape;
    let tokens = Shared::new(o.tokens.overwrite(rows, vocabulary));
    let block = engine.panel();
    let mut logits = engine.scratch(block.min(rows) * vocabulary);
    for rows in parts(0..rows, block) {
        let here = HeadShape {
            rows: rows.len(),
            ..o.shape
        };
        let hidden = &o.hidden[rows.start * channels..rows.end * channels];
        all_logits(engine, here, hidden, o.weight, &mut logits);
        let logits: &[f32] = &logits;
        engine.for_each(rows.len(), |i| {
            let logits = &logits[i * vocabulary..][..vocabulary];
            let token = sampling::draw(logits, o.filter, o.uniforms[rows.start + i]);
            // SAFETY: every task has an element of its own.
            unsafe { tokens.set(rows.start + i, token) };
        });
    }
}

/// At most [`ROWS`] rows to sample.
struct Block<'a, F> {
    engine: &'a Engine,
    shape: HeadShape,
    hidden: &'a [f32],
    weight: &'a HeadWords<'a>,
    temperature: f32,
    format: PhantomData<F>,
}

/// Where a draw falls.
#[derive(Clone, Copy, Debug)]
struct Draw {
    tile: usize,
    row: usize,
    /// The largest logit of the row.
    max: f32,
    /// How far into the tile the draw lies, in units of the weight of the largest logit.
    rest: f64,
}

impl<F: Format> Block<'_, F> {
    fn sample(&self, uniforms: &[f64], tokens: &mut [u32]) {
        let mut draws = self.locate(uniforms);
        draws.sort_unstable_by_key(|draw| (draw.tile, draw.row));
        // Draws in the same tile are looked up together, a panel of them at a time.
        let width = self.engine.panel();
        let jobs: Vec<&[Draw]> = draws
            .chunk_by(|a, b| a.tile == b.tile)
            .flat_map(|draws| draws.chunks(width))
            .collect();
        let tokens = Shared::new(tokens);
        let work = jobs.len() * TILE * width * self.shape.channels;
        self.engine.for_each_if_worth(work, jobs.len(), |job| {
            self.look_up(jobs[job], |row, token| {
                // SAFETY: every row belongs to one job.
                unsafe { tokens.set(row, token) };
            });
        });
    }

    /// Finds the tile of every row's draw from the totals of the tiles.
    fn locate(&self, uniforms: &[f64]) -> Vec<Draw> {
        let Self { engine, shape, .. } = *self;
        let width = engine.panel();
        let padded = shape.rows.next_multiple_of(width);
        let mut panels = HiddenPanels::new::<F>(engine, shape.channels, shape.rows);
        panels.pack::<F>(engine, 0..shape.rows, self.hidden);
        let tiles = shape.vocabulary.div_ceil(TILE);
        // For every tile: the maxima of the rows, then the sums of their exponentials.
        let mut totals = engine.scratch(tiles * 2 * padded);
        let shared = Shared::new(&mut totals);
        let groups = Groups::new(shape.vocabulary, TILE, TILE);
        let work = shape.rows * shape.vocabulary * shape.channels;
        engine.for_each_if_worth(work, groups.count(), |group| {
            let mut scratch = engine.scratch(TILE * width);
            for tokens in parts(groups.get(group), TILE) {
                let tile = tokens.start / TILE;
                engine.run_with::<F, _>(Totals {
                    depth: self.weight.row(),
                    weight: self.weight.of(&tokens),
                    panels: &panels,
                    sharpness: std::f32::consts::LOG2_E / self.temperature,
                    // SAFETY: every tile has totals of its own.
                    totals: unsafe { shared.part(tile * 2 * padded..(tile + 1) * 2 * padded) },
                    tile: &mut scratch,
                    format: PhantomData::<F>,
                });
            }
        });
        let totals: &[f32] = &totals;
        let nowhere = Draw {
            tile: 0,
            row: 0,
            max: 0.0,
            rest: 0.0,
        };
        let mut draws = vec![nowhere; shape.rows];
        let shared = Shared::new(&mut draws);
        let lanes = engine.isa().lanes();
        let work = 20 * tiles * padded;
        engine.for_each_if_worth(work, shape.rows.div_ceil(lanes), |i| {
            let rows = i * lanes..shape.rows.min((i + 1) * lanes);
            let mut weights = engine.scratch(tiles * lanes);
            engine.run(Locate {
                totals,
                padded,
                first: rows.start,
                uniforms: &uniforms[rows.clone()],
                sharpness: std::f32::consts::LOG2_E / self.temperature,
                weights: &mut weights,
                // SAFETY: every task has rows of its own.
                draws: unsafe { shared.part(rows) },
            });
        });
        draws
    }

    /// The unnormalised probability of a logit.
    fn weight_of(&self, logit: f32, max: f32) -> f64 {
        ((f64::from(logit) - f64::from(max)) / f64::from(self.temperature)).exp()
    }

    /// Finds the tokens of at most a panel of draws that fall in one tile.
    fn look_up(&self, draws: &[Draw], mut found: impl FnMut(usize, u32)) {
        let Self { engine, shape, .. } = *self;
        let width = engine.panel();
        let channels = shape.channels;
        let Some(first) = draws.first() else { return };
        let start = first.tile * TILE;
        let tokens = start..shape.vocabulary.min(start + TILE);
        let mut hidden = engine.scratch(draws.len() * channels);
        for (row, draw) in hidden.chunks_exact_mut(channels.max(1)).zip(draws) {
            row.copy_from_slice(&self.hidden[draw.row * channels..][..channels]);
        }
        let mut panel = HiddenPanels::new::<F>(engine, channels, draws.len());
        panel.pack::<F>(engine, 0..draws.len(), &hidden);
        let mut tile = engine.scratch(TILE * width);
        engine.run_with::<F, _>(LogitsTile {
            depth: self.weight.row(),
            weight: self.weight.of(&tokens),
            panel: panel.panel(0),
            tile: &mut tile,
            format: PhantomData::<F>,
        });
        for (lane, draw) in draws.iter().enumerate() {
            let logits = tile.chunks_exact(width).map(|row| row[lane]);
            let mut sum = 0.0;
            let mut token = tokens.start;
            for (logit, index) in logits.zip(tokens.clone()) {
                let weight = self.weight_of(logit, draw.max);
                sum += weight;
                if weight > 0.0 {
                    // Also the answer where rounding lets no sum exceed the rest.
                    token = index;
                    if sum > draw.rest {
                        break;
                    }
                }
            }
            found(draw.row, token as u32);
        }
    }
}

/// Finds the tiles of the draws of a vector of rows: as
/// [`sampling::invert`](crate::sampling::invert) does, for several rows at once.
struct Locate<'a> {
    /// For every tile: the maxima of the rows, then the sums of their exponentials.
    totals: &'a [f32],
    /// Rows with those that fill up the last panel.
    padded: usize,
    /// The first of the rows.
    first: usize,
    uniforms: &'a [f64],
    /// 1 / (temperature · ln 2).
    sharpness: f32,
    /// Room for the weights, (tiles, rows).
    weights: &'a mut [f32],
    draws: &'a mut [Draw],
}

impl Kernel for Locate<'_> {
    type Output = ();

    // Loops over the lanes of several arrays.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let sharpness = s.splat(self.sharpness);
        let tiles = || self.totals.chunks_exact(2 * self.padded);
        let mut max = s.splat(f32::MIN);
        for tile in tiles() {
            max = s.max(max, s.load_front(&tile[self.first..]));
        }
        let mut totals = [0.0; MAX_LANES];
        for (tile, weights) in tiles().zip(self.weights.chunks_exact_mut(S::LANES)) {
            let difference = s.sub(s.load_front(&tile[self.first..]), max);
            let sum = s.load_front(&tile[self.padded + self.first..]);
            let weight = s.mul(exp2(s, s.mul(difference, sharpness)), sum);
            s.store_front(weights, weight);
            for lane in 0..S::LANES {
                totals[lane] += f64::from(weights[lane]);
            }
        }
        let mut bounds = [f64::INFINITY; MAX_LANES];
        for (lane, &uniform) in self.uniforms.iter().enumerate() {
            bounds[lane] = uniform * totals[lane];
        }
        let maxima = s.to_array(max);
        let mut sums = [0.0; MAX_LANES];
        let mut found = [false; MAX_LANES];
        for (tile, weights) in self.weights.chunks_exact(S::LANES).enumerate() {
            for (lane, draw) in self.draws.iter_mut().enumerate() {
                let weight = f64::from(weights[lane]);
                // A later tile of positive weight is the answer where rounding lets no sum exceed
                // the bound.
                if !found[lane] && weight > 0.0 {
                    *draw = Draw {
                        tile,
                        row: self.first + lane,
                        max: maxima[lane],
                        rest: bounds[lane] - sums[lane],
                    };
                    found[lane] = sums[lane] + weight > bounds[lane];
                }
                sums[lane] += weight;
            }
        }
        for (lane, draw) in self.draws.iter_mut().enumerate() {
            draw.row = self.first + lane;
        }
    }
}

/// Maxima and sums of exponentials of one tile, for all rows.
struct Totals<'a, F> {
    /// Words of a token.
    depth: usize,
    weight: &'a [f32],
    panels: &'a HiddenPanels<'a>,
    /// 1 / (temperature · ln 2).
    sharpness: f32,
    totals: &'a mut [f32],
    tile: &'a mut [f32],
    format: PhantomData<F>,
}

impl<F: Format> Kernel for Totals<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let padded = self.totals.len() / 2;
        let (maxima, sums) = self.totals.split_at_mut(padded);
        let rows = self.weight.len() / self.depth.max(1);
        let sharpness = s.splat(self.sharpness);
        for first in (0..padded).step_by(width) {
            let panel = self.panels.panel(first);
            let last = first + width >= padded;
            logits_tile::<F, S>(s, self.depth, self.weight, panel, self.tile, last);
            let tile = &self.tile[..rows * width];
            // Two chains for each of the panel's vectors: a maximum and a sum take several cycles.
            // Not −∞, whose difference from a logit of −∞ is not a number.
            let mut max = [[s.splat(f32::MIN); PANEL_VECTORS]; 2];
            for rows in tile.chunks(2 * width) {
                for (max, row) in max.iter_mut().zip(rows.chunks_exact(width)) {
                    for (max, logits) in max.iter_mut().zip(row.chunks_exact(S::LANES)) {
                        *max = s.max(*max, s.load_front(logits));
                    }
                }
            }
            let mut sum = [[s.splat(0.0); PANEL_VECTORS]; 2];
            let max = [0, 1].map(|i| s.max(max[0][i], max[1][i]));
            for rows in tile.chunks(2 * width) {
                for (sum, row) in sum.iter_mut().zip(rows.chunks_exact(width)) {
                    for i in 0..PANEL_VECTORS {
                        let logits = s.load_front(&row[i * S::LANES..][..S::LANES]);
                        let difference = s.sub(logits, max[i]);
                        sum[i] = s.add(sum[i], exp2(s, s.mul(difference, sharpness)));
                    }
                }
            }
            for i in 0..PANEL_VECTORS {
                let columns = first + i * S::LANES..first + (i + 1) * S::LANES;
                s.store_front(&mut maxima[columns.clone()], max[i]);
                s.store_front(&mut sums[columns], s.add(sum[0][i], sum[1][i]));
            }
        }
    }
}
