//! The sections of an experiment, with every value explicit.

use std::path::PathBuf;

use autophage_corpus::{Format, Separator, SourceSettings};
use autophage_measure::probe::Conditioning;
use autophage_model::{
    Form, GenerationRequest, Interpolation, Limit, NGramLearner, Overflow, SamplingFilter,
    TrainingSettings,
};
use autophage_random::Stream;
use serde::{Serialize, Serializer};

/// Where the real documents come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorpusSettings {
    /// A file, a directory, a glob, or `builtin:tinystories-sample`.
    pub path: String,
    /// What the files are; `None`: by the name of each.
    #[serde(serialize_with = "or_auto")]
    pub format: Option<Format>,
    /// The field (JSON lines) or column (Parquet) that holds the text.
    pub field: String,
    /// What separates the documents of a text file; `None`: each file is one document.
    #[serde(serialize_with = "or_none")]
    pub separator: Option<Separator>,
    /// Share of the documents that is held out for validation.
    pub validation: f64,
    /// Size N of the initial corpus, in tokens; `None`: every training document.
    #[serde(serialize_with = "or_all")]
    pub tokens: Option<u64>,
}

impl CorpusSettings {
    /// What the corpus crate opens.
    pub fn source(&self) -> SourceSettings {
        SourceSettings {
            format: self.format,
            text_field: self.field.clone(),
            separator: self.separator.clone(),
            ..SourceSettings::new(self.path.clone())
        }
    }
}

/// What is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelSettings {
    /// A GPT-Neo transformer.
    GptNeo(GptNeoSettings),
    /// An n-gram model.
    #[serde(rename = "ngram")]
    NGram(NGramSettings),
}

impl ModelSettings {
    /// Where each generation's training starts from.
    pub fn initialise(&self) -> Initialise {
        match self {
            Self::GptNeo(settings) => settings.initialise,
            Self::NGram(_) => Initialise::Scratch,
        }
    }

    /// The Hugging Face directory that the lineage starts from, if there is one.
    pub fn pretrained(&self) -> Option<&PathBuf> {
        match self {
            Self::GptNeo(settings) => match &settings.architecture {
                Architecture::Pretrained { pretrained } => Some(pretrained),
                Architecture::Sizes(_) => None,
            },
            Self::NGram(_) => None,
        }
    }
}

/// An n-gram model: see [`NGramLearner`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NGramSettings {
    /// The tokens that a count spans, the next one included.
    pub order: u32,
    /// How contexts of different lengths go together.
    pub interpolation: InterpolationKind,
    /// λ of the interpolation `jelinek-mercer`.
    pub weight: f64,
    /// Whether tokens that the training set lacks have a probability.
    pub full_support: bool,
}

impl NGramSettings {
    /// What counts.
    pub fn learner(&self) -> NGramLearner {
        NGramLearner {
            order: self.order as usize,
            interpolation: match self.interpolation {
                InterpolationKind::None => Interpolation::None,
                InterpolationKind::WittenBell => Interpolation::WittenBell,
                InterpolationKind::JelinekMercer => Interpolation::JelinekMercer {
                    weight: self.weight,
                },
            },
            full_support: self.full_support,
        }
    }
}

/// How an n-gram model's contexts of different lengths go together: see [`Interpolation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterpolationKind {
    /// The longest context alone.
    None,
    /// By how surprising each context was.
    WittenBell,
    /// By a fixed weight.
    JelinekMercer,
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingSection {
    /// Sequences and optimizer.
    #[serde(flatten)]
    pub settings: TrainingSettings,
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
    /// The most documents that are sampled side by side; it affects memory and speed.
    pub batch: u32,
    /// Tokens of the generated corpus; `None`: as many as the paradigm needs, at least those of
    /// the initial corpus.
    #[serde(serialize_with = "or_paradigm")]
    pub tokens: Option<u64>,
}

impl GenerationSection {
    /// The request for documents without a prompt and without an end, from these random numbers.
    pub fn request(&self, end_of_text: u32, random: Stream) -> GenerationRequest {
        let tokens = self.max_tokens as usize;
        GenerationRequest {
            form: match self.form {
                FormKind::Documents => Form::Documents { max_tokens: tokens },
                FormKind::Stream => Form::Stream { tokens },
            },
            filter: SamplingFilter {
                temperature: self.temperature as f32,
                top_k: self.top_k.map(|k| k as usize),
                top_p: self.top_p.map(|p| p as f32),
            },
            context: self.context as usize,
            overflow: match self.overflow {
                OverflowKind::Slide => Overflow::Slide,
                OverflowKind::Hop => Overflow::Hop,
            },
            end_of_text,
            prompt: Vec::new(),
            random,
            limit: Limit::Unlimited,
            batch: self.batch as usize,
        }
    }
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
    /// What a model is given before the tokens of a probe's context.
    pub conditioning: Conditioning,
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
    /// The precision of matrix products: `f32`, `bf16`, or `auto` for bf16 where the instruction
    /// set multiplies numbers in bf16.
    pub precision: String,
}

/// The CPU with everything chosen automatically.
impl Default for ComputeSection {
    fn default() -> Self {
        Self {
            backend: BackendKind::Cpu,
            threads: None,
            isa: "auto".to_owned(),
            precision: "auto".to_owned(),
        }
    }
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

fn or_auto<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    or("auto", value, serializer)
}

fn or_none<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    or("none", value, serializer)
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
