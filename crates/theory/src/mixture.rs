//! What a training set is made of.

use serde::Serialize;

use crate::Paradigm;

/// The sources of one generation's training set and their weights, which sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mixture {
    /// Weight of the initial corpus: `m_{n,0}`.
    pub real: f64,
    /// Weight of the text of generation k at index k − 1: `m_{n,k}` for k = 1 … n − 1.
    pub generations: Vec<f64>,
}

/// A [`Mixture`] in which all generations before the latest weigh the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// Weight of the initial corpus.
    pub real: f64,
    /// Weight of the generation just before.
    pub latest: f64,
    /// Weight of *each* generation before that.
    pub earlier: f64,
}

/// One generation's training set: how large it is and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Composition {
    /// The generation, from 1.
    pub generation: u32,
    /// Size of the training set, in multiples of the initial corpus.
    pub volume: f64,
    /// The sources and their parts of that size.
    pub sources: Mixture,
}

impl Composition {
    /// Size of the real part, in multiples of the initial corpus.
    pub fn real_volume(&self) -> f64 {
        self.volume * self.sources.real
    }

    /// Size of the part that generation `k` < `generation` wrote, in multiples of the initial
    /// corpus; 0 for any other k.
    pub fn generated_volume(&self, k: u32) -> f64 {
        let index = (k as usize).checked_sub(1);
        let weight = index.and_then(|index| self.sources.generations.get(index));
        self.volume * weight.copied().unwrap_or(0.0)
    }
}

impl Paradigm {
    /// The training sets of generations 1 to `generations`.
    pub fn compositions(self, generations: u32) -> impl Iterator<Item = Composition> {
        (1..=generations).map(move |generation| Composition {
            generation,
            volume: self.volume(generation),
            sources: self.mixture(generation),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_of_the_sources() {
        let third = Paradigm::Accumulate.compositions(3).last().unwrap();
        assert_eq!((third.generation, third.volume), (3, 3.0));
        // Accumulate keeps one whole copy of every source.
        assert!((third.real_volume() - 1.0).abs() < 1e-12);
        assert!((third.generated_volume(2) - 1.0).abs() < 1e-12);
        assert_eq!(third.generated_volume(0), 0.0);
        assert_eq!(third.generated_volume(3), 0.0);
        let third = Paradigm::ReplaceGrown.compositions(3).last().unwrap();
        assert_eq!(
            (
                third.real_volume(),
                third.generated_volume(1),
                third.generated_volume(2)
            ),
            (0.0, 0.0, 3.0)
        );
    }
}
