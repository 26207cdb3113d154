//! A value for every stage of some work, in the order of the stages.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Stage;

/// A value for every stage of some work, by the name of the stage and in the order in which the
/// stages were run. In JSON an object in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByStage<T>(Vec<(Cow<'static, str>, T)>);

impl<T> ByStage<T> {
    /// The value of `stage`, which comes last, with the default value, if it had none.
    pub fn entry(&mut self, stage: Stage) -> &mut T
    where
        T: Default,
    {
        let known = self.0.iter().position(|(name, _)| name == stage.name());
        let place = known.unwrap_or_else(|| {
            self.0.push((Cow::Borrowed(stage.name()), T::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// The value of the stage of this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The names of the stages with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The values alone.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl<T> Default for ByStage<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> FromIterator<(Stage, T)> for ByStage<T> {
    fn from_iter<I: IntoIterator<Item = (Stage, T)>>(values: I) -> Self {
        let mut all = Self::default();
        for (stage, value) in values {
            *all.entry(stage) = value;
        }
        all
    }
}

impl<T: Serialize> Serialize for ByStage<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByStage<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// Reads a map and keeps its order.
struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = ByStage<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the name of every stage")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByStage<T>, A::Error> {
        let mut all: ByStage<T> = ByStage::default();
        while let Some(name) = map.next_key::<String>()? {
            if all.get(&name).is_some() {
                return Err(A::Error::custom(format_args!(
                    "the stage `{name}` is there twice"
                )));
            }
            let value = map.next_value()?;
            all.0.push((Cow::Owned(name), value));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_stages_survives_a_file() {
        let audit = Stage::new("audit", "documents");
        let stages = [Stage::TRAIN, audit, Stage::GENERATE, Stage::CURATE];
        let values: ByStage<u64> = stages.into_iter().zip(1..).collect();
        let json = serde_json::to_string(&values).unwrap();
        assert_eq!(json, r#"{"train":1,"audit":2,"generate":3,"curate":4}"#);
        let read: ByStage<u64> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, values);
        assert_eq!(read.get("audit"), Some(&2));
        assert_eq!(read.get("measure"), None);
    }

    #[test]
    fn a_stage_has_one_value() {
        let mut values = ByStage::default();
        for (stage, value) in [(Stage::TRAIN, 1), (Stage::MEASURE, 2), (Stage::TRAIN, 3)] {
            *values.entry(stage) += value;
        }
        assert!(values.iter().eq([("train", &4), ("measure", &2)]));
        let twice = serde_json::from_str::<ByStage<u64>>(r#"{"train":1,"train":2}"#);
        assert!(twice.unwrap_err().to_string().contains("`train`"));
    }
}
