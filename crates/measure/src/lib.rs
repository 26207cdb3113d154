//! Perplexity, probes and diversity of one model or corpus.
//!
//! Nothing here knows how a model was trained or where a corpus comes from. Every result is a plain
//! structure with its units in the names of its fields, which serialises as one line of JSON. A
//! number that is infinite is written as `null`.

#![forbid(unsafe_code)]

pub mod diversity;
mod error;
mod framed;
pub mod perplexity;
pub mod probe;
pub mod retention;
mod serialize;
pub mod statistics;
#[cfg(test)]
mod testing;

pub use error::MeasureError;
