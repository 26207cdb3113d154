//! The theorem, measured on one model: error terms and retention.
//!
//! A fixed set of contexts is followed, [`Tracked`], of which the truth is known. The distributions of
//! a model after these contexts, [`Distributions`], and the counts of its actual training set give its
//! [`ModelErrors`]: how far the model is from what it should have learned ([`Ideal`]), how much of that
//! is sampling and how much is learning, and what is left of the truth in it.
//!
//! *What p̂(v | x) is.* Counts are taken at every place where x stands; a model is asked once, with x
//! alone or at the start of a text ([`Conditioning`](crate::probe::Conditioning)). Of a model that
//! looks further back than x these are different questions, unless x itself begins a text: the
//! contexts that start with the end-of-text token, some of which are always among the most frequent.
//! There, a training set that other models wrote is a sample of exactly the distributions that these
//! models are asked for, and `sampling` is sampling alone. Elsewhere `sampling` and `learning` also
//! hold the difference of the questions. `total`, the retention and the bounds do not depend on it:
//! they are exact for whatever distributions the models are asked for, as long as it is the same
//! question every time.
//!
//! The mathematics is that of `autophage-theory`; what is added here is where its numbers come from.

mod context_errors;
mod counted;
mod distributions;
mod error_terms;
mod event_errors;
mod frequent;
mod ideal;
#[cfg(test)]
mod model_tests;
mod records;
mod terms;
mod tracked;

pub use distributions::Distributions;
pub use error_terms::{ErrorInputs, ModelErrors, model_errors};
pub use frequent::frequent_contexts;
pub use ideal::Ideal;
pub use records::{AddedMass, ContextErrors, EventErrors, EventTerm};
pub use tracked::{Event, Tracked};
