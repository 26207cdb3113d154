//! The memory of a device.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::conformance::defect::Defect;
use crate::conformance::trial::room;
use crate::operation::{Fill, Sum};
use crate::{Array, Backend, Indices, Operation, OutOfMemory};

/// Tries what [`Device`](crate::Device) promises.
pub(in crate::conformance) fn memory<B: Backend>(backend: &B) -> Result<(), Defect> {
    numbers(backend)?;
    indices(backend)?;
    totals(backend)?;
    too_much(backend)
}

fn ensure(holds: bool, operation: Operation, what: &str) -> Result<(), Defect> {
    if holds {
        Ok(())
    } else {
        Err(Defect::new(operation, what))
    }
}

/// Buffers are 0 at first, and keep what is written at any place.
fn numbers<B: Backend>(backend: &B) -> Result<(), Defect> {
    for len in [0, 1, 17, 100_003] {
        let mut buffer = room(backend.zeros(len));
        let mut values = vec![1.0; len];
        backend.read(&buffer, 0, &mut values);
        ensure(
            buffer.len() == len,
            Operation::Write,
            "a buffer has another length",
        )?;
        let zero = values.iter().all(|x| x.to_bits() == 0);
        ensure(zero, Operation::Read, "a new buffer is not 0")?;
        // Again with memory that was used before.
        backend.fill(Fill {
            buffer: &mut buffer,
            value: 3.0,
        });
        drop(buffer);
        backend.read(&room(backend.zeros(len)), 0, &mut values);
        ensure(
            values.iter().all(|&x| x == 0.0),
            Operation::Read,
            "a new buffer is not 0",
        )?;
    }
    let mut buffer = room(backend.zeros(40));
    let mut expected = [0.0; 40];
    for (start, len) in [(0, 3), (7, 1), (5, 20), (39, 1), (40, 0), (2, 38)] {
        let values: Vec<f32> = (0..len).map(|i| (start * 100 + i) as f32 + 0.1).collect();
        backend.write(&mut buffer, start, &values);
        expected[start..start + len].copy_from_slice(&values);
        let mut part = vec![0.0; 40 - start];
        backend.read(&buffer, start, &mut part);
        let same = part == expected[start..];
        ensure(
            same,
            Operation::Write,
            "what is read is not what was written",
        )?;
    }
    for (start, len) in [(39, 2), (41, 0), (usize::MAX, 2)] {
        let write = AssertUnwindSafe(|| backend.write(&mut buffer, start, &vec![9.0; len]));
        ensure(
            catch_unwind(write).is_err(),
            Operation::Write,
            "a range beyond the end is not refused",
        )?;
        let read = AssertUnwindSafe(|| backend.read(&buffer, start, &mut vec![9.0; len]));
        ensure(
            catch_unwind(read).is_err(),
            Operation::Read,
            "a range beyond the end is not refused",
        )?;
    }
    let mut values = [0.0; 40];
    backend.read(&buffer, 0, &mut values);
    ensure(
        values == expected,
        Operation::Write,
        "what was refused has changed something",
    )
}

/// Indices keep their values, and know a number that is greater.
fn indices<B: Backend>(backend: &B) -> Result<(), Defect> {
    for values in [&[][..], &[5], &[3, 0, 70_000, 1 << 31, 7]] {
        let indices = room(backend.indices(values));
        let mut read = vec![0; values.len()];
        backend.read_indices(&indices, &mut read);
        let same = read == values && indices.len() == values.len();
        ensure(same, Operation::Read, "indices are not what was written")?;
        let below = values.iter().all(|&x| (x as usize) < indices.bound());
        ensure(below, Operation::Read, "an index is not below the bound")?;
        if let [first, ..] = values {
            let mut one = [0];
            backend.read_indices(&indices, &mut one);
            ensure(
                one == [*first],
                Operation::Read,
                "the first index is another",
            )?;
        }
        let many =
            AssertUnwindSafe(|| backend.read_indices(&indices, &mut vec![0; values.len() + 1]));
        ensure(
            catch_unwind(many).is_err(),
            Operation::Read,
            "more indices than there are were read",
        )?;
    }
    Ok(())
}

/// Totals are 0 at first, are what is written, in 64 bits, and are added to.
fn totals<B: Backend>(backend: &B) -> Result<(), Defect> {
    let mut totals = room(backend.totals(3));
    let read = |totals: &_, expected: [f64; 3], what: &str| {
        ensure(
            backend.read_totals(totals) == expected,
            Operation::Read,
            what,
        )
    };
    ensure(
        totals.len() == 3,
        Operation::Read,
        "another number of totals",
    )?;
    read(&totals, [0.0; 3], "new totals are not 0")?;
    let mut x = room(backend.zeros(1));
    backend.write(&mut x, 0, &[2.5]);
    let add = |totals: &mut _, index| {
        backend.sum(Sum {
            x: &x,
            len: 1,
            totals,
            index,
        });
    };
    for index in [1, 2, 1] {
        add(&mut totals, index);
    }
    read(&totals, [0.0, 5.0, 2.5], "sums do not add up")?;
    let written = [1e300, 0.1, 1.0 / 3.0];
    backend.write_totals(&mut totals, &written);
    read(&totals, written, "totals are not what was written")?;
    add(&mut totals, 1);
    let added = [written[0], 0.1 + 2.5, written[2]];
    read(&totals, added, "sums are not added to what was written")?;
    for values in [&[1.0; 2][..], &[1.0; 4]] {
        let write = AssertUnwindSafe(|| backend.write_totals(&mut totals, values));
        let refused = catch_unwind(write).is_err();
        ensure(
            refused,
            Operation::Write,
            "another number of totals is not refused",
        )?;
    }
    read(&totals, added, "what was refused has changed something")
}

/// Sizes beyond any memory are refused, with how much it would have been.
fn too_much<B: Backend>(backend: &B) -> Result<(), Defect> {
    for len in [usize::MAX / 16, usize::MAX / 8 + 1, usize::MAX] {
        let sizes = [
            (backend.zeros(len).err(), 4),
            (backend.totals(len).err(), 8),
        ];
        for (error, bytes) in sizes {
            let need = (len as u64).saturating_mul(bytes);
            let said = error.is_some_and(|OutOfMemory { bytes }| bytes >= need);
            ensure(
                said,
                Operation::Write,
                "a size beyond any memory is not refused as such",
            )?;
        }
    }
    Ok(())
}
