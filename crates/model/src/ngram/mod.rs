//! The n-gram model: the counts of its training set, interpolated over the lengths of the context.
//!
//! A model of order k gives the next token v after a context of up to k − 1 tokens. Let
//! `x_j` be the last j tokens of the context, `c(x_j v)` how often the training set continues them
//! with v, and `c(x_j) = Σ_v c(x_j v)`. Then, from j = 0 up to the longest j with `c(x_j) > 0`,
//!
//! ```text
//! p_j(v) = λ_j c(x_j v)/c(x_j) + (1 − λ_j) p_{j−1}(v)
//! ```
//!
//! with λ from [`Interpolation`]. Below length 0 there is nothing to interpolate with (λ_0 = 1), or,
//! if every token is to have a probability, the uniform distribution.
//!
//! Documents are counted as models read them: the start-of-text token stands in front as a context
//! and is not counted as a target. With order 1, without interpolation, the model *is* the relative
//! frequencies of its training set, which makes the loop a process with exactly known laws.

mod context;
mod counts;
mod file;
mod index;
mod learner;
mod model;
mod sample;

pub use learner::{Interpolation, NGramLearner};
pub use model::NGram;
