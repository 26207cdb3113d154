//! Reading the fields of a `config.json` one by one, each error with the field's name.

use serde_json::{Map, Value};

use crate::ModelError;

/// The fields of a `config.json`. What is taken is gone; what is left at the end are the fields
/// that say nothing about the network, and they are kept.
///
/// A field that is `null` counts as one that is not there, unless a function says otherwise.
pub(crate) struct Fields(Map<String, Value>);

/// A size that may be left out of `config.json`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionalSize {
    /// Name of the field.
    pub(crate) name: &'static str,
    /// What Transformers takes where the field is not there; `None`, as for a field that is
    /// `null`, where it is derived from other sizes.
    pub(crate) absent: Option<usize>,
}

impl Fields {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// The fields that nobody has taken.
    pub(crate) fn into_rest(self) -> Map<String, Value> {
        self.0
    }

    /// The value of a field, which stays where it is.
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// The value of a field, whatever its type.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    /// The value of a field that may be `null`, in contrast to one that is not there.
    pub(crate) fn take_or_null(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field)
    }

    /// A number of things that must be there.
    pub(crate) fn size(&mut self, field: &'static str) -> Result<usize, ModelError> {
        match self.take(field) {
            Some(value) => whole(field, &value),
            None => Err(wrong(
                field,
                "is missing; the network cannot be built without it",
            )),
        }
    }

    /// A number of things that may be left out.
    pub(crate) fn optional_size(
        &mut self,
        field: &OptionalSize,
    ) -> Result<Option<usize>, ModelError> {
        match self.take_or_null(field.name) {
            None => Ok(field.absent),
            Some(Value::Null) => Ok(None),
            Some(value) => whole(field.name, &value).map(Some),
        }
    }

    pub(crate) fn number(&mut self, field: &'static str) -> Result<Option<f64>, ModelError> {
        let value = self.take(field);
        value.map(|value| number(field, &value)).transpose()
    }

    pub(crate) fn flag(&mut self, field: &'static str) -> Result<Option<bool>, ModelError> {
        let value = self.take(field);
        value.map(|value| flag(field, &value)).transpose()
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<Option<String>, ModelError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value) => Err(wrong(field, format!("{value}, and it must be a text"))),
        }
    }

    /// Refuses a field that has another value than the only one that is supported. It is not
    /// taken.
    pub(crate) fn only(
        &self,
        field: &'static str,
        supported: bool,
        way_out: &str,
    ) -> Result<(), ModelError> {
        match self.get(field) {
            Some(value) if flag(field, value)? != supported => Err(wrong(
                field,
                format!("{value}, and only {supported} is supported: {way_out}"),
            )),
            _ => Ok(()),
        }
    }
}

/// The error of a field.
pub(crate) fn wrong(field: &'static str, problem: impl Into<String>) -> ModelError {
    ModelError::Architecture {
        field,
        problem: problem.into(),
    }
}

/// The value of `field` as a number of things.
pub(crate) fn whole(field: &'static str, value: &Value) -> Result<usize, ModelError> {
    let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| wrong(field, format!("{value}, and it must be a whole number")))
}

/// The value of `field` as a number.
pub(crate) fn number(field: &'static str, value: &Value) -> Result<f64, ModelError> {
    value
        .as_f64()
        .ok_or_else(|| wrong(field, format!("{value}, and it must be a number")))
}

fn flag(field: &'static str, value: &Value) -> Result<bool, ModelError> {
    value
        .as_bool()
        .ok_or_else(|| wrong(field, format!("{value}, and it must be true or false")))
}

/// The shortest decimal number that becomes `value` again: 0.00001 and not 0.000009999999747.
pub(crate) fn shortest(value: f32) -> f64 {
    let text = value.to_string();
    text.parse().unwrap_or(f64::from(value))
}
