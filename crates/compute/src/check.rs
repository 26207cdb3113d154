//! Checks of operands against shapes, with messages that name the operation and the sizes.

use crate::Array;

/// Checks that an operand has `need` elements or more.
///
/// # Panics
/// If it has fewer.
#[track_caller]
pub(crate) fn long_enough(operation: &str, operand: &str, array: &impl Array, need: usize) {
    let have = array.len();
    assert!(
        have >= need,
        "{operation}: {operand} has {have} elements, the shape needs {need}"
    );
}

/// Checks that indices which are below `bound` are below `limit`.
///
/// # Panics
/// If `bound` is greater.
#[track_caller]
pub(crate) fn within(operation: &str, operand: &str, bound: usize, limit: usize) {
    assert!(
        bound <= limit,
        "{operation}: {operand} reach {}, must be below {limit}",
        bound - 1
    );
}

/// The `len` elements from `start` on of an array of `have`.
///
/// # Panics
/// If the array ends before.
#[track_caller]
pub(crate) fn range_of(
    operation: &str,
    have: usize,
    start: usize,
    len: usize,
) -> std::ops::Range<usize> {
    match start.checked_add(len) {
        Some(end) if end <= have => start..end,
        _ => panic!("{operation}: {len} elements from {start} on, in a buffer of {have}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HostBuffer;

    #[test]
    #[should_panic(expected = "linear: x has 5 elements, the shape needs 6")]
    fn a_short_buffer_is_named_with_its_sizes() {
        long_enough("linear", "x", &HostBuffer::zeros(5).unwrap(), 6);
    }

    #[test]
    #[should_panic(expected = "write: 3 elements from 4 on, in a buffer of 6")]
    fn a_range_past_the_end_is_named() {
        range_of("write", 6, 4, 3);
    }

    #[test]
    #[should_panic(expected = "embed: tokens reach 9, must be below 9")]
    fn an_index_out_of_range_is_named() {
        within("embed", "tokens", 10, 9);
    }
}
