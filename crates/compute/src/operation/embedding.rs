//! Rows of tables: embeddings, and the gathering of rows.

use super::{Arguments, Rows};
use crate::check::{long_enough, within};
use crate::{Array, Indices, Memory, Work};

/// Rows to be looked up in a table.
#[derive(Debug)]
pub struct Lookup<'a, M: Memory> {
    /// Which row of the table for each row of the result, (N).
    pub rows: &'a M::Indices,
    /// The table, (any number of rows, C).
    pub weight: &'a M::Buffer,
}

/// Rows of a table that gradients are added to.
#[derive(Debug)]
pub struct LookupGradient<'a, M: Memory> {
    /// Which row of the table each row was looked up in, (N).
    pub rows: &'a M::Indices,
    /// The gradient of the table, added to.
    pub d_weight: &'a mut M::Buffer,
}

/// Token plus position embedding: `out[n] = tokens.weight[tokens.rows[n]] +
/// positions.weight[positions.rows[n]]`.
#[derive(Debug)]
pub struct Embed<'a, M: Memory> {
    /// The shape of `out`.
    pub shape: Rows,
    /// Tokens and their embeddings.
    pub tokens: Lookup<'a, M>,
    /// Positions and theirs, where positions are learned.
    pub positions: Option<Lookup<'a, M>>,
    /// (N, C).
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Embed<'_, M> {
    const NAME: &'static str = "embed";

    fn check(&self) {
        check_rows::<M>(
            Self::NAME,
            "tokens",
            self.shape,
            self.tokens.rows,
            self.tokens.weight,
        );
        if let Some(Lookup { rows, weight }) = &self.positions {
            check_rows::<M>(Self::NAME, "positions", self.shape, rows, weight);
        }
        long_enough(Self::NAME, "out", self.out, self.shape.elements());
    }

    fn work(&self) -> Work {
        let inputs = 1 + u64::from(self.positions.is_some());
        Work::elementwise(self.shape.elements(), inputs, 1)
    }
}

/// Backward of [`Embed`]: adds the rows of `d_out` to the rows that were looked up.
#[derive(Debug)]
pub struct EmbedBackward<'a, M: Memory> {
    /// The shape of `d_out`.
    pub shape: Rows,
    /// (N, C).
    pub d_out: &'a M::Buffer,
    /// Where the gradients of the tokens go.
    pub tokens: LookupGradient<'a, M>,
    /// Where those of the positions go, where positions are learned.
    pub positions: Option<LookupGradient<'a, M>>,
}

impl<M: Memory> Arguments for EmbedBackward<'_, M> {
    const NAME: &'static str = "embed_backward";

    fn check(&self) {
        check_rows::<M>(
            Self::NAME,
            "tokens",
            self.shape,
            self.tokens.rows,
            self.tokens.d_weight,
        );
        if let Some(LookupGradient { rows, d_weight }) = &self.positions {
            check_rows::<M>(Self::NAME, "positions", self.shape, rows, d_weight);
        }
        long_enough(Self::NAME, "d_out", self.d_out, self.shape.elements());
    }

    /// Each row of the gradient is added to a row of each table.
    fn work(&self) -> Work {
        let tables = 1 + u64::from(self.positions.is_some());
        Work::elementwise(self.shape.elements(), 1 + tables, tables)
    }
}

/// `out[i] = x[rows[i]]`, row by row.
#[derive(Debug)]
pub struct Gather<'a, M: Memory> {
    /// The shape of `out`.
    pub shape: Rows,
    /// Which row of `x` for each row of `out`, (N).
    pub rows: &'a M::Indices,
    /// (any number of rows, C).
    pub x: &'a M::Buffer,
    /// (N, C).
    pub out: &'a mut M::Buffer,
}

impl<M: Memory> Arguments for Gather<'_, M> {
    const NAME: &'static str = "gather";

    fn check(&self) {
        check_rows::<M>(Self::NAME, "rows", self.shape, self.rows, self.x);
        long_enough(Self::NAME, "out", self.out, self.shape.elements());
    }

    fn work(&self) -> Work {
        Work::elementwise(self.shape.elements(), 1, 1)
    }
}

/// Checks that there is an index for every row, and in the table a row for every index.
#[track_caller]
fn check_rows<M: Memory>(
    operation: &str,
    operand: &str,
    shape: Rows,
    rows: &M::Indices,
    table: &M::Buffer,
) {
    long_enough(operation, operand, rows, shape.rows);
    let have = table.len().checked_div(shape.channels);
    within(operation, operand, rows.bound(), have.unwrap_or(usize::MAX));
}
