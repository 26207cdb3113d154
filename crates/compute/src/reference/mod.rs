//! The definition of every operation, as plain loops over 32-bit numbers with 64-bit sums.
//!
//! Slow and simple on purpose: other backends are tested against it.

mod activation;
mod attention;
mod backend;
mod elementwise;
mod embedding;
mod head;
mod linear;
mod normalize;
mod optimizer;
mod rotate;

pub use backend::ReferenceBackend;
