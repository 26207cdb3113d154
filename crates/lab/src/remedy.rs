//! What to do about parts of a run that are damaged.

use crate::Layout;

/// About something that came before the first generation.
pub(crate) fn beginning(layout: &Layout) -> String {
    format!(
        "it belongs to the beginning of the run: remove {} and run again",
        layout.root().display()
    )
}

/// About a file of generation `n`.
pub(crate) fn generation(layout: &Layout, n: u32) -> String {
    format!(
        "remove {} and all generations after it, and run the same command again: they are made anew",
        layout.generation(n).directory().display()
    )
}
