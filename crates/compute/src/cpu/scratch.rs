//! Working memory that is kept between calls, because fresh pages are slow.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use crate::host::Aligned;

/// A store of buffers that are not in use.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    free: Mutex<Vec<Aligned>>,
}

impl Scratch {
    /// A buffer of at least `len` numbers with arbitrary values, which returns to the store when it
    /// is dropped.
    pub(super) fn take(&self, len: usize) -> ScratchBuffer<'_> {
        let buffer = {
            let mut free = self.lock();
            // The smallest that is large enough.
            let index = (0..free.len())
                .filter(|&i| free[i].len() >= len)
                .min_by_key(|&i| free[i].len());
            index.map(|index| free.swap_remove(index))
        };
        ScratchBuffer {
            scratch: self,
            // Powers of two, so that a store serves shapes that vary a little.
            buffer: buffer.unwrap_or_else(|| Aligned::working(len.next_power_of_two())),
            len,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Aligned>> {
        // A list of buffers is valid whatever a thread that held it was doing.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Working memory on loan from a [`Scratch`].
#[derive(Debug)]
pub(super) struct ScratchBuffer<'a> {
    scratch: &'a Scratch,
    buffer: Aligned,
    len: usize,
}

impl Deref for ScratchBuffer<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.buffer[..self.len]
    }
}

impl DerefMut for ScratchBuffer<'_> {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.buffer[..self.len]
    }
}

impl Drop for ScratchBuffer<'_> {
    fn drop(&mut self) {
        self.scratch.lock().push(std::mem::take(&mut self.buffer));
    }
}

/// Words of an operand: where they are anyway, or in working memory.
#[derive(Debug)]
pub(super) enum Words<'a> {
    /// Where they are.
    Kept(&'a [f32]),
    /// A copy.
    Copy(ScratchBuffer<'a>),
}

impl Deref for Words<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Kept(words) => words,
            Self::Copy(words) => words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again() {
        let scratch = Scratch::default();
        let first = scratch.take(100).as_ptr();
        assert_eq!(scratch.take(120).as_ptr(), first);
        let (a, b) = (scratch.take(10), scratch.take(10));
        assert_ne!(a.as_ptr(), b.as_ptr());
        assert_eq!((a.len(), b.len()), (10, 10));
    }
}
