//! A trained decoder.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use autophage_compute::operation::rotation_table;
use autophage_compute::{Array, Backend, Buffer};
use autophage_random::Stream;
use rayon::prelude::*;

use super::network::Network;
use super::{generate, score};
use crate::architecture::{Architecture, PositionEncoding};
use crate::config::ModelConfig;
use crate::parameters::{Initial, Parameters};
use crate::request::check_tokens;
use crate::{GeneratedDocument, GenerationRequest, LanguageModel, ModelError, files};

/// A decoder of any family, with its weights on a backend.
pub struct Decoder<B: Backend> {
    backend: Arc<B>,
    config: ModelConfig,
    parameters: Parameters<Buffer<B>>,
    /// Cosines and sines of all positions, where positions are rotary.
    rotations: Option<Buffer<B>>,
}

impl<B: Backend> Decoder<B> {
    /// A network with random weights: matrices normal with mean zero and standard deviation
    /// `initializer_range` (in GPT-2 divided by √(2 · layers) where a matrix feeds the residual
    /// stream), biases zero, the weights of normalisations one. Element i of parameter p,
    /// in the order of the network, uses the random number (p, i).
    ///
    /// # Errors
    /// A configuration that [`ModelConfig::validate`] refuses, or no room on the device.
    pub fn initialize(
        backend: Arc<B>,
        config: ModelConfig,
        random: &Stream,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        let mut parameter = 0;
        let weights = Parameters::of(&config.architecture).map(|description| {
            let sequence = parameter;
            parameter += 1;
            let scale = config
                .family
                .initial_scale(description.kind, config.architecture.layers);
            let deviation = config.initializer_range * scale;
            match description.initial() {
                Initial::Random => (0..description.len() as u64)
                    .into_par_iter()
                    .map(|i| (deviation * random.normal(sequence, i)) as f32)
                    .collect(),
                Initial::Zero => vec![0.0; description.len()],
                Initial::One => vec![1.0; description.len()],
            }
        });
        Self::from_weights(backend, config, &weights)
    }

    /// Reads a model from Hugging Face files (`config.json`, and weights in `model.safetensors` or
    /// in shards).
    ///
    /// # Errors
    /// Files that are missing, damaged, of a network that is not supported, or that do not fit each
    /// other; no room on the device.
    pub fn load(backend: Arc<B>, directory: &Path) -> Result<Self, ModelError> {
        let (config, weights) = files::load(directory)?;
        Self::from_weights(backend, config, &weights)
    }

    fn from_weights(
        backend: Arc<B>,
        config: ModelConfig,
        weights: &Parameters<Vec<f32>>,
    ) -> Result<Self, ModelError> {
        let upload = |values: &[f32]| -> Result<Buffer<B>, ModelError> {
            let mut buffer = backend.zeros(values.len())?;
            backend.write(&mut buffer, 0, values);
            Ok(buffer)
        };
        let rotations = match &config.architecture.position_encoding {
            PositionEncoding::Learned { .. } => None,
            PositionEncoding::Rotary(rotary) => {
                let positions = config.architecture.positions;
                Some(upload(&rotation_table(&rotary.frequencies(), positions))?)
            }
        };
        let parameters = weights.try_map(|values| upload(values))?;
        Ok(Self {
            backend,
            config,
            parameters,
            rotations,
        })
    }

    /// Its family, its sizes, and what its files say besides.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// What its network is built of.
    pub fn architecture(&self) -> &Architecture {
        &self.config.architecture
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

    /// Name, shape and values of every weight, as Hugging Face Transformers has them.
    pub fn weights(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        self.config.in_class(&self.snapshot())
    }

    pub(crate) fn network(&self) -> Network<'_, B> {
        Network {
            backend: &*self.backend,
            architecture: &self.config.architecture,
            parameters: &self.parameters,
            rotations: self.rotations.as_ref(),
        }
    }

    /// The parameters.
    pub(crate) fn parameters(&self) -> &Parameters<Buffer<B>> {
        &self.parameters
    }

    /// The parameters, for the optimizer to change.
    pub(crate) fn parameters_mut(&mut self) -> &mut Parameters<Buffer<B>> {
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
        check_tokens(&[token], self.config.architecture.vocabulary)?;
        self.config.start_of_text = Some(token);
        self.config.end_of_text = vec![token];
        Ok(())
    }
}

/// All numbers of a buffer.
pub(crate) fn read_buffer<B: Backend>(backend: &B, buffer: &Buffer<B>) -> Vec<f32> {
    let mut values = vec![0.0; buffer.len()];
    backend.read(buffer, 0, &mut values);
    values
}

impl<B: Backend> fmt::Debug for Decoder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("config", &self.config)
            .field("backend", &self.backend.description())
            .finish_non_exhaustive()
    }
}

impl<B: Backend> LanguageModel for Decoder<B> {
    fn vocabulary(&self) -> usize {
        self.config.architecture.vocabulary
    }

    fn max_context(&self) -> Option<usize> {
        Some(self.config.architecture.positions)
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
        generate::generate(self.network(), &self.config.end_of_text, request, sink)
    }

    fn save(&self, directory: &Path) -> Result<(), ModelError> {
        files::save(directory, &self.config, &self.snapshot())
    }
}
