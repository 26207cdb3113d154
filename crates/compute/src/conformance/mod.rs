//! The contract of a [`Backend`], as a suite of tests that every backend passes.
//!
//! A crate that implements a backend runs it in one test:
//!
//! ```no_run
//! use autophage_compute::ReferenceBackend;
//! use autophage_compute::conformance::{self, Accuracy};
//!
//! conformance::check(&ReferenceBackend, Accuracy::F32);
//! ```
//!
//! While operations are being written, [`compare`] tries one of them at a time.
//!
//! # What a backend owes
//!
//! * *Results.* Every operation computes what [`ReferenceBackend`] computes, as closely as the
//!   [`Accuracy`] demands. One table, in `table.rs`, has a row for each operation: what runs it, on which
//!   shapes, and how close. The shapes lie at, before and behind the sizes of tiles that kernels like.
//! * *Nothing else is touched.* A buffer may be longer than the shape needs. What lies behind is poisoned
//!   in the suite: it must not reach a result, and must be there afterwards.
//! * *The same bits.* An operation that is called again with the same operands gives the same bits. A row
//!   of a result does not depend on which rows are computed with it, nor the attention of a prefix on
//!   what follows.
//! * *Refusals.* Operands that are too short, and indices out of range, are refused by a panic that names
//!   the operation; [`Arguments::check`](crate::operation::Arguments::check) does that. The backend can
//!   be used afterwards. Memory that there is no room for is refused with
//!   [`OutOfMemory`](crate::OutOfMemory).
//! * *Memory.* What was written is read, at any place and of any length; new buffers are 0; sums have 64
//!   bits.
//!
//! # Where to add an operation
//!
//! A function in `cases` that makes operands, calls the operation and keeps its results, and a row of the
//! table. The compiler asks for the row. Short operands are then tried without another line.
//!
//! [`Backend`]: crate::Backend
//! [`ReferenceBackend`]: crate::ReferenceBackend

mod accuracy;
mod cases;
mod comparison;
mod contract;
mod defect;
mod random;
mod suite;
mod table;
mod trial;

pub use accuracy::Accuracy;
pub use defect::Defect;
pub use suite::{check, compare, contract, defects, results};
