//! The CPU backend gives the same bits whatever the number of threads.

use autophage_compute::conformance;
use autophage_compute::{CpuBackend, CpuSettings, Isa, Operation, Precision};

/// All instruction sets of this machine, in f32; and the best in bf16 as well.
fn kinds() -> impl Iterator<Item = (Isa, Precision)> {
    let single = Isa::available()
        .into_iter()
        .map(|isa| (isa, Precision::F32));
    single.chain([(Isa::best(), Precision::Bf16)])
}

fn backend(threads: usize, isa: Isa, precision: Precision) -> CpuBackend {
    let settings = CpuSettings {
        threads: Some(threads),
        isa,
        precision: Some(precision),
    };
    CpuBackend::with_settings(settings).unwrap()
}

/// Asserts that two backends give the same bits for every operation on all shapes of the comparison
/// suite, many of which are cut into several tasks.
fn assert_same(what: &str, first: &CpuBackend, second: &CpuBackend) {
    for &operation in Operation::ALL {
        let [first, second] = [first, second].map(|b| conformance::results(b, operation));
        assert_eq!(first.len(), second.len());
        for ((name, first), (_, second)) in first.iter().zip(&second) {
            assert_eq!(first.len(), second.len(), "{what}: {name}");
            for (i, (a, b)) in first.iter().zip(second).enumerate() {
                assert_eq!(a.to_bits(), b.to_bits(), "{what}: {name}[{i}]: {a} and {b}");
            }
        }
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    for (isa, precision) in kinds() {
        let one = backend(1, isa, precision);
        for threads in [2, 5] {
            let what = format!("{isa}, {precision}, {threads} threads");
            assert_same(&what, &one, &backend(threads, isa, precision));
        }
    }
}

#[test]
fn a_backend_gives_the_same_bits_again() {
    // With working memory in which all operations have left something.
    for precision in [Precision::F32, Precision::Bf16] {
        let b = backend(2, Isa::best(), precision);
        assert_same(&precision.to_string(), &b, &b);
        assert_same(&precision.to_string(), &b, &b);
    }
}
