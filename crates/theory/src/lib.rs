//! The mathematics of model collapse: paradigms as mixtures, error terms, retention, forecasts, and
//! the exact laws of pure resampling. Numbers in, numbers out: no files, no models, no tokens.
//!
//! The derivations are in `docs/theory.md`. "The paper" is Wang et al., *Theoretical Proof that
//! Auto-regressive Language Models Collapse when Real-world Data is a Finite Set*
//! (arXiv 2412.14872).

#![forbid(unsafe_code)]

mod mixture;
mod paradigm;

pub use mixture::{Mixture, Shares};
pub use paradigm::{Paradigm, ParadigmError, Rate, Share};
