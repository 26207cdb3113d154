//! How a model is trained: batch, optimizer, learning rate.

use serde::{Deserialize, Serialize};

use crate::ModelError;

/// The settings of AdamW training. The default values are those of the paper's runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSettings {
    /// Sequences whose mean gradient makes one optimizer step.
    pub sequences_per_step: usize,
    /// Tokens that are computed at a time. Affects speed and memory, and results only by rounding.
    pub micro_batch_tokens: usize,
    /// Most tokens of a training sequence: what a token is conditioned on at most.
    pub context: usize,
    /// The learning rate, after the warm-up.
    pub learning_rate: f64,
    /// How the learning rate goes on after the warm-up.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises in equal parts to `learning_rate`.
    pub warmup_steps: u64,
    /// Decay of the mean of the gradients, β₁.
    pub beta1: f64,
    /// Decay of the mean of their squares, β₂.
    pub beta2: f64,
    /// What is added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay of matrices; biases and layer normalisations do not decay.
    pub weight_decay: f64,
    /// Gradients of a greater Euclidean norm are scaled down to this one; `inf` leaves them alone.
    pub clip_norm: f64,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            sequences_per_step: 320,
            micro_batch_tokens: 1024,
            context: 512,
            learning_rate: 5e-4,
            schedule: Schedule::Constant,
            warmup_steps: 0,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            weight_decay: 0.1,
            clip_norm: 1.0,
        }
    }
}

/// The learning rate after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Stays as it is.
    Constant,
    /// Falls to zero along half a cosine wave.
    Cosine,
}

impl TrainingSettings {
    /// Checks that a model with `positions` positions can be trained in this way.
    ///
    /// # Errors
    /// [`ModelError::Training`] with the first setting that cannot be.
    pub fn validate(&self, positions: usize) -> Result<(), ModelError> {
        let wrong = |setting, problem| Err(ModelError::Training { setting, problem });
        for (setting, value) in [
            ("sequences_per_step", self.sequences_per_step),
            ("micro_batch_tokens", self.micro_batch_tokens),
            ("context", self.context),
        ] {
            if value == 0 {
                return wrong(setting, "0, and it must be at least 1".to_owned());
            }
        }
        if self.context > positions {
            return wrong(
                "context",
                format!(
                    "{}, and the model has only {positions} positions",
                    self.context
                ),
            );
        }
        for (setting, value) in [
            ("learning_rate", self.learning_rate),
            ("epsilon", self.epsilon),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return wrong(
                    setting,
                    format!("{value}, and it must be a positive number"),
                );
            }
        }
        for (setting, value) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&value) {
                return wrong(
                    setting,
                    format!("{value}, and it must be at least 0 and below 1"),
                );
            }
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return wrong(
                "weight_decay",
                format!("{}, and it must be zero or positive", self.weight_decay),
            );
        }
        if self.clip_norm.is_nan() || self.clip_norm <= 0.0 {
            return wrong(
                "clip_norm",
                format!("{}, and it must be positive (inf for none)", self.clip_norm),
            );
        }
        Ok(())
    }

    /// The learning rate of `step`, counted from 1, of a training of `total` steps.
    pub fn learning_rate_at(&self, step: u64, total: u64) -> f64 {
        if step <= self.warmup_steps {
            return self.learning_rate * step as f64 / self.warmup_steps as f64;
        }
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Cosine => {
                let done = step - self.warmup_steps - 1;
                let all = total.saturating_sub(self.warmup_steps).max(1);
                let progress = (done as f64 / all as f64).min(1.0);
                self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_and_cosine() {
        let settings = TrainingSettings {
            learning_rate: 1.0,
            warmup_steps: 4,
            schedule: Schedule::Cosine,
            ..TrainingSettings::default()
        };
        let rates: Vec<f64> = (1..=14).map(|s| settings.learning_rate_at(s, 14)).collect();
        assert_eq!(rates[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert!((rates[9] - 0.5).abs() < 1e-12, "half way: {}", rates[9]);
        assert!(rates[4..].windows(2).all(|pair| pair[1] < pair[0]));
        assert!(rates[13] > 0.0);
        let constant = TrainingSettings::default();
        assert!((1..9).all(|step| constant.learning_rate_at(step, 8) == 5e-4));
    }

    #[test]
    fn settings_that_cannot_be_are_refused_by_name() {
        type Change = fn(&mut TrainingSettings);
        let cases: [(&str, Change); 10] = [
            ("sequences_per_step", |s| s.sequences_per_step = 0),
            ("micro_batch_tokens", |s| s.micro_batch_tokens = 0),
            ("context", |s| s.context = 0),
            ("context", |s| s.context = 2049),
            ("learning_rate", |s| s.learning_rate = -1e-3),
            ("learning_rate", |s| s.learning_rate = f64::NAN),
            ("beta1", |s| s.beta1 = 1.0),
            ("beta2", |s| s.beta2 = -0.1),
            ("weight_decay", |s| s.weight_decay = f64::INFINITY),
            ("clip_norm", |s| s.clip_norm = 0.0),
        ];
        assert!(TrainingSettings::default().validate(2048).is_ok());
        for (setting, change) in cases {
            let mut settings = TrainingSettings::default();
            change(&mut settings);
            let error = settings.validate(2048).unwrap_err().to_string();
            assert!(error.contains(setting), "{setting}: {error}");
        }
    }
}
