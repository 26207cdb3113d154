//! `provenance.json`: what a training set is made of, as it was made.

use autophage_theory::Mixture;
use serde::{Deserialize, Serialize};

/// What a training set is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The generation that is trained on it, from 1.
    pub generation: u32,
    /// Tokens that it should have.
    pub budget_tokens: u64,
    /// Number of its documents.
    pub documents: u64,
    /// Number of its stored tokens.
    pub tokens: u64,
    /// Its sources, the real documents first; those without a share are left out.
    pub sources: Vec<SourceShare>,
}

/// The part of a training set that comes from one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceShare {
    /// Which generation wrote it; 0 stands for real documents.
    pub generation: u32,
    /// The ideal share, m_{n,k} of the theory: the paradigm's, unless some source fell short. Then
    /// the sources' shares of what there is, where one that has enough counts with what was wanted
    /// of it, and one that fell short with all that it has.
    pub weight: f64,
    /// Number of documents.
    pub documents: u64,
    /// Number of stored tokens.
    pub tokens: u64,
    /// `tokens` over those of the whole training set.
    pub share: f64,
    /// What was wanted, where the source has less than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<Shortfall>,
}

/// What was wanted of a source that has less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The share that the paradigm gives it.
    pub planned_weight: f64,
    /// Stored tokens that were wanted of it.
    pub wanted_tokens: u64,
}

/// What came from a source, and what was wanted of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// Which generation wrote it; 0 stands for real documents.
    pub(crate) generation: u32,
    /// The share that the paradigm gives it.
    pub(crate) planned_weight: f64,
    /// Stored tokens that were wanted of it.
    pub(crate) wanted_tokens: u64,
    /// Number of documents that came.
    pub(crate) documents: u64,
    /// Stored tokens of these.
    pub(crate) tokens: u64,
}

impl Provenance {
    /// Of a training set of `budget` tokens for generation `generation`, put together of `taken`.
    pub(crate) fn new(generation: u32, budget: u64, taken: &[Taken]) -> Self {
        let tokens: u64 = taken.iter().map(|source| source.tokens).sum();
        let enough = !taken.iter().any(Taken::fell_short);
        let counted: u64 = taken.iter().map(Taken::counted_tokens).sum();
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        Self {
            generation,
            budget_tokens: budget,
            documents: taken.iter().map(|source| source.documents).sum(),
            tokens,
            sources: taken
                .iter()
                .map(|source| SourceShare {
                    generation: source.generation,
                    weight: match enough {
                        true => source.planned_weight,
                        false => share(source.counted_tokens(), counted),
                    },
                    documents: source.documents,
                    tokens: source.tokens,
                    share: share(source.tokens, tokens),
                    shortfall: source.fell_short().then_some(Shortfall {
                        planned_weight: source.planned_weight,
                        wanted_tokens: source.wanted_tokens,
                    }),
                })
                .collect(),
        }
    }

    /// The ideal mixture of what there is: the weights of the sources.
    pub fn mixture(&self) -> Mixture {
        let weight = |generation: u32| {
            let found = self.sources.iter().find(|s| s.generation == generation);
            found.map_or(0.0, |source| source.weight)
        };
        Mixture {
            real: weight(0),
            generations: (1..self.generation).map(weight).collect(),
        }
    }
}

impl Taken {
    fn fell_short(&self) -> bool {
        self.tokens < self.wanted_tokens
    }

    /// Documents are taken whole, so more may have come than was wanted.
    fn counted_tokens(&self) -> u64 {
        self.tokens.min(self.wanted_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(generation: u32, planned_weight: f64, wanted_tokens: u64, tokens: u64) -> Taken {
        Taken {
            generation,
            planned_weight,
            wanted_tokens,
            documents: 1,
            tokens,
        }
    }

    #[test]
    fn weights_are_those_of_the_plan_where_there_is_enough() {
        let sources = [taken(0, 0.3, 30, 32), taken(2, 0.7, 70, 70)];
        let provenance = Provenance::new(3, 100, &sources);
        let mixture = provenance.mixture();
        assert_eq!((mixture.real, mixture.generations), (0.3, vec![0.0, 0.7]));
        assert_eq!(provenance.sources[0].share, 32.0 / 102.0);
        let json = serde_json::to_string(&provenance).unwrap();
        assert!(!json.contains("shortfall"), "{json}");
        assert_eq!(
            serde_json::from_str::<Provenance>(&json).unwrap(),
            provenance
        );
    }

    #[test]
    fn a_source_that_falls_short_weighs_less_and_says_so() {
        let sources = [taken(0, 0.5, 50, 54), taken(1, 0.5, 50, 30)];
        let provenance = Provenance::new(2, 100, &sources);
        let mixture = provenance.mixture();
        assert_eq!((mixture.real, mixture.generations), (0.625, vec![0.375]));
        assert_eq!(provenance.sources[0].shortfall, None);
        let shortfall = Shortfall {
            planned_weight: 0.5,
            wanted_tokens: 50,
        };
        assert_eq!(provenance.sources[1].shortfall, Some(shortfall));
        assert_eq!(provenance.tokens, 84);
    }

    #[test]
    fn a_source_without_a_token_has_no_weight() {
        let sources = [taken(0, 0.5, 50, 50), taken(1, 0.5, 50, 0)];
        let mixture = Provenance::new(2, 100, &sources).mixture();
        assert_eq!((mixture.real, mixture.generations), (1.0, vec![0.0]));
    }
}
