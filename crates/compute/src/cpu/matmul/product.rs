//! Products of whole matrices, cut into tiles that are computed side by side.

use std::marker::PhantomData;
use std::ops::Range;

use super::left::{LeftPart, LeftWords};
use super::microkernel::{multiply_words, tile_rows};
use super::operand::Operand;
use super::right::{Right, pack_right, packed_len};
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::Format;
use crate::cpu::product::{Left, PANEL_VECTORS, Panel, Product};
use crate::cpu::simd::{Kernel, Simd};

/// What the elements of a product start from.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) enum Start<'a> {
    /// From 0.
    Zero,
    /// From what they are: the product is added.
    Current,
    /// From one value a column.
    Bias(&'a [f32]),
}

/// Most words of packed panels at a time: they should stay in the caches.
const PACKED: usize = 1 << 21;

/// `out = start + left · right` with `left` (rows, depth), `right` (depth, columns) and `out`
/// (rows, columns), the operands rounded to the format.
pub(in crate::cpu) fn matmul<F: Format>(
    engine: &Engine,
    [rows, depth, columns]: [usize; 3],
    left: Operand<'_>,
    right: Right<'_>,
    start: Start<'_>,
    out: &mut [f32],
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let width = engine.panel();
    let panels = columns.div_ceil(width);
    // A multiple of 512, which neither the alignment of panels nor the depth of a tile's pass cuts.
    let most = match right {
        Right::Plain(_) => (F::NUMBERS * PACKED / (panels * width) / 512 * 512).max(512),
        Right::Packed(_) => usize::MAX,
    };
    let part = most.min(depth.max(1));
    let mut scratch = match right {
        Right::Plain(_) => engine.scratch(packed_len::<F>(engine, part, columns)),
        Right::Packed(_) => engine.scratch(0),
    };
    let left = LeftWords::new::<F>(engine, [rows, depth], left);
    let out = Shared::new(out);
    for numbers in parts_of(depth, part) {
        let packed: &[f32] = match right {
            Right::Packed(packed) => packed,
            Right::Plain(operand) => {
                pack_right::<F>(engine, numbers.clone(), columns, operand, &mut scratch);
                &scratch
            }
        };
        let tiles = Tiles::new(engine, rows, panels);
        engine.for_each_if_worth(rows * numbers.len() * columns, tiles.count(), |tile| {
            let (row_range, panel_range) = tiles.get(tile);
            let kernel = Multiply {
                rows: row_range,
                panels: panel_range,
                columns,
                depth: F::words(numbers.len()),
                accumulate: numbers.start > 0,
                left: left.from(F::words(numbers.start)),
                packed,
                start,
                out,
                format: PhantomData::<F>,
            };
            engine.run_with::<F, _>(kernel);
        });
    }
}

/// The parts of `0..depth` of at most `part`; one of them if there is nothing.
fn parts_of(depth: usize, part: usize) -> impl Iterator<Item = Range<usize>> {
    (0..depth.max(1))
        .step_by(part)
        .map(move |first| first..depth.min(first.saturating_add(part)))
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

    fn get(&self, tile: usize) -> (Range<usize>, Range<usize>) {
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

/// Computes the tiles of one task.
struct Multiply<'a, F> {
    rows: Range<usize>,
    panels: Range<usize>,
    columns: usize,
    /// In words.
    depth: usize,
    /// Whether an earlier part of the inner dimension is in the product.
    accumulate: bool,
    left: LeftPart<'a>,
    packed: &'a [f32],
    start: Start<'a>,
    out: Shared<'a>,
    format: PhantomData<F>,
}

impl<F: Format> Kernel for Multiply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let width = PANEL_VECTORS * S::LANES;
        let LeftPart { words, row, step } = self.left;
        let left = Left {
            start: words[(self.rows.start * row).min(words.len())..].as_ptr(),
            row,
            step,
        };
        for panel in self.panels {
            let column = panel * width;
            let columns = width.min(self.columns - column);
            let accumulate = match self.start {
                _ if self.accumulate => true,
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
            let panel = Panel {
                start: self.packed[panel * self.depth * width..].as_ptr(),
                row: width,
            };
            // SAFETY: the left operand has `rows` and `depth` more from its start on, the packed
            // panel is (depth, width), and the columns of these rows belong to this task.
            unsafe {
                multiply_words::<F, S>(
                    s,
                    [self.rows.len(), self.depth],
                    left,
                    panel,
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
    use crate::Precision;
    use crate::cpu::bf16;
    use crate::cpu::format::{Pairs, Single};
    use crate::cpu::isa::{CheckedIsa, Isa};

    fn numbers(len: usize, seed: u64) -> Vec<f32> {
        let stream = autophage_random::Stream::new(seed, autophage_random::Purpose::Simulation, 0);
        (0..len as u64)
            .map(|i| stream.normal(0, i) as f32)
            .collect()
    }

    fn element(operand: Operand<'_>, i: usize, j: usize) -> f32 {
        if operand.transposed {
            operand.values[j * operand.stride + i]
        } else {
            operand.values[i * operand.stride + j]
        }
    }

    fn agree_with_their_definition<F: Format>(isa: Isa, round: impl Fn(f32) -> f64) {
        let sizes = [1, 2, 3, 7, 12, 13, 31, 32, 33, 47, 64, 97];
        let depths = [0, 1, 5, 64, 255, 256, 257, 600];
        let isa = CheckedIsa::new(isa).unwrap();
        let engine = Engine::new(isa, Precision::default(), 2);
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
            let mut packed = vec![f32::NAN; packed_len::<F>(&engine, depth, columns)];
            pack_right::<F>(&engine, 0..depth, columns, right, &mut packed);
            let bias = numbers(columns, 3);
            let before = numbers(rows * columns, 4);
            for start in [Start::Zero, Start::Current, Start::Bias(&bias)] {
                let product = |right| {
                    let mut out = before.clone();
                    let sizes = [rows, depth, columns];
                    matmul::<F>(&engine, sizes, left, right, start, &mut out);
                    out
                };
                let out = product(Right::Plain(right));
                assert_eq!(out, product(Right::Packed(&packed)), "packed beforehand");
                for i in 0..rows {
                    for j in 0..columns {
                        let mut exact = match start {
                            Start::Zero => 0.0,
                            Start::Current => f64::from(before[i * columns + j]),
                            Start::Bias(bias) => f64::from(bias[j]),
                        };
                        for k in 0..depth {
                            exact += round(element(left, i, k)) * round(element(right, k, j));
                        }
                        let error = (f64::from(out[i * columns + j]) - exact).abs();
                        assert!(
                            error < 2e-5 * (depth as f64).sqrt().max(1.0),
                            "{rows}×{depth}×{columns} at ({i}, {j}): {error}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn products_of_single_numbers_agree_with_their_definition_at_all_edges() {
        for isa in Isa::available() {
            agree_with_their_definition::<Single>(isa, f64::from);
        }
    }

    #[test]
    fn products_of_pairs_agree_with_their_definition_at_all_edges() {
        for isa in Isa::available() {
            agree_with_their_definition::<Pairs>(isa, |x| f64::from(bf16::low(bf16::pair(x, 0.0))));
        }
    }
}
