//! Numbers in bf16, the upper half of an `f32` with eight significant bits, two in a word of 32 bits.

/// Rounds to the nearest bf16, ties to even; what is not a number stays so.
#[inline(always)]
fn round(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if value.is_nan() {
        bits >> 16 | 0x40
    } else {
        rounded
    }
}

/// Two numbers in one word, rounded: `low` in its low half, `high` in its high half.
#[inline(always)]
pub(super) fn pair(low: f32, high: f32) -> f32 {
    f32::from_bits(round(low) | round(high) << 16)
}

/// The number in the low half of a word.
#[inline(always)]
pub(super) fn low(pair: f32) -> f32 {
    f32::from_bits(pair.to_bits() << 16)
}

/// The number in the high half of a word.
#[inline(always)]
pub(super) fn high(pair: f32) -> f32 {
    f32::from_bits(pair.to_bits() & 0xffff_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_nearest_and_ties_to_even() {
        let cases = [
            (0.0, 0.0),
            (-0.0, -0.0),
            (1.0, 1.0),
            // Half way between 1 and the next number 1 + 2⁻⁷: to the even one.
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.0 + 4.0 / 256.0),
            (1.0 + 1.001 / 256.0, 1.0 + 2.0 / 256.0),
            (-1.0 - 1.001 / 256.0, -1.0 - 2.0 / 256.0),
            (f32::INFINITY, f32::INFINITY),
            (f32::MAX, f32::INFINITY),
        ];
        for (value, expected) in cases {
            let word = pair(value, 0.0);
            assert_eq!(low(word).to_bits(), f32::to_bits(expected), "{value}");
            assert_eq!(high(word), 0.0);
            assert_eq!(high(pair(0.0, value)).to_bits(), f32::to_bits(expected));
        }
        assert!(low(pair(f32::NAN, 0.0)).is_nan());
        assert!(low(pair(f32::from_bits(0x7f80_0001), 0.0)).is_nan());
    }
}
