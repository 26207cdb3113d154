//! The definition of every operation, as plain loops over 32-bit numbers with 64-bit sums.
//!
//! Slow and simple on purpose: other backends are tested against it.

mod attention;
mod backend;
mod elementwise;
mod embedding;
mod head;
mod layer_norm;
mod linear;

pub use backend::ReferenceBackend;
