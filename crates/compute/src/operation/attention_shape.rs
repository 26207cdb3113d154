//! The heads of attention.

/// Heads, and what a query sees.
///
/// Rows of queries and results have `heads · head_dimension` channels, those of keys and values
/// `key_value_heads · head_dimension`; head h has the channels from `h · head_dimension` on. Query head
/// h reads key-value head `h · key_value_heads / heads`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionShape {
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values; it divides `heads`.
    pub key_value_heads: usize,
    /// Channels of a head.
    pub head_dimension: usize,
    /// What the inner product of a query and a key is multiplied by to become their score.
    pub scale: f32,
    /// `Some(w)`: query i sees keys j with i − w < j ≤ i. `None`: all j ≤ i.
    pub window: Option<usize>,
}

impl AttentionShape {
    /// Channels of queries and results.
    pub fn channels(&self) -> usize {
        self.heads * self.head_dimension
    }

    /// Channels of keys and values.
    pub fn key_value_channels(&self) -> usize {
        self.key_value_heads * self.head_dimension
    }

    /// Query heads that read the same keys and values.
    pub fn group(&self) -> usize {
        self.heads / self.key_value_heads
    }

    /// Checks that the heads can be divided and that a query sees its own key.
    #[track_caller]
    pub(super) fn check(&self, operation: &str) {
        assert!(
            self.key_value_heads > 0 && self.heads.is_multiple_of(self.key_value_heads),
            "{operation}: {} heads cannot be divided among {} heads of keys and values",
            self.heads,
            self.key_value_heads
        );
        assert!(
            self.window != Some(0),
            "{operation}: a window of 0 keys, but a query sees at least its own"
        );
    }
}
