//! What holds for a backend whatever the reference computes.

mod batches;
mod memory;
mod prefixes;
mod refusals;
mod rotations;

pub(super) use batches::batches;
pub(super) use memory::memory;
pub(super) use prefixes::prefixes;
pub(super) use refusals::{shapes, short_operands};
pub(super) use rotations::rotations;
