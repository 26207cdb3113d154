//! What can go wrong with a model.

use std::path::{Path, PathBuf};

/// An error of training, asking, sampling, saving or loading a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file of the model cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of the model is not what it should be: cut off, damaged, or of another format.
    #[error("{path}: damaged or not a model file: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A directory has the files of two models.
    #[error(
        "{directory}: it has both config.json and ngram.bin, which are of two models; \
         remove the file of the one that is not meant"
    )]
    TwoModels {
        /// The directory.
        directory: PathBuf,
    },
    /// A tensor that the architecture has is not in the weight file.
    #[error("{path}: tensor {tensor} {expected:?} is missing")]
    MissingTensor {
        /// The weight file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// The shape that it should have.
        expected: Vec<usize>,
    },
    /// The weight file holds a tensor that the architecture does not have.
    #[error(
        "{path}: tensor {tensor} does not belong to the model that config.json describes; \
         the two files are not from the same model"
    )]
    UnexpectedTensor {
        /// The weight file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor has another shape than the architecture asks for.
    #[error("{path}: tensor {tensor} should have the shape {expected:?} but has {found}")]
    TensorShape {
        /// The weight file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// The shape that it should have.
        expected: Vec<usize>,
        /// The shape that it has.
        found: String,
    },
    /// A tensor is stored as numbers of a kind that weights are not read from.
    #[error(
        "{path}: tensor {tensor} is stored as {found}, and weights are read from F32, F16 or BF16; \
         save the model with weights that are not quantised"
    )]
    TensorFormat {
        /// The weight file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// What its numbers are.
        found: String,
    },
    /// A number does not fit into the format that the weights are to be stored in.
    #[error(
        "{path}: tensor {tensor} has a number that is too large for {format}, at element {element}; \
         store the weights as float32"
    )]
    TensorOverflow {
        /// The weight file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// The format, by its name in config.json.
        format: &'static str,
        /// Index of the first such element.
        element: usize,
    },
    /// A stored head differs from the token embedding, which config.json says that it is.
    #[error(
        "{path}: tensor {tensor} differs from {embedding}, and config.json says that they are the \
         same (tie_word_embeddings: true); set it to false to use the stored head, or remove the \
         tensor"
    )]
    HeadDiffers {
        /// The weight file.
        path: PathBuf,
        /// Name of the head.
        tensor: String,
        /// Name of the token embedding.
        embedding: String,
    },
    /// A directory has no weights, or has them in a kind of file that is not read.
    #[error("{directory}: {problem}")]
    Weights {
        /// The directory.
        directory: PathBuf,
        /// What is there, and what to do.
        problem: String,
    },
    /// A file with a part of the weights is not there.
    #[error("{index}: the part {shard} of the weights is missing; put it beside the index")]
    MissingShard {
        /// The index of the parts.
        index: PathBuf,
        /// Name of the file.
        shard: String,
    },
    /// A tensor of a weight file holds an infinity or "not a number".
    #[error("{path}: tensor {tensor} holds a number that is not finite, at element {element}")]
    TensorNotFinite {
        /// The weight file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Index of the first such element.
        element: usize,
    },
    /// A size or setting of an architecture cannot be.
    #[error("model: {field}: {problem}")]
    Architecture {
        /// The field, by its name in config.json.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A configuration file describes a model that cannot be, or one of another kind.
    #[error("{path}: {field}: {problem}")]
    Configuration {
        /// The configuration file.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A saved model is not of the architecture that is trained.
    #[error(
        "{directory}: the saved model is another one than the experiment trains: {field} is {found} \
         there and {expected} here"
    )]
    OtherArchitecture {
        /// The directory of the saved model.
        directory: PathBuf,
        /// The first field that differs, by its name in config.json.
        field: &'static str,
        /// Its value in the experiment.
        expected: String,
        /// Its value in the saved model.
        found: String,
    },
    /// A setting of the training cannot be.
    #[error("training: {setting}: {problem}")]
    Training {
        /// The setting.
        setting: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A request to sample text does not fit the model.
    #[error("generation: {field}: {problem}")]
    Request {
        /// The field of the request.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The training set has no document.
    #[error("the training set is empty")]
    EmptyTrainingSet,
    /// Early stopping was asked for, and there is nothing to measure the validation loss on.
    #[error(
        "early stopping needs validation documents and there are none; \
         hold some out or train a fixed number of epochs"
    )]
    EmptyValidationSet,
    /// A token that the model does not know.
    #[error(
        "token {token} is outside the model's vocabulary of {vocabulary}; \
         was the text encoded with another tokenizer?"
    )]
    TokenOutsideVocabulary {
        /// The token.
        token: u32,
        /// Tokens of the model: 0 … vocabulary − 1.
        vocabulary: usize,
    },
    /// A next token was asked for after nothing at all.
    #[error("an empty context: put the start-of-text token in front of a text's first token")]
    EmptyContext,
    /// More tokens than the model can be conditioned on.
    #[error("a context of {length} tokens, and the model can be conditioned on {limit} at most")]
    ContextTooLong {
        /// Tokens of the context.
        length: usize,
        /// The most that the model can see.
        limit: usize,
    },
    /// The saved state of a training is of another training.
    #[error(
        "{path}: the saved training is another one: {field} is {found} there and {expected} here; \
         remove the file to train from the beginning"
    )]
    OtherTraining {
        /// The file of the state.
        path: PathBuf,
        /// The first thing that differs.
        field: &'static str,
        /// Its value in this training.
        expected: String,
        /// Its value in the saved one.
        found: String,
    },
    /// The device has no room for the model or for what it computes.
    #[error("{0}: a smaller model, batch or micro-batch needs less")]
    OutOfMemory(#[from] autophage_compute::OutOfMemory),
    /// A model was asked of a training that has not made one yet.
    #[error("the training has not come to a model yet")]
    Unfinished,
    /// The loss became infinite or "not a number".
    #[error(
        "the loss is no longer finite ({loss}) at step {step}; \
         a lower learning rate or a longer warm-up usually cures it"
    )]
    LossNotFinite {
        /// The optimizer step, from 1.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// The gradient became infinite or "not a number", although the loss was finite.
    #[error(
        "the gradient is no longer finite at step {step}; \
         a lower learning rate or a longer warm-up usually cures it"
    )]
    GradientNotFinite {
        /// The optimizer step, from 1.
        step: u64,
    },
}

impl ModelError {
    /// For `map_err`: an input or output error of `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// What is wrong with a network, as what is wrong with the file that describes it.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Architecture { field, problem } => Self::Configuration {
                path: path.to_owned(),
                field,
                problem,
            },
            other => other,
        }
    }
}
