//! What the files of a model say beside its weights.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::ModelError;
use crate::architecture::{Architecture, PositionEncoding};
use crate::families::{Family, Fields, Sizes};
use crate::files::WeightFormat;
use crate::parameters::Parameters;

/// A decoder of some family: its `config.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Its family, which says how its files look.
    pub family: &'static Family,
    /// What its network is built of.
    pub architecture: Architecture,
    /// Standard deviation of the initial weights.
    pub initializer_range: f64,
    /// The token that starts a text (`bos_token_id`), if there is one.
    pub start_of_text: Option<u32>,
    /// The tokens any of which ends a text (`eos_token_id`), the usual one first; without any, texts
    /// do not end.
    pub end_of_text: Vec<u32>,
    /// What the weights are stored as.
    pub weight_format: WeightFormat,
    /// The other fields, which say nothing about the network and are kept as they are.
    pub(crate) rest: Map<String, Value>,
}

const MODEL_TYPE: &str = "model_type";
const CLASSES: &str = "architectures";
const QUANTIZATION: &str = "quantization_config";
const START: &str = "bos_token_id";
const END: &str = "eos_token_id";
const DTYPE: &str = "dtype";
/// What earlier versions call `dtype`.
const OLD_DTYPE: &str = "torch_dtype";

impl ModelConfig {
    /// A new network of a family, with the family's usual choices, initial weights of standard
    /// deviation 0.02, and the last token as start and end of text.
    ///
    /// # Errors
    /// Sizes that cannot be, or that the family does not leave open.
    pub fn new(family: &'static Family, sizes: &Sizes) -> Result<Self, ModelError> {
        let architecture = family.architecture(sizes)?;
        let last = (sizes.vocabulary - 1) as u32;
        Ok(Self {
            family,
            architecture,
            initializer_range: 0.02,
            start_of_text: Some(last),
            end_of_text: vec![last],
            weight_format: WeightFormat::F32,
            rest: family.fresh_fields(),
        })
    }

    /// Checks that such a network can be built, and that the files of its family can describe it.
    ///
    /// # Errors
    /// [`ModelError::Architecture`] with the first field that is wrong.
    pub fn validate(&self) -> Result<(), ModelError> {
        self.architecture.validate()?;
        if !(self.initializer_range.is_finite() && self.initializer_range > 0.0) {
            let range = self.initializer_range;
            return Err(wrong(
                "initializer_range",
                format!("{range}, and it must be a positive number"),
            ));
        }
        let vocabulary = self.architecture.vocabulary;
        let start = self.start_of_text.iter().map(|token| (START, token));
        let tokens = start.chain(self.end_of_text.iter().map(|token| (END, token)));
        for (field, &token) in tokens {
            if token as usize >= vocabulary {
                let problem = format!("{token} is outside the vocabulary of {vocabulary}");
                return Err(wrong(field, problem));
            }
        }
        let mut fields = Map::new();
        let range = self.initializer_range;
        self.family.write(&self.architecture, range, &mut fields);
        let read = self.family.read(&mut Fields::new(fields))?.architecture;
        match differences(&self.architecture, &read).next() {
            None => Ok(()),
            Some((field, here, there)) => Err(wrong(
                field,
                format!(
                    "{here}, where the files of {} can only say {there}",
                    self.family.model_type()
                ),
            )),
        }
    }

    /// The first field in which `other` is another network, with both values as text. The tokens
    /// that start and end a text and the scale of the initial weights are not part of the network.
    pub(crate) fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let (here, there) = (self.family.model_type(), other.family.model_type());
        if here != there {
            return Some((MODEL_TYPE, here.to_owned(), there.to_owned()));
        }
        differences(&self.architecture, &other.architecture)
            .next()
            .map(|(field, here, there)| (self.family.field_name(field), here, there))
    }

    /// Name in Transformers, shape and values of what belongs to each parameter, themselves or their
    /// gradients, as Transformers' class has them.
    pub(crate) fn in_class(
        &self,
        parameters: &Parameters<Vec<f32>>,
    ) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let values: Vec<&[f32]> = parameters.iter().map(Vec::as_slice).collect();
        let tensors = self.family.stored_tensors(&self.architecture).into_iter();
        tensors
            .map(|tensor| {
                let parts: Vec<&[f32]> = tensor.parameters().map(|index| values[index]).collect();
                let merged = tensor.merge(&parts);
                (tensor.name_in_class, tensor.shape, merged)
            })
            .collect()
    }

    /// The text of `config.json`.
    pub(crate) fn to_json(&self) -> String {
        let mut fields = self.rest.clone();
        let range = self.initializer_range;
        self.family.write(&self.architecture, range, &mut fields);
        let mut put = |field: &str, value: Value| fields.insert(field.to_owned(), value);
        put(MODEL_TYPE, json!(self.family.model_type()));
        put(CLASSES, json!([self.family.class()]));
        put(START, json!(self.start_of_text));
        put(END, tokens_value(&self.end_of_text));
        put(DTYPE, json!(self.weight_format.name()));
        let text = serde_json::to_string_pretty(&Value::Object(fields));
        text.expect("fields that are JSON already") + "\n"
    }

    #[cfg(test)]
    pub(crate) fn from_json(text: &str, path: &Path) -> Result<Self, ModelError> {
        Ok(Self::read_json(text, path)?.0)
    }

    /// Reads the text of a `config.json`, and whether it says, rather than leaves to the family,
    /// that the head is the token embedding; `path` is for the messages.
    ///
    /// # Errors
    /// Text that is not JSON, fields that are missing, and what is not supported, by its name.
    pub(crate) fn read_json(text: &str, path: &Path) -> Result<(Self, bool), ModelError> {
        let fields = serde_json::from_str(text).map_err(|error| ModelError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        from_fields(Fields::new(fields)).map_err(|error| error.in_file(path))
    }

    /// The contents of `generation_config.json`: the model's own distribution. (Where this file says
    /// nothing, Transformers samples greedily, or from the 50 most probable tokens.)
    pub(crate) fn generation_json(&self) -> String {
        let value = json!({
            START: self.start_of_text,
            END: tokens_value(&self.end_of_text),
            "do_sample": true,
            "temperature": 1.0,
            "top_k": 0,
            "top_p": 1.0,
        });
        format!("{value:#}\n")
    }

    /// Adds what the text of a `generation_config.json` says: further tokens that end a text.
    ///
    /// # Errors
    /// Text that is not JSON, and tokens that the model does not have.
    pub(crate) fn read_generation(&mut self, text: &str, path: &Path) -> Result<(), ModelError> {
        let fields = serde_json::from_str(text).map_err(|error| ModelError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let tokens = match Fields::new(fields).take(END) {
            Some(value) => tokens(&value).map_err(|error| error.in_file(path))?,
            None => Vec::new(),
        };
        for token in tokens {
            if !self.end_of_text.contains(&token) {
                self.end_of_text.push(token);
            }
        }
        self.validate().map_err(|error| error.in_file(path))
    }
}

/// The configuration, and whether it says that the head is the token embedding.
fn from_fields(mut fields: Fields) -> Result<(ModelConfig, bool), ModelError> {
    let model_type = fields.text(MODEL_TYPE)?.ok_or_else(|| {
        let problem = format!("is missing; {}", Family::supported());
        wrong(MODEL_TYPE, problem)
    })?;
    let family = Family::named(&model_type)?;
    read_family(family, fields).map_err(|error| match error {
        ModelError::Architecture { field, problem } => wrong(family.field_name(field), problem),
        error => error,
    })
}

fn read_family(
    family: &'static Family,
    mut fields: Fields,
) -> Result<(ModelConfig, bool), ModelError> {
    if let Some(value) = fields.get(QUANTIZATION) {
        let method = value.get("quant_method").and_then(Value::as_str);
        return Err(wrong(
            QUANTIZATION,
            format!(
                "{}, and quantised weights are not supported; take the directory of the model \
                 before it was quantised, or save what Transformers' model.dequantize() returns",
                method.unwrap_or("quantised weights")
            ),
        ));
    }
    let reading = family.read(&mut fields)?;
    let architecture = reading.architecture;
    let vocabulary = architecture.vocabulary;
    let (start, end) = family.special_tokens();
    let known = |token: &u32| (*token as usize) < vocabulary;
    let start_of_text = match fields.take_or_null(START) {
        None => start.filter(known),
        Some(Value::Null) => None,
        Some(value) => Some(token(START, &value)?),
    };
    let end_of_text = match fields.take_or_null(END) {
        None => end.filter(known).into_iter().collect(),
        Some(Value::Null) => Vec::new(),
        Some(value) => tokens(&value)?,
    };
    let (new, old) = (fields.text(DTYPE)?, fields.text(OLD_DTYPE)?);
    let weight_format = match new.or(old) {
        None => WeightFormat::F32,
        Some(name) => WeightFormat::named(&name).ok_or_else(|| {
            let known = WeightFormat::ALL.map(WeightFormat::name).join(", ");
            wrong(
                DTYPE,
                format!("{name:?} is not supported; supported are {known}"),
            )
        })?,
    };
    fields.take(CLASSES);
    let config = ModelConfig {
        family,
        architecture,
        initializer_range: reading.initializer_range,
        start_of_text,
        end_of_text,
        weight_format,
        rest: fields.into_rest(),
    };
    config.validate()?;
    Ok((config, reading.says_tied))
}

/// One token or several, as `config.json` writes them.
fn tokens_value(tokens: &[u32]) -> Value {
    match tokens {
        [] => Value::Null,
        [token] => json!(token),
        several => json!(several),
    }
}

/// The tokens that end a text: one, or a list.
fn tokens(value: &Value) -> Result<Vec<u32>, ModelError> {
    match value {
        Value::Array(values) => values.iter().map(|value| token(END, value)).collect(),
        value => Ok(vec![token(END, value)?]),
    }
}

fn token(field: &'static str, value: &Value) -> Result<u32, ModelError> {
    let token = value.as_u64().and_then(|token| u32::try_from(token).ok());
    token.ok_or_else(|| {
        wrong(
            field,
            format!("{value}, and it must be the number of a token"),
        )
    })
}

fn wrong(field: &'static str, problem: String) -> ModelError {
    ModelError::Architecture { field, problem }
}

/// The fields in which two networks differ, with both values as text.
fn differences(
    one: &Architecture,
    other: &Architecture,
) -> impl Iterator<Item = (&'static str, String, String)> {
    let fields = facts(one).into_iter().zip(facts(other));
    fields
        .filter(|((_, here), (_, there))| here != there)
        .map(|((field, here), (_, there))| (field, here, there))
}

/// Everything that makes a network what it is, as text.
fn facts(architecture: &Architecture) -> Vec<(&'static str, String)> {
    let (attention, mlp) = (&architecture.attention, &architecture.mlp);
    let rotary = match &architecture.position_encoding {
        PositionEncoding::Learned { offset } => format!("learned, from row {offset} on"),
        PositionEncoding::Rotary(rotary) => format!("{rotary:?}"),
    };
    let mut sizes: Vec<String> = attention
        .windows
        .iter()
        .flatten()
        .map(usize::to_string)
        .collect();
    sizes.dedup();
    let kinds: Vec<&str> = attention
        .windows
        .iter()
        .map(|window| if window.is_some() { "local" } else { "global" })
        .collect();
    vec![
        ("vocabulary", architecture.vocabulary.to_string()),
        ("hidden", architecture.hidden.to_string()),
        ("layers", architecture.layers.to_string()),
        ("heads", attention.heads.to_string()),
        ("key_value_heads", attention.key_value_heads.to_string()),
        ("head_dimension", attention.head_dimension.to_string()),
        ("windows", sizes.join(", ")),
        ("attention_layers", kinds.join(", ")),
        ("intermediate", mlp.intermediate.to_string()),
        ("activation", format!("{:?}", mlp.activation)),
        ("gated", mlp.gated.to_string()),
        ("mlp_bias", mlp.bias.to_string()),
        ("positions", architecture.positions.to_string()),
        ("position_encoding", rotary),
        ("scale", attention.scale.to_string()),
        ("attention_bias", attention.input_bias.to_string()),
        ("output_bias", attention.output_bias.to_string()),
        ("query_key_norm", attention.query_key_norm.to_string()),
        ("norm", format!("{:?}", architecture.norm.kind)),
        ("epsilon", architecture.norm.epsilon.to_string()),
        ("residual", format!("{:?}", architecture.residual)),
        ("tied", architecture.tied.to_string()),
    ]
}
