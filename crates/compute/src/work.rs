//! What an operation has to do, counted from its shape: the least that any way of computing it
//! needs, whatever a backend does besides.

use std::ops::Add;

/// Bytes of a number.
const NUMBER: u64 = 4;

/// Amounts of work.
///
/// They say what the result needs, not what a backend does for it: logits that the backward pass of
/// the head computes again count once. Bytes are those of operands and results, each touched once;
/// numbers that stay in registers or caches between are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Multiplications with an addition: two floating-point operations each.
    pub multiply_adds: u64,
    /// Exponential functions.
    pub exponentials: u64,
    /// Bytes that are read.
    pub bytes_read: u64,
    /// Bytes that are written.
    pub bytes_written: u64,
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            multiply_adds: self.multiply_adds + other.multiply_adds,
            exponentials: self.exponentials + other.exponentials,
            bytes_read: self.bytes_read + other.bytes_read,
            bytes_written: self.bytes_written + other.bytes_written,
        }
    }
}

/// A product of sizes.
pub(crate) fn product(sizes: &[usize]) -> u64 {
    sizes.iter().map(|&size| size as u64).product()
}

impl Work {
    /// `multiply_adds` on so many numbers that are read and written.
    pub(crate) fn new(multiply_adds: u64, read: usize, written: usize) -> Self {
        Self {
            multiply_adds,
            exponentials: 0,
            bytes_read: NUMBER * read as u64,
            bytes_written: NUMBER * written as u64,
        }
    }

    /// An operation that reads `inputs` arrays of `elements` numbers and writes `outputs`.
    pub(crate) fn elementwise(elements: usize, inputs: u64, outputs: u64) -> Self {
        let elements = elements as u64;
        Self {
            bytes_read: NUMBER * inputs * elements,
            bytes_written: NUMBER * outputs * elements,
            ..Self::default()
        }
    }

    /// With so many exponentials.
    pub(crate) fn with_exponentials(self, exponentials: usize) -> Self {
        Self {
            exponentials: exponentials as u64,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_adds_up() {
        let first = Work::new(120, 42, 40).with_exponentials(7);
        assert_eq!((first.bytes_read, first.bytes_written), (168, 160));
        let sum = first + Work::elementwise(10, 2, 1);
        assert_eq!(sum.multiply_adds, 120);
        assert_eq!(sum.exponentials, 7);
        assert_eq!((sum.bytes_read, sum.bytes_written), (248, 200));
    }
}
