//! What can go wrong in a measurement of speed.

use autophage_compute::IsaError;
use autophage_model::ModelError;

use crate::BenchModel;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// No model has this name.
    #[error("unknown model `{0}`: choose among {known}", known = BenchModel::known())]
    UnknownModel(String),
    /// No model was named.
    #[error("no model to measure: choose among {known}", known = BenchModel::known())]
    NoModel,
    /// An instruction set that does not exist or that this processor lacks.
    #[error(transparent)]
    Isa(#[from] IsaError),
    /// A model that could not be trained, sampled or scored.
    #[error("{model}: {source}")]
    Model {
        /// Which.
        model: String,
        /// Why.
        source: ModelError,
    },
}

impl BenchError {
    /// For `map_err`: the error of the model of that name.
    pub(crate) fn model(name: &str) -> impl Fn(ModelError) -> Self + '_ {
        |source| Self::Model {
            model: name.to_owned(),
            source,
        }
    }
}
