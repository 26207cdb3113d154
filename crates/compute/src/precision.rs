//! How precise the operands of matrix products are.

use std::fmt;
use std::str::FromStr;

/// The number format of the operands of matrix products (linear layers and the head). Sums, and
/// everything that is not a matrix product, are `f32` in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits: operands are rounded to bf16 (eight significant bits, the range of `f32`) as they
    /// are read. Weights, moments, activations and gradients stay in 32 bits.
    Bf16,
}

impl Precision {
    /// Bytes of an operand.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

/// A name that is no precision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown precision `{0}`: choose `f32` or `bf16`")]
pub struct PrecisionError(String);

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = PrecisionError;

    fn from_str(name: &str) -> Result<Self, PrecisionError> {
        match name {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            _ => Err(PrecisionError(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for precision in [Precision::F32, Precision::Bf16] {
            assert_eq!(precision.to_string().parse(), Ok(precision));
        }
        assert_eq!(
            "fp8".parse::<Precision>().unwrap_err().to_string(),
            "unknown precision `fp8`: choose `f32` or `bf16`"
        );
    }
}
