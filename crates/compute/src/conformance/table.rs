//! The table: for each operation what runs it, on which cases, and how close its results have to be.

use super::accuracy::{Closeness, Tolerance};
use super::cases::{
    activation, attention, elementwise, embedding, head, linear, normalize, optimizer, rotate,
};
use super::comparison::{AnyRow, Row};
use crate::{Backend, Operation};

macro_rules! table {
    ($($operation:ident => $run:path, $cases:expr, $closeness:expr;)*) => {
        /// The row of an operation, which every one has except those that only copy.
        pub(super) fn row<B: Backend>(operation: Operation) -> Option<Box<dyn AnyRow<B>>> {
            match operation {
                Operation::Write | Operation::Read => None,
                $(Operation::$operation => Some(Box::new(Row {
                    operation,
                    run: $run,
                    reference: $run,
                    cases: $cases,
                    closeness: $closeness,
                })),)*
            }
        }

        #[cfg(test)]
        const ROWS: &[Operation] = &[$(Operation::$operation,)*];
    };
}

table! {
    Fill => elementwise::fill, elementwise::lengths(), equal();
    Embed => embedding::embed, embedding::cases(), elements(1e-6);
    EmbedBackward => embedding::embed_backward, embedding::cases(), elements(1e-6);
    Gather => embedding::gather, embedding::cases(), equal();
    Normalize => normalize::normalize, normalize::cases(), elements(2e-5);
    NormalizeBackward => normalize::normalize_backward, normalize::cases(), elements(2e-5);
    Linear => linear::linear, linear::cases(), Closeness::product(5e-6);
    LinearBackwardInput => linear::backward_input, linear::cases(), Closeness::product(5e-6);
    LinearBackwardWeight => linear::backward_weight, linear::cases(), Closeness::product(5e-6);
    Rotate => rotate::rotate, rotate::cases(), elements(1e-6);
    Attention => attention::attention, attention::cases(), Closeness::elements(4e-5, 2.5e-2);
    AttentionBackward => attention::backward, attention::cases(), Closeness::elements(4e-5, 8e-2);
    AttentionCached => attention::cached, attention::cached_cases(), Closeness::elements(1e-5, 8e-2);
    Activate => activation::activate, activation::cases(), elements(3e-6);
    ActivateBackward => activation::activate_backward, activation::cases(), elements(3e-6);
    Gate => activation::gate, activation::cases(), elements(3e-6);
    GateBackward => activation::gate_backward, activation::cases(), elements(3e-6);
    Add => elementwise::add, elementwise::shapes(), elements(1e-7);
    HeadLosses => head::losses, head::cases(), Closeness::product(1e-5);
    HeadLossesBackward => head::losses_backward, head::cases(), Closeness::product(1e-5);
    HeadLogits => head::logits, head::cases(), Closeness::product(1e-5);
    HeadSample => head::sample, head::sample_cases(), Closeness::always(Tolerance::Share(1.0 / 500.0));
    Sum => optimizer::sum, optimizer::sums(), equal();
    SumOfSquares => optimizer::sum_of_squares, optimizer::sums(), elements(1e-12);
    AdamW => optimizer::adamw, optimizer::steps(), elements(1e-6);
}

fn equal() -> Closeness {
    Closeness::always(Tolerance::Equal)
}

/// So close, with operands in 32 bits whatever the accuracy of the backend.
fn elements(tolerance: f64) -> Closeness {
    Closeness::always(Tolerance::Elements(tolerance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReferenceBackend;

    #[test]
    fn every_operation_has_a_row_with_results() {
        let copies = [Operation::Write, Operation::Read];
        let operations = Operation::ALL.iter().filter(|o| !copies.contains(o));
        assert!(operations.eq(ROWS));
        for &operation in ROWS {
            let row = row::<ReferenceBackend>(operation).unwrap();
            let results = row.results(&ReferenceBackend);
            assert!(!results.is_empty(), "{operation}");
            for (name, values) in results {
                assert!(values.iter().all(|x| x.is_finite()), "{name}");
            }
        }
    }
}
