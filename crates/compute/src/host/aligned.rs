//! Memory for numbers, aligned to cache lines.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::OutOfMemory;

/// The alignment of numbers, in bytes: a cache line. It is why [`Aligned`] is not a plain `Vec<f32>`: a
/// 512-bit load that straddles two lines costs twice as much.
const LINE: usize = 64;

/// Memory that dereferences to its numbers.
pub(crate) struct Aligned {
    start: NonNull<f32>,
    len: usize,
}

// SAFETY: the memory belongs to this value alone, as that of a `Vec<f32>` does.
unsafe impl Send for Aligned {}
// SAFETY: as above; shared references only read.
unsafe impl Sync for Aligned {}

impl Aligned {
    /// `len` zeros.
    ///
    /// # Errors
    /// No room for them.
    pub(crate) fn zeros(len: usize) -> Result<Self, OutOfMemory> {
        let refused = OutOfMemory {
            bytes: (len as u64).saturating_mul(size_of::<f32>() as u64),
        };
        let layout = Self::layout(len).ok_or(refused)?;
        if len == 0 {
            return Ok(Self::default());
        }
        // SAFETY: the layout has a size other than 0.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }.cast()).ok_or(refused)?;
        Ok(Self { start, len })
    }

    /// `len` zeros to work with. Without room for them the process ends, as it does where a `Vec` has
    /// none: an operation cannot do half of its work.
    pub(crate) fn working(len: usize) -> Self {
        Self::zeros(len).unwrap_or_else(|_| match Self::layout(len) {
            Some(layout) => handle_alloc_error(layout),
            None => panic!("working memory of {len} numbers"),
        })
    }

    fn layout(len: usize) -> Option<Layout> {
        let bytes = len.checked_mul(size_of::<f32>())?;
        Layout::from_size_align(bytes, LINE).ok()
    }
}

impl Default for Aligned {
    fn default() -> Self {
        Self {
            start: NonNull::<Line>::dangling().cast(),
            len: 0,
        }
    }
}

/// What has the alignment of a cache line.
#[repr(align(64))]
struct Line;

impl Drop for Aligned {
    fn drop(&mut self) {
        if self.len > 0
            && let Some(layout) = Self::layout(self.len)
        {
            // SAFETY: `zeros` allocated it with this layout.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the memory holds `len` initialised numbers and lives as long as `self`; without any
        // the pointer is aligned and not null.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; `&mut self` makes the reference unique.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
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
            let mut buffer = Aligned::zeros(len).unwrap();
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr() as usize % 64, 0);
            buffer.fill(1.0);
            assert!(buffer.iter().all(|&v| v == 1.0));
        }
        assert_eq!(Aligned::default().as_ptr() as usize % LINE, 0);
    }
}
