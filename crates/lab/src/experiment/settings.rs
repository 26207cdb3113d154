//! The sections of an experiment, with every value explicit.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// Where the real documents come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorpusSettings {
    /// A file, a directory, a glob, or `builtin:tinystories-sample`.
    pub path: String,
    /// What the files are.
    pub format: CorpusFormat,
    /// The field (JSON lines) or column (Parquet) that holds the text.
    pub field: String,
    /// What separates the documents of a text file; nothing: each file is one document.
    pub separator: String,
    /// Share of the documents that is held out for validation.
    pub validation: f64,
    /// The most documents that are read.
    #[serde(serialize_with = "or_all")]
    pub limit: Option<u64>,
    /// Size N of the initial corpus, in tokens; `None`: every training document.
    #[serde(serialize_with = "or_all")]
    pub tokens: Option<u64>,
}

/// The format of the corpus files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorpusFormat {
    /// By the name of each file.
    Auto,
    /// Plain text.
    Text,
    /// JSON lines, perhaps compressed.
    Jsonl,
    /// Parquet.
    Parquet,
}

/// How text becomes tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TokenizerSettings {
    /// The tokenizer of GPT-2.
    Gpt2,
    /// A Hugging Face `tokenizer.json`.
    File {
        /// The file.
        path: PathBuf,
    },
    /// A byte-level BPE trained on the training documents.
    Bpe {
        /// Number of its tokens.
        vocabulary: u32,
    },
}

/// What is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelSettings {
    /// A GPT-Neo transformer.
    GptNeo(GptNeoSettings),
}

impl ModelSettings {
    /// Where each generation's training starts from.
    pub fn initialise(&self) -> Initialise {
        match self {
            Self::GptNeo(settings) => settings.initialise,
        }
    }

    /// The Hugging Face directory that the lineage starts from, if there is one.
    pub fn pretrained(&self) -> Option<&PathBuf> {
        match self {
            Self::GptNeo(settings) => match &settings.architecture {
                Architecture::Pretrained { pretrained } => Some(pretrained),
                Architecture::Sizes(_) => None,
            },
        }
    }
}

/// A GPT-Neo transformer and where its training starts from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GptNeoSettings {
    /// Where each generation's training starts from.
    pub initialise: Initialise,
    /// Its shape.
    #[serde(flatten)]
    pub architecture: Architecture,
}

/// The weights that the training of a generation starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialise {
    /// Random ones, for every generation.
    Scratch,
    /// Those of the previous generation; generation 1 starts from `pretrained` or from scratch.
    Previous,
    /// Those in the directory `pretrained`, for every generation.
    Pretrained,
}

/// The shape of a GPT-Neo transformer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Architecture {
    /// Given by its sizes.
    Sizes(GptNeoSizes),
    /// That of a Hugging Face directory.
    Pretrained {
        /// The directory, with `config.json` and `model.safetensors`.
        pretrained: PathBuf,
    },
}

/// The sizes of a GPT-Neo transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GptNeoSizes {
    /// Numbers in a hidden state.
    pub hidden: u32,
    /// Number of blocks; they alternate between global and local attention.
    pub layers: u32,
    /// Number of attention heads; it divides `hidden`.
    pub heads: u32,
    /// Number of learned positions: the longest sequence that the model can read.
    pub positions: u32,
    /// Tokens that local attention sees.
    pub window: u32,
}

/// How a generation is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrainingSection {
    /// Tokens of a training sequence.
    pub context: u32,
    /// Sequences of an optimizer step.
    pub batch: u32,
    /// Sequences that pass through the model at once; it affects memory and speed.
    pub micro_batch: u32,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// How the learning rate goes on after the warm-up.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises from 0.
    pub warmup_steps: u64,
    /// AdamW's decay of the first moment.
    pub beta1: f64,
    /// AdamW's decay of the second moment.
    pub beta2: f64,
    /// AdamW's ε.
    pub epsilon: f64,
    /// Decoupled weight decay, on everything but LayerNorm and biases.
    pub weight_decay: f64,
    /// Norm to which gradients are clipped; `None`: not clipped.
    #[serde(serialize_with = "or_off")]
    pub clip: Option<f64>,
    /// How often the training set is passed through.
    pub epochs: EpochCount,
    /// With early stopping: the most epochs.
    pub max_epochs: u32,
    /// With early stopping: epochs without improvement that are waited for.
    pub patience: u32,
    /// Tokens of every training set; `None`: what the paradigm says.
    #[serde(serialize_with = "or_paradigm")]
    pub tokens: Option<u64>,
}

/// The learning rate after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It falls to 0 along half a cosine.
    Cosine,
}

/// How many epochs a generation is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochCount {
    /// So many.
    Fixed(u32),
    /// Found by early stopping in generation 1, and used again in every later one.
    EarlyStopping,
}

impl Serialize for EpochCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(epochs) => serializer.serialize_u32(*epochs),
            Self::EarlyStopping => serializer.serialize_str("early-stopping"),
        }
    }
}

/// What a generation writes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GenerationSection {
    /// Where a document stops.
    pub form: FormKind,
    /// Tokens of a document: the most of one that can end, or exactly those of a stream.
    pub max_tokens: u32,
    /// The most tokens that a sampled token is conditioned on.
    pub context: u32,
    /// What happens when a document outgrows the context.
    pub overflow: OverflowKind,
    /// Logits are divided by it.
    pub temperature: f64,
    /// Sample among so many most probable tokens only.
    #[serde(serialize_with = "or_off")]
    pub top_k: Option<u64>,
    /// Sample among the most probable tokens with this share of the probability only.
    #[serde(serialize_with = "or_off")]
    pub top_p: Option<f64>,
    /// Documents that are sampled side by side; it affects memory and speed.
    pub batch: u32,
    /// Tokens of the generated corpus; `None`: as many as the paradigm needs, at least those of
    /// the initial corpus.
    #[serde(serialize_with = "or_paradigm")]
    pub tokens: Option<u64>,
}

/// The form of a generated corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormKind {
    /// Documents that end with end of text or at `max_tokens`.
    Documents,
    /// Sequences of exactly `max_tokens`.
    Stream,
}

/// What conditions the next token of a document that is longer than the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverflowKind {
    /// Exactly the last `context` tokens.
    Slide,
    /// The context restarts from its last half whenever it is full.
    Hop,
}

/// What is measured of each generation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasureSection {
    /// The most tokens that a token is conditioned on in the perplexity.
    pub context: u32,
    /// The most validation documents that the perplexity is taken over.
    #[serde(serialize_with = "or_all")]
    pub documents: Option<u64>,
    /// Tokens of the sample on which diversity is measured.
    pub sample_tokens: u64,
    /// Contexts of each length that are tracked: the most frequent ones of the initial corpus.
    pub contexts: u32,
    /// Lengths of tracked contexts, in tokens: 1 to this.
    pub context_length: u32,
    /// Contexts and next tokens whose probabilities are asked for.
    pub probe: Vec<ProbeSettings>,
}

/// A context and the continuations whose probabilities are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeSettings {
    /// The text before.
    pub context: String,
    /// The texts after it.
    pub next: Vec<String>,
}

/// What computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComputeSection {
    /// Which implementation.
    pub backend: BackendKind,
    /// Number of threads; `None`: one for each processor.
    #[serde(serialize_with = "or_all")]
    pub threads: Option<u64>,
    /// The instruction set, or `auto`.
    pub isa: String,
}

/// An implementation of the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendKind {
    /// The fast one.
    Cpu,
    /// Plain loops: slow, and the definition of what is right.
    Reference,
}

fn or_all<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    or("all", value, serializer)
}

fn or_off<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    or("off", value, serializer)
}

fn or_paradigm<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    or("paradigm", value, serializer)
}

/// TOML has no null: what is absent has a word.
fn or<T: Serialize, S: Serializer>(
    word: &str,
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_str(word),
    }
}
