//! What can be wrong with the numbers that a formula is asked for.

/// Numbers for which a formula has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TheoryError {
    /// An error term that is negative or not a number.
    #[error("the error term of generation {generation} is {value}, but must be at least 0")]
    ErrorTerm {
        /// The generation, from 1.
        generation: usize,
        /// Its error term.
        value: f64,
    },
    /// A list of probabilities that is not a distribution.
    #[error(
        "`{name}` is not a distribution: {count} entries with sum {sum}, expected entries of at \
         least 0 with sum 1"
    )]
    Distribution {
        /// Which of the distributions.
        name: &'static str,
        /// Its number of categories.
        count: usize,
        /// The sum of its entries.
        sum: f64,
    },
    /// Two lists that should have the same length.
    #[error("{name} has {actual} entries where {expected} are needed")]
    Length {
        /// Which list.
        name: &'static str,
        /// Its length.
        actual: usize,
        /// The length that fits.
        expected: usize,
    },
    /// A category that the trained distribution excludes though its training set has it, so that no
    /// finite error term exists.
    #[error(
        "category {category} has probability 0 after training and {probability} before: no finite \
         error term exists (ask for the resolution of one event instead)"
    )]
    Excluded {
        /// Index of the category.
        category: usize,
        /// Its probability in the training set.
        probability: f64,
    },
    /// A number outside the open interval (0, 1).
    #[error("the {name} is {value}, but must lie between 0 and 1, both excluded")]
    OpenUnitInterval {
        /// What the number is, such as "threshold" or "level".
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A number outside the closed interval [0, 1].
    #[error("the {name} is {value}, but must lie between 0 and 1")]
    UnitInterval {
        /// What the number is.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// Degrees of freedom that are not positive.
    #[error("Student's distribution with {value} degrees of freedom: they must be positive")]
    DegreesOfFreedom {
        /// Their number.
        value: f64,
    },
    /// More successes than trials, or no trial at all.
    #[error(
        "{successes} of {trials} is not a share: expected at least one trial and no more successes than trials"
    )]
    Trials {
        /// Occurrences of the event.
        successes: u64,
        /// All occurrences.
        trials: u64,
    },
    /// Fewer measured generations than a fit or a forecast needs.
    #[error("{measured} measured generations are too few: {needed} are needed")]
    TooFew {
        /// How many there are.
        measured: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A perplexity that no model can have.
    #[error("a perplexity is {value}, but must be finite and at least 1")]
    Perplexity {
        /// Its value.
        value: f64,
    },
    /// A name that no fit has.
    #[error(
        "unknown fit `{0}`: expected `constant`, `reciprocal`, or `last-mean:` and a number of generations, such as `last-mean:3`"
    )]
    UnknownFit(String),
}

/// Refuses a number outside the open interval (0, 1).
pub(crate) fn open_unit_interval(name: &'static str, value: f64) -> Result<(), TheoryError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(TheoryError::OpenUnitInterval { name, value })
    }
}

/// Refuses a number outside the closed interval [0, 1].
pub(crate) fn unit_interval(name: &'static str, value: f64) -> Result<(), TheoryError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(TheoryError::UnitInterval { name, value })
    }
}

/// Refuses a sequence of error terms, one a generation, with one that is negative or not a number.
pub(crate) fn error_terms(errors: &[f64]) -> Result<(), TheoryError> {
    match errors.iter().position(|b| b.is_nan() || *b < 0.0) {
        None => Ok(()),
        Some(index) => Err(TheoryError::ErrorTerm {
            generation: index + 1,
            value: errors[index],
        }),
    }
}
