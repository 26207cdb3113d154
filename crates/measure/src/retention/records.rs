//! What is recorded of the error terms of a model.

use autophage_theory::Interval;
use serde::{Deserialize, Serialize};

/// Error terms after one context, over the whole vocabulary.
///
/// An error term is the b of `p̂(v) = (q(v) + a(v)) / (1 + b)`, the smallest with all `a(v) ≥ 0`; `null`
/// stands for a b that is infinite, because p̂ excludes what q does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContextErrors {
    /// Tokens of the context.
    pub context: Vec<u32>,
    /// Occurrences before a token in the initial corpus: what p is counted from.
    pub initial_count: u64,
    /// Occurrences before a token in the actual training set: what q̂ is counted from.
    pub training_count: u64,
    /// b of the model p̂ against the ideal q that it should have learned. No interval: for
    /// the theorem, p is the initial corpus itself and not an estimate of something else.
    #[serde(with = "crate::serialize::infinite")]
    pub total_error: f64,
    /// The token that decides it: the greatest q(v)/p̂(v), so that a(v) = 0.
    pub total_error_token: u32,
    /// The tokens with the greatest a(v): where the mass comes to that the model adds.
    pub largest_added: Vec<AddedMass>,
    /// b of the counted distribution q̂ against q. `null` where the context is not in the training
    /// set, or q gives anything to a token that q̂ lacks, as the output of a network always does, so
    /// that no finite term exists: see `unseen_mass`, and the one-event resolution.
    pub sampling_error: Option<f64>,
    /// What q gives to the tokens that never follow the context in the training set.
    pub unseen_mass: Option<f64>,
    /// b of p̂ against q̂. `null` where the context is not in the training set, or p̂ excludes what
    /// q̂ has.
    pub learning_error: Option<f64>,
    /// What `learning_error` would be if the token that decides it had a frequency at either end of
    /// the 95 % Wilson interval around its count, at least 0. For this one token, which is the one with
    /// the greatest ratio of many: where counts are small, even a model without error has a lower end
    /// above 0.
    pub learning_error_interval_95: Option<Interval>,
    /// w: the share of p in p̂ that follows from its share in q and from b.
    pub retention: f64,
    /// w* = min p̂(v)/p(v): the largest w with p̂ ≥ w·p everywhere. Never below `retention`
    /// but for rounding.
    pub direct_retention: f64,
    /// H(p) = −Σ p ln p: the cross-entropy that no model can be below on the initial corpus.
    pub initial_entropy_nats: f64,
    /// H(p, p̂) = −Σ p ln p̂.
    #[serde(with = "crate::serialize::infinite")]
    pub cross_entropy_nats: f64,
    /// H(p) − ln w: the theorem's upper bound of the cross-entropy.
    #[serde(with = "crate::serialize::infinite")]
    pub cross_entropy_bound_nats: f64,
}

/// Mass that the model wrongly adds to a token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddedMass {
    /// The token v.
    pub token: u32,
    /// a(v), in units in which the mixture's mass is 1.
    pub mass: f64,
}

/// Error terms of one event: a token after a context, against any other token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventErrors {
    /// Tokens of the context.
    pub context: Vec<u32>,
    /// The token.
    pub token: u32,
    /// Its probability p in the initial corpus.
    pub initial_probability: f64,
    /// Its probability q in the ideal.
    pub ideal_probability: f64,
    /// Its frequency q̂ in the actual training set; `null` if the context is not in it.
    pub training_probability: Option<f64>,
    /// 95 % Wilson interval around q̂. If the training set is a sample of q, it holds
    /// `ideal_probability` in 19 of 20 cases.
    pub training_interval_95: Option<Interval>,
    /// Its probability p̂ in the model.
    pub model_probability: f64,
    /// p̂ against q.
    pub total: EventTerm,
    /// q̂ against q.
    pub sampling: Option<EventTerm>,
    /// p̂ against q̂.
    pub learning: Option<EventTerm>,
    /// What b of `learning` can be for a q̂ anywhere in its interval. If it holds 0, counts of this
    /// size cannot tell the model from a perfect one. `null` if the context is not in the training set
    /// or the upper end is infinite.
    pub learning_error_interval_95: Option<Interval>,
    /// w of the event.
    pub retention: f64,
    /// w* of the event.
    pub direct_retention: f64,
}

/// An error term over two categories.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventTerm {
    /// b.
    #[serde(with = "crate::serialize::infinite")]
    pub error: f64,
    /// a of the event: mass wrongly added to it. 0 or b.
    #[serde(with = "crate::serialize::infinite")]
    pub added_to_event: f64,
    /// a of all other tokens together. b or 0.
    #[serde(with = "crate::serialize::infinite")]
    pub added_to_others: f64,
}
