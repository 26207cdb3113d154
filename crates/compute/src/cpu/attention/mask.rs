//! Which lanes of a vector of queries or keys are seen.

use crate::cpu::simd::{MAX_LANES, Simd};

/// Adds to the scores of a vector of queries 0 where a query sees the key, else −∞.
///
/// `first` and `end` are the first lane that sees it and the one after the last.
#[inline(always)]
pub(super) fn mask<S: Simd>(s: S, first: usize, end: usize) -> S::Vector {
    const HIDDEN: f32 = f32::NEG_INFINITY;
    /// Hidden, seen, hidden lanes: those from `k` on begin with LANES − k hidden ones.
    const EDGES: [f32; 3 * MAX_LANES] = {
        let mut edges = [HIDDEN; 3 * MAX_LANES];
        let mut i = MAX_LANES;
        while i < 2 * MAX_LANES {
            edges[i] = 0.0;
            i += 1;
        }
        edges
    };
    let before = &EDGES[MAX_LANES - first.min(S::LANES)..][..S::LANES];
    let after = &EDGES[2 * MAX_LANES - end.min(S::LANES)..][..S::LANES];
    s.add(s.load_front(before), s.load_front(after))
}
