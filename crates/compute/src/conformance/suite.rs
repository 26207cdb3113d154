//! The whole suite.

use super::accuracy::Accuracy;
use super::contract::{batches, memory, prefixes, rotations, shapes};
use super::defect::Defect;
use super::table::row;
use crate::{Backend, Operation};

/// Runs the whole suite.
///
/// # Panics
/// The backend departs from the contract; the message lists how, one line for each operation.
pub fn check(backend: &impl Backend, accuracy: Accuracy) {
    let defects = defects(backend, accuracy);
    let lines: Vec<String> = defects.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "`{}` departs from the contract of a backend:\n{}",
        backend.description(),
        lines.join("\n")
    );
}

/// Runs the whole suite and returns what it found, the first of each part for each operation.
pub fn defects<B: Backend>(backend: &B, accuracy: Accuracy) -> Vec<Defect> {
    let operations = Operation::ALL.iter();
    let wrong = operations.filter_map(|&operation| compare(backend, operation, accuracy).err());
    wrong.chain(contract(backend)).collect()
}

/// The part of the suite that does not compare with the reference: memory, rows and prefixes that
/// depend on nothing else, rotation and its inverse, shapes that mean nothing.
pub fn contract<B: Backend>(backend: &B) -> Vec<Defect> {
    let single = [memory(backend), prefixes(backend), rotations(backend)];
    let mut found: Vec<Defect> = single.into_iter().filter_map(Result::err).collect();
    found.extend(batches(backend));
    found.extend(shapes(backend));
    found
}

/// Tries one operation: its results on all cases, with the same bits each time, and what it refuses.
///
/// [`Operation::Write`] and [`Operation::Read`] compute nothing.
///
/// # Errors
/// The first thing that is wrong.
pub fn compare<B: Backend>(
    backend: &B,
    operation: Operation,
    accuracy: Accuracy,
) -> Result<(), Defect> {
    match row::<B>(operation) {
        Some(row) => {
            row.compare(backend, accuracy)?;
            row.refuse(backend)
        }
        None => Ok(()),
    }
}

/// All results of one operation on the cases of the suite, by case and name: for tests that hold a
/// backend against itself, such as with another number of threads.
pub fn results<B: Backend>(backend: &B, operation: Operation) -> Vec<(String, Vec<f64>)> {
    row::<B>(operation).map_or_else(Vec::new, |row| row.results(backend))
}
