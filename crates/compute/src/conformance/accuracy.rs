//! How close to the reference a backend has to be.

/// How precise a backend is, which decides how close to the reference it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accuracy {
    /// Operands and sums in 32 bits, in any order of summation.
    F32,
    /// The operands of matrix products (linear layers, the head, and what attention multiplies) are
    /// rounded to bf16. Everything else, and products that are asked to be
    /// [exact](crate::operation::LinearShape::exact), is as in [`F32`](Self::F32).
    Bf16,
}

/// How two lists of numbers are held against each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tolerance {
    /// They are equal.
    Equal,
    /// Every element is off by at most this, times its own size plus that of the list: the root mean
    /// square, or 0.25 where the sums that the elements are cancel.
    Elements(f64),
    /// The difference is at most this part of the list, as lengths of vectors.
    Vector(f64),
    /// At most this share of the elements differ: draws within rounding of the border of two tokens
    /// may fall on either side.
    Share(f64),
}

/// What a row of the table demands, by accuracy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closeness {
    f32: Tolerance,
    bf16: Tolerance,
}

impl Closeness {
    /// The same for every accuracy: nothing is rounded to bf16.
    pub(super) fn always(tolerance: Tolerance) -> Self {
        Self {
            f32: tolerance,
            bf16: tolerance,
        }
    }

    /// Every element, in f32; 2% of the whole where operands of matrix products are bf16.
    pub(super) fn product(elements: f64) -> Self {
        Self {
            f32: Tolerance::Elements(elements),
            bf16: Tolerance::Vector(0.02),
        }
    }

    /// Every element, in f32 and in bf16.
    pub(super) fn elements(f32: f64, bf16: f64) -> Self {
        Self {
            f32: Tolerance::Elements(f32),
            bf16: Tolerance::Elements(bf16),
        }
    }

    pub(super) fn at(self, accuracy: Accuracy) -> Tolerance {
        match accuracy {
            Accuracy::F32 => self.f32,
            Accuracy::Bf16 => self.bf16,
        }
    }
}

impl Tolerance {
    /// So many times as tolerant.
    pub(super) fn times(self, factor: f64) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Elements(tolerance) => Self::Elements(factor * tolerance),
            Self::Vector(tolerance) => Self::Vector(factor * tolerance),
            Self::Share(share) => Self::Share(factor * share),
        }
    }

    /// Says how `actual` differs by more than this from `expected`, if it does.
    pub(super) fn difference(self, actual: &[f64], expected: &[f64]) -> Option<String> {
        if actual.len() != expected.len() {
            return Some(format!(
                "{} instead of {} numbers",
                actual.len(),
                expected.len()
            ));
        }
        match self {
            Self::Equal => first(actual, expected, |a, e| a == e),
            Self::Elements(tolerance) => {
                let size = (squares(expected) / expected.len().max(1) as f64)
                    .sqrt()
                    .max(0.25);
                first(actual, expected, |a, e| {
                    (a - e).abs() <= tolerance * (size + e.abs())
                })
            }
            Self::Vector(tolerance) => {
                let differences: Vec<f64> =
                    actual.iter().zip(expected).map(|(a, e)| a - e).collect();
                let [off, size] = [squares(&differences), squares(expected)].map(f64::sqrt);
                // Not the opposite: NaN is no agreement.
                let close = off <= tolerance * size + 1e-6;
                (!close).then(|| format!("off by {off}, the size is {size}"))
            }
            Self::Share(share) => {
                let different = actual.iter().zip(expected).filter(|(a, e)| a != e).count();
                let allowed = (share * actual.len() as f64) as usize;
                (different > allowed).then(|| format!("{different} of {} differ", actual.len()))
            }
        }
    }
}

fn squares(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum()
}

/// The first element that is not as it should be.
fn first(actual: &[f64], expected: &[f64], close: impl Fn(f64, f64) -> bool) -> Option<String> {
    actual
        .iter()
        .zip(expected)
        .position(|(&a, &e)| !close(a, e))
        .map(|i| format!("element {i} is {} instead of {}", actual[i], expected[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_limits() {
        let expected = [1.0, -1.0, 1.0, -1.0];
        let off = |x: f64| [1.0, -1.0, 1.0, -1.0 + x];
        let cases = [
            (Tolerance::Equal, 0.0, 1e-12),
            (Tolerance::Elements(1e-3), 1.9e-3, 2.1e-3),
            (Tolerance::Vector(0.02), 0.039, 0.041),
        ];
        for (tolerance, within, beyond) in cases {
            assert_eq!(tolerance.difference(&off(within), &expected), None);
            for wrong in [beyond, -beyond, f64::NAN, f64::INFINITY] {
                let difference = tolerance.difference(&off(wrong), &expected);
                assert!(difference.is_some(), "{tolerance:?}, {wrong}");
            }
            assert!(tolerance.difference(&expected[..3], &expected).is_some());
        }
    }

    #[test]
    fn a_share_of_draws_may_differ() {
        let expected = vec![5.0; 1000];
        let with = |different: usize| {
            let mut actual = expected.clone();
            actual[..different].fill(6.0);
            Tolerance::Share(1.0 / 500.0).difference(&actual, &expected)
        };
        assert_eq!(with(2), None);
        assert_eq!(with(3).unwrap(), "3 of 1000 differ");
        let few = Tolerance::Share(1.0 / 500.0).difference(&[1.0], &[2.0]);
        assert!(few.is_some());
    }
}
