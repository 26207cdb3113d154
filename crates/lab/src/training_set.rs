//! The training set of a generation: documents of its sources, in the shares of its paradigm.

use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore};
use autophage_random::{Purpose, Stream};
use autophage_theory::Paradigm;
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::volumes::{Sizes, Volumes, part};

/// The numbers of a [`Purpose::Mixture`] stream that are used for the real documents; those of
/// generation k's text are at k.
const REAL: u64 = 0;

/// What a training set is made of, as it was made.
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
    /// The paradigm's ideal share: m_{n,k} of the theory.
    pub weight: f64,
    /// Number of documents.
    pub documents: u64,
    /// Number of stored tokens.
    pub tokens: u64,
    /// `tokens` over those of the whole training set.
    pub share: f64,
}

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
/// Documents are drawn without replacement, at random, until the tokens of a source reach its
/// share; a source of which everything is wanted is taken as it is, in its own order.
#[derive(Clone, Debug)]
pub struct Composer {
    volumes: Volumes,
    seed: u64,
    /// All real training documents: those of the initial corpus, and perhaps others.
    real: Arc<TokenStore>,
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
        real: Arc<TokenStore>,
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
                let order = shuffled(&real, Stream::new(seed, Purpose::Mixture, 0), REAL);
                let (taken, found) = count_until(&real, &order, tokens);
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
            None => DocumentSet::whole(self.real.clone()),
            Some(documents) => DocumentSet::select(self.real.clone(), documents.clone()),
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

    /// Draws the training set of generation `n` from the real documents and from the corpora of
    /// all generations before it (`corpora[k − 1]` is generation k's).
    ///
    /// # Errors
    /// Corpora of another vocabulary, or fewer than n − 1 of them.
    pub fn compose(&self, n: u32, corpora: &[Arc<TokenStore>]) -> Result<TrainingSet, LabError> {
        let mixture = self.volumes.paradigm.mixture(n);
        let budget = self.budget(n);
        let mut set = TrainingSet {
            documents: DocumentSet::select(self.real.clone(), Vec::new()),
            provenance: Provenance {
                generation: n,
                budget_tokens: budget,
                documents: 0,
                tokens: 0,
                sources: Vec::new(),
            },
        };
        if mixture.real > 0.0 {
            set.add(
                0,
                mixture.real,
                self.real_documents(n, part(budget, mixture.real)),
            )?;
        }
        for (k, &weight) in (1..).zip(&mixture.generations) {
            if weight <= 0.0 {
                continue;
            }
            let corpus = corpora.get(k as usize - 1).ok_or_else(|| {
                LabError::plan(
                    "generations",
                    format!("the text of generation {k} is missing"),
                )
            })?;
            let wanted = part(budget, weight);
            let documents = if wanted >= self.generated_tokens(k) {
                DocumentSet::whole(corpus.clone())
            } else {
                let stream = Stream::new(self.seed, Purpose::Mixture, n);
                draw(corpus, shuffled(corpus, stream, u64::from(k)), wanted)
            };
            set.add(k, weight, documents)?;
        }
        set.finish();
        Ok(set)
    }

    /// `wanted` tokens of real documents for generation `n`.
    fn real_documents(&self, n: u32, wanted: u64) -> DocumentSet {
        if n > 1 && matches!(self.volumes.paradigm, Paradigm::FreshShare { .. }) {
            return DocumentSet::select(self.real.clone(), self.fresh(n, wanted).to_vec());
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
            None => shuffled(&self.real, stream, REAL),
            Some(documents) => {
                let mut order = documents.clone();
                stream.shuffle(&mut order, REAL);
                order
            }
        };
        draw(&self.real, order, wanted)
    }

    /// The reserve documents of generation `n`: those after what the generations before it used.
    fn fresh(&self, n: u32, wanted: u64) -> &[u32] {
        let mut rest = &self.reserve[..];
        for _ in 2..n {
            rest = &rest[count_until(&self.real, rest, wanted).0..];
        }
        &rest[..count_until(&self.real, rest, wanted).0]
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
            let (taken, found) = count_until(&self.real, rest, wanted);
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

impl TrainingSet {
    fn add(&mut self, generation: u32, weight: f64, part: DocumentSet) -> Result<(), LabError> {
        self.provenance.sources.push(SourceShare {
            generation,
            weight,
            documents: part.len() as u64,
            tokens: part.tokens(),
            share: 0.0,
        });
        self.documents.extend(part)?;
        Ok(())
    }

    fn finish(&mut self) {
        self.provenance.documents = self.documents.len() as u64;
        self.provenance.tokens = self.documents.tokens();
        for source in &mut self.provenance.sources {
            source.share = source.tokens as f64 / self.provenance.tokens.max(1) as f64;
        }
    }
}

/// All documents of a store in random order.
fn shuffled(store: &TokenStore, stream: Stream, sequence: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..store.documents() as u32).collect();
    stream.shuffle(&mut order, sequence);
    order
}

/// How many documents of `order` it takes to have `wanted` tokens, and how many tokens these have.
fn count_until(store: &TokenStore, order: &[u32], wanted: u64) -> (usize, u64) {
    let mut found = 0;
    for (taken, &document) in order.iter().enumerate() {
        if found >= wanted {
            return (taken, found);
        }
        found += store.document(document as usize).len() as u64;
    }
    (order.len(), found)
}

/// The first documents of `order` that have `wanted` tokens together, in the order of the store,
/// so that reading them goes forwards through the file.
fn draw(store: &Arc<TokenStore>, mut order: Vec<u32>, wanted: u64) -> DocumentSet {
    order.truncate(count_until(store, &order, wanted).0);
    order.sort_unstable();
    DocumentSet::select(store.clone(), order)
}
