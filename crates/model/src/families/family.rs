//! What a family of decoders is: a description, and the few choices that are its own.

use std::fmt;

use serde_json::{Map, Value, json};

use super::fields::{Fields, OptionalSize, shortest, wrong};
use super::sizes::Dimensions;
use super::tensor_names::TensorNames;
use super::{Sizes, StoredTensor};
use crate::ModelError;
use crate::architecture::{Activation, Architecture, MOST_LAYERS};
use crate::parameters::ParameterKind;

/// A family of decoders: what its networks are built of, and what its files look like.
pub struct Family {
    /// Its name in `config.json`.
    pub(super) model_type: &'static str,
    /// Transformers' class of it.
    pub(super) class: &'static str,
    /// The names of the fields of its `config.json`.
    pub(super) fields: FieldNames,
    /// The names of its tensors.
    pub(super) tensors: TensorNames,
    /// Whether the head is the token embedding: in a file that does not say, and in a new network.
    pub(super) tied: Tied,
    /// The tokens that start and end a text, where a file does not say.
    pub(super) special_tokens: SpecialTokens,
    /// Channels of an MLP's hidden layer, from those of the residual stream.
    pub(super) intermediate: fn(usize) -> usize,
    /// The network of these sizes with the family's usual choices, its head being tied.
    pub(super) architecture: fn(&Dimensions) -> Architecture,
    /// Changes the usual choices to what a `config.json` says, and refuses what cannot be.
    pub(super) read: fn(&mut Architecture, &mut Fields) -> Result<(), ModelError>,
    /// Writes what `read` reads.
    pub(super) write: fn(&Architecture, &mut Map<String, Value>),
    /// Whether the initial weights of maps that are added to the residual stream are divided by the
    /// root of how many of them there are.
    pub(super) scales_residual: bool,
    /// Rates of dropout; a new network has none, while Transformers' defaults may have.
    pub(super) dropouts: &'static [&'static str],
}

/// The names of the fields that all families have, each under its own name.
pub(super) struct FieldNames {
    pub(super) vocabulary: &'static str,
    pub(super) hidden: &'static str,
    pub(super) layers: &'static str,
    pub(super) heads: &'static str,
    /// Absent where all heads have keys and values of their own.
    pub(super) key_value_heads: Option<OptionalSize>,
    /// Absent where the heads share the channels of the residual stream between them.
    pub(super) head_dimension: Option<OptionalSize>,
    pub(super) intermediate: OptionalSize,
    pub(super) positions: &'static str,
    /// Absent where it is always the same.
    pub(super) epsilon: Option<&'static str>,
    pub(super) activation: &'static str,
    pub(super) initializer_range: &'static str,
    /// Absent where attention is never local.
    pub(super) window: Option<&'static str>,
}

/// Whether the head is the token embedding where nobody says.
pub(super) struct Tied {
    /// In a `config.json`.
    pub(super) in_files: bool,
    /// In a new network.
    pub(super) from_scratch: bool,
}

/// The tokens that start and end a text where a `config.json` does not say.
pub(super) struct SpecialTokens {
    pub(super) start: Option<u32>,
    pub(super) end: Option<u32>,
}

/// Whether the head is the token embedding, in every family's `config.json`.
const TIED: &str = "tie_word_embeddings";

/// What a `config.json` says about the network.
pub(crate) struct Reading {
    pub(crate) architecture: Architecture,
    /// Whether it says, rather than leaves to the family, that the head is the token embedding.
    pub(crate) says_tied: bool,
    /// Standard deviation of the initial weights.
    pub(crate) initializer_range: f64,
}

impl Family {
    /// Its name in `config.json` (`model_type`).
    pub fn model_type(&self) -> &'static str {
        self.model_type
    }

    /// Transformers' class of it, as `config.json` names it (`architectures`).
    pub fn class(&self) -> &'static str {
        self.class
    }

    /// A network of these sizes with the family's usual choices.
    ///
    /// # Errors
    /// Sizes that cannot be, or that the family does not leave open.
    pub fn architecture(&self, sizes: &Sizes) -> Result<Architecture, ModelError> {
        if sizes.layers > MOST_LAYERS {
            let problem = format!("{}, and it must be at most {MOST_LAYERS}", sizes.layers);
            return Err(wrong("layers", problem));
        }
        let mut architecture = (self.architecture)(&sizes.resolve(self)?);
        architecture.tied = self.tied.from_scratch;
        if let Some(window) = sizes.window {
            for local in architecture.attention.windows.iter_mut().flatten() {
                *local = window;
            }
        }
        architecture.validate()?;
        Ok(architecture)
    }

    /// What the standard deviation of the initial weights is multiplied by, in a network of `layers`
    /// blocks, where a parameter is of this kind.
    pub(crate) fn initial_scale(&self, kind: ParameterKind, layers: usize) -> f64 {
        match kind {
            ParameterKind::ResidualMatrix if self.scales_residual => {
                1.0 / ((2 * layers) as f64).sqrt()
            }
            _ => 1.0,
        }
    }

    /// The tensors that the files of a network hold.
    pub(crate) fn stored_tensors(&self, architecture: &Architecture) -> Vec<StoredTensor> {
        self.tensors.tensors(architecture)
    }

    /// The names of its tensors.
    pub(crate) fn tensor_names(&self) -> &TensorNames {
        &self.tensors
    }

    /// Channels of a head, where the heads share those of the residual stream between them.
    pub(super) fn head_dimension(&self, hidden: usize, heads: usize) -> Result<usize, ModelError> {
        match hidden.checked_div(heads) {
            Some(channels) if channels * heads == hidden => Ok(channels),
            _ => Err(wrong(
                "hidden",
                format!(
                    "{hidden} is not divisible by {} = {heads}",
                    self.fields.heads
                ),
            )),
        }
    }

    /// Reads the fields that describe the network.
    ///
    /// # Errors
    /// Fields that are missing, and what is not supported, by the name of the field.
    pub(crate) fn read(&self, fields: &mut Fields) -> Result<Reading, ModelError> {
        let names = &self.fields;
        let (hidden, heads) = (fields.size(names.hidden)?, fields.size(names.heads)?);
        let layers = fields.size(names.layers)?;
        if layers > MOST_LAYERS {
            let problem = format!("{layers}, and it must be at most {MOST_LAYERS}");
            return Err(wrong(names.layers, problem));
        }
        let mut optional = |field: &Option<OptionalSize>| match field {
            Some(field) => fields.optional_size(field),
            None => Ok(None),
        };
        let key_value_heads = optional(&names.key_value_heads)?.unwrap_or(heads);
        let head_dimension = match optional(&names.head_dimension)? {
            Some(channels) => channels,
            None => self.head_dimension(hidden, heads)?,
        };
        let dimensions = Dimensions {
            vocabulary: fields.size(names.vocabulary)?,
            hidden,
            layers,
            heads,
            key_value_heads,
            head_dimension,
            intermediate: fields
                .optional_size(&names.intermediate)?
                .unwrap_or_else(|| (self.intermediate)(hidden)),
            positions: fields.size(names.positions)?,
        };
        let mut architecture = (self.architecture)(&dimensions);
        if let Some(name) = names.epsilon
            && let Some(epsilon) = fields.number(name)?
        {
            architecture.norm.epsilon = epsilon as f32;
        }
        if let Some(name) = fields.text(names.activation)? {
            architecture.mlp.activation = activation(names.activation, &name)?;
        }
        let tied = fields.flag(TIED)?;
        architecture.tied = tied.unwrap_or(self.tied.in_files);
        (self.read)(&mut architecture, fields)?;
        let initializer_range = fields.number(names.initializer_range)?;
        Ok(Reading {
            architecture,
            says_tied: tied == Some(true),
            initializer_range: initializer_range.unwrap_or(0.02),
        })
    }

    /// Writes what [`read`](Self::read) reads.
    pub(crate) fn write(
        &self,
        architecture: &Architecture,
        initializer_range: f64,
        fields: &mut Map<String, Value>,
    ) {
        let names = &self.fields;
        let (attention, mlp) = (&architecture.attention, &architecture.mlp);
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put(names.vocabulary, json!(architecture.vocabulary));
        put(names.hidden, json!(architecture.hidden));
        put(names.layers, json!(architecture.layers));
        put(names.heads, json!(attention.heads));
        if let Some(field) = &names.key_value_heads {
            put(field.name, json!(attention.key_value_heads));
        }
        if let Some(field) = &names.head_dimension {
            put(field.name, json!(attention.head_dimension));
        }
        put(names.intermediate.name, json!(mlp.intermediate));
        put(names.positions, json!(architecture.positions));
        if let Some(name) = names.epsilon {
            put(name, json!(shortest(architecture.norm.epsilon)));
        }
        put(names.activation, json!(activation_name(mlp.activation)));
        put(names.initializer_range, json!(initializer_range));
        put(TIED, json!(architecture.tied));
        (self.write)(architecture, fields);
    }

    /// The fields of a new network's `config.json` that say nothing about the network.
    pub(crate) fn fresh_fields(&self) -> Map<String, Value> {
        let dropouts = self.dropouts.iter();
        let mut fields: Map<String, Value> = dropouts
            .map(|&name| (name.to_owned(), json!(0.0)))
            .collect();
        fields.insert("use_cache".to_owned(), json!(true));
        fields
    }

    /// The tokens that start and end a text where a `config.json` does not say.
    pub(crate) fn special_tokens(&self) -> (Option<u32>, Option<u32>) {
        (self.special_tokens.start, self.special_tokens.end)
    }

    /// The name in `config.json` of a field of [`Architecture`].
    pub(crate) fn field_name(&self, field: &'static str) -> &'static str {
        let names = &self.fields;
        let optional = |size: &Option<OptionalSize>| size.map_or(field, |size| size.name);
        match field {
            "vocabulary" => names.vocabulary,
            "hidden" => names.hidden,
            "layers" => names.layers,
            "heads" => names.heads,
            "key_value_heads" => optional(&names.key_value_heads),
            "head_dimension" => optional(&names.head_dimension),
            "intermediate" => names.intermediate.name,
            "positions" => names.positions,
            "epsilon" => names.epsilon.unwrap_or(field),
            "activation" => names.activation,
            "windows" => names.window.unwrap_or(field),
            "tied" => TIED,
            "initializer_range" => names.initializer_range,
            _ => field,
        }
    }
}

/// The activation functions, by all names that Transformers has for them; the first is written.
const ACTIVATIONS: [(&str, Activation); 8] = [
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
];

fn activation(field: &'static str, name: &str) -> Result<Activation, ModelError> {
    let found = ACTIVATIONS.iter().find(|(known, _)| *known == name);
    found.map(|&(_, activation)| activation).ok_or_else(|| {
        let known = ACTIVATIONS.map(|(known, _)| known).join(", ");
        wrong(
            field,
            format!("{name:?} is not supported; supported are {known}"),
        )
    })
}

fn activation_name(activation: Activation) -> &'static str {
    match activation {
        Activation::Gelu => "gelu",
        Activation::GeluTanh => "gelu_new",
        Activation::Relu => "relu",
        Activation::Silu => "silu",
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.model_type)
    }
}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        self.model_type == other.model_type
    }
}

impl Eq for Family {}
