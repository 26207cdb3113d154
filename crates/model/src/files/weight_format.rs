//! The number formats of weight files.

use half::{bf16, f16};
use safetensors::Dtype;

/// What the weights of a file are stored as. Networks compute with 32-bit numbers, which hold those
/// of the other two exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightFormat {
    /// 32-bit numbers.
    #[default]
    F32,
    /// 16-bit numbers of IEEE 754: 11 significant bits, at most 65,504.
    F16,
    /// The upper half of 32-bit numbers: 8 significant bits, and their whole range.
    Bf16,
}

impl WeightFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Its name in `config.json` (`dtype`).
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
        }
    }

    /// The format that `config.json` calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The narrowest format that holds the numbers of both.
    pub(super) fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::F32 }
    }

    /// The number that a file of this format gives back for `value`.
    pub(crate) fn round(self, value: f32) -> f32 {
        match self {
            Self::F32 => value,
            Self::F16 => f16::from_f32(value).to_f32(),
            Self::Bf16 => bf16::from_f32(value).to_f32(),
        }
    }

    pub(super) fn from_dtype(dtype: Dtype) -> Option<Self> {
        let mut formats = Self::ALL.into_iter();
        formats.find(|format| format.dtype() == dtype)
    }

    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::F32 => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::Bf16 => Dtype::BF16,
        }
    }

    /// Bytes of a number.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Numbers from little-endian bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        fn numbers<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f32) -> Vec<f32> {
            let numbers = bytes.as_chunks().0.iter();
            numbers.map(|&bytes| number(bytes)).collect()
        }
        match self {
            Self::F32 => numbers(bytes, f32::from_le_bytes),
            Self::F16 => numbers(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::Bf16 => numbers(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        }
    }

    /// Little-endian bytes of numbers, each rounded to the nearest that the format has; or the index
    /// of the first number that is too large for it.
    pub(super) fn encode(self, values: &[f32]) -> Result<Vec<u8>, usize> {
        fn bytes<const N: usize>(
            values: &[f32],
            number: impl Fn(f32) -> Option<[u8; N]>,
        ) -> Result<Vec<u8>, usize> {
            let mut bytes = Vec::with_capacity(values.len() * N);
            for (index, &value) in values.iter().enumerate() {
                bytes.extend(number(value).ok_or(index)?);
            }
            Ok(bytes)
        }
        match self {
            Self::F32 => bytes(values, |value| Some(value.to_le_bytes())),
            Self::F16 => bytes(values, |value| {
                let number = f16::from_f32(value);
                (number.is_finite() || !value.is_finite()).then(|| number.to_le_bytes())
            }),
            Self::Bf16 => bytes(values, |value| {
                let number = bf16::from_f32(value);
                (number.is_finite() || !value.is_finite()).then(|| number.to_le_bytes())
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sixteen_bit_number_is_read_exactly_and_written_back() {
        for format in [WeightFormat::F16, WeightFormat::Bf16] {
            let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
            let values = format.decode(&bytes);
            let finite: Vec<usize> = (0..values.len())
                .filter(|&i| values[i].is_finite())
                .collect();
            assert!(finite.len() > 63_000, "{}", finite.len());
            for i in finite {
                assert_eq!(format.encode(&values[i..=i]).unwrap(), &bytes[2 * i..][..2]);
            }
        }
    }

    #[test]
    fn known_numbers_have_their_known_bytes() {
        // 1.5 is 1.1 in binary: the bit below the exponent is set.
        assert_eq!(WeightFormat::F16.encode(&[1.5]).unwrap(), [0x00, 0x3e]);
        assert_eq!(WeightFormat::Bf16.encode(&[1.5]).unwrap(), [0xc0, 0x3f]);
        assert_eq!(WeightFormat::F16.decode(&[0x01, 0x00]), [2.0f32.powi(-24)]);
    }

    #[test]
    fn numbers_that_do_not_fit_are_named() {
        assert_eq!(WeightFormat::F16.encode(&[65_504.0, 65_520.0]), Err(1));
        assert_eq!(WeightFormat::Bf16.encode(&[0.0, 1.0, f32::MAX]), Err(2));
        assert!(WeightFormat::F32.encode(&[f32::MAX]).is_ok());
    }
}
