//! Rotary position embedding (Su et al., 2021).

use super::Arguments;
use crate::check::{long_enough, within};
use crate::{Array, Indices, Memory, Work};

/// Which channels of a row are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Number of rows, N.
    pub rows: usize,
    /// Heads of a row.
    pub heads: usize,
    /// Channels of a head, D.
    pub head_dimension: usize,
    /// The first channels of each head that are rotated, R: even, at most D. Channel i < R/2 is
    /// paired with channel i + R/2.
    pub rotated: usize,
}

/// Rotates each pair of channels (a, b) of every head, in place, by the angle φ of its position:
/// `(a cos φ − b sin φ, b cos φ + a sin φ)`.
#[derive(Debug)]
pub struct Rotate<'a, M: Memory> {
    /// Rows, heads and channels.
    pub shape: Rotation,
    /// The position of each row, (N).
    pub positions: &'a M::Indices,
    /// What [`rotation_table`] computes, (positions, R).
    pub table: &'a M::Buffer,
    /// By −φ: the backward pass.
    pub inverse: bool,
    /// (N, heads · D).
    pub x: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Rotate<'_, M> {
    const NAME: &'static str = "rotate";

    fn check(&self) {
        let Rotation {
            rows,
            heads,
            head_dimension,
            rotated,
        } = self.shape;
        assert!(
            rotated.is_multiple_of(2) && rotated <= head_dimension,
            "{}: {rotated} rotated channels of {head_dimension}, must be even and at most all",
            Self::NAME
        );
        long_enough(Self::NAME, "positions", self.positions, rows);
        let have = self.table.len().checked_div(rotated);
        within(
            Self::NAME,
            "positions",
            self.positions.bound(),
            have.unwrap_or(usize::MAX),
        );
        long_enough(Self::NAME, "x", self.x, rows * heads * head_dimension);
    }

    fn work(&self) -> Work {
        let shape = self.shape;
        let elements = shape.rows * shape.heads * shape.rotated;
        Work::elementwise(elements, 1, 1)
    }
}

/// cos φ and then sin φ of every frequency, for each position from 0: (positions, 2 · frequencies).
///
/// The angle φ is the position times the frequency, rounded to 32 bits, as the models were trained
/// with; its functions are computed in 64 bits.
pub fn rotation_table(frequencies: &[f32], positions: usize) -> Vec<f32> {
    let mut table = Vec::with_capacity(2 * frequencies.len() * positions);
    for position in 0..positions {
        let angle = |frequency: &f32| f64::from(position as f32 * frequency);
        table.extend(frequencies.iter().map(|f| angle(f).cos() as f32));
        table.extend(frequencies.iter().map(|f| angle(f).sin() as f32));
    }
    table
}
