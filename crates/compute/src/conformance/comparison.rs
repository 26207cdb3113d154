//! One operation, tried on all its cases and held against the reference.

use std::fmt::Debug;

use super::accuracy::{Accuracy, Closeness, Tolerance};
use super::defect::Defect;
use super::trial::{Outcome, Trial};
use crate::{Backend, Operation, ReferenceBackend};

/// What an operation is tried with.
pub(super) trait Case: Debug {
    /// How close the results of this case have to be, from what the row of the table says; `None`
    /// where nothing can be said, and the reference is not asked.
    fn tolerance(&self, row: Closeness, accuracy: Accuracy) -> Option<Tolerance> {
        Some(row.at(accuracy))
    }
}

/// A row of the table.
pub(super) struct Row<B: Backend, C> {
    pub(super) operation: Operation,
    pub(super) run: fn(&mut Trial<'_, B>, &C),
    pub(super) reference: fn(&mut Trial<'_, ReferenceBackend>, &C),
    /// The first case has every optional operand, and none that is empty: operands are shortened in
    /// it.
    pub(super) cases: Vec<C>,
    pub(super) closeness: Closeness,
}

/// What the suite does with a row, whatever its cases are.
pub(super) trait AnyRow<B: Backend> {
    /// Holds every case against the reference, and against itself when it is run again.
    fn compare(&self, backend: &B, accuracy: Accuracy) -> Result<(), Defect>;

    /// The results of all cases, by case and name.
    fn results(&self, backend: &B) -> Vec<(String, Vec<f64>)>;

    /// Tries the first case with each of its operands too short, and its indices out of range.
    fn refuse(&self, backend: &B) -> Result<(), Defect>;
}

impl<B: Backend, C: Case> AnyRow<B> for Row<B, C> {
    fn compare(&self, backend: &B, accuracy: Accuracy) -> Result<(), Defect> {
        for case in &self.cases {
            let actual = outcomes(self.run, backend, case);
            let again = outcomes(self.run, backend, case);
            let repeated = difference(&actual, &again, |actual, again| {
                let flaw = actual.flaw.or(again.flaw).map(str::to_owned);
                flaw.or_else(|| {
                    same_bits(&again.values, &actual.values)
                        .map(|what| format!("called again with the same operands: {what}"))
                })
            });
            let wrong = repeated.or_else(|| {
                let tolerance = case.tolerance(self.closeness, accuracy)?;
                let expected = outcomes(self.reference, &ReferenceBackend, case);
                difference(&actual, &expected, |actual, expected| {
                    tolerance.difference(&actual.values, &expected.values)
                })
            });
            if let Some(what) = wrong {
                return Err(Defect::new(self.operation, format!("{case:?}: {what}")));
            }
        }
        Ok(())
    }

    fn results(&self, backend: &B) -> Vec<(String, Vec<f64>)> {
        self.cases
            .iter()
            .flat_map(|case| {
                outcomes(self.run, backend, case)
                    .into_iter()
                    .map(move |outcome| {
                        let name = format!("{}: {case:?}: {}", self.operation, outcome.name);
                        (name, outcome.values)
                    })
            })
            .collect()
    }

    fn refuse(&self, backend: &B) -> Result<(), Defect> {
        super::contract::short_operands(self, backend)
    }
}

fn outcomes<B: Backend, C>(run: fn(&mut Trial<'_, B>, &C), backend: &B, case: &C) -> Vec<Outcome> {
    let mut trial = Trial::new(backend, None);
    run(&mut trial, case);
    trial.into_outcomes()
}

/// The first of the results that differ, and how they do.
fn difference(
    actual: &[Outcome],
    other: &[Outcome],
    how: impl Fn(&Outcome, &Outcome) -> Option<String>,
) -> Option<String> {
    actual
        .iter()
        .zip(other)
        .find_map(|(actual, other)| Some(format!("{}: {}", actual.name, how(actual, other)?)))
}

/// Says where two lists of numbers differ in a bit, if they do.
pub(super) fn same_bits(actual: &[f64], expected: &[f64]) -> Option<String> {
    if actual.len() != expected.len() {
        return Some(format!(
            "{} instead of {} numbers",
            actual.len(),
            expected.len()
        ));
    }
    let different = |(a, e): (&f64, &f64)| a.to_bits() != e.to_bits();
    let i = actual.iter().zip(expected).position(different)?;
    Some(format!(
        "element {i} is {} instead of {}",
        actual[i], expected[i]
    ))
}
