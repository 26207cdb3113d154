//! The sizes of a GPT-Neo network, and its `config.json`.

use std::path::Path;

use autophage_compute::Backend;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Epsilon of every layer normalisation; the backends build it in.
const LAYER_NORM_EPSILON: f64 = 1e-5;
/// The one activation function that the network is written for: GELU by the tanh formula.
const ACTIVATION: &str = "gelu_new";
/// Sizes above this are refused before anything is multiplied or allocated.
const LARGEST_SIZE: usize = 1 << 28;

/// What a layer's attention sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttentionKind {
    /// Every earlier token of the sequence, and the token itself.
    Global,
    /// The last `window_size` tokens, the token itself included.
    Local,
}

/// The sizes of a GPT-Neo network (Black et al., 2021), named as in Hugging Face's `config.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct GptNeoConfig {
    /// Number of tokens.
    pub vocab_size: usize,
    /// Numbers in the residual stream of a token.
    pub hidden_size: usize,
    /// Attention heads of a layer; it divides `hidden_size`.
    pub num_heads: usize,
    /// What the attention of each layer sees; its length is the number of layers.
    pub attention_layers: Vec<AttentionKind>,
    /// Tokens that local attention sees.
    pub window_size: usize,
    /// Numbers in the hidden layer of a block's feed-forward part.
    pub intermediate_size: usize,
    /// Positions that have an embedding: the longest possible context.
    pub max_position_embeddings: usize,
    /// Standard deviation of the initial weights.
    pub initializer_range: f64,
    /// The token that starts and ends a text, for the files (`bos_token_id`, `eos_token_id`).
    pub end_of_text: u32,
}

impl GptNeoConfig {
    /// Names of the architectures that [`preset`](Self::preset) knows.
    pub const PRESETS: [&str; 5] = [
        "tinystories-1m",
        "tinystories-3m",
        "tinystories-8m",
        "tinystories-28m",
        "tinystories-33m",
    ];

    /// A network with GPT-Neo's usual choices: layers that alternate between global and local
    /// attention, a window of 256 tokens, a feed-forward part of four times `hidden_size`, 2,048
    /// positions, initial weights of standard deviation 0.02, and end of text as the last token.
    pub fn new(vocab_size: usize, hidden_size: usize, num_layers: usize, num_heads: usize) -> Self {
        let kinds = [AttentionKind::Global, AttentionKind::Local];
        Self {
            vocab_size,
            hidden_size,
            num_heads,
            attention_layers: kinds.into_iter().cycle().take(num_layers).collect(),
            window_size: 256,
            intermediate_size: hidden_size.saturating_mul(4),
            max_position_embeddings: 2048,
            initializer_range: 0.02,
            end_of_text: vocab_size.saturating_sub(1) as u32,
        }
    }

    /// One of the TinyStories models of Eldan & Li (2023), with GPT-2's vocabulary; `None` for a
    /// name that is not among [`PRESETS`](Self::PRESETS).
    pub fn preset(name: &str) -> Option<Self> {
        let (hidden_size, num_layers) = match name {
            "tinystories-1m" => (64, 8),
            "tinystories-3m" => (128, 8),
            "tinystories-8m" => (256, 8),
            "tinystories-28m" => (512, 8),
            "tinystories-33m" => (768, 4),
            _ => return None,
        };
        Some(Self::new(50_257, hidden_size, num_layers, 16))
    }

    /// Number of layers.
    pub fn num_layers(&self) -> usize {
        self.attention_layers.len()
    }

    /// Number of parameters; the head shares those of the token embedding.
    pub fn parameter_count(&self) -> usize {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let block = 4 * hidden * hidden + 2 * hidden * inner + inner + 6 * hidden;
        (self.vocab_size + self.max_position_embeddings + 2) * hidden + self.num_layers() * block
    }

    /// The attention window of `layer`, as [`autophage_compute::Attention::window`] wants it.
    pub fn window(&self, layer: usize) -> Option<usize> {
        match self.attention_layers[layer] {
            AttentionKind::Global => None,
            AttentionKind::Local => Some(self.window_size),
        }
    }

    /// Numbers in the keys and values of all layers, for `slots` sequences of `capacity` tokens, as
    /// `backend` lays them out.
    pub fn cache_len<B: Backend>(&self, backend: &B, slots: usize, capacity: usize) -> usize {
        let layer = backend.cache_len(slots, capacity, self.num_heads, self.hidden_size);
        2 * self.num_layers() * layer
    }

    /// How many sequences of up to `capacity` tokens are sampled side by side, at most `most`; see
    /// [`Backend::sequences_at_once`].
    pub fn sequences_at_once<B: Backend>(
        &self,
        backend: &B,
        most: usize,
        capacity: usize,
    ) -> usize {
        let cached = self.cache_len(backend, 1, capacity);
        backend.sequences_at_once(most, self.parameter_count(), cached)
    }

    /// Checks that such a network can be built.
    ///
    /// # Errors
    /// [`ModelError::Architecture`] with the first field that is wrong.
    pub fn validate(&self) -> Result<(), ModelError> {
        let wrong = |field, problem| Err(ModelError::Architecture { field, problem });
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_heads", self.num_heads),
            ("num_layers", self.num_layers()),
            ("window_size", self.window_size),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ];
        for (field, size) in sizes {
            if size == 0 || size > LARGEST_SIZE {
                return wrong(
                    field,
                    format!("{size}, and it must be at least 1 and at most {LARGEST_SIZE}"),
                );
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_heads) {
            return wrong(
                "hidden_size",
                format!(
                    "{} is not divisible by num_heads = {}",
                    self.hidden_size, self.num_heads
                ),
            );
        }
        if !(self.initializer_range.is_finite() && self.initializer_range > 0.0) {
            return wrong(
                "initializer_range",
                format!(
                    "{}, and it must be a positive number",
                    self.initializer_range
                ),
            );
        }
        if self.end_of_text as usize >= self.vocab_size {
            return wrong(
                "eos_token_id",
                format!(
                    "{} is outside the vocabulary of {}",
                    self.end_of_text, self.vocab_size
                ),
            );
        }
        Ok(())
    }

    /// The first field in which `other` is another network, with both values as text. The token
    /// that ends a text and the scale of the initial weights are not part of the network.
    pub(crate) fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let fields = |config: &Self| {
            [
                ("vocab_size", config.vocab_size.to_string()),
                ("hidden_size", config.hidden_size.to_string()),
                ("num_heads", config.num_heads.to_string()),
                ("attention_layers", format!("{:?}", config.attention_layers)),
                ("window_size", config.window_size.to_string()),
                ("intermediate_size", config.intermediate_size.to_string()),
                (
                    "max_position_embeddings",
                    config.max_position_embeddings.to_string(),
                ),
            ]
        };
        fields(self)
            .into_iter()
            .zip(fields(other))
            .find(|((_, here), (_, there))| here != there)
            .map(|((field, here), (_, there))| (field, here, there))
    }

    /// The text of `config.json`.
    pub(crate) fn to_json(&self) -> String {
        let file = ConfigFile::from(self);
        serde_json::to_string_pretty(&file).expect("plain fields always become JSON") + "\n"
    }

    /// Reads the text of a `config.json`; `path` is for the messages.
    ///
    /// # Errors
    /// Text that is not JSON, fields that are missing, and a network of another kind.
    pub(crate) fn from_json(text: &str, path: &Path) -> Result<Self, ModelError> {
        let file: ConfigFile = serde_json::from_str(text).map_err(|error| ModelError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        file.into_config().map_err(|error| match error {
            ModelError::Architecture { field, problem } => ModelError::Configuration {
                path: path.to_owned(),
                field,
                problem,
            },
            other => other,
        })
    }
}

/// `config.json` as Hugging Face Transformers writes it, with its defaults where a field may be
/// left out.
#[derive(Serialize, Deserialize)]
struct ConfigFile {
    #[serde(default = "default_activation")]
    activation_function: String,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attention_layers: Vec<AttentionKind>,
    attention_types: Vec<(Vec<AttentionKind>, usize)>,
    #[serde(default)]
    bos_token_id: Option<u32>,
    #[serde(default = "default_dtype")]
    dtype: String,
    #[serde(default)]
    eos_token_id: Option<u32>,
    hidden_size: usize,
    #[serde(default = "default_initializer_range")]
    initializer_range: f64,
    #[serde(default)]
    intermediate_size: Option<usize>,
    #[serde(default = "default_epsilon")]
    layer_norm_epsilon: f64,
    max_position_embeddings: usize,
    model_type: String,
    num_heads: usize,
    num_layers: usize,
    #[serde(default = "default_tied")]
    tie_word_embeddings: bool,
    vocab_size: usize,
    #[serde(default = "default_window")]
    window_size: usize,
    // Dropout is written as zero, because Transformers' own defaults would be.
    #[serde(default)]
    attention_dropout: f64,
    #[serde(default)]
    embed_dropout: f64,
    #[serde(default)]
    resid_dropout: f64,
    #[serde(default = "default_tied")]
    use_cache: bool,
}

fn default_activation() -> String {
    ACTIVATION.to_owned()
}

fn default_dtype() -> String {
    "float32".to_owned()
}

fn default_initializer_range() -> f64 {
    0.02
}

fn default_epsilon() -> f64 {
    LAYER_NORM_EPSILON
}

fn default_tied() -> bool {
    true
}

fn default_window() -> usize {
    256
}

impl From<&GptNeoConfig> for ConfigFile {
    fn from(config: &GptNeoConfig) -> Self {
        Self {
            activation_function: default_activation(),
            architectures: vec!["GPTNeoForCausalLM".to_owned()],
            attention_layers: config.attention_layers.clone(),
            attention_types: attention_types(&config.attention_layers),
            bos_token_id: Some(config.end_of_text),
            dtype: default_dtype(),
            eos_token_id: Some(config.end_of_text),
            hidden_size: config.hidden_size,
            initializer_range: config.initializer_range,
            intermediate_size: Some(config.intermediate_size),
            layer_norm_epsilon: LAYER_NORM_EPSILON,
            max_position_embeddings: config.max_position_embeddings,
            model_type: "gpt_neo".to_owned(),
            num_heads: config.num_heads,
            num_layers: config.num_layers(),
            tie_word_embeddings: true,
            vocab_size: config.vocab_size,
            window_size: config.window_size,
            attention_dropout: 0.0,
            embed_dropout: 0.0,
            resid_dropout: 0.0,
            use_cache: true,
        }
    }
}

impl ConfigFile {
    fn into_config(self) -> Result<GptNeoConfig, ModelError> {
        let wrong = |field, problem| Err(ModelError::Architecture { field, problem });
        if self.model_type != "gpt_neo" {
            return wrong(
                "model_type",
                format!("{:?}, and only \"gpt_neo\" is supported", self.model_type),
            );
        }
        if self.activation_function != ACTIVATION {
            return wrong(
                "activation_function",
                format!(
                    "{:?}, and only {ACTIVATION:?} is supported",
                    self.activation_function
                ),
            );
        }
        if self.layer_norm_epsilon != LAYER_NORM_EPSILON {
            return wrong(
                "layer_norm_epsilon",
                format!(
                    "{}, and only {LAYER_NORM_EPSILON} is supported",
                    self.layer_norm_epsilon
                ),
            );
        }
        if !self.tie_word_embeddings {
            return wrong(
                "tie_word_embeddings",
                "false, and only tied embeddings are supported".to_owned(),
            );
        }
        let layers: usize = self
            .attention_types
            .iter()
            .map(|(kinds, times)| kinds.len().saturating_mul(*times))
            .fold(0, usize::saturating_add);
        if layers != self.num_layers {
            return wrong(
                "attention_types",
                format!(
                    "describes {layers} layers, and num_layers is {}",
                    self.num_layers
                ),
            );
        }
        if layers > LARGEST_SIZE {
            return wrong(
                "num_layers",
                format!("{layers}, and it must be at most {LARGEST_SIZE}"),
            );
        }
        let config = GptNeoConfig {
            vocab_size: self.vocab_size,
            hidden_size: self.hidden_size,
            num_heads: self.num_heads,
            attention_layers: self
                .attention_types
                .iter()
                .flat_map(|(kinds, times)| std::iter::repeat_n(kinds, *times).flatten().copied())
                .collect(),
            window_size: self.window_size,
            intermediate_size: self
                .intermediate_size
                .unwrap_or(self.hidden_size.saturating_mul(4)),
            max_position_embeddings: self.max_position_embeddings,
            initializer_range: self.initializer_range,
            end_of_text: self
                .eos_token_id
                .or(self.bos_token_id)
                .unwrap_or(self.vocab_size.saturating_sub(1) as u32),
        };
        config.validate()?;
        Ok(config)
    }
}

/// The layers as Hugging Face's pairs of a pattern and how often it is repeated: one pair if the
/// layers alternate without a rest, as GPT-Neo's do, otherwise one pair for each run of equals.
fn attention_types(layers: &[AttentionKind]) -> Vec<(Vec<AttentionKind>, usize)> {
    let alternates = layers.len() >= 2
        && layers.len().is_multiple_of(2)
        && layers[0] != layers[1]
        && layers.chunks(2).all(|pair| pair == &layers[..2]);
    if alternates {
        return vec![(layers[..2].to_vec(), layers.len() / 2)];
    }
    layers
        .chunk_by(|a, b| a == b)
        .map(|run| (vec![run[0]], run.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<GptNeoConfig, ModelError> {
        GptNeoConfig::from_json(text, Path::new("config.json"))
    }

    #[test]
    fn presets_have_the_published_sizes() {
        // By hand: 12h² + 10h for each layer, 52,305 embeddings of h, and 2h.
        let sizes = [
            ("tinystories-1m", 3_745_984),
            ("tinystories-3m", 8_278_400),
            ("tinystories-8m", 19_702_528),
            ("tinystories-28m", 51_987_968),
            ("tinystories-33m", 68_514_048),
        ];
        assert_eq!(sizes.map(|(name, _)| name), GptNeoConfig::PRESETS);
        for (name, parameters) in sizes {
            let config = GptNeoConfig::preset(name).unwrap();
            config.validate().unwrap();
            assert_eq!(config.parameter_count(), parameters, "{name}");
        }
        assert_eq!(GptNeoConfig::preset("tinystories-2m"), None);
    }

    #[test]
    fn fields_that_may_be_left_out_have_the_usual_values() {
        let config = read(
            r#"{"model_type": "gpt_neo", "vocab_size": 11, "hidden_size": 6, "num_layers": 3,
                "num_heads": 2, "max_position_embeddings": 9, "intermediate_size": null,
                "attention_types": [[["global"], 1], [["local"], 2]], "summary_type": "cls_index"}"#,
        )
        .unwrap();
        use AttentionKind::{Global, Local};
        assert_eq!(config.attention_layers, [Global, Local, Local]);
        assert_eq!(config.intermediate_size, 24);
        assert_eq!(config.window_size, 256);
        assert_eq!(config.end_of_text, 10);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_field() {
        let good = GptNeoConfig::new(50, 12, 2, 4);
        type Change = fn(&mut GptNeoConfig);
        let cases: [(&str, Change); 7] = [
            ("hidden_size", |c| c.num_heads = 5),
            ("num_heads", |c| c.num_heads = 0),
            ("num_layers", |c| c.attention_layers.clear()),
            ("vocab_size", |c| c.vocab_size = 0),
            ("max_position_embeddings", |c| {
                c.max_position_embeddings = usize::MAX
            }),
            ("initializer_range", |c| c.initializer_range = f64::NAN),
            ("eos_token_id", |c| c.end_of_text = 50),
        ];
        for (field, change) in cases {
            let mut config = good.clone();
            change(&mut config);
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(field), "{field}: {error}");
        }
    }

    #[test]
    fn files_of_other_networks_are_refused_with_path_and_field() {
        let good = GptNeoConfig::new(50, 12, 2, 4).to_json();
        let cases = [
            ("\"gpt_neo\"", "\"gpt2\"", "model_type"),
            ("\"gelu_new\"", "\"relu\"", "activation_function"),
            ("0.00001", "0.000001", "layer_norm_epsilon"),
            ("\"num_layers\": 2", "\"num_layers\": 3", "attention_types"),
            (
                "\"tie_word_embeddings\": true",
                "\"tie_word_embeddings\": false",
                "tie_word_embeddings",
            ),
            ("\"num_heads\": 4", "\"num_heads\": 5", "num_heads"),
            ("\"num_heads\": 4", "\"num_heads\": -4", "line"),
            ("\"hidden_size\": 12,", "", "hidden_size"),
        ];
        for (from, to, mention) in cases {
            let text = good.replace(from, to);
            assert_ne!(text, good, "{from}");
            let error = read(&text).unwrap_err().to_string();
            assert!(
                error.contains("config.json") && error.contains(mention),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            layers in proptest::collection::vec(proptest::bool::ANY, 1..9),
            heads in 1usize..5,
            head_size in 1usize..9,
            vocabulary in 1usize..1000,
            window in 1usize..300,
        ) {
            let mut config = GptNeoConfig::new(vocabulary, heads * head_size, 1, heads);
            config.window_size = window;
            config.attention_layers = layers
                .into_iter()
                .map(|global| if global { AttentionKind::Global } else { AttentionKind::Local })
                .collect();
            prop_assert_eq!(read(&config.to_json()).unwrap(), config);
        }
    }
}
