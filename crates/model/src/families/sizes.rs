//! The sizes that a new network is made from.

use super::Family;
use super::fields::wrong;
use crate::ModelError;
use crate::architecture::AttentionLayout;

/// The sizes of a network, in words that hold for every family. Everything else about a new
/// network is its family's usual choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// Numbers in the residual stream of a token.
    pub hidden: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Attention heads of a block.
    pub heads: usize,
    /// Heads of keys and values; by default as many as `heads`.
    pub key_value_heads: Option<usize>,
    /// Channels of a head; by default `hidden / heads`.
    pub head_dimension: Option<usize>,
    /// Channels of the hidden layer of a block's MLP. By default 4 × `hidden`, or for the gated
    /// MLPs, which have three projections instead of two, 8/3 × `hidden` rounded up to a multiple
    /// of 8.
    pub intermediate: Option<usize>,
    /// The longest context, in tokens.
    pub positions: usize,
    /// Tokens that local attention sees, in families that have it; by default 256.
    pub window: Option<usize>,
}

/// Sizes without anything left open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dimensions {
    pub(crate) vocabulary: usize,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) key_value_heads: usize,
    pub(crate) head_dimension: usize,
    pub(crate) intermediate: usize,
    pub(crate) positions: usize,
}

impl Sizes {
    /// Sizes with everything left to the family that may be.
    pub fn new(
        vocabulary: usize,
        hidden: usize,
        layers: usize,
        heads: usize,
        positions: usize,
    ) -> Self {
        Self {
            vocabulary,
            hidden,
            layers,
            heads,
            key_value_heads: None,
            head_dimension: None,
            intermediate: None,
            positions,
            window: None,
        }
    }

    /// The sizes of a network of `family`.
    pub(super) fn resolve(&self, family: &Family) -> Result<Dimensions, ModelError> {
        let names = &family.fields;
        let without = |field: &'static str, given: bool, has: bool| {
            if given && !has {
                let problem = format!(
                    "cannot be chosen for {}; leave it out, or choose another family",
                    family.model_type
                );
                return Err(wrong(field, problem));
            }
            Ok(())
        };
        let chosen = |choice: Option<usize>, usual: usize| choice.is_some_and(|it| it != usual);
        without(
            "key_value_heads",
            chosen(self.key_value_heads, self.heads),
            names.key_value_heads.is_some(),
        )?;
        let head_dimension = match self.head_dimension {
            Some(dimension) => dimension,
            None => family.head_dimension(self.hidden, self.heads)?,
        };
        without(
            "head_dimension",
            self.heads.checked_mul(head_dimension) != Some(self.hidden),
            names.head_dimension.is_some(),
        )?;
        without("window", self.window.is_some(), names.window.is_some())?;
        Ok(Dimensions {
            vocabulary: self.vocabulary,
            hidden: self.hidden,
            layers: self.layers,
            heads: self.heads,
            key_value_heads: self.key_value_heads.unwrap_or(self.heads),
            head_dimension,
            intermediate: self
                .intermediate
                .unwrap_or_else(|| (family.intermediate)(self.hidden)),
            positions: self.positions,
        })
    }
}

/// Four times the hidden size: the MLP of the GPTs.
pub(super) fn four_times(hidden: usize) -> usize {
    hidden.saturating_mul(4)
}

/// 8/3 of the hidden size, rounded up to a multiple of 8: three such projections of a gated MLP have
/// about as many weights as two of four times the hidden size.
pub(super) fn eight_thirds(hidden: usize) -> usize {
    hidden
        .saturating_mul(8)
        .div_ceil(3)
        .checked_next_multiple_of(8)
        .unwrap_or(usize::MAX)
}

impl Dimensions {
    /// Attention to all earlier tokens, its products scaled by 1/√(channels of a head), without
    /// biases.
    pub(super) fn global_attention(&self) -> AttentionLayout {
        AttentionLayout {
            heads: self.heads,
            key_value_heads: self.key_value_heads,
            head_dimension: self.head_dimension,
            scale: (1.0 / (self.head_dimension as f64).sqrt()) as f32,
            windows: vec![None; self.layers],
            input_bias: false,
            output_bias: false,
            query_key_norm: false,
        }
    }
}
