//! XXH3 checksums (64 bits), which detect corruption but not tampering.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// An incremental XXH3-64 checksum.
#[derive(Clone, Default)]
pub struct Checksum(Box<Xxh3>);

impl Checksum {
    /// A checksum of no bytes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds `bytes` into the checksum.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes fed so far.
    pub fn finish(&self) -> u64 {
        self.0.digest()
    }

    /// The checksum of `bytes`.
    pub fn of(bytes: &[u8]) -> u64 {
        xxhash_rust::xxh3::xxh3_64(bytes)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({:016x})", self.finish())
    }
}

/// The checksum of a whole file, read in pieces.
///
/// # Errors
/// An I/O error while opening or reading `path`.
pub fn file_checksum(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut sum = Checksum::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sum.finish()),
            read => sum.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_whole_agree() {
        let bytes: Vec<u8> = (0..1_000_003u32).map(|i| i.wrapping_mul(i) as u8).collect();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bytes");
        std::fs::write(&path, &bytes).unwrap();
        let mut sum = Checksum::new();
        bytes.chunks(777).for_each(|piece| sum.update(piece));
        assert_eq!(sum.finish(), Checksum::of(&bytes));
        assert_eq!(file_checksum(&path).unwrap(), Checksum::of(&bytes));
    }
}
