//! A context as the levels of counts know it.

/// A context, given by one that is a token shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Context {
    /// Node of the shorter context in the level below; 0 in level 0.
    pub(super) shorter: u32,
    /// The token before it; 0 in level 0.
    pub(super) oldest: u32,
}
