//! What a decoder is built of: the one description that every family's network comes from.

pub use autophage_compute::operation::{Activation, Norm, NormKind};

use crate::ModelError;

/// Sizes above this are refused before anything is multiplied or allocated.
pub(crate) const LARGEST_SIZE: usize = 1 << 28;
/// More layers than this are refused before anything is allocated for each of them.
pub(crate) const MOST_LAYERS: usize = 1 << 14;

/// A decoder-only transformer: token embedding, blocks of attention and a feed-forward part (MLP),
/// final normalisation, and a head over the vocabulary.
///
/// Normalisations stand in front of attention and MLP (pre-norm).
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Rows of the token embedding; they may be more than the tokenizer has tokens.
    pub vocabulary: usize,
    /// Numbers in the residual stream of a token.
    pub hidden: usize,
    /// Number of blocks.
    pub layers: usize,
    /// The longest context, in tokens.
    pub positions: usize,
    /// How the network knows where a token stands.
    pub position_encoding: PositionEncoding,
    /// The attention of the blocks.
    pub attention: AttentionLayout,
    /// The feed-forward part of the blocks.
    pub mlp: Mlp,
    /// The normalisations of blocks and output.
    pub norm: Norm,
    /// How attention and MLP are added to the residual stream.
    pub residual: Residual,
    /// Whether the head is the token embedding.
    pub tied: bool,
}

/// How the network knows where a token stands.
#[derive(Clone, Debug, PartialEq)]
pub enum PositionEncoding {
    /// An embedding for each position is added to that of the token.
    Learned {
        /// The row of the first position; the rows before it are stored and never used (OPT: 2).
        offset: usize,
    },
    /// Queries and keys are rotated by angles that grow with the position.
    Rotary(Rotary),
}

/// Rotary position embedding (Su et al., 2021): channels `i` and `i + dimension / 2` of a head are
/// rotated together, by the position times the `i`-th of [`frequencies`](Self::frequencies).
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    /// How many of a head's channels are rotated, from the first on; an even number.
    pub dimension: usize,
    /// The base of the geometric sequence of frequencies, often called θ.
    pub base: f64,
    /// How the frequencies are stretched for longer contexts.
    pub scaling: RotaryScaling,
}

/// How the frequencies of a rotary embedding are stretched for contexts longer than those of the
/// first training.
#[derive(Clone, Debug, PartialEq)]
pub enum RotaryScaling {
    /// Not at all.
    Default,
    /// As in Llama 3.1: low frequencies are divided by `factor`, high ones stay, and those between
    /// pass smoothly from one to the other.
    Llama3 {
        /// What low frequencies are divided by.
        factor: f64,
        /// Frequencies are low if fewer than this many of their periods fit into
        /// `original_positions`.
        low_frequency_factor: f64,
        /// Frequencies are high if more than this many of their periods fit into
        /// `original_positions`.
        high_frequency_factor: f64,
        /// The longest context of the first training, in tokens.
        original_positions: usize,
    },
}

/// The attention of the blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionLayout {
    /// Heads of the queries.
    pub heads: usize,
    /// Heads of keys and values, each shared by `heads / key_value_heads` heads of the queries.
    pub key_value_heads: usize,
    /// Channels of a head.
    pub head_dimension: usize,
    /// What the products of queries and keys are multiplied by.
    pub scale: f32,
    /// For each layer, how many tokens a token sees, itself included; `None` for all before it.
    pub windows: Vec<Option<usize>>,
    /// Whether the projections to queries, keys and values have a bias.
    pub input_bias: bool,
    /// Whether the output projection has a bias.
    pub output_bias: bool,
    /// Whether queries and keys are normalised, head by head, before they are rotated.
    pub query_key_norm: bool,
}

/// The feed-forward part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mlp {
    /// Channels of its hidden layer.
    pub intermediate: usize,
    /// The function between its two layers.
    pub activation: Activation,
    /// Whether the activation is taken of a projection of its own and multiplied with the hidden
    /// layer, as in SwiGLU.
    pub gated: bool,
    /// Whether its projections have a bias.
    pub bias: bool,
}

/// How attention and MLP are added to the residual stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residual {
    /// The MLP sees what attention has added.
    Sequential,
    /// Both see the input of the block, and their outputs are added to it together.
    Parallel,
}

impl Architecture {
    /// Rows of the position embedding: none if positions are not learned.
    pub fn position_rows(&self) -> usize {
        match self.position_encoding {
            PositionEncoding::Learned { offset } => self.positions.saturating_add(offset),
            PositionEncoding::Rotary(_) => 0,
        }
    }

    /// Checks that such a network can be built.
    ///
    /// # Errors
    /// [`ModelError::Architecture`] with the first field that is wrong.
    pub fn validate(&self) -> Result<(), ModelError> {
        let attention = &self.attention;
        let sizes = [
            ("vocabulary", self.vocabulary, LARGEST_SIZE),
            ("hidden", self.hidden, LARGEST_SIZE),
            ("layers", self.layers, MOST_LAYERS),
            ("positions", self.positions, LARGEST_SIZE),
            ("heads", attention.heads, LARGEST_SIZE),
            ("key_value_heads", attention.key_value_heads, LARGEST_SIZE),
            ("head_dimension", attention.head_dimension, LARGEST_SIZE),
            ("intermediate", self.mlp.intermediate, LARGEST_SIZE),
        ];
        for (field, size, most) in sizes {
            if size == 0 || size > most {
                return wrong(
                    field,
                    format!("{size}, and it must be at least 1 and at most {most}"),
                );
            }
        }
        attention.validate(self.layers)?;
        let epsilon = self.norm.epsilon;
        if !(epsilon.is_finite() && epsilon > 0.0) {
            return wrong(
                "epsilon",
                format!("{epsilon}, and it must be a positive number"),
            );
        }
        match &self.position_encoding {
            PositionEncoding::Learned { offset } if *offset > LARGEST_SIZE => wrong(
                "positions",
                format!("an offset of {offset}, and it must be at most {LARGEST_SIZE}"),
            ),
            PositionEncoding::Learned { .. } => Ok(()),
            PositionEncoding::Rotary(rotary) => rotary.validate(attention.head_dimension),
        }
    }
}

impl AttentionLayout {
    /// Channels of all heads of the queries.
    pub fn channels(&self) -> usize {
        self.heads.saturating_mul(self.head_dimension)
    }

    /// Channels of all heads of keys, or of values.
    pub fn key_value_channels(&self) -> usize {
        self.key_value_heads.saturating_mul(self.head_dimension)
    }

    fn validate(&self, layers: usize) -> Result<(), ModelError> {
        let channels = self.heads.saturating_mul(self.head_dimension);
        if channels > LARGEST_SIZE {
            return wrong(
                "heads",
                format!(
                    "{} heads of {} channels, and they must have at most {LARGEST_SIZE} together",
                    self.heads, self.head_dimension
                ),
            );
        }
        if !self.heads.is_multiple_of(self.key_value_heads) {
            return wrong(
                "key_value_heads",
                format!(
                    "{} do not divide the {} heads of the queries",
                    self.key_value_heads, self.heads
                ),
            );
        }
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return wrong(
                "scale",
                format!("{}, and it must be a positive number", self.scale),
            );
        }
        if self.windows.len() != layers {
            return wrong(
                "windows",
                format!("{} for {layers} layers", self.windows.len()),
            );
        }
        let mut windows = self.windows.iter().flatten();
        if let Some(window) = windows.find(|&&window| window == 0 || window > LARGEST_SIZE) {
            return wrong(
                "windows",
                format!("{window}, and it must be at least 1 and at most {LARGEST_SIZE}"),
            );
        }
        Ok(())
    }
}

impl Rotary {
    /// The angle, in radians, by which each pair of channels is turned from one position to the
    /// next: `dimension / 2` numbers, the fastest first, rounded as Transformers rounds them.
    pub fn frequencies(&self) -> Vec<f32> {
        (0..self.dimension / 2)
            .map(|pair| {
                let exponent = (2 * pair) as f32 / self.dimension as f32;
                let frequency = 1.0 / self.base.powf(f64::from(exponent)) as f32;
                self.scaling.apply(frequency)
            })
            .collect()
    }

    fn validate(&self, head_dimension: usize) -> Result<(), ModelError> {
        let dimension = self.dimension;
        if dimension == 0 || !dimension.is_multiple_of(2) || dimension > head_dimension {
            return wrong(
                "rotary",
                format!(
                    "{dimension} of a head's {head_dimension} channels are rotated, and it must be \
                     an even number of them, at least 2; fewer heads have more channels each"
                ),
            );
        }
        if !(self.base.is_finite() && self.base > 1.0) {
            return wrong(
                "rotary_base",
                format!("{}, and it must be a number above 1", self.base),
            );
        }
        self.scaling.validate()
    }
}

impl RotaryScaling {
    fn apply(&self, frequency: f32) -> f32 {
        let Self::Llama3 {
            factor,
            low_frequency_factor: low,
            high_frequency_factor: high,
            original_positions,
        } = *self
        else {
            return frequency;
        };
        let (factor, low, high) = (factor as f32, low as f32, high as f32);
        let context = original_positions as f32;
        let wavelength = 2.0 * std::f32::consts::PI / frequency;
        if wavelength > context / low {
            frequency / factor
        } else if wavelength < context / high {
            frequency
        } else {
            let smooth = (context / wavelength - low) / (high - low);
            (1.0 - smooth) * frequency / factor + smooth * frequency
        }
    }

    fn validate(&self) -> Result<(), ModelError> {
        let Self::Llama3 {
            factor,
            low_frequency_factor: low,
            high_frequency_factor: high,
            original_positions,
        } = *self
        else {
            return Ok(());
        };
        let positive = |number: f64| number.is_finite() && number > 0.0;
        if !(positive(factor) && positive(low) && positive(high) && low < high) {
            return wrong(
                "rotary_scaling",
                format!(
                    "a factor of {factor} between the frequencies {low} and {high}; all three must \
                     be positive, and the second frequency above the first"
                ),
            );
        }
        if original_positions == 0 || original_positions > LARGEST_SIZE {
            return wrong(
                "rotary_scaling",
                format!(
                    "{original_positions} original positions, and they must be at least 1 and at \
                     most {LARGEST_SIZE}"
                ),
            );
        }
        Ok(())
    }
}

fn wrong(field: &'static str, problem: String) -> Result<(), ModelError> {
    Err(ModelError::Architecture { field, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotary(scaling: RotaryScaling) -> Rotary {
        Rotary {
            dimension: 64,
            base: 500_000.0,
            scaling,
        }
    }

    #[test]
    fn frequencies_are_a_geometric_sequence_from_one() {
        let frequencies = rotary(RotaryScaling::Default).frequencies();
        assert_eq!(frequencies.len(), 32);
        assert_eq!(frequencies[0], 1.0);
        for (pair, frequency) in frequencies.into_iter().enumerate() {
            let exact = (-(pair as f64) / 32.0 * 500_000f64.ln()).exp();
            assert!((f64::from(frequency) / exact - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn llama3_keeps_high_frequencies_divides_low_ones_and_passes_between() {
        let scaling = RotaryScaling::Llama3 {
            factor: 32.0,
            low_frequency_factor: 1.0,
            high_frequency_factor: 4.0,
            original_positions: 8192,
        };
        let plain = rotary(RotaryScaling::Default).frequencies();
        let scaled = rotary(scaling).frequencies();
        let mut between = 0;
        for (plain, scaled) in plain.into_iter().zip(scaled) {
            let periods = 8192.0 * plain / (2.0 * std::f32::consts::PI);
            if periods > 4.0 {
                assert_eq!(scaled, plain);
            } else if periods < 1.0 {
                assert_eq!(scaled, plain / 32.0);
            } else {
                // From one of them to the other, in proportion to the periods.
                let share = (periods - 1.0) / 3.0;
                let expected = plain * (share + (1.0 - share) / 32.0);
                assert!((scaled / expected - 1.0).abs() < 1e-5);
                between += 1;
            }
        }
        assert!(between > 0);
    }
}
