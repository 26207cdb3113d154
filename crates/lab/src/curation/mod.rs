//! The door between what a generation wrote and what later ones are trained on.
//!
//! A [`Curator`] says which documents of a corpus go on. What it says is recorded as a
//! [`Selection`], and corpus and selection together are a [`Pool`], the only thing that training
//! sets are drawn from.

mod curator;
mod pool;
mod selection;

pub use curator::{CurationInput, Curator, Everything};
pub use pool::Pool;
pub use selection::{SELECTION_VERSION, Selection};
