//! Lineages of the unigram learner, in memory.

use std::ops::ControlFlow;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore};
use autophage_model::{
    Epochs, Form, GenerationRequest, Learner, Limit, NGramLearner, Overflow, SamplingFilter,
    TrainingJob,
};
use autophage_random::Stream;
use autophage_theory::Paradigm;

use crate::LabError;
use crate::composer::Composer;
use crate::curation::Pool;
use crate::cycle::Cycle;
use crate::volumes::Sizes;

/// From the composer, the generation's number and the pools before it to its training set.
type Compose = fn(&Composer, u32, &[Pool]) -> Result<DocumentSet, LabError>;

/// The parts of the loop that a test may break on purpose.
pub(super) struct Mechanism {
    /// How the models are sampled.
    pub(super) filter: SamplingFilter,
    /// How training sets are put together.
    pub(super) compose: Compose,
}

/// What a lineage begins with.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) paradigm: Paradigm,
    /// Tokens of each type among the real documents.
    pub(super) counts: Vec<u32>,
    /// Tokens of a document, real or generated: they divide the number of all.
    pub(super) document_tokens: usize,
    pub(super) sizes: Sizes,
    pub(super) generations: u32,
}

/// A generation: frequencies of the types.
#[derive(Debug)]
pub(super) struct Turn {
    /// In the training set, q̂.
    pub(super) trained: Vec<f64>,
    /// In the corpus that the model wrote.
    pub(super) generated: Vec<f64>,
    /// Tokens of that corpus.
    pub(super) generated_tokens: u64,
}

/// A lineage as it goes on.
pub(super) struct Lineage<'a> {
    mechanism: &'a Mechanism,
    start: &'a Start,
    composer: Composer,
    seed: u64,
    pools: Vec<Pool>,
}

impl<'a> Lineage<'a> {
    pub(super) fn new(
        start: &'a Start,
        mechanism: &'a Mechanism,
        seed: u64,
    ) -> Result<Self, LabError> {
        let composer = Composer::new(
            start.paradigm,
            seed,
            Pool::whole(start.store()?),
            start.sizes,
            start.generations,
        )?;
        Ok(Self {
            mechanism,
            start,
            composer,
            seed,
            pools: Vec::new(),
        })
    }

    /// Makes the next generation.
    pub(super) fn turn(&mut self) -> Result<Turn, LabError> {
        let n = self.pools.len() as u32 + 1;
        let cycle = Cycle {
            composer: &self.composer,
            learner: &NGramLearner::UNIGRAM,
            seed: self.seed,
            end_of_text: self.start.end_of_text(),
        };
        let set = (self.mechanism.compose)(&self.composer, n, &self.pools)?;
        let go_on = &mut |_: &_| ControlFlow::Continue(());
        let trained = cycle
            .train(n, &set, &set, Epochs::Fixed(1), None, go_on)?
            .expect("nobody breaks off");
        let mut documents: Vec<Vec<u32>> = Vec::new();
        let request = |random| self.start.request(self.mechanism.filter, random);
        cycle.generate(n, trained.model.as_ref(), request, &mut |document| {
            documents.push(document.to_vec());
            ControlFlow::Continue(())
        })?;
        let corpus = Arc::new(TokenStore::in_memory(
            documents,
            self.start.vocabulary(),
            self.start.end_of_text(),
        )?);
        self.pools.push(Pool::whole(corpus.clone()));
        Ok(Turn {
            trained: self.start.frequencies(&set),
            generated_tokens: corpus.tokens(),
            generated: self.start.frequencies(&DocumentSet::whole(corpus)),
        })
    }

    /// The next `count` generations.
    pub(super) fn turns(&mut self, count: u32) -> Result<Vec<Turn>, LabError> {
        (0..count).map(|_| self.turn()).collect()
    }
}

impl Start {
    /// A type of its own that never occurs: documents here do not end, they are cut.
    fn end_of_text(&self) -> u32 {
        self.counts.len() as u32
    }

    fn vocabulary(&self) -> u32 {
        self.end_of_text() + 1
    }

    /// Frequencies of the types among all real documents, p.
    pub(super) fn real(&self) -> Vec<f64> {
        shares(
            &self
                .counts
                .iter()
                .map(|&count| u64::from(count))
                .collect::<Vec<_>>(),
        )
    }

    /// Frequencies of the types in these documents.
    pub(super) fn frequencies(&self, documents: &DocumentSet) -> Vec<f64> {
        let mut counts = vec![0u64; self.counts.len()];
        for document in documents.iter() {
            document
                .iter()
                .for_each(|token| counts[token as usize] += 1);
        }
        shares(&counts)
    }

    fn request(&self, filter: SamplingFilter, random: Stream) -> GenerationRequest {
        GenerationRequest {
            form: Form::Stream {
                tokens: self.document_tokens,
            },
            limit: Limit::Unlimited,
            filter,
            context: 1,
            overflow: Overflow::Slide,
            end_of_text: self.end_of_text(),
            vocabulary: None,
            prompt: Vec::new(),
            random,
            batch: 256,
        }
    }

    /// So many tokens drawn from a model of the frequencies in `documents`: one training and one
    /// sampling, without the composer.
    pub(super) fn resample(
        &self,
        documents: &DocumentSet,
        tokens: u64,
        random: Stream,
        mechanism: &Mechanism,
    ) -> Result<Arc<TokenStore>, LabError> {
        let job = TrainingJob {
            training: documents,
            validation: documents,
            end_of_text: self.end_of_text(),
            initialization: random,
            shuffle: random,
            epochs: Epochs::Fixed(1),
            start_from: None,
        };
        let failed = || LabError::model("resampling");
        let model = NGramLearner::UNIGRAM
            .train(&job, &mut |_| ControlFlow::Continue(()))
            .map_err(failed())?
            .expect("nobody breaks off")
            .model;
        let request = GenerationRequest {
            limit: Limit::Tokens(tokens),
            ..self.request(mechanism.filter, random)
        };
        let mut drawn: Vec<Vec<u32>> = Vec::new();
        model
            .generate(&request, &mut |_, document| {
                drawn.push(document.tokens);
                ControlFlow::Continue(())
            })
            .map_err(failed())?;
        Ok(Arc::new(TokenStore::in_memory(
            drawn,
            self.vocabulary(),
            self.end_of_text(),
        )?))
    }

    /// The real documents as a store.
    pub(super) fn store(&self) -> Result<Arc<TokenStore>, LabError> {
        let tokens: Vec<u32> = (0..)
            .zip(&self.counts)
            .flat_map(|(token, &count)| std::iter::repeat_n(token, count as usize))
            .collect();
        Ok(Arc::new(TokenStore::in_memory(
            tokens.chunks(self.document_tokens),
            self.vocabulary(),
            self.end_of_text(),
        )?))
    }
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let total: u64 = counts.iter().sum();
    counts
        .iter()
        .map(|&count| count as f64 / total as f64)
        .collect()
}
