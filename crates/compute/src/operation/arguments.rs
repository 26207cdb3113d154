//! What is the same for every operation.

use crate::Work;

/// What the arguments of every operation can say of themselves.
pub trait Arguments {
    /// The name of the method of [`Backend`](crate::Backend) that takes them.
    const NAME: &'static str;

    /// The share of the multiply-adds that may be in the precision of matrix products; the others
    /// are of single numbers in every precision.
    const MATRIX_SHARE: f64 = 0.0;

    /// Checks that the operands fit the shape, and indices the tables that they look into.
    ///
    /// # Panics
    /// If they do not: the caller has a defect. The message names the operation and the sizes.
    fn check(&self);

    /// What there is to do.
    fn work(&self) -> Work;
}
