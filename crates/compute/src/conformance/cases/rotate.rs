//! Rotary position embedding.

use crate::Backend;
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{Rotate, Rotation, rotation_table};

/// Positions in the table.
const POSITIONS: usize = 40;

/// Rows, heads, channels of a head, and how many of these are rotated.
const SHAPES: [[usize; 4]; 13] = [
    [3, 2, 6, 4],
    [1, 1, 2, 2],
    [5, 3, 7, 6],
    [1, 4, 1, 0],
    [33, 2, 8, 8],
    [17, 3, 16, 16],
    [40, 2, 34, 34],
    [9, 5, 48, 12],
    [64, 4, 64, 64],
    [31, 2, 64, 16],
    [130, 3, 80, 20],
    [12, 9, 128, 128],
    [700, 4, 66, 66],
];

/// Heads, and the direction.
#[derive(Debug)]
pub(in crate::conformance) struct RotationCase {
    shape: Rotation,
    inverse: bool,
}

impl Case for RotationCase {}

pub(in crate::conformance) fn cases() -> Vec<RotationCase> {
    SHAPES
        .into_iter()
        .flat_map(|[rows, heads, head_dimension, rotated]| {
            [false, true].map(|inverse| RotationCase {
                shape: Rotation {
                    rows,
                    heads,
                    head_dimension,
                    rotated,
                },
                inverse,
            })
        })
        .collect()
}

/// The table of the usual frequencies, 10000^(−2i/R).
pub(in crate::conformance) fn table(rotated: usize) -> Vec<f32> {
    let frequencies: Vec<f32> = (0..rotated / 2)
        .map(|i| 10_000f32.powf(-2.0 * i as f32 / rotated as f32))
        .collect();
    rotation_table(&frequencies, POSITIONS)
}

pub(in crate::conformance) fn rotate<B: Backend>(t: &mut Trial<'_, B>, case: &RotationCase) {
    let Rotation {
        rows,
        heads,
        head_dimension,
        rotated,
    } = case.shape;
    // In any order, and the same one several times.
    let positions = t.random.indices(rows, POSITIONS);
    let positions = t.indices(&positions, POSITIONS);
    let table = t.buffer(&table(rotated));
    let len = rows * heads * head_dimension;
    let mut x = t.normal(len, 1.0);
    t.backend.rotate(Rotate {
        shape: case.shape,
        positions: &positions,
        table: &table,
        inverse: case.inverse,
        x: &mut x,
    });
    t.keep("x", &x, len);
}
