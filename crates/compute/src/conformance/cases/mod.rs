//! What runs each operation, and on which cases.
//!
//! A case is a shape with its options. A function that runs an operation makes operands for a case, calls
//! the operation of the backend, and keeps its results; what is computed before, by other operations,
//! has operands of its own.

pub(super) mod activation;
pub(super) mod attention;
pub(super) mod elementwise;
pub(super) mod embedding;
pub(super) mod head;
pub(super) mod linear;
pub(super) mod normalize;
pub(super) mod optimizer;
pub(super) mod rotate;
