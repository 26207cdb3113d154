//! What a backend does wrong.

use std::fmt;

use crate::Operation;

/// A way in which a backend departs from the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    operation: Operation,
    what: String,
}

impl Defect {
    pub(super) fn new(operation: Operation, what: impl Into<String>) -> Self {
        Self {
            operation,
            what: what.into(),
        }
    }

    /// Which operation is wrong; memory belongs to [`Operation::Write`] and [`Operation::Read`].
    pub fn operation(&self) -> Operation {
        self.operation
    }
}

impl std::error::Error for Defect {}

/// The operation, the case, and what came out.
impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.what)
    }
}
