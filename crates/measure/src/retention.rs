//! The theorem, measured: error terms and retention of every generation of a lineage.
//!
//! A fixed set of contexts is followed, [`Tracked`]. Of each generation's model the distributions
//! after these contexts are kept, [`Distributions`]; together with the counts of its actual training
//! set they give its [`GenerationErrors`]: how far the model is from the ideal mixture that it should
//! have learned, how much of that is sampling and how much is learning, and what is left of the
//! initial corpus in it.
//!
//! The mathematics is that of `autophage-theory`; what is added here is where its numbers come from.

mod distributions;
mod error_terms;
mod frequent;
mod records;
mod tracked;

pub use distributions::Distributions;
pub use error_terms::{ErrorInputs, generation_errors};
pub use frequent::frequent_contexts;
pub use records::{
    AddedMass, ContextErrors, ErrorSummary, EventErrors, EventTerm, GenerationErrors,
};
pub use tracked::{Event, Tracked};
