//! `timing.json`: how long the stages of a generation took.

use serde::{Deserialize, Serialize};

use crate::{ByStage, Stage};

/// Version of `timing.json`.
pub const TIMING_VERSION: u32 = 2;

/// How long a generation took. Different in every run, and therefore in a file of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Record")]
pub struct Timing {
    /// [`TIMING_VERSION`].
    pub version: u32,
    /// Number of the generation, from 1.
    pub generation: u32,
    /// Its stages, in the order in which they were run.
    pub stages: ByStage<StageTiming>,
}

/// How long a stage took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageTiming {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Tokens that it dealt with.
    pub tokens: u64,
}

impl Timing {
    /// Of generation `generation`, before its first stage.
    pub fn new(generation: u32) -> Self {
        Self {
            version: TIMING_VERSION,
            generation,
            stages: ByStage::default(),
        }
    }

    /// Wall-clock seconds of all stages together.
    pub fn seconds(&self) -> f64 {
        self.stages.values().map(|stage| stage.seconds).sum()
    }
}

impl StageTiming {
    /// Tokens a second; 0 where no time passed.
    pub fn tokens_per_second(&self) -> f64 {
        if self.seconds > 0.0 {
            self.tokens as f64 / self.seconds
        } else {
            0.0
        }
    }
}

/// A file of either version. The first had no version, and three stages as fields of the generation.
#[derive(Deserialize)]
struct Record {
    version: Option<u32>,
    generation: u32,
    stages: Option<ByStage<StageTiming>>,
    train: Option<StageTiming>,
    generate: Option<StageTiming>,
    measure: Option<StageTiming>,
}

impl TryFrom<Record> for Timing {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
        let stages = match record.version {
            None => [
                (Stage::TRAIN, record.train),
                (Stage::GENERATE, record.generate),
                (Stage::MEASURE, record.measure),
            ]
            .into_iter()
            .map(|(stage, timing)| Some((stage, timing?)))
            .collect::<Option<_>>()
            .ok_or("it has neither a version nor the stages of the first version")?,
            Some(TIMING_VERSION) => record.stages.ok_or("it has no stages")?,
            Some(version) => {
                return Err(format!(
                    "it has version {version}; this version of autophage reads up to version \
                     {TIMING_VERSION}"
                ));
            }
        };
        Ok(Self {
            version: TIMING_VERSION,
            generation: record.generation,
            stages,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Timing, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_gives_back_what_was_written() {
        let mut timing = Timing::new(3);
        for (stage, seconds) in [(Stage::TRAIN, 1.5), (Stage::CURATE, 0.25)] {
            let tokens = 10;
            *timing.stages.entry(stage) = StageTiming { seconds, tokens };
        }
        let json = serde_json::to_string(&timing).unwrap();
        assert_eq!(
            json,
            "{\"version\":2,\"generation\":3,\"stages\":{\"train\":{\"seconds\":1.5,\"tokens\":10},\
             \"curate\":{\"seconds\":0.25,\"tokens\":10}}}"
        );
        assert_eq!(read(&json).unwrap(), timing);
        assert_eq!(timing.seconds(), 1.75);
        assert_eq!(timing.stages.get("train").unwrap().tokens, 10);
    }

    #[test]
    fn files_of_the_first_version_are_read() {
        let old = r#"{"generation":2,"train":{"seconds":4.0,"tokens":20},
            "generate":{"seconds":2.0,"tokens":30},"measure":{"seconds":1.0,"tokens":0}}"#;
        let timing = read(old).unwrap();
        assert_eq!(timing.generation, 2);
        let names: Vec<&str> = timing.stages.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["train", "generate", "measure"]);
        assert_eq!(timing.stages.get("train").unwrap().tokens_per_second(), 5.0);
        assert_eq!(timing.seconds(), 7.0);
    }

    #[test]
    fn what_is_neither_is_refused() {
        let incomplete = r#"{"generation":2,"train":{"seconds":4.0,"tokens":20}}"#;
        assert!(read(incomplete).unwrap_err().contains("neither"));
        let later = r#"{"version":3,"generation":2,"stages":{}}"#;
        assert!(read(later).unwrap_err().contains("version 3"));
        let without = r#"{"version":2,"generation":2}"#;
        assert!(read(without).unwrap_err().contains("no stages"));
    }
}
