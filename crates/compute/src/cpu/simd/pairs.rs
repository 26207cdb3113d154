//! Pairs of numbers in bf16, one in each 32-bit lane: the operations for instruction sets that have
//! none for them, on the first `lanes` numbers of arrays. They are those of the same names of
//! [`Simd`](super::Simd).

use crate::cpu::bf16::{high, low, pair};

/// Two numbers in each lane.
#[inline(always)]
pub(super) fn join<const N: usize>(first: &[f32; N], second: &[f32; N]) -> [f32; N] {
    std::array::from_fn(|i| pair(first[i], second[i]))
}

/// The numbers of two arrays in order, two in a lane.
#[inline(always)]
pub(super) fn narrow<const N: usize>(
    first: &[f32; N],
    second: &[f32; N],
    lanes: usize,
) -> [f32; N] {
    let half = lanes / 2;
    let mut pairs = [0.0; N];
    for i in 0..half {
        pairs[i] = pair(first[2 * i], first[2 * i + 1]);
        pairs[half + i] = pair(second[2 * i], second[2 * i + 1]);
    }
    pairs
}

/// The pairs of numbers one above the other.
#[inline(always)]
pub(super) fn interleave<const N: usize>(
    above: &[f32; N],
    below: &[f32; N],
    lanes: usize,
) -> [[f32; N]; 2] {
    let half = lanes / 2;
    let mut pairs = [[0.0; N]; 2];
    for i in 0..lanes {
        let (above, below) = (above[i].to_bits(), below[i].to_bits());
        let (part, at) = (i / half, 2 * (i % half));
        pairs[part][at] = f32::from_bits(above & 0xffff | below << 16);
        pairs[part][at + 1] = f32::from_bits(above >> 16 | below & 0xffff_0000);
    }
    pairs
}

/// The numbers in the low halves, and those in the high halves.
#[inline(always)]
pub(super) fn split<const N: usize>(pairs: &[f32; N]) -> [[f32; N]; 2] {
    [pairs.map(low), pairs.map(high)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::isa::{CheckedIsa, Isa};
    use crate::cpu::simd::vector::dot_by_parts;
    use crate::cpu::simd::{Kernel, MAX_LANES, Simd};

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
                s.load_array(&array)
            };
            let [a, b, c, d] = [1, 2, 3, 4].map(vector);
            let finite = s.load_array(&std::array::from_fn(|i| (i as f32 - 3.3) * 0.77));
            let (x, y) = (s.narrow(finite, finite), s.join_pairs(finite, finite));
            let theirs = [
                s.join_pairs(a, b),
                s.narrow(c, d),
                s.dot_pairs(x, y, finite),
            ];
            let arrays = |a, b| (s.to_array(a), s.to_array(b));
            let with = |of: fn(&[f32; MAX_LANES], &[f32; MAX_LANES], usize) -> [f32; MAX_LANES],
                        (a, b)| s.load_array(&of(&a, &b, S::LANES));
            let ours = [
                s.load_array(&join(&s.to_array(a), &s.to_array(b))),
                with(narrow, arrays(c, d)),
                dot_by_parts(s, x, y, finite),
            ];
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
                &interleave(&s.to_array(ours[0]), &s.to_array(ours[1]), S::LANES)
                    .map(|part| s.load_array(&part)),
                &split(&s.to_array(ours[0])).map(|part| s.load_array(&part)),
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
