//! Perplexity of a model on documents: the paper's section C.3.
//!
//! [`perplexity`] gives the losses of every document, [`DocumentLosses`]; from them come the
//! [`Perplexity`] itself with its standard error, the paired [`Comparison`] of two models on the same
//! documents, and a [`LossHistogram`]. [`Unigram`] is the baseline that knows no context.

mod comparison;
mod histogram;
mod losses;
mod score;
mod unigram;

pub use comparison::Comparison;
pub use histogram::LossHistogram;
pub use losses::{DocumentLoss, DocumentLosses, Perplexity};
pub use score::{PerplexitySettings, Progress, perplexity};
pub use unigram::Unigram;
pub(crate) use unigram::token_counts;
