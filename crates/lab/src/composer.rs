//! The training set of a generation: documents of its sources, in the shares of its paradigm.

use autophage_corpus::DocumentSet;
use autophage_random::{Purpose, Stream};
use autophage_theory::Paradigm;

use crate::LabError;
use crate::curation::Pool;
use crate::provenance::{Provenance, Taken};
use crate::volumes::{Sizes, Volumes, part};

/// The numbers of a [`Purpose::Mixture`] stream that are used for the real documents; those of
/// generation k's text are at k.
const REAL: u64 = 0;

/// A training set and where it comes from.
#[derive(Clone, Debug)]
pub struct TrainingSet {
    /// The documents.
    pub documents: DocumentSet,
    /// Their sources.
    pub provenance: Provenance,
}

/// Plans and draws the training sets of a lineage.
///
/// The plan says what is wanted; training sets are made of what there is. Documents are drawn
/// without replacement, at random, until the tokens of a source reach its share; a source of which
/// everything is wanted, or which has no more than is wanted, is taken as it is, in its own order.
#[derive(Clone, Debug)]
pub struct Composer {
    volumes: Volumes,
    seed: u64,
    /// All real training documents: those of the initial corpus, and perhaps others.
    real: Pool,
    /// The documents of the initial corpus in their order; `None`: all of `real`.
    selected: Option<Vec<u32>>,
    /// Real documents beyond the initial corpus, in the order in which they are used up.
    reserve: Vec<u32>,
}

impl Composer {
    /// Plans a lineage of `generations` on the documents of `real`.
    ///
    /// # Errors
    /// [`LabError::Plan`] if some generation's training set would need more tokens of a source
    /// than it has: everything is checked here, before anything is trained.
    pub fn new(
        paradigm: Paradigm,
        seed: u64,
        real: Pool,
        sizes: Sizes,
        generations: u32,
    ) -> Result<Self, LabError> {
        if real.tokens() == 0 {
            return Err(LabError::plan("corpus", "no token is left for training"));
        }
        let (selected, reserve, initial_tokens) = match sizes.initial {
            None => (None, Vec::new(), real.tokens()),
            Some(tokens) if tokens > real.tokens() => {
                return Err(LabError::plan(
                    "corpus.tokens",
                    format!(
                        "{tokens} tokens are wanted and the training documents have {}",
                        real.tokens()
                    ),
                ));
            }
            Some(tokens) => {
                let order = real.shuffled(Stream::new(seed, Purpose::Mixture, 0), REAL);
                let (taken, found) = real.count_until(&order, tokens);
                let mut selected = order[..taken].to_vec();
                selected.sort_unstable();
                (Some(selected), order[taken..].to_vec(), found)
            }
        };
        let composer = Self {
            volumes: Volumes {
                paradigm,
                initial_tokens,
                training_tokens: sizes.training,
                generated_tokens: sizes.generated,
            },
            seed,
            real,
            selected,
            reserve,
        };
        composer.check(generations)?;
        Ok(composer)
    }

    /// The initial corpus.
    pub fn initial(&self) -> DocumentSet {
        match &self.selected {
            None => self.real.documents(),
            Some(documents) => self.real.select(documents.clone()),
        }
    }

    /// Tokens of generation `n`'s training set: see [`Volumes::training`].
    pub fn budget(&self, n: u32) -> u64 {
        self.volumes.training(n)
    }

    /// Tokens of the corpus that generation `k` writes: see [`Volumes::generated`].
    pub fn generated_tokens(&self, k: u32) -> u64 {
        self.volumes.generated(k)
    }

    /// Draws the training set of generation `n` from the real documents and from the pools of all
    /// generations before it (`pools[k − 1]` is generation k's).
    ///
    /// # Errors
    /// Pools of another vocabulary, fewer than n − 1 of them, or no token in all that are wanted.
    pub fn compose(&self, n: u32, pools: &[Pool]) -> Result<TrainingSet, LabError> {
        let mixture = self.volumes.paradigm.mixture(n);
        let budget = self.budget(n);
        let mut documents = self.real.select(Vec::new());
        let mut taken = Vec::new();
        let weights = std::iter::once(mixture.real).chain(mixture.generations);
        for (source, weight) in (0..).zip(weights).filter(|&(_, weight)| weight > 0.0) {
            let wanted = part(budget, weight);
            let part = match source {
                0 => self.real_documents(n, wanted),
                k => self.generated_documents(n, k, wanted, pools)?,
            };
            taken.push(Taken {
                generation: source,
                planned_weight: weight,
                wanted_tokens: wanted,
                documents: part.len() as u64,
                tokens: part.tokens(),
            });
            documents.extend(part)?;
        }
        if documents.tokens() == 0 {
            return Err(LabError::NothingToTrainOn { generation: n });
        }
        Ok(TrainingSet {
            documents,
            provenance: Provenance::new(n, budget, &taken),
        })
    }

    /// `wanted` tokens of what generation `k` wrote, for generation `n`; all that there is where it is
    /// less.
    fn generated_documents(
        &self,
        n: u32,
        k: u32,
        wanted: u64,
        pools: &[Pool],
    ) -> Result<DocumentSet, LabError> {
        let pool = pools.get(k as usize - 1).ok_or_else(|| {
            LabError::plan(
                "generations",
                format!("the text of generation {k} is missing"),
            )
        })?;
        if wanted >= self.generated_tokens(k) || wanted >= pool.tokens() {
            return Ok(pool.documents());
        }
        let stream = Stream::new(self.seed, Purpose::Mixture, n);
        Ok(pool.draw(pool.shuffled(stream, u64::from(k)), wanted))
    }

    /// `wanted` tokens of real documents for generation `n`.
    fn real_documents(&self, n: u32, wanted: u64) -> DocumentSet {
        if n > 1 && matches!(self.volumes.paradigm, Paradigm::FreshShare { .. }) {
            return self.real.select(self.fresh(n, wanted).to_vec());
        }
        if wanted >= self.volumes.initial_tokens {
            return self.initial();
        }
        // A fixed share is the same documents in every generation.
        let generation = match self.volumes.paradigm {
            Paradigm::FixedShare { .. } if n > 1 => 2,
            _ => n,
        };
        let stream = Stream::new(self.seed, Purpose::Mixture, generation);
        let order = match &self.selected {
            None => self.real.shuffled(stream, REAL),
            Some(documents) => {
                let mut order = documents.clone();
                stream.shuffle(&mut order, REAL);
                order
            }
        };
        self.real.draw(order, wanted)
    }

    /// The reserve documents of generation `n`: those after what the generations before it used.
    fn fresh(&self, n: u32, wanted: u64) -> &[u32] {
        let mut rest = &self.reserve[..];
        for _ in 2..n {
            rest = &rest[self.real.count_until(rest, wanted).0..];
        }
        &rest[..self.real.count_until(rest, wanted).0]
    }

    /// Checks that every source has what every generation wants of it.
    fn check(&self, generations: u32) -> Result<(), LabError> {
        let mut fresh_tokens = 0;
        for n in 2..=generations {
            let shares = self.volumes.paradigm.shares(n);
            let budget = self.budget(n);
            let real = part(budget, shares.real);
            if matches!(self.volumes.paradigm, Paradigm::FreshShare { .. }) {
                fresh_tokens += real;
            } else if real > self.volumes.initial_tokens {
                return Err(LabError::plan(
                    "training.tokens",
                    format!(
                        "generation {n} would need {real} real tokens and the initial corpus has \
                         {}: choose fewer, or \"paradigm\"",
                        self.volumes.initial_tokens
                    ),
                ));
            }
            let latest = part(budget, shares.latest.max(shares.earlier));
            let written = self.generated_tokens(n - 1);
            if latest > written {
                return Err(LabError::plan(
                    "generation.tokens",
                    format!(
                        "generation {n} would need {latest} tokens of the generation before, \
                         which writes {written}: choose more, or \"paradigm\""
                    ),
                ));
            }
        }
        if fresh_tokens == 0 {
            return Ok(());
        }
        // Whole documents are used up, so what is there must be walked through once.
        let mut rest = &self.reserve[..];
        for n in 2..=generations {
            let wanted = part(self.budget(n), self.volumes.paradigm.shares(n).real);
            let (taken, found) = self.real.count_until(rest, wanted);
            if found < wanted {
                return Err(LabError::plan(
                    "corpus.tokens",
                    format!(
                        "{} real tokens of {} are left beside the initial corpus, but {generations} \
                         generations need {fresh_tokens} fresh ones and run out in generation {n}: \
                         choose a smaller initial corpus, a smaller paradigm.share, or fewer \
                         generations",
                        self.real.tokens() - self.volumes.initial_tokens,
                        self.real.tokens(),
                    ),
                ));
            }
            rest = &rest[taken..];
        }
        Ok(())
    }
}
