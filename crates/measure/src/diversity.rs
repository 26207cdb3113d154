//! Diversity of a corpus: how much of a language is left in it.
//!
//! Most measures of diversity depend on how much text they are taken from, so they are taken from a
//! random sample of a *fixed number of tokens*; only what does not depend on the size, or is meant to
//! be about the whole corpus, is measured on all of it.
//!
//! The end-of-text token is a token like any other here: what is measured is what the next
//! generation would be trained on. Nothing reaches from one document into the next.

mod composition;
mod fingerprints;
mod lengths;
mod measure;
mod ngrams;
mod sample;

pub use composition::Composition;
pub use fingerprints::Fingerprints;
pub use lengths::{LengthHistogram, Lengths};
pub use measure::{
    CorpusDiversity, Diversity, DiversitySettings, Reference, SampleDiversity, diversity,
};
