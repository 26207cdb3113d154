//! The theorem, measured: error terms and retention of every generation of a lineage.
//!
//! A fixed set of contexts is followed, [`Tracked`]. Of each generation's model the distributions
//! after these contexts are kept, [`Distributions`]; together with the counts of its actual training
//! set they give its [`GenerationErrors`]: how far the model is from the ideal mixture that it should
//! have learned, how much of that is sampling and how much is learning, and what is left of the
//! initial corpus in it.
//!
//! *What p̂(v | x) is.* Counts are taken at every place where x stands; a model is asked once, with x
//! alone or at the start of a text ([`Conditioning`](crate::probe::Conditioning)). Of a model that
//! looks further back than x these are different questions, unless x itself begins a text: the
//! contexts that start with the end-of-text token, some of which are always among the most frequent.
//! There, the training set is a sample of exactly the distributions that the earlier models are asked
//! for, and `sampling` is sampling alone. Elsewhere `sampling` and `learning` also hold the difference
//! of the questions. `total`, the retention and the bounds do not depend on it: they are exact for
//! whatever distributions the models are asked for, as long as it is the same question every time.
//!
//! The mathematics is that of `autophage-theory`; what is added here is where its numbers come from.

mod context_errors;
mod counted;
mod distributions;
mod error_terms;
mod event_errors;
mod frequent;
#[cfg(test)]
mod lineage_tests;
mod records;
mod tracked;

pub use distributions::Distributions;
pub use error_terms::{ErrorInputs, generation_errors};
pub use frequent::frequent_contexts;
pub use records::{
    AddedMass, ContextErrors, ErrorSummary, EventErrors, EventTerm, GenerationErrors,
};
pub use tracked::{Event, Tracked};
