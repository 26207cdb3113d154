//! One figure against its law.

use serde::Serialize;

/// A check fails beyond so many standard errors: an honest one does so once in 16,000 times.
pub const Z_LIMIT: f64 = 4.0;

/// What sums of numbers around 1 may be off by.
const ROUNDING: f64 = 1e-12;

/// What was measured, what the law says, and how far they are apart.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What is checked.
    pub name: String,
    /// The law or closed form.
    pub law: &'static str,
    /// The mean over replicates.
    pub measured: f64,
    /// What the law says.
    pub expected: f64,
    /// Standard error of `measured`; for closed forms the tolerance of rounding.
    pub standard_error: f64,
    /// `(measured − expected) / standard_error`.
    pub z: f64,
}

impl Check {
    /// The mean of `samples`, one a replicate, against its law.
    pub(super) fn mean(name: String, law: &'static str, samples: &[f64], expected: f64) -> Self {
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self::with_error(name, law, mean, expected, (variance / count).sqrt())
    }

    /// A figure that is exact up to `tolerance`.
    pub(super) fn with_error(
        name: String,
        law: &'static str,
        measured: f64,
        expected: f64,
        standard_error: f64,
    ) -> Self {
        // A statistic that hardly varies is allowed the rounding of double precision.
        let z = (measured - expected) / standard_error.max(ROUNDING);
        Self {
            name,
            law,
            measured,
            expected,
            standard_error,
            z,
        }
    }

    /// Whether it is within [`Z_LIMIT`]. What is not a number is not.
    pub fn passes(&self) -> bool {
        self.z.abs() <= Z_LIMIT
    }
}
