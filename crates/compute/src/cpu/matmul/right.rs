//! The right operand of a product of whole matrices.

use std::marker::PhantomData;
use std::ops::Range;

use super::operand::Operand;
use super::pack::{pack_rows, pack_transposed};
use crate::cpu::engine::{Engine, Shared};
use crate::cpu::format::Format;
use crate::cpu::product::PANEL_VECTORS;
use crate::cpu::simd::{Kernel, Simd};

/// The right operand of a product.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) enum Right<'a> {
    /// As it is.
    Plain(Operand<'a>),
    /// Packed by [`pack_right`].
    Packed(&'a [f32]),
}

/// Words that [`pack_right`] writes.
pub(in crate::cpu) fn packed_len<F: Format>(
    engine: &Engine,
    depth: usize,
    columns: usize,
) -> usize {
    F::words(depth) * columns.next_multiple_of(engine.panel())
}

/// Packs the rows `depth` of a right operand into panels, one after another.
pub(in crate::cpu) fn pack_right<F: Format>(
    engine: &Engine,
    depth: Range<usize>,
    columns: usize,
    right: Operand<'_>,
    packed: &mut [f32],
) {
    let width = engine.panel();
    let panel_len = F::words(depth.len()) * width;
    let first = match right.transposed {
        true => depth.start,
        false => depth.start * right.stride,
    };
    let right = Operand {
        values: &right.values[first.min(right.values.len())..],
        ..right
    };
    let packed = Shared::new(packed);
    engine.for_each_if_worth(
        8 * depth.len() * columns,
        columns.div_ceil(width),
        |panel| {
            engine.run_with::<F, _>(Pack {
                depth: depth.len(),
                first_column: panel * width,
                columns,
                right,
                // SAFETY: each task has the panel of its number.
                panel: unsafe { packed.part(panel * panel_len..(panel + 1) * panel_len) },
                format: PhantomData::<F>,
            });
        },
    );
}

/// Packs one panel of the right operand.
struct Pack<'a, F> {
    depth: usize,
    first_column: usize,
    columns: usize,
    right: Operand<'a>,
    panel: &'a mut [f32],
    format: PhantomData<F>,
}

impl<F: Format> Kernel for Pack<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = (self.columns - self.first_column).min(PANEL_VECTORS * S::LANES);
        let Operand { values, stride, .. } = self.right;
        if self.right.transposed {
            let source = &values[self.first_column * stride..];
            pack_transposed::<F, S>(s, self.depth, columns, source, stride, self.panel);
        } else if self.depth > 0 {
            let source = &values[self.first_column..];
            pack_rows::<F, S>(s, self.depth, columns, source, stride, self.panel);
        }
    }
}
