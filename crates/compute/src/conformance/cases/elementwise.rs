//! Filling and adding.

use crate::Backend;
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{Add, Fill, Rows};

/// Rows and channels at the edges of vectors, of tiles of 128 rows, and of what one task gets.
const SHAPES: [[usize; 2]; 10] = [
    [2, 3],
    [1, 1],
    [7, 16],
    [13, 17],
    [128, 31],
    [129, 64],
    [300, 5],
    [257, 130],
    [331, 101],
    [1000, 130],
];

impl Case for Rows {}

pub(in crate::conformance) fn shapes() -> Vec<Rows> {
    SHAPES
        .into_iter()
        .map(|[rows, channels]| Rows { rows, channels })
        .collect()
}

/// `out += x`.
pub(in crate::conformance) fn add<B: Backend>(t: &mut Trial<'_, B>, &shape: &Rows) {
    let x = t.normal(shape.elements(), 3.0);
    let mut out = t.normal(shape.elements(), 1.0);
    t.backend.add(Add {
        shape,
        x: &x,
        out: &mut out,
    });
    t.keep("out", &out, shape.elements());
}

/// A whole buffer of this length.
#[derive(Debug)]
pub(in crate::conformance) struct Length(usize);

impl Case for Length {}

pub(in crate::conformance) fn lengths() -> Vec<Length> {
    [0, 1, 15, 16, 17, 1000, 100_003].map(Length).into()
}

pub(in crate::conformance) fn fill<B: Backend>(t: &mut Trial<'_, B>, &Length(len): &Length) {
    let mut buffer = t.whole(&vec![2.0; len]);
    t.backend.fill(Fill {
        buffer: &mut buffer,
        value: 1.5,
    });
    t.keep("buffer", &buffer, len);
}
