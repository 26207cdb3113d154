//! Rotary positions in a `config.json`, as today's and as earlier versions of Transformers write
//! them: `rope_parameters` holds everything, or the base stands beside a `rope_scaling`.

use serde_json::{Map, Value, json};

use super::fields::{Fields, number, whole, wrong};
use crate::ModelError;
use crate::architecture::{Rotary, RotaryScaling};

const PARAMETERS: &str = "rope_parameters";
const SCALING: &str = "rope_scaling";

/// What a family calls its rotary positions outside `rope_parameters`.
pub(super) struct RotaryFields {
    /// The base.
    pub(super) base: &'static str,
    /// The share of a head's channels that is rotated, in families that can rotate fewer than all.
    pub(super) share: Option<&'static str>,
}

impl RotaryFields {
    /// Changes `rotary` to what the file says.
    pub(super) fn read(
        &self,
        fields: &mut Fields,
        head_dimension: usize,
        rotary: &mut Rotary,
    ) -> Result<(), ModelError> {
        let new = Group::take(fields, PARAMETERS)?;
        let old = Group::take(fields, SCALING)?;
        let beside = fields.number(self.base)?;
        let base = agreed(self.base, agreed(self.base, new.base, old.base)?, beside)?;
        rotary.base = base.unwrap_or(rotary.base);
        if let Some(scaling) = agreed(SCALING, new.scaling, old.scaling)? {
            rotary.scaling = scaling;
        }
        let name = self.share.unwrap_or("partial_rotary_factor");
        let beside = fields.number(name)?;
        let share = agreed(name, agreed(name, new.share, old.share)?, beside)?;
        let Some(share) = share else {
            return Ok(());
        };
        if !(share > 0.0 && share <= 1.0) {
            return Err(wrong(
                name,
                format!("{share}, and it must be above 0 and at most 1"),
            ));
        }
        if self.share.is_none() && share != 1.0 {
            return Err(wrong(
                name,
                format!("{share}, and only 1 is supported for this family"),
            ));
        }
        rotary.dimension = rotated(head_dimension, share);
        Ok(())
    }

    /// Writes both forms, so that every version of Transformers reads the network that it is.
    pub(super) fn write(
        &self,
        rotary: &Rotary,
        head_dimension: usize,
        fields: &mut Map<String, Value>,
    ) {
        let mut group = Map::new();
        match rotary.scaling {
            RotaryScaling::Default => {
                group.insert("rope_type".to_owned(), "default".into());
            }
            RotaryScaling::Llama3 {
                factor,
                low_frequency_factor,
                high_frequency_factor,
                original_positions,
            } => {
                group.insert("rope_type".to_owned(), "llama3".into());
                group.insert("factor".to_owned(), json!(factor));
                group.insert("low_freq_factor".to_owned(), json!(low_frequency_factor));
                group.insert("high_freq_factor".to_owned(), json!(high_frequency_factor));
                group.insert(
                    "original_max_position_embeddings".to_owned(),
                    json!(original_positions),
                );
                fields.insert(SCALING.to_owned(), Value::Object(group.clone()));
            }
        }
        group.insert("rope_theta".to_owned(), json!(rotary.base));
        fields.insert(self.base.to_owned(), json!(rotary.base));
        if let Some(name) = self.share {
            let share = share(head_dimension, rotary.dimension);
            group.insert("partial_rotary_factor".to_owned(), json!(share));
            fields.insert(name.to_owned(), json!(share));
        }
        fields.insert(PARAMETERS.to_owned(), Value::Object(group));
    }
}

/// The channels of a head that a share of them means in Transformers.
fn rotated(head_dimension: usize, share: f64) -> usize {
    (head_dimension as f64 * share) as usize
}

/// A share that means `dimension` channels.
fn share(head_dimension: usize, dimension: usize) -> f64 {
    let share = dimension as f64 / head_dimension as f64;
    // The product may round to just below the whole number.
    if rotated(head_dimension, share) < dimension {
        share.next_up()
    } else {
        share
    }
}

/// What one of the two groups of fields says.
#[derive(Default)]
struct Group {
    base: Option<f64>,
    share: Option<f64>,
    scaling: Option<RotaryScaling>,
}

impl Group {
    fn take(fields: &mut Fields, field: &'static str) -> Result<Self, ModelError> {
        let mut group = match fields.take(field) {
            None => return Ok(Self::default()),
            Some(Value::Object(group)) => group,
            Some(value) => {
                let problem = format!("{value}, and it must be a group of fields");
                return Err(wrong(field, problem));
            }
        };
        // Files of two versions in one may have both names.
        let (new, old) = (group.remove("rope_type"), group.remove("type"));
        let kind = new.or(old).unwrap_or_else(|| "default".into());
        let needed = |name: &str, group: &mut Map<String, Value>| {
            group
                .remove(name)
                .ok_or_else(|| wrong(field, format!("{name} is missing")))
        };
        let scaling = match kind.as_str() {
            Some("default") => {
                group.remove("factor");
                RotaryScaling::Default
            }
            Some("llama3") => RotaryScaling::Llama3 {
                factor: number(field, &needed("factor", &mut group)?)?,
                low_frequency_factor: number(field, &needed("low_freq_factor", &mut group)?)?,
                high_frequency_factor: number(field, &needed("high_freq_factor", &mut group)?)?,
                original_positions: whole(
                    field,
                    &needed("original_max_position_embeddings", &mut group)?,
                )?,
            },
            _ => {
                return Err(wrong(
                    field,
                    format!(
                        "scaling of type {kind}, and only \"default\" and \"llama3\" are \
                         supported; if no text is longer than the contexts of the first training, \
                         remove the scaling from config.json and set max_position_embeddings to \
                         their length"
                    ),
                ));
            }
        };
        let base = group.remove("rope_theta");
        let share = group.remove("partial_rotary_factor");
        group.remove("original_max_position_embeddings");
        if let Some(name) = group.keys().next() {
            return Err(wrong(
                field,
                format!("{name} is not a field of {kind} that is supported"),
            ));
        }
        let optional = |value: Option<Value>| match value {
            None | Some(Value::Null) => Ok(None),
            Some(value) => number(field, &value).map(Some),
        };
        Ok(Self {
            base: optional(base)?,
            share: optional(share)?,
            scaling: Some(scaling),
        })
    }
}

/// The value that is given once or twice, and then twice the same.
fn agreed<T: PartialEq>(
    field: &'static str,
    one: Option<T>,
    other: Option<T>,
) -> Result<Option<T>, ModelError> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(wrong(
            field,
            format!("contradicts {PARAMETERS} or {SCALING}; keep one of them in config.json"),
        )),
        (one, other) => Ok(one.or(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_of_a_head_is_read_as_the_channels_that_were_written() {
        for head in 1..400 {
            for dimension in 1..=head {
                assert_eq!(rotated(head, share(head, dimension)), dimension);
            }
        }
    }
}
