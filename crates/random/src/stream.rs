//! A stream of random numbers and the conversions that callers need.

use crate::philox4x32;

/// What a random number is for. Two purposes never share a number, whatever else is equal.
///
/// The discriminants are part of the results of every run: they are never reused or renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Purpose {
    /// The split of the corpus into training and validation documents.
    Split = 1,
    /// The initial weights of a model.
    Initialization = 2,
    /// The order of the training sequences in an epoch.
    Shuffle = 3,
    /// The tokens of a generated document.
    Sampling = 4,
    /// The choice of the documents that make up a training set.
    Mixture = 5,
    /// Bootstrap replicates.
    Bootstrap = 6,
    /// Samples drawn for a measurement, such as a fixed-size sample of documents.
    Measurement = 7,
    /// Exact laws checked by simulation.
    Simulation = 8,
}

/// The random numbers of one *(seed, purpose, generation)*, addressed by *(sequence, position)*.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream of `purpose` in `generation` under the experiment's `seed`.
    pub fn new(seed: u64, purpose: Purpose, generation: u32) -> Self {
        let counter = [seed as u32, (seed >> 32) as u32, purpose as u32, generation];
        // Any fixed key will do: this call only spreads the address over the key of the stream.
        let bits = philox4x32(counter, [0x6175_746f, 0x7068_6167]);
        Self {
            key: [bits[0], bits[1]],
        }
    }

    /// 64 uniform random bits.
    pub fn bits(&self, sequence: u64, position: u64) -> u64 {
        self.pair(sequence, position).0
    }

    /// The 128 random bits of an address, as two words.
    fn pair(&self, sequence: u64, position: u64) -> (u64, u64) {
        let counter = [
            position as u32,
            (position >> 32) as u32,
            sequence as u32,
            (sequence >> 32) as u32,
        ];
        let bits = philox4x32(counter, self.key);
        let word = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        (word(bits[0], bits[1]), word(bits[2], bits[3]))
    }

    /// A uniform number in the half-open interval [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&self, sequence: u64, position: u64) -> f64 {
        unit(self.bits(sequence, position))
    }

    /// A uniform integer in `0..bound`, without bias.
    ///
    /// # Panics
    /// If `bound` is zero.
    pub fn below(&self, bound: u64, sequence: u64, position: u64) -> u64 {
        assert!(bound > 0, "Stream::below: the bound must be positive");
        // Lemire's multiplication with the 64 random bits as a fraction. The bias is at most
        // bound / 2⁶⁴; rejection would have to consume further numbers, which addresses forbid,
        // so the fraction is widened to 128 bits instead, which makes the bias immeasurable.
        let (high, low) = self.pair(sequence, position);
        let bound = u128::from(bound);
        ((u128::from(high) * bound + ((u128::from(low) * bound) >> 64)) >> 64) as u64
    }

    /// A standard normal number (Box–Muller).
    pub fn normal(&self, sequence: u64, position: u64) -> f64 {
        let (first, second) = self.pair(sequence, position);
        // 1 − u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - unit(first)).ln()).sqrt();
        radius * (std::f64::consts::TAU * unit(second)).cos()
    }

    /// A uniform permutation of `0..len` (Fisher–Yates), addressed by `sequence`.
    pub fn permutation(&self, len: usize, sequence: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        self.shuffle(&mut order, sequence);
        order
    }

    /// Puts `items` in uniformly random order (Fisher–Yates), addressed by `sequence`.
    pub fn shuffle<T>(&self, items: &mut [T], sequence: u64) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1, sequence, last as u64) as usize;
            items.swap(last, other);
        }
    }
}

/// The top 53 bits as a fraction in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream() -> Stream {
        Stream::new(7, Purpose::Sampling, 3)
    }

    #[test]
    fn addresses_are_independent_of_order() {
        let forwards: Vec<u64> = (0..100).map(|i| stream().bits(i / 10, i % 10)).collect();
        let backwards: Vec<u64> = (0..100)
            .rev()
            .map(|i| stream().bits(i / 10, i % 10))
            .collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
    }

    #[test]
    fn every_part_of_the_address_matters() {
        let base = Stream::new(7, Purpose::Sampling, 3).bits(1, 2);
        assert_ne!(base, Stream::new(8, Purpose::Sampling, 3).bits(1, 2));
        assert_ne!(
            base,
            Stream::new(7 + (1 << 32), Purpose::Sampling, 3).bits(1, 2)
        );
        assert_ne!(base, Stream::new(7, Purpose::Mixture, 3).bits(1, 2));
        assert_ne!(base, Stream::new(7, Purpose::Sampling, 4).bits(1, 2));
        assert_ne!(base, stream().bits(2, 2));
        assert_ne!(base, stream().bits(1, 3));
        assert_ne!(base, stream().bits(1 + (1 << 32), 2));
        assert_ne!(base, stream().bits(1, 2 + (1 << 32)));
    }

    #[test]
    fn uniform_numbers_fill_their_interval_evenly() {
        const DRAWS: u64 = 64_000;
        let mut counts = [0u32; 64];
        for i in 0..DRAWS {
            counts[(stream().uniform(i, 0) * 64.0) as usize] += 1;
        }
        let expected = DRAWS as f64 / 64.0;
        let chi_square: f64 = counts
            .iter()
            .map(|&c| (f64::from(c) - expected).powi(2) / expected)
            .sum();
        // 63 degrees of freedom: the 0.9999 quantile is 112.
        assert!(chi_square < 112.0, "chi-square {chi_square}");
    }

    #[test]
    fn normal_numbers_have_unit_moments() {
        let draws: Vec<f64> = (0..100_000).map(|i| stream().normal(0, i)).collect();
        let moment = |k: i32| draws.iter().map(|x| x.powi(k)).sum::<f64>() / draws.len() as f64;
        assert!(moment(1).abs() < 0.015, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "variance {}", moment(2));
        assert!(
            (moment(4) - 3.0).abs() < 0.15,
            "fourth moment {}",
            moment(4)
        );
    }

    #[test]
    fn permutations_are_uniform() {
        let mut counts = std::collections::HashMap::new();
        for sequence in 0..24_000 {
            *counts
                .entry(stream().permutation(4, sequence))
                .or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        let chi_square: f64 = counts
            .values()
            .map(|&c| (f64::from(c) - 1000.0).powi(2) / 1000.0)
            .sum();
        // 23 degrees of freedom: the 0.9999 quantile is 55.
        assert!(chi_square < 55.0, "chi-square {chi_square}");
    }

    proptest! {
        #[test]
        fn below_stays_below(bound in 1u64.., sequence: u64, position: u64) {
            prop_assert!(stream().below(bound, sequence, position) < bound);
        }

        #[test]
        fn uniform_is_in_the_half_open_interval(sequence: u64, position: u64) {
            let u = stream().uniform(sequence, position);
            prop_assert!((0.0..1.0).contains(&u));
        }

        #[test]
        fn a_permutation_holds_every_index_once(len in 0usize..200, sequence: u64) {
            let mut order = stream().permutation(len, sequence);
            order.sort_unstable();
            prop_assert!(order.into_iter().eq(0..len));
        }
    }
}
