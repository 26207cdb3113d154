//! Products of whole matrices, cut into tiles that are computed side by side.

use super::engine::{Engine, Shared};
use super::microkernel::{Left, PANEL_VECTORS, Product, multiply, tile_rows};
use super::pack::{pack_rows, pack_transposed};
use super::simd::{Kernel, Simd};

/// A matrix in memory: element (i, j) of the operand is at `i · stride + j`, or the other way round
/// when it is transposed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'a> {
    pub(super) values: &'a [f32],
    pub(super) stride: usize,
    pub(super) transposed: bool,
}

/// What the elements of a product start from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'a> {
    /// From 0.
    Zero,
    /// From what they are: the product is added.
    Current,
    /// From one value a column.
    Bias(&'a [f32]),
}

/// Most numbers of packed panels at a time: they should stay in the caches.
const PACKED: usize = 1 << 21;

/// `out = start + left · right` with `left` (rows, depth), `right` (depth, columns) and `out`
/// (rows, columns).
pub(super) fn matmul(
    engine: &Engine,
    [rows, depth, columns]: [usize; 3],
    left: Operand<'_>,
    right: Operand<'_>,
    start: Start<'_>,
    out: &mut [f32],
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let width = engine.panel();
    let panels = columns.div_ceil(width);
    // A multiple of 256, which neither the alignment of panels nor the depth of a tile's pass cuts.
    let part = (PACKED / (panels * width) / 256 * 256)
        .max(256)
        .min(depth.max(1));
    let mut packed = engine.scratch(part * panels * width);
    let out = Shared::new(out);
    let mut first = 0;
    loop {
        let depth_here = part.min(depth - first);
        let right_here = Operand {
            values: &right.values[(if right.transposed {
                first
            } else {
                first * right.stride
            })
            .min(right.values.len())..],
            ..right
        };
        let panel_len = depth_here * width;
        let shared_panels = Shared::new(&mut packed);
        engine.for_each_if_worth(8 * depth_here * columns, panels, |panel| {
            // SAFETY: each task has the panel of its number.
            let target = unsafe { shared_panels.part(panel * panel_len..(panel + 1) * panel_len) };
            engine.run(Pack {
                depth: depth_here,
                first_column: panel * width,
                columns,
                right: right_here,
                panel: target,
            });
        });
        let packed_here: &[f32] = &packed;
        let tiles = Tiles::new(engine, rows, panels);
        engine.for_each_if_worth(rows * depth_here * columns, tiles.count(), |tile| {
            let (row_range, panel_range) = tiles.get(tile);
            engine.run(Multiply {
                rows: row_range,
                panels: panel_range,
                columns,
                depth: depth_here,
                first_depth: first,
                left,
                packed: packed_here,
                start,
                out,
            });
        });
        first += depth_here;
        if first >= depth {
            return;
        }
    }
}

/// The partition of a product among tasks. It has no influence on the result.
struct Tiles {
    rows: usize,
    panels: usize,
    row_block: usize,
    panel_block: usize,
}

impl Tiles {
    fn new(engine: &Engine, rows: usize, panels: usize) -> Self {
        /// Tasks from which on the threads are busy evenly.
        const ENOUGH: usize = 16;
        let strip = tile_rows(engine.isa().lanes());
        let mut tiles = Self {
            rows,
            panels,
            row_block: 8 * strip,
            panel_block: 8.min(panels),
        };
        while tiles.count() < ENOUGH && tiles.panel_block > 1 {
            tiles.panel_block = tiles.panel_block.div_ceil(2);
        }
        while tiles.count() < ENOUGH && tiles.row_block > strip {
            tiles.row_block /= 2;
        }
        tiles
    }

    fn count(&self) -> usize {
        self.rows.div_ceil(self.row_block) * self.panels.div_ceil(self.panel_block)
    }

    fn get(&self, tile: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let across = self.panels.div_ceil(self.panel_block);
        let (row, panel) = (
            tile / across * self.row_block,
            tile % across * self.panel_block,
        );
        (
            row..self.rows.min(row + self.row_block),
            panel..self.panels.min(panel + self.panel_block),
        )
    }
}

/// Packs one panel of the right operand.
struct Pack<'a> {
    depth: usize,
    first_column: usize,
    columns: usize,
    right: Operand<'a>,
    panel: &'a mut [f32],
}

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = (self.columns - self.first_column).min(PANEL_VECTORS * S::LANES);
        let Operand { values, stride, .. } = self.right;
        if self.right.transposed {
            let source = &values[self.first_column * stride..];
            pack_transposed(s, self.depth, columns, source, stride, self.panel);
        } else if self.depth > 0 {
            let source = &values[self.first_column..];
            pack_rows(s, self.depth, columns, source, stride, self.panel);
        }
    }
}

/// Computes the tiles of one task.
struct Multiply<'a> {
    rows: std::ops::Range<usize>,
    panels: std::ops::Range<usize>,
    columns: usize,
    depth: usize,
    first_depth: usize,
    left: Operand<'a>,
    packed: &'a [f32],
    start: Start<'a>,
    out: Shared<'a>,
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let (row, step) = match self.left.transposed {
            false => (self.left.stride, 1),
            true => (1, self.left.stride),
        };
        let offset = self.rows.start * row + self.first_depth * step;
        let left = Left {
            start: self.left.values[offset.min(self.left.values.len())..].as_ptr(),
            row,
            step,
        };
        for panel in self.panels {
            let column = panel * width;
            let columns = width.min(self.columns - column);
            let accumulate = match self.start {
                _ if self.first_depth > 0 => true,
                Start::Zero => false,
                Start::Current => true,
                Start::Bias(bias) => {
                    let bias = &bias[column..][..columns];
                    for row in self.rows.clone() {
                        let start = row * self.columns + column;
                        // SAFETY: these columns of these rows belong to this task.
                        let out = unsafe { self.out.part(start..start + columns) };
                        // Vector by vector: a call to copy so few numbers would cost more.
                        for (out, bias) in out.chunks_mut(S::LANES).zip(bias.chunks(S::LANES)) {
                            s.store_front(out, s.load_front(bias));
                        }
                    }
                    true
                }
            };
            // SAFETY: the left operand has `rows` and `depth` more from its start on, the packed
            // panel is (depth, width), and the columns of these rows belong to this task.
            unsafe {
                multiply(
                    s,
                    self.rows.len(),
                    self.depth,
                    left,
                    self.packed[panel * self.depth * width..].as_ptr(),
                    Product {
                        start: self.out.at(self.rows.start * self.columns + column),
                        row: self.columns,
                        columns,
                    },
                    accumulate,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{CheckedIsa, Isa};

    fn numbers(len: usize, seed: u64) -> Vec<f32> {
        let stream = autophage_random::Stream::new(seed, autophage_random::Purpose::Simulation, 0);
        (0..len as u64)
            .map(|i| stream.normal(0, i) as f32)
            .collect()
    }

    fn element(operand: Operand<'_>, i: usize, j: usize) -> f64 {
        f64::from(if operand.transposed {
            operand.values[j * operand.stride + i]
        } else {
            operand.values[i * operand.stride + j]
        })
    }

    #[test]
    fn products_agree_with_their_definition_at_all_edges() {
        let sizes = [1, 2, 3, 7, 12, 13, 31, 32, 33, 47, 64, 97];
        let depths = [0, 1, 5, 64, 255, 256, 257, 600];
        for isa in Isa::available() {
            let engine = Engine::new(CheckedIsa::new(isa).unwrap(), 2);
            for case in 0..96 {
                let [rows, columns] = [sizes[case % 12], sizes[(case * 5 + case / 12) % 12]];
                let depth = depths[case % 8];
                let [left_transposed, right_transposed] = [case % 3 == 0, case % 2 == 0];
                let (a, b) = (numbers(rows * depth, 1), numbers(depth * columns, 2));
                let left = Operand {
                    values: &a,
                    stride: if left_transposed { rows } else { depth },
                    transposed: left_transposed,
                };
                let right = Operand {
                    values: &b,
                    stride: if right_transposed { depth } else { columns },
                    transposed: right_transposed,
                };
                let bias = numbers(columns, 3);
                let before = numbers(rows * columns, 4);
                for start in [Start::Zero, Start::Current, Start::Bias(&bias)] {
                    let mut out = before.clone();
                    matmul(
                        &engine,
                        [rows, depth, columns],
                        left,
                        right,
                        start,
                        &mut out,
                    );
                    for i in 0..rows {
                        for j in 0..columns {
                            let mut exact = match start {
                                Start::Zero => 0.0,
                                Start::Current => f64::from(before[i * columns + j]),
                                Start::Bias(bias) => f64::from(bias[j]),
                            };
                            for k in 0..depth {
                                exact += element(left, i, k) * element(right, k, j);
                            }
                            let error = (f64::from(out[i * columns + j]) - exact).abs();
                            assert!(
                                error < 2e-5 * (depth as f64).sqrt().max(1.0),
                                "{isa} {rows}×{depth}×{columns} at ({i}, {j}): {error}"
                            );
                        }
                    }
                }
            }
        }
    }
}
