//! Where the time of a computation goes, operation by operation.

mod notes;
mod operation;
mod profiled;

pub use notes::{CACHES, Noted, Profile};
pub use operation::Operation;
pub use profiled::Profiled;
