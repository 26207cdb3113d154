//! Output layer and sampling in one: the inverse of each row's distribution function.
//!
//! A first pass over tiles of logits finds the total of every row and tile; the tile in which a draw
//! falls is then computed again, for the rows that need it, to find the token.

use std::ops::Range;

use super::engine::{Engine, Shared};
use super::head::{Groups, LogitsTile, ROWS, TILE, logits, logits_tile, pack_hidden, parts};
use super::math::exp;
use super::microkernel::PANEL_VECTORS;
use super::simd::{Kernel, Simd};
use crate::{Head, SamplingFilter, sampling};

pub(super) fn sample(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    filter: SamplingFilter,
    uniforms: &[f64],
    tokens: &mut [u32],
) {
    if filter.top_k.is_some() || filter.top_p.is_some() {
        return sample_filtered(engine, shape, hidden, weight, filter, uniforms, tokens);
    }
    for rows in parts(0..shape.rows, ROWS) {
        let block = Head {
            rows: rows.len(),
            ..shape
        };
        Block {
            engine,
            shape: block,
            hidden: &hidden[rows.start * shape.channels..rows.end * shape.channels],
            weight,
            temperature: filter.temperature,
        }
        .sample(&uniforms[rows.clone()], &mut tokens[rows]);
    }
}

/// With top-k or top-p the order of all logits of a row matters: a few rows of them are held.
fn sample_filtered(
    engine: &Engine,
    shape: Head,
    hidden: &[f32],
    weight: &[f32],
    filter: SamplingFilter,
    uniforms: &[f64],
    tokens: &mut [u32],
) {
    let block = engine.panel();
    let mut rows_of_logits = engine.scratch(block.min(shape.rows) * shape.vocabulary);
    for rows in parts(0..shape.rows, block) {
        let here = Head {
            rows: rows.len(),
            ..shape
        };
        let hidden = &hidden[rows.start * shape.channels..rows.end * shape.channels];
        logits(engine, here, hidden, weight, &mut rows_of_logits);
        let rows_of_logits: &[f32] = &rows_of_logits;
        let tokens = Shared::new(&mut tokens[rows.clone()]);
        engine.for_each(rows.len(), |i| {
            let logits = &rows_of_logits[i * shape.vocabulary..][..shape.vocabulary];
            let token = sampling::draw(logits, filter, uniforms[rows.start + i]);
            // SAFETY: every task has an element of its own.
            unsafe { tokens.set(i, token) };
        });
    }
}

/// At most [`ROWS`] rows to sample.
struct Block<'a> {
    engine: &'a Engine,
    shape: Head,
    hidden: &'a [f32],
    weight: &'a [f32],
    temperature: f32,
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

impl Block<'_> {
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
        let mut panels = engine.scratch(padded * shape.channels);
        pack_hidden(engine, shape, 0..shape.rows, self.hidden, &mut panels);
        let panels: &[f32] = &panels;
        let tiles = shape.vocabulary.div_ceil(TILE);
        // For every tile: the maxima of the rows, then the sums of their exponentials.
        let mut totals = engine.scratch(tiles * 2 * padded);
        let shared = Shared::new(&mut totals);
        let groups = Groups::new(shape.vocabulary);
        let work = shape.rows * shape.vocabulary * shape.channels;
        engine.for_each_if_worth(work, groups.count(), |group| {
            let mut scratch = engine.scratch(TILE * width);
            for tokens in parts(groups.get(group), TILE) {
                let tile = tokens.start / TILE;
                engine.run(Totals {
                    channels: shape.channels,
                    weight: self.weight(tokens),
                    panels,
                    sharpness: 1.0 / self.temperature,
                    // SAFETY: every tile has totals of its own.
                    totals: unsafe { shared.part(tile * 2 * padded..(tile + 1) * 2 * padded) },
                    tile: &mut scratch,
                });
            }
        });
        let totals: &[f32] = &totals;
        uniforms
            .iter()
            .enumerate()
            .map(|(row, &uniform)| {
                let at = |tile: usize| &totals[tile * 2 * padded + row..];
                let max = (0..tiles).map(|tile| at(tile)[0]).fold(f32::MIN, f32::max);
                let weights = (0..tiles)
                    .map(|tile| self.weight_of(at(tile)[0], max) * f64::from(at(tile)[padded]));
                let tile = sampling::invert(weights.clone(), uniform);
                let total: f64 = weights.clone().sum();
                let before: f64 = weights.take(tile).sum();
                Draw {
                    tile,
                    row,
                    max,
                    rest: uniform * total - before,
                }
            })
            .collect()
    }

    /// The weights of some tokens of the vocabulary.
    fn weight(&self, tokens: Range<usize>) -> &[f32] {
        &self.weight[tokens.start * self.shape.channels..tokens.end * self.shape.channels]
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
        let mut panel = engine.scratch(channels * width);
        panel.fill(0.0);
        for (lane, draw) in draws.iter().enumerate() {
            let hidden = &self.hidden[draw.row * channels..][..channels];
            for (row, &value) in panel.chunks_exact_mut(width).zip(hidden) {
                row[lane] = value;
            }
        }
        let mut tile = engine.scratch(TILE * width);
        engine.run(LogitsTile {
            channels,
            weight: self.weight(tokens.clone()),
            panel: &panel,
            tile: &mut tile,
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

/// Maxima and sums of exponentials of one tile, for all rows.
struct Totals<'a> {
    channels: usize,
    weight: &'a [f32],
    panels: &'a [f32],
    /// 1 / temperature.
    sharpness: f32,
    totals: &'a mut [f32],
    tile: &'a mut [f32],
}

impl Kernel for Totals<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let padded = self.totals.len() / 2;
        let (maxima, sums) = self.totals.split_at_mut(padded);
        let rows = self.weight.len() / self.channels.max(1);
        let sharpness = s.splat(self.sharpness);
        for first in (0..padded).step_by(width) {
            let panel = &self.panels[first * self.channels..];
            logits_tile(s, self.channels, self.weight, panel, self.tile, width);
            let tile = &self.tile[..rows * width];
            for lanes in (0..width).step_by(S::LANES) {
                let logits = |row: &[f32]| s.load_front(&row[lanes..][..S::LANES]);
                // Not −∞, whose difference from a logit of −∞ is not a number.
                let mut max = s.splat(f32::MIN);
                for row in tile.chunks_exact(width) {
                    max = s.max(max, logits(row));
                }
                let mut sum = s.splat(0.0);
                for row in tile.chunks_exact(width) {
                    let difference = s.sub(logits(row), max);
                    sum = s.add(sum, exp(s, s.mul(difference, sharpness)));
                }
                let columns = first + lanes..first + lanes + S::LANES;
                s.store_front(&mut maxima[columns.clone()], max);
                s.store_front(&mut sums[columns], sum);
            }
        }
    }
}
