//! The backends of the crate, and one from outside it, keep the contract; and the suite finds out those
//! that do not.

mod common;

use std::panic::catch_unwind;

use autophage_compute::conformance::{self, Accuracy};
use autophage_compute::{
    CpuBackend, CpuSettings, Device, Isa, Operation, Precision, Profiled, ReferenceBackend,
};
use common::own::{Own, Wrong};

fn check_cpu(isa: Isa, precision: Precision, accuracy: Accuracy) {
    let settings = CpuSettings {
        threads: Some(2),
        isa,
        precision: Some(precision),
    };
    conformance::check(&CpuBackend::with_settings(settings).unwrap(), accuracy);
}

#[test]
fn the_processor_conforms_with_every_instruction_set() {
    for isa in Isa::available() {
        check_cpu(isa, Precision::F32, Accuracy::F32);
    }
}

#[test]
fn the_processor_conforms_with_every_instruction_set_in_bf16() {
    for isa in Isa::available() {
        check_cpu(isa, Precision::Bf16, Accuracy::Bf16);
    }
}

#[test]
fn the_description_names_the_instruction_set() {
    let backend = CpuBackend::with_isa(Some(2), Isa::Portable).unwrap();
    assert_eq!(backend.description(), "cpu, portable, f32, 2 threads");
}

#[test]
fn a_profiled_backend_conforms() {
    let backend = Profiled::new(ReferenceBackend);
    conformance::check(&backend, Accuracy::F32);
    let profile = backend.take();
    for &operation in Operation::ALL {
        assert!(profile.of(operation).calls > 0, "{operation}");
    }
}

/// All operations that compute something.
fn operations() -> impl Iterator<Item = Operation> {
    let copies = [Operation::Write, Operation::Read];
    let all = Operation::ALL.iter().copied();
    all.filter(move |operation| !copies.contains(operation))
}

#[test]
fn a_backend_from_outside_conforms() {
    let backend = Own::new(Wrong::Nothing);
    conformance::check(&backend, Accuracy::F32);
    let calls = backend.calls();
    assert!(calls.keys().copied().eq(operations()), "{calls:?}");
}

#[test]
fn every_operation_that_computes_something_else_is_found_out() {
    for operation in operations() {
        let backend = Own::new(Wrong::Computes(operation));
        let defect = conformance::compare(&backend, operation, Accuracy::F32).unwrap_err();
        assert_eq!(defect.operation(), operation, "{defect}");
        assert!(defect.to_string().contains(" instead of ") || operation == Operation::HeadSample);
        // The others are right.
        let other = match operation {
            Operation::Fill => Operation::Add,
            _ => Operation::Fill,
        };
        conformance::compare(&backend, other, Accuracy::F32).unwrap();
    }
}

#[test]
fn every_breach_of_the_contract_is_found_out() {
    for (wrong, operation, what) in [
        (
            Wrong::WritesBeyond,
            Operation::Linear,
            "what lies beyond the result was changed",
        ),
        (
            Wrong::IsNotRepeatable,
            Operation::Linear,
            "called again with the same operands",
        ),
        (
            Wrong::DependsOnTheBatch,
            Operation::Linear,
            "rows depend on their batch",
        ),
        (
            Wrong::DependsOnWhatFollows,
            Operation::Attention,
            "depend on what follows",
        ),
        (
            Wrong::AcceptsShortOperands,
            Operation::Linear,
            "not refused: Short(0)",
        ),
        (
            Wrong::DoesNotNameTheOperation,
            Operation::Linear,
            "does not name it: too short",
        ),
        (
            Wrong::AcceptsWindowsOfNothing,
            Operation::Attention,
            "not refused: a window of 0",
        ),
        (
            Wrong::AllocatesLess,
            Operation::Write,
            "a size beyond any memory",
        ),
        (
            Wrong::ReadsFromTheStart,
            Operation::Write,
            "what is read is not what was written",
        ),
        (
            Wrong::RoundsTotals,
            Operation::Read,
            "totals are not what was written",
        ),
        (
            Wrong::LeavesMemoryAsItWas,
            Operation::Read,
            "a new buffer is not 0",
        ),
    ] {
        let backend = Own::new(wrong);
        let mut defects = conformance::contract(&backend);
        defects.extend(conformance::compare(&backend, operation, Accuracy::F32).err());
        let found = defects
            .iter()
            .any(|defect| defect.operation() == operation && defect.to_string().contains(what));
        assert!(found, "{wrong:?}: {defects:?}");
    }
}

#[test]
fn all_defects_are_listed_with_the_backend() {
    let check = || conformance::check(&Own::new(Wrong::RoundsTotals), Accuracy::F32);
    let panic = catch_unwind(check).unwrap_err();
    let message = *panic.downcast::<String>().unwrap();
    let lines: Vec<&str> = message.lines().collect();
    let [title, adamw, read] = lines[..] else {
        panic!("{message}");
    };
    assert_eq!(
        title,
        "`reference from outside, wrong: RoundsTotals` departs from the contract of a backend:"
    );
    // A sum of squares that only 64 bits hold.
    assert!(
        adamw.starts_with("adamw: ") && adamw.contains("1e300"),
        "{adamw}"
    );
    assert_eq!(read, "read: totals are not what was written");
}
