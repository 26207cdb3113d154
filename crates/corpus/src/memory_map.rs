//! Files as memory. The only unsafe code of the crate.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::CorpusError;

#[cfg(target_endian = "big")]
compile_error!("stores are little-endian and read in place; big-endian machines are not supported");

/// Maps the whole of `path`, read-only.
pub(crate) fn map_file(path: &Path) -> Result<Mmap, CorpusError> {
    let file = File::open(path).map_err(CorpusError::io("open", path))?;
    // SAFETY: the mapped bytes must not change while the map lives. Every file that is mapped here
    // is written beside its place, renamed into it, and never written again by this program; to
    // replace it is to rename another file over it, which leaves the mapped one as it is. A person
    // who truncates it in place while it is in use breaks that, as with any program that maps files.
    #[allow(unsafe_code)]
    let map = unsafe { Mmap::map(&file) };
    map.map_err(CorpusError::io("map", path))
}
