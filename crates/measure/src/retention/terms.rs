//! What error terms of contexts and of events have in common.

use autophage_theory::TheoryError;

/// Level of the intervals.
pub(super) const LEVEL: f64 = 0.95;

/// `None` where something is excluded, so that no finite error term exists.
pub(super) fn finite<T>(term: Result<T, TheoryError>) -> Result<Option<T>, TheoryError> {
    match term {
        Ok(term) => Ok(Some(term)),
        Err(TheoryError::Excluded { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The share of the truth in a model whose error term is `error`, where the share in what it should
/// have learned is `kept`: `p̂ ≥ q / (1 + b)`.
pub(super) fn retention(kept: f64, error: f64) -> f64 {
    kept / (1.0 + error)
}
