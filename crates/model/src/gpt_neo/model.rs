//! A trained GPT-Neo model.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use autophage_compute::Backend;
use autophage_random::{Purpose, Stream};
use rayon::prelude::*;

use super::network::Network;
use super::parameters::Parameters;
use super::{GptNeoConfig, files, generate, score};
use crate::request::check_tokens;
use crate::{GeneratedDocument, GenerationRequest, LanguageModel, ModelError};

/// A GPT-Neo network with its weights on a backend.
pub struct GptNeo<B: Backend> {
    backend: Arc<B>,
    config: GptNeoConfig,
    parameters: Parameters<B::Buffer>,
}

impl<B: Backend> GptNeo<B> {
    /// A network with random weights: matrices normal with mean zero and standard deviation
    /// `initializer_range`, biases zero, the weights of layer normalisations one.
    ///
    /// # Errors
    /// A configuration that [`GptNeoConfig::validate`] refuses.
    pub fn initialize(
        backend: Arc<B>,
        config: GptNeoConfig,
        seed: u64,
        generation: u32,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        let random = Stream::new(seed, Purpose::Initialization, generation);
        let mut parameter = 0;
        let weights = Parameters::of(&config).map(|description| {
            let sequence = parameter;
            parameter += 1;
            if description.is_matrix() {
                (0..description.len() as u64)
                    .into_par_iter()
                    .map(|i| (config.initializer_range * random.normal(sequence, i)) as f32)
                    .collect()
            } else if description.name.ends_with(".bias") {
                vec![0.0; description.len()]
            } else {
                vec![1.0; description.len()]
            }
        });
        Ok(Self::from_weights(backend, config, &weights))
    }

    /// Reads a model from Hugging Face files (`model.safetensors`, `config.json`).
    ///
    /// # Errors
    /// Files that are missing, damaged, of another kind of network, or that do not fit each other.
    pub fn load(backend: Arc<B>, directory: &Path) -> Result<Self, ModelError> {
        let (config, weights) = files::load(directory)?;
        Ok(Self::from_weights(backend, config, &weights))
    }

    fn from_weights(backend: Arc<B>, config: GptNeoConfig, weights: &Parameters<Vec<f32>>) -> Self {
        let parameters = weights.map(|values| {
            let mut buffer = backend.zeros(values.len());
            backend.write(&mut buffer, 0, values);
            buffer
        });
        Self {
            backend,
            config,
            parameters,
        }
    }

    /// The sizes of the network.
    pub fn config(&self) -> &GptNeoConfig {
        &self.config
    }

    /// What the model computes on.
    pub fn backend(&self) -> &Arc<B> {
        &self.backend
    }

    /// The logits after every token of every sequence: for each sequence a matrix
    /// (tokens, vocabulary), row-major. Meant for checks: scoring and sampling never hold the logits.
    ///
    /// # Errors
    /// An empty sequence, one longer than the positions of the model, or a token outside the
    /// vocabulary.
    pub fn logits(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, ModelError> {
        score::logits(self.network(), sequences)
    }

    /// Name, shape and values of every parameter, in the order of the network.
    pub fn weights(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        describe(&*self.backend, &self.config, &self.parameters)
    }

    pub(crate) fn network(&self) -> Network<'_, B> {
        Network {
            backend: &*self.backend,
            config: &self.config,
            parameters: &self.parameters,
        }
    }

    /// The parameters, for the optimizer to change.
    pub(crate) fn parameters_mut(&mut self) -> &mut Parameters<B::Buffer> {
        &mut self.parameters
    }

    /// The weights, off the backend.
    pub(crate) fn snapshot(&self) -> Parameters<Vec<f32>> {
        self.parameters
            .map(|buffer| read_buffer(&*self.backend, buffer))
    }

    /// Puts back weights that [`snapshot`](Self::snapshot) took.
    pub(crate) fn restore(&mut self, snapshot: &Parameters<Vec<f32>>) {
        for (buffer, values) in self.parameters.iter_mut().zip(snapshot.iter()) {
            self.backend.write(buffer, 0, values);
        }
    }

    /// Notes which token starts and ends a text.
    ///
    /// # Errors
    /// A token outside the vocabulary.
    pub(crate) fn set_end_of_text(&mut self, token: u32) -> Result<(), ModelError> {
        check_tokens(&[token], self.config.vocab_size)?;
        self.config.end_of_text = token;
        Ok(())
    }
}

/// Name, shape and values of what belongs to each parameter: itself, or its gradient.
pub(crate) fn describe<B: Backend>(
    backend: &B,
    config: &GptNeoConfig,
    buffers: &Parameters<B::Buffer>,
) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let descriptions = Parameters::of(config);
    descriptions
        .iter()
        .zip(buffers.iter())
        .map(|(description, buffer)| {
            (
                description.name.clone(),
                description.shape.clone(),
                read_buffer(backend, buffer),
            )
        })
        .collect()
}

fn read_buffer<B: Backend>(backend: &B, buffer: &B::Buffer) -> Vec<f32> {
    let mut values = vec![0.0; backend.len(buffer)];
    backend.read(buffer, 0, &mut values);
    values
}

impl<B: Backend> fmt::Debug for GptNeo<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GptNeo")
            .field("config", &self.config)
            .field("backend", &self.backend.description())
            .finish_non_exhaustive()
    }
}

impl<B: Backend> LanguageModel for GptNeo<B> {
    fn vocabulary(&self) -> usize {
        self.config.vocab_size
    }

    fn max_context(&self) -> Option<usize> {
        Some(self.config.max_position_embeddings)
    }

    fn next_token_log_probabilities(
        &self,
        contexts: &[Vec<u32>],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        score::next_token_log_probabilities(self.network(), contexts)
    }

    fn token_losses(
        &self,
        sequences: &[Vec<u32>],
        context: usize,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        score::token_losses(self.network(), sequences, context)
    }

    fn generate(
        &self,
        request: &GenerationRequest,
        sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        generate::generate(self.network(), request, sink)
    }

    fn save(&self, directory: &Path) -> Result<(), ModelError> {
        files::save(directory, &self.config, &self.snapshot())
    }
}
