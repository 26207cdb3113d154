//! Random numbers that are addressed, not consumed.
//!
//! A stream is named by *(seed, purpose, generation)* and a number in it by *(sequence, position)*.
//! The same address always gives the same number, so a result does not depend on the number of
//! threads, on the size of a batch, or on how often a run was stopped: there is no generator state
//! to save.

#![forbid(unsafe_code)]

mod philox;
mod stream;

pub use philox::philox4x32;
pub use stream::{Purpose, Stream};
