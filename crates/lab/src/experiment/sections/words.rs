//! TOML has no null: what is absent has a word.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn write<T: Serialize, S: Serializer>(
    word: &str,
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_str(word),
    }
}

fn read<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    word: &str,
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) if text == word => Ok(None),
        value => T::deserialize(value).map(Some).map_err(|error| {
            let message = error.message();
            D::Error::custom(format!("{message}; {word:?} is possible too"))
        }),
    }
}

macro_rules! word_for_none {
    ($($module:ident = $word:literal),*) => {$(
        pub(super) mod $module {
            use serde::de::DeserializeOwned;
            use serde::{Deserializer, Serialize, Serializer};

            pub(in super::super) fn serialize<T: Serialize, S: Serializer>(
                value: &Option<T>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                super::write($word, value, serializer)
            }

            pub(in super::super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<T>, D::Error> {
                super::read($word, deserializer)
            }
        }
    )*};
}

word_for_none!(
    or_all = "all",
    or_auto = "auto",
    or_none = "none",
    or_off = "off",
    or_paradigm = "paradigm"
);
