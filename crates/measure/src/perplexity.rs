//! Perplexity of a model on documents: the paper's section C.3.
//!
//! [`perplexity`] gives the losses of every document, [`DocumentLosses`]; from them come the
//! [`Perplexity`] itself with its standard error, the paired [`Comparison`] of two models on the same
//! documents, and a [`LossHistogram`]. [`HeldOutLosses`] keeps them in a file, for the comparison with
//! other runs. [`GeneratedPerplexity`] is that of text that a model wrote. [`Unigram`] is the baseline that knows no context.

mod comparison;
mod generated;
mod held_out;
mod histogram;
mod losses;
mod score;
mod unigram;

pub use comparison::Comparison;
pub use generated::{
    GeneratedPerplexity, SCORED_DOCUMENTS, generated_perplexity, scored_documents,
};
pub use held_out::HeldOutLosses;
pub use histogram::LossHistogram;
pub use losses::{DocumentLoss, DocumentLosses, Perplexity};
pub use score::{PerplexitySettings, Progress, perplexity};
pub use unigram::{Unigram, token_counts};
