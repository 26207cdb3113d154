//! The arguments of every operation of a [`Backend`](crate::Backend), as values: a struct carries the
//! shapes and the operands, says whether they fit each other, and how much work they are.
//!
//! *Shapes.* N is the number of rows (tokens) and C the number of channels; matrices are row-major.
//! A buffer may be longer than an operation needs: it then uses the front of it. A result is
//! overwritten unless its description says that something is *added* to it; gradients of parameters,
//! whose names begin with `d_` and end in `weight` or `bias`, are always added to.

mod activation;
mod arguments;
mod attention;
mod attention_shape;
mod elementwise;
mod embedding;
mod head;
mod linear;
mod list;
mod normalize;
mod optimizer;
mod rotate;

pub use activation::{Activate, ActivateBackward, Activation, Gate, GateBackward};
pub use arguments::Arguments;
pub use attention::{Attention, AttentionBackward, AttentionCached};
pub use attention_shape::AttentionShape;
pub use elementwise::{Add, Fill, Rows};
pub use embedding::{Embed, EmbedBackward, Gather, Lookup, LookupGradient};
pub use head::{HeadLogits, HeadLosses, HeadLossesBackward, HeadSample, HeadShape, SamplingFilter};
pub use linear::{Linear, LinearBackwardInput, LinearBackwardWeight, LinearShape};
pub(crate) use list::for_each_operation;
pub use normalize::{Norm, NormKind, Normalize, NormalizeBackward};
pub use optimizer::{AdamW, AdamWSettings, Clip, Sum, SumOfSquares};
pub use rotate::{Rotate, Rotation, rotation_table};
