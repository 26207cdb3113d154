//! Memory for numbers, aligned to cache lines.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Numbers in one cache line of 64 bytes.
const LINE: usize = 16;

/// A cache line. Its alignment is why [`Aligned`] is not a plain `Vec<f32>`: a 512-bit load that
/// straddles two lines costs twice as much.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Memory that dereferences to its numbers.
#[derive(Clone, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            lines: vec![Line([0.0; LINE]); len.div_ceil(LINE)],
            len,
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the lines are contiguous, hold at least `len` initialised numbers without
        // padding (`repr(C)`, 16 × 4 bytes = the alignment), and live as long as `self`.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; `&mut self` makes the reference unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// Length and first numbers: a buffer of weights is too long to print.
impl fmt::Debug for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        let shown = &self[..self.len.min(SHOWN)];
        write!(f, "{} numbers: {shown:?}", self.len)?;
        f.write_str(if self.len > SHOWN { " …" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_and_has_its_length() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let mut buffer = Aligned::zeros(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr() as usize % 64, 0);
            buffer.fill(1.0);
            assert!(buffer.iter().all(|&v| v == 1.0));
        }
    }
}
