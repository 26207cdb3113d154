//! Where the elements of an operand are.

/// A matrix in memory: element (i, j) of the operand is at `i · stride + j`, or the other way round
/// when it is transposed.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Operand<'a> {
    pub(in crate::cpu) values: &'a [f32],
    pub(in crate::cpu) stride: usize,
    pub(in crate::cpu) transposed: bool,
}
