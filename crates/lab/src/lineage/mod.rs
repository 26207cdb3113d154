//! The theorem over a lineage: error terms and retention from one generation to the next.
//!
//! `autophage-measure` measures one model against what it should have learned. Here is what only the
//! lineage knows: that this is a mixture of the initial corpus and the models before, and how much of
//! the initial corpus they had kept. The models stand for their text: where a curator let only some of
//! it go on, what that does to the distribution of the text is part of the error.

mod errors;
mod records;
mod retention;
#[cfg(test)]
mod tests;

pub(crate) use errors::{LineageInputs, generation_errors};
pub use records::{ErrorSummary, GenerationErrors};
