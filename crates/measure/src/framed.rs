//! The frame of the binary files: a name, a version, the contents, and a checksum of all before it.

use std::fs;
use std::io::Write;
use std::path::Path;

use autophage_durable::{AtomicFile, Checksum};

use crate::MeasureError;

/// What kind of file it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The first eight bytes.
    pub(crate) magic: &'static [u8; 8],
    /// The version of its format, after them.
    pub(crate) version: u32,
    /// What is said of a file that begins with other bytes.
    pub(crate) mismatch: &'static str,
}

/// What is said of a file that has not all its bytes.
pub(crate) const SHORT: &str = "it ends too early";

/// Writes `parts`, one after the other, in their frame.
pub(crate) fn save(
    path: &Path,
    kind: Kind,
    parts: impl Iterator<Item = Vec<u8>>,
) -> Result<(), MeasureError> {
    let write = || {
        let mut file = AtomicFile::create(path)?;
        let mut checksum = Checksum::new();
        let header = [&kind.magic[..], &kind.version.to_le_bytes()].concat();
        for part in std::iter::once(header).chain(parts) {
            checksum.update(&part);
            file.write_all(&part)?;
        }
        file.write_all(&checksum.finish().to_le_bytes())?;
        file.commit()
    };
    write().map_err(MeasureError::file(path))
}

/// Reads a file that [`save`] wrote, and what is in its frame with `parse`.
pub(crate) fn load<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, &'static str>,
) -> Result<T, MeasureError> {
    let bytes = fs::read(path).map_err(MeasureError::file(path))?;
    parse(&bytes).map_err(|problem| MeasureError::Damaged {
        path: path.to_owned(),
        problem,
    })
}

/// The contents of a frame, after its checks.
pub(crate) fn contents(bytes: &[u8], kind: Kind) -> Result<&[u8], &'static str> {
    let (framed, checksum) = bytes.split_last_chunk::<8>().ok_or(SHORT)?;
    let mut rest = framed.strip_prefix(kind.magic).ok_or(kind.mismatch)?;
    if u32::from_le_bytes(take(&mut rest)?) != kind.version {
        return Err("it is of another version of the format");
    }
    if u64::from_le_bytes(*checksum) != Checksum::of(framed) {
        return Err("its checksum is wrong");
    }
    Ok(rest)
}

/// Takes the first N bytes off `rest`.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (first, after) = rest.split_first_chunk::<N>().ok_or(SHORT)?;
    *rest = after;
    Ok(*first)
}

/// That every flipped bit and every cut of `whole` is found by `parse`.
#[cfg(test)]
pub(crate) fn assert_damage_is_found<T>(
    whole: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, &'static str>,
) {
    assert!(parse(whole).is_ok());
    let step = whole.len() / 50 + 1;
    for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        let mut damaged = whole.to_vec();
        damaged[at] ^= 0x40;
        assert!(parse(&damaged).is_err(), "byte {at}");
        assert!(parse(&whole[..at]).is_err(), "length {at}");
    }
}
