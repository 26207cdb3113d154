//! Numbers in bf16, the upper half of an `f32` with eight significant bits, two in each 32-bit lane:
//! the operations for instruction sets that have none for them.

use super::{MAX_LANES, Simd};

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
pub(in crate::cpu) fn pair(low: f32, high: f32) -> f32 {
    f32::from_bits(round(low) | round(high) << 16)
}

/// The number in the low half of a word.
#[inline(always)]
pub(in crate::cpu) fn low(pair: f32) -> f32 {
    f32::from_bits(pair.to_bits() << 16)
}

/// The number in the high half of a word.
#[inline(always)]
pub(in crate::cpu) fn high(pair: f32) -> f32 {
    f32::from_bits(pair.to_bits() & 0xffff_0000)
}

/// Reads a vector from an array that has room for every instruction set's.
#[inline(always)]
fn load<S: Simd>(s: S, array: &[f32; MAX_LANES]) -> S::Vector {
    // SAFETY: `LANES` is at most `MAX_LANES`.
    unsafe { s.load(array.as_ptr()) }
}

/// [`Simd::join_pairs`].
#[inline(always)]
pub(super) fn join<S: Simd>(s: S, first: S::Vector, second: S::Vector) -> S::Vector {
    let (first, second) = (s.to_array(first), s.to_array(second));
    load(s, &std::array::from_fn(|i| pair(first[i], second[i])))
}

/// [`Simd::narrow`].
#[inline(always)]
pub(super) fn narrow<S: Simd>(s: S, first: S::Vector, second: S::Vector) -> S::Vector {
    let (first, second) = (s.to_array(first), s.to_array(second));
    let half = S::LANES / 2;
    let mut pairs = [0.0; MAX_LANES];
    for i in 0..half {
        pairs[i] = pair(first[2 * i], first[2 * i + 1]);
        pairs[half + i] = pair(second[2 * i], second[2 * i + 1]);
    }
    load(s, &pairs)
}

/// [`Simd::interleave`].
#[inline(always)]
pub(super) fn interleave<S: Simd>(s: S, above: S::Vector, below: S::Vector) -> [S::Vector; 2] {
    let (above, below) = (s.to_array(above), s.to_array(below));
    let half = S::LANES / 2;
    let mut pairs = [[0.0; MAX_LANES]; 2];
    for i in 0..S::LANES {
        let (above, below) = (above[i].to_bits(), below[i].to_bits());
        let (part, at) = (i / half, 2 * (i % half));
        pairs[part][at] = f32::from_bits(above & 0xffff | below << 16);
        pairs[part][at + 1] = f32::from_bits(above >> 16 | below & 0xffff_0000);
    }
    pairs.map(|pairs| load(s, &pairs))
}

/// [`Simd::split_pairs`].
#[inline(always)]
pub(super) fn split<S: Simd>(s: S, pairs: S::Vector) -> [S::Vector; 2] {
    let pairs = s.to_array(pairs);
    [load(s, &pairs.map(low)), load(s, &pairs.map(high))]
}

/// [`Simd::dot_pairs`].
#[inline(always)]
pub(super) fn dot<S: Simd>(s: S, a: S::Vector, b: S::Vector, c: S::Vector) -> S::Vector {
    let (a, b) = (s.to_array(a), s.to_array(b));
    let part = |of: fn(f32) -> f32, pairs: [f32; MAX_LANES]| load(s, &pairs.map(of));
    let sum = s.mul_add(part(high, a), part(high, b), c);
    s.mul_add(part(low, a), part(low, b), sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{CheckedIsa, Isa};
    use crate::cpu::simd::Kernel;

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

    /// All operations on fixed numbers, as the instruction set has them and as above.
    struct Both;

    impl Kernel for Both {
        type Output = [Vec<u32>; 2];

        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> [Vec<u32>; 2] {
            let vector = |seed: usize| {
                let array = std::array::from_fn(|i| {
                    let x = ((i * 37 + seed * 101) % 97) as f32 - 48.0;
                    if i == seed % S::LANES {
                        f32::NAN
                    } else {
                        x * 1.2345e-1
                    }
                });
                load(s, &array)
            };
            let [a, b, c, d] = [1, 2, 3, 4].map(vector);
            let finite = load(s, &std::array::from_fn(|i| (i as f32 - 3.3) * 0.77));
            let (x, y) = (s.narrow(finite, finite), s.join_pairs(finite, finite));
            let theirs = [
                s.join_pairs(a, b),
                s.narrow(c, d),
                s.dot_pairs(x, y, finite),
            ];
            let ours = [join(s, a, b), narrow(s, c, d), dot(s, x, y, finite)];
            let bits = |vectors: &[S::Vector]| {
                vectors
                    .iter()
                    .flat_map(|&v| s.to_array(v).map(f32::to_bits))
                    .collect()
            };
            let theirs = [
                &theirs[..],
                &s.interleave(theirs[0], theirs[1]),
                &s.split_pairs(theirs[0]),
            ]
            .concat();
            let ours = [
                &ours[..],
                &interleave(s, ours[0], ours[1]),
                &split(s, ours[0]),
            ]
            .concat();
            [bits(&theirs), bits(&ours)]
        }
    }

    #[test]
    fn every_instruction_set_computes_the_same() {
        for isa in Isa::available() {
            let [theirs, ours] = CheckedIsa::new(isa).unwrap().run_pairs(Both);
            assert_eq!(theirs, ours, "{isa}");
        }
    }
}
