//! Rotation by an angle and back leaves everything as it was.

use crate::conformance::accuracy::Tolerance;
use crate::conformance::cases::rotate::table;
use crate::conformance::defect::Defect;
use crate::conformance::trial::{Trial, room};
use crate::operation::{Rotate, Rotation};
use crate::{Backend, Operation};

/// Rotates half of each head, there and back: the rotated half is restored up to rounding, and the other
/// half is never touched.
pub(in crate::conformance) fn rotations<B: Backend>(backend: &B) -> Result<(), Defect> {
    let shape = Rotation {
        rows: 37,
        heads: 3,
        head_dimension: 24,
        rotated: 12,
    };
    let mut trial = Trial::new(backend, None);
    let positions = room(backend.indices(&trial.random.indices(shape.rows, 40)));
    let table = trial.whole(&table(shape.rotated));
    let before = trial
        .random
        .normal(shape.rows * shape.heads * shape.head_dimension, 1.0);
    let mut x = trial.whole(&before);
    let mut steps = [false, true].map(|inverse| {
        backend.rotate(Rotate {
            shape,
            positions: &positions,
            table: &table,
            inverse,
            x: &mut x,
        });
        let mut values = vec![0.0; before.len()];
        backend.read(&x, 0, &mut values);
        values
    });
    let numbers = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let [_, back] = steps.each_ref();
    if let Some(what) = Tolerance::Elements(1e-6).difference(&numbers(back), &numbers(&before)) {
        let what = format!("inverse after forward is not the identity: {what}");
        return Err(Defect::new(Operation::Rotate, what));
    }
    for values in &mut steps {
        let heads = values.chunks(shape.head_dimension);
        for (head, before) in heads.zip(before.chunks(shape.head_dimension)) {
            if head[shape.rotated..] != before[shape.rotated..] {
                let what = "channels that are not rotated were changed";
                return Err(Defect::new(Operation::Rotate, what));
            }
        }
    }
    Ok(())
}
