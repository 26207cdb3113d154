//! From values to places on an axis, and where its marks are.

use serde::Serialize;

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal differences have equal lengths.
    Linear,
    /// Equal quotients have equal lengths.
    Logarithmic,
}
