//! What the operations need to know of an architecture.

use autophage_compute::operation::{AttentionShape, LinearShape, Rotation, Rows};

use crate::architecture::{Architecture, PositionEncoding};

impl Architecture {
    /// Heads and window of the attention of `layer`.
    pub fn attention_shape(&self, layer: usize) -> AttentionShape {
        AttentionShape {
            heads: self.attention.heads,
            key_value_heads: self.attention.key_value_heads,
            head_dimension: self.attention.head_dimension,
            scale: self.attention.scale,
            window: self.attention.windows[layer],
        }
    }

    /// A matrix of residual streams.
    pub(super) fn stream(&self, rows: usize) -> Rows {
        Rows {
            rows,
            channels: self.hidden,
        }
    }

    /// A matrix of hidden layers of the MLP.
    pub(super) fn inner(&self, rows: usize) -> Rows {
        Rows {
            rows,
            channels: self.mlp.intermediate,
        }
    }

    /// A matrix of `heads` heads, each of them a row of its own.
    pub(super) fn head_rows(&self, rows: usize, heads: usize) -> Rows {
        Rows {
            rows: rows * heads,
            channels: self.attention.head_dimension,
        }
    }

    /// A linear map of the residual stream to `outputs` channels.
    pub(super) fn stream_to(&self, rows: usize, outputs: usize) -> LinearShape {
        LinearShape {
            rows,
            inputs: self.hidden,
            outputs,
            exact: false,
        }
    }

    /// A linear map of `inputs` channels to the residual stream.
    pub(super) fn onto_stream(&self, rows: usize, inputs: usize) -> LinearShape {
        LinearShape {
            rows,
            inputs,
            outputs: self.hidden,
            exact: false,
        }
    }

    /// The projection of the normalised stream to `channels` channels of queries, keys or values.
    ///
    /// Where scores are not scaled (GPT-Neo), attention multiplies errors of what it reads: the
    /// operands of the forward projection then keep their 32 bits.
    pub(super) fn projection(&self, rows: usize, channels: usize) -> LinearShape {
        LinearShape {
            exact: self.attention.scale >= 1.0,
            ..self.stream_to(rows, channels)
        }
    }

    /// What is rotated of `heads` heads, where positions are rotary.
    pub(super) fn rotation(&self, rows: usize, heads: usize) -> Option<Rotation> {
        match &self.position_encoding {
            PositionEncoding::Learned { .. } => None,
            PositionEncoding::Rotary(rotary) => Some(Rotation {
                rows,
                heads,
                head_dimension: self.attention.head_dimension,
                rotated: rotary.dimension,
            }),
        }
    }

    /// The row of the position embedding, or of the table of rotations, that belongs to position 0.
    pub(super) fn first_position(&self) -> u32 {
        match self.position_encoding {
            PositionEncoding::Learned { offset } => offset as u32,
            PositionEncoding::Rotary(_) => 0,
        }
    }
}
