//! Files as memory. The only unsafe code of the crate.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::CorpusError;

#[cfg(target_endian = "big")]
compile_error!("stores are little-endian and read in place; big-endian machines are not supported");

/// Bytes that are read in place, from a file or from memory, aligned for whole words.
pub(crate) enum Bytes {
    /// A whole file.
    Mapped(Mmap),
    /// The first `len` bytes of `words`.
    Memory {
        /// What keeps the alignment.
        words: Vec<u64>,
        /// Number of bytes.
        len: usize,
    },
}

impl Bytes {
    /// A copy of `bytes` in memory.
    pub(crate) fn aligned(bytes: &[u8]) -> Self {
        let mut words = vec![0; bytes.len().div_ceil(size_of::<u64>())];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self::Memory {
            words,
            len: bytes.len(),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Memory { words, len } => &bytemuck::cast_slice(words)[..*len],
        }
    }
}

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
