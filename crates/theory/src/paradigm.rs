//! The paradigms of recursive training: which data each generation is trained on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Mixture, Shares};

/// How the training set of every generation after the first is put together.
///
/// Generation 1 is always trained on the initial corpus. Let N be the size of that corpus. The
/// paper's two paradigms are [`Replace`](Self::Replace) and
/// [`AccumulateSubsample`](Self::AccumulateSubsample).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", try_from = "Fields")]
pub enum Paradigm {
    /// Only the text that the previous generation produced; N tokens.
    Replace,
    /// N tokens drawn from a corpus that grows by `rate`·N generated tokens a generation.
    AccumulateSubsample {
        /// Tokens that each generation adds to the corpus, in multiples of N.
        rate: Rate,
    },
    /// The initial corpus and the text of all generations so far, all of it: nN tokens.
    Accumulate,
    /// Only text of the previous generation, as much of it as [`Accumulate`](Self::Accumulate)
    /// would train on: nN tokens.
    ReplaceGrown,
    /// The *same* real documents in every generation, the rest from the previous generation; N
    /// tokens.
    FixedShare {
        /// Part of the training set that is real.
        share: Share,
    },
    /// *New* real documents in every generation, the rest from the previous generation; N tokens.
    /// Real data is then not a finite set, so the theorem does not speak of this paradigm.
    FreshShare {
        /// Part of the training set that is real.
        share: Share,
    },
}

impl Paradigm {
    /// The names of all paradigms, as [`name`](Self::name) gives and [`named`](Self::named) takes
    /// them.
    pub const NAMES: [&'static str; 6] = [
        "replace",
        "accumulate-subsample",
        "accumulate",
        "replace-grown",
        "fixed-share",
        "fresh-share",
    ];

    /// The paradigm of that name, with the rate or the share that it needs.
    ///
    /// # Errors
    /// An unknown name, a parameter that is missing, out of range, or not one of the paradigm's.
    pub fn named(name: &str, rate: Option<f64>, share: Option<f64>) -> Result<Self, ParadigmError> {
        let missing = |paradigm, parameter| ParadigmError::Missing {
            paradigm,
            parameter,
        };
        let the_rate = |paradigm| Rate::new(rate.ok_or(missing(paradigm, "rate"))?);
        let the_share = |paradigm| Share::new(share.ok_or(missing(paradigm, "share"))?);
        let paradigm = match name {
            "replace" => Self::Replace,
            "accumulate-subsample" => Self::AccumulateSubsample {
                rate: the_rate("accumulate-subsample")?,
            },
            "accumulate" => Self::Accumulate,
            "replace-grown" => Self::ReplaceGrown,
            "fixed-share" => Self::FixedShare {
                share: the_share("fixed-share")?,
            },
            "fresh-share" => Self::FreshShare {
                share: the_share("fresh-share")?,
            },
            _ => return Err(ParadigmError::Unknown(name.to_owned())),
        };
        let (own_rate, own_share) = paradigm.parameters();
        for (given, own, parameter) in [(rate, own_rate, "rate"), (share, own_share, "share")] {
            if given.is_some() && own.is_none() {
                return Err(ParadigmError::Superfluous {
                    paradigm: paradigm.name(),
                    parameter,
                });
            }
        }
        Ok(paradigm)
    }

    /// The paradigm's name, without its parameter.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::AccumulateSubsample { .. } => "accumulate-subsample",
            Self::Accumulate => "accumulate",
            Self::ReplaceGrown => "replace-grown",
            Self::FixedShare { .. } => "fixed-share",
            Self::FreshShare { .. } => "fresh-share",
        }
    }

    /// The rate and the share, where the paradigm has one.
    pub fn parameters(&self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::AccumulateSubsample { rate } => (Some(rate.get()), None),
            Self::FixedShare { share } | Self::FreshShare { share } => (None, Some(share.get())),
            Self::Replace | Self::Accumulate | Self::ReplaceGrown => (None, None),
        }
    }

    /// The sources of generation n's training set, generations counted from 1, in compact form:
    /// every paradigm treats all generations before the latest alike.
    ///
    /// n = 0 stands for the initial corpus itself and, like generation 1, is all real.
    pub fn shares(&self, n: u32) -> Shares {
        if n < 2 {
            return Shares {
                real: 1.0,
                latest: 0.0,
                earlier: 0.0,
            };
        }
        let generated = f64::from(n - 1);
        match self {
            Self::Replace | Self::ReplaceGrown => Shares {
                real: 0.0,
                latest: 1.0,
                earlier: 0.0,
            },
            Self::AccumulateSubsample { rate } => {
                let each = rate.get() / (1.0 + generated * rate.get());
                Shares {
                    real: 1.0 / (1.0 + generated * rate.get()),
                    latest: each,
                    earlier: each,
                }
            }
            Self::Accumulate => Shares {
                real: 1.0 / f64::from(n),
                latest: 1.0 / f64::from(n),
                earlier: 1.0 / f64::from(n),
            },
            Self::FixedShare { share } | Self::FreshShare { share } => Shares {
                real: share.get(),
                latest: 1.0 - share.get(),
                earlier: 0.0,
            },
        }
    }

    /// The sources of generation n's training set, each with its weight (paper, sections 2.4 and
    /// 2.5): `q_n = m_{n,0} p + Σ_{k<n} m_{n,k} p̂_k`.
    pub fn mixture(&self, n: u32) -> Mixture {
        let shares = self.shares(n);
        let generated = n.saturating_sub(1) as usize;
        let mut generations = vec![shares.earlier; generated];
        if let Some(latest) = generations.last_mut() {
            *latest = shares.latest;
        }
        Mixture {
            real: shares.real,
            generations,
        }
    }

    /// Size of generation n's training set, in multiples of the initial corpus.
    pub fn volume(&self, n: u32) -> f64 {
        match self {
            Self::Accumulate | Self::ReplaceGrown => f64::from(n.max(1)),
            Self::Replace
            | Self::AccumulateSubsample { .. }
            | Self::FixedShare { .. }
            | Self::FreshShare { .. } => 1.0,
        }
    }

    /// Whether real data is a finite set under this paradigm, as the paper's theorem supposes.
    pub fn is_within_theorem(&self) -> bool {
        !matches!(self, Self::FreshShare { .. })
    }
}

/// `replace`, or `accumulate-subsample:0.1` with a parameter.
impl fmt::Display for Paradigm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, share) = self.parameters();
        match rate.or(share) {
            Some(parameter) => f.pad(&format!("{}:{parameter}", self.name())),
            None => f.pad(self.name()),
        }
    }
}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for Paradigm {
    type Err = ParadigmError;

    fn from_str(text: &str) -> Result<Self, ParadigmError> {
        let Some((name, parameter)) = text.split_once(':') else {
            return Self::named(text, None, None);
        };
        let value = parameter
            .trim()
            .parse()
            .map_err(|_| ParadigmError::NotANumber(parameter.to_owned()))?;
        match name {
            "fixed-share" | "fresh-share" => Self::named(name, None, Some(value)),
            _ => Self::named(name, Some(value), None),
        }
    }
}

/// The keys of a paradigm as they are written, before they are known to fit together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    kind: String,
    rate: Option<f64>,
    share: Option<f64>,
}

impl TryFrom<Fields> for Paradigm {
    type Error = ParadigmError;

    fn try_from(fields: Fields) -> Result<Self, ParadigmError> {
        Self::named(&fields.kind, fields.rate, fields.share)
    }
}

/// Generated tokens that a generation adds to the corpus, in multiples of the initial corpus:
/// finite and greater than 0.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Rate(f64);

impl Rate {
    /// The rate of that value.
    ///
    /// # Errors
    /// A value that is not finite or not greater than 0.
    pub fn new(value: f64) -> Result<Self, ParadigmError> {
        if value.is_finite() && value > 0.0 {
            Ok(Self(value))
        } else {
            Err(ParadigmError::Rate(value))
        }
    }

    /// The value.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// The part of a training set that is real: greater than 0 and less than 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Share(f64);

impl Share {
    /// The share of that value.
    ///
    /// # Errors
    /// A value outside the open interval (0, 1).
    pub fn new(value: f64) -> Result<Self, ParadigmError> {
        if value > 0.0 && value < 1.0 {
            Ok(Self(value))
        } else {
            Err(ParadigmError::Share(value))
        }
    }

    /// The value.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Why something is not a paradigm.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParadigmError {
    /// No paradigm has this name.
    #[error("unknown paradigm `{0}`: expected one of {names}", names = Paradigm::NAMES.join(", "))]
    Unknown(String),
    /// The paradigm cannot be without this parameter.
    #[error("the paradigm `{paradigm}` needs a {parameter}")]
    Missing {
        /// Its name.
        paradigm: &'static str,
        /// `rate` or `share`.
        parameter: &'static str,
    },
    /// The paradigm has no such parameter.
    #[error("the paradigm `{paradigm}` takes no {parameter}: leave it out")]
    Superfluous {
        /// Its name.
        paradigm: &'static str,
        /// `rate` or `share`.
        parameter: &'static str,
    },
    /// A rate that is not finite or not positive.
    #[error("the rate is {0}, but must be a finite number greater than 0")]
    Rate(f64),
    /// A share that does not lie between 0 and 1.
    #[error("the share is {0}, but must lie between 0 and 1, both excluded")]
    Share(f64),
    /// The parameter after the colon is not a number.
    #[error("`{0}` is not a number: write a paradigm as `accumulate-subsample:0.1`")]
    NotANumber(String),
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn rate(value: f64) -> Rate {
        Rate::new(value).unwrap()
    }

    pub(crate) fn share(value: f64) -> Share {
        Share::new(value).unwrap()
    }

    /// Rates spread evenly over the orders of magnitude from 1e-3 to 1e3.
    pub(crate) fn any_rate() -> impl Strategy<Value = Rate> {
        (-3.0..3.0).prop_map(|exponent| rate(10f64.powf(exponent)))
    }

    pub(crate) fn any_paradigm() -> impl Strategy<Value = Paradigm> {
        let any_share = || (0.001..0.999).prop_map(share);
        prop_oneof![
            Just(Paradigm::Replace),
            any_rate().prop_map(|rate| Paradigm::AccumulateSubsample { rate }),
            Just(Paradigm::Accumulate),
            Just(Paradigm::ReplaceGrown),
            any_share().prop_map(|share| Paradigm::FixedShare { share }),
            any_share().prop_map(|share| Paradigm::FreshShare { share }),
        ]
    }

    #[test]
    fn mixtures_of_the_table() {
        let mixture = |paradigm: Paradigm| {
            let mixture = paradigm.mixture(4);
            (mixture.real, mixture.generations)
        };
        assert_eq!(mixture(Paradigm::Replace), (0.0, vec![0.0, 0.0, 1.0]));
        assert_eq!(mixture(Paradigm::ReplaceGrown), (0.0, vec![0.0, 0.0, 1.0]));
        assert_eq!(mixture(Paradigm::Accumulate), (0.25, vec![0.25; 3]));
        assert_eq!(
            mixture(Paradigm::AccumulateSubsample { rate: rate(0.5) }),
            (0.4, vec![0.2; 3])
        );
        assert_eq!(
            mixture(Paradigm::FixedShare { share: share(0.25) }),
            (0.25, vec![0.0, 0.0, 0.75])
        );
    }

    #[test]
    fn volumes() {
        assert_eq!(Paradigm::Replace.volume(7), 1.0);
        assert_eq!(Paradigm::Accumulate.volume(7), 7.0);
        assert_eq!(Paradigm::ReplaceGrown.volume(7), 7.0);
        assert_eq!(Paradigm::Accumulate.volume(1), 1.0);
    }

    #[test]
    fn only_fresh_data_is_outside_the_theorem() {
        assert!(!Paradigm::FreshShare { share: share(0.1) }.is_within_theorem());
        assert!(Paradigm::FixedShare { share: share(0.1) }.is_within_theorem());
    }

    #[test]
    fn bad_parameters_are_named() {
        let error = |text: &str| text.parse::<Paradigm>().unwrap_err();
        assert_eq!(error("replce"), ParadigmError::Unknown("replce".into()));
        assert!(matches!(
            error("accumulate-subsample:NaN"),
            ParadigmError::Rate(_)
        ));
        assert_eq!(error("accumulate-subsample:0"), ParadigmError::Rate(0.0));
        assert_eq!(
            error("accumulate-subsample:inf"),
            ParadigmError::Rate(f64::INFINITY)
        );
        assert_eq!(error("fixed-share:1"), ParadigmError::Share(1.0));
        assert_eq!(error("fresh-share:0"), ParadigmError::Share(0.0));
        assert_eq!(
            error("fixed-share"),
            ParadigmError::Missing {
                paradigm: "fixed-share",
                parameter: "share"
            }
        );
        assert_eq!(
            error("replace:0.5"),
            ParadigmError::Superfluous {
                paradigm: "replace",
                parameter: "rate"
            }
        );
        assert_eq!(
            error("fixed-share:half"),
            ParadigmError::NotANumber("half".into())
        );
    }

    #[test]
    fn every_name_is_known() {
        for name in Paradigm::NAMES {
            let paradigm = ["", ":0.5"]
                .iter()
                .find_map(|parameter| format!("{name}{parameter}").parse::<Paradigm>().ok())
                .unwrap();
            assert_eq!(paradigm.name(), name);
        }
    }

    #[test]
    fn keys_of_an_experiment_file() {
        let read = |text: &str| toml::from_str::<Paradigm>(text);
        assert_eq!(
            read("kind = 'accumulate-subsample'\nrate = 1").unwrap(),
            Paradigm::AccumulateSubsample { rate: rate(1.0) }
        );
        assert_eq!(read("kind = 'replace'").unwrap(), Paradigm::Replace);
        for (text, complaint) in [
            ("kind = 'replace'\nrate = 0.5", "takes no rate"),
            ("kind = 'fixed-share'\nshare = 1.5", "between 0 and 1"),
            ("kind = 'fixed-share'", "needs a share"),
            ("kind = 'replace'\nsahre = 1.5", "unknown field `sahre`"),
            ("kind = 'Replace'", "unknown paradigm `Replace`"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(complaint), "{message}");
        }
    }

    proptest! {
        #[test]
        fn experiment_file_round_trip(paradigm in any_paradigm()) {
            let text = toml::to_string(&paradigm).unwrap();
            let kind = format!("kind = \"{}\"", paradigm.name());
            prop_assert!(text.starts_with(&kind), "{}", text);
            prop_assert_eq!(toml::from_str::<Paradigm>(&text).unwrap(), paradigm);
        }

        #[test]
        fn weights_sum_to_one(paradigm in any_paradigm(), n in 1u32..500) {
            let mixture = paradigm.mixture(n);
            prop_assert_eq!(mixture.generations.len(), n as usize - 1);
            let sum = mixture.real + mixture.generations.iter().sum::<f64>();
            prop_assert!((sum - 1.0).abs() < 1e-12, "sum {}", sum);
        }

        #[test]
        fn text_round_trip(paradigm in any_paradigm()) {
            prop_assert_eq!(paradigm.to_string().parse::<Paradigm>().unwrap(), paradigm);
        }
    }
}
