//! Checks of operands against shapes, with messages that name the operation and the sizes.

/// The first `len` numbers of `buffer`, the operand `operand` of `operation`.
///
/// # Panics
/// If the buffer is shorter.
#[track_caller]
pub(crate) fn front<'a, T>(operation: &str, operand: &str, buffer: &'a [T], len: usize) -> &'a [T] {
    check_len(operation, operand, buffer.len(), len);
    &buffer[..len]
}

/// As [`front`], for an operand that is written.
#[track_caller]
pub(crate) fn front_mut<'a, T>(
    operation: &str,
    operand: &str,
    buffer: &'a mut [T],
    len: usize,
) -> &'a mut [T] {
    check_len(operation, operand, buffer.len(), len);
    &mut buffer[..len]
}

/// The `len` numbers of `buffer` from `start` on.
///
/// # Panics
/// If the buffer ends before.
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

/// Checks that every index of `operand` is below `bound`.
///
/// # Panics
/// If one is not.
#[track_caller]
pub(crate) fn indices(operation: &str, operand: &str, indices: &[u32], bound: usize) {
    if let Some(bad) = indices.iter().position(|&i| i as usize >= bound) {
        panic!(
            "{operation}: {operand}[{bad}] is {}, must be below {bound}",
            indices[bad]
        );
    }
}

/// Numbers in a row of one head.
///
/// # Panics
/// If `heads` does not divide `channels`.
#[track_caller]
pub(crate) fn head_dimension(operation: &str, channels: usize, heads: usize) -> usize {
    assert!(
        heads > 0 && channels.is_multiple_of(heads),
        "{operation}: {channels} channels cannot be divided among {heads} heads"
    );
    channels / heads
}

/// Checks that a query sees at least its own key.
///
/// # Panics
/// If the window is empty.
#[track_caller]
pub(crate) fn window(operation: &str, window: Option<usize>) {
    assert!(window != Some(0), "{operation}: a window of 0 keys");
}

/// Checks the entries of a step of cached attention: slots distinct and in the cache, positions
/// below the capacity.
///
/// # Panics
/// If they are not.
#[track_caller]
pub(crate) fn cache_entries(
    operation: &str,
    shape: &crate::Cached<'_>,
    cached: usize,
    cache_len: impl Fn(usize) -> usize,
) {
    let mut slots: Vec<usize> = shape.entries.iter().map(|entry| entry.slot).collect();
    slots.sort_unstable();
    for entry in shape.entries {
        assert!(
            entry.position < shape.capacity,
            "{operation}: position {} of slot {}, but the capacity is {}",
            entry.position,
            entry.slot,
            shape.capacity
        );
    }
    if let Some(&last) = slots.last() {
        assert!(
            cache_len(last + 1) <= cached,
            "{operation}: slot {last} needs a cache of {} elements, it has {cached}",
            cache_len(last + 1)
        );
    }
    assert!(
        slots.windows(2).all(|pair| pair[0] != pair[1]),
        "{operation}: two rows of one step belong to the same slot"
    );
}

#[track_caller]
fn check_len(operation: &str, operand: &str, have: usize, need: usize) {
    assert!(
        have >= need,
        "{operation}: {operand} has {have} elements, the shape needs {need}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "linear: x has 5 elements, the shape needs 6")]
    fn a_short_buffer_is_named_with_its_sizes() {
        front("linear", "x", &[0.0f32; 5], 6);
    }

    #[test]
    #[should_panic(expected = "write: 3 elements from 4 on, in a buffer of 6")]
    fn a_range_past_the_end_is_named() {
        range_of("write", 6, 4, 3);
    }

    #[test]
    #[should_panic(expected = "embed: tokens[1] is 9, must be below 9")]
    fn an_index_out_of_range_is_named() {
        indices("embed", "tokens", &[3, 9], 9);
    }

    #[test]
    #[should_panic(expected = "attention: 10 channels cannot be divided among 3 heads")]
    fn heads_must_divide_the_channels() {
        head_dimension("attention", 10, 3);
    }
}
