//! Files that are whole or absent.
//!
//! Everything that a run leaves on disk is written beside its final place, synced, and renamed, so
//! that a crash at any moment leaves the old file, the new file or none, never part of one.
//! Checksums detect files that were damaged later.

#![forbid(unsafe_code)]

mod checksum;
mod write;

pub use checksum::{Checksum, file_checksum};
pub use write::{AtomicFile, commit_directory, scratch_path, write_atomically};
